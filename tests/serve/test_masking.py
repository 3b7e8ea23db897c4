"""No number of a caller's in a log that is masked, wherever one can stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.serve.masking import channel, masked, message, number


@pytest.mark.parametrize(
    ("shown", "known"),
    [
        ("1555019xxxx", "15550199999"),
        ("+1555019xxxx", "+15550199999"),
        ("xxxx", "911"),
        ("xxxx", "alice.smith"),
        ("xxxx", "1555\u0660199"),
        ("xxxx", ""),
    ],
)
def test_a_number_loses_its_end_and_a_name_everything(shown: str, known: str) -> None:
    assert number(known) == shown


@given(st.from_regex(r"\+?[0-9]{5,20}", fullmatch=True), st.text("ab :,()'+", max_size=9))
def test_no_number_is_left_in_a_text(known: str, around: str) -> None:
    digits = known.lstrip("+")
    for text in (known, f"{around} {known} {around}", f"number {known} is blocked", f"PJSIP/{known}"):
        assert digits not in message(text)
        assert digits not in channel(f"{text}-deadbeef")


def test_what_is_no_number_can_still_be_read() -> None:
    assert (
        message("attempt 2 of 500 on port 4573 after 90.25 s")
        == "attempt 2 of 500 on port 4573 after 90.25 s"
    )
    assert channel("PJSIP/trunk-00000001") == "PJSIP/trunk-00000001"
    assert channel("Local/15550199@from-trunk-0000002b;2") == "Local/1555xxxx@from-trunk-0000002b;2"


def test_the_number_called_and_all_that_is_ours_stay() -> None:
    facts = {
        "call_id": "6f1c9a52-3f0e-4d0b-8a86-2f6c1b0d9e11",
        "dnis": "5550200",
        "ms": 1234567.0,
        "attempts": 2,
    }
    assert masked(facts) == facts
    assert masked({"ani": "15550199", "mode_reason": "number 15550199 is blocked"}) == {
        "ani": "1555xxxx",
        "mode_reason": "number 1555xxxx is blocked",
    }
