"""Numbers are compared exactly; what is no number is nobody's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.gate.numbers import (
    called_keys,
    friendly_keys,
    identifies,
    is_one_of,
    key,
    normal,
    passer_keys,
    strict_keys,
)
from tests.gate.gates import a_call

HOSTILE = [
    "",
    " ",
    "+",
    "++1",
    "1+1",
    "anonymous",
    "Anonymous",
    "unknown",
    "911\n",
    "911\r\nagi_callerid: 1",
    "911\x00",
    "911;ext=1",
    "911@example.com",
    "tel:911",
    "9x1x1",
    "٩١١",
    "９１１",
    "911'; DROP TABLE calls; --",
    "1" * 21,
    "-" * 1000,
    "*67",
    "#31#5551234",
    "\u202e119",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_number_is_nobodys_and_in_no_list(text: str) -> None:
    assert normal(text) == ""
    call = a_call(ani=text, caller_id=text)
    assert strict_keys(call) == friendly_keys(call) == passer_keys(call) == {}
    assert not is_one_of(frozenset({"911", "112", ""} - {""}), text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("2025550100", "2025550100"),
        ("+1 (202) 555-0100", "+12025550100"),
        ("+1.202.555.0100", "+12025550100"),
        ("030/1234567", "0301234567"),
        ("0", "0"),
    ],
)
def test_separators_count_for_nothing(text: str, plain: str) -> None:
    assert normal(text) == plain


@given(st.text())
def test_a_normal_form_is_digits_and_its_own_normal_form(text: str) -> None:
    plain = normal(text)
    assert normal(plain) == plain
    assert plain.lstrip("+").isdigit() or plain == ""
    assert plain.isascii()


@given(st.from_regex(r"\+?[0-9]{3,15}", fullmatch=True), st.from_regex(r"\+?[0-9]{3,15}", fullmatch=True))
def test_blocking_one_number_never_hits_another(one: str, other: str) -> None:
    hit = key(normal(one)) in strict_keys(a_call(ani=other, caller_id=other))
    assert hit == (one == other)


@pytest.mark.parametrize("other", ["12025550100", "+12025550100", "2025550100", "5550100", "0012025550100"])
def test_no_country_code_and_no_trailing_digits_are_guessed(other: str) -> None:
    assert key("02025550100") not in strict_keys(a_call(ani=other, caller_id=""))


def test_what_favours_a_caller_is_found_with_and_without_plus() -> None:
    for number in ("12025550100", "+12025550100"):
        keys = friendly_keys(a_call(ani=number, caller_id=""))
        assert set(keys) == {key("12025550100"), key("+12025550100")}


@pytest.mark.parametrize(
    "withheld", ["0", "00", "0000000000", "9999", "266696687", "+1266696687", "7748283", "8656696", "12"]
)
def test_a_stand_in_for_a_withheld_number_identifies_nobody(withheld: str) -> None:
    assert not identifies(withheld)
    assert passer_keys(a_call(ani=withheld)) == {}


def test_the_number_that_is_billed_stands_for_the_caller() -> None:
    assert set(passer_keys(a_call()).values()) == {"2025550101"}
    assert set(passer_keys(a_call(ani="")).values()) == {"2025550102"}
    assert passer_keys(a_call(ani="anonymous")) == {}, "a billed number that is withheld is not made good"


def test_a_number_called_may_be_a_name() -> None:
    assert called_keys("reception") == [key("reception")]
    assert called_keys("") == []
    assert key("+5550200") in called_keys("555-0200")
