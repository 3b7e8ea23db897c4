"""Forwarded calls, unexpected paths, and what a line is listed for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silentspam.provenance.claims import PathClaim
from silentspam.provenance.expected import Answer, expected_path, forwarded
from silentspam.provenance.notices import NoticeKind, notices
from silentspam.provenance.risk_table import RiskTable
from silentspam.provenance.sources import Identification
from silentspam.provenance.stored_line import FraudMark, LineListing, StoredLine
from tests.provenance.test_risk import told_of, verified


@pytest.mark.parametrize(
    ("score", "answer"), [(-9.0, Answer.OTHER), (9.0, Answer.EXPECTED), (2.0, Answer.UNDECIDED)]
)
def test_the_callee_is_another_device_the_enrolled_one_or_undecided(score: float, answer: Answer) -> None:
    found = forwarded(verified(score), "ada")
    assert (found.answer, found.score) == (answer, score)
    assert "ada" in found.reason


@settings(max_examples=40)
@given(st.floats(-50, 50), st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_where_more_calls_are_forwarded_this_one_is_likelier_so(score, one, other) -> None:
    few, many = (forwarded(verified(score), "a", prior=prior) for prior in sorted((one, other)))
    assert 0 <= few.probability <= many.probability <= 1


def test_networks_that_were_not_expected_are_told() -> None:
    path = PathClaim(networks=("pstn",))
    found = expected_path(told_of({"pstn": 0.7, "voip": 0.95}), path)
    assert (found.answer, found.signature) == (Answer.OTHER, ("pstn", "voip"))
    assert found.unexpected == pytest.approx(0.95)
    assert "voip" in found.reason
    assert found.risk.score == pytest.approx(0.81)


def test_a_network_that_is_only_likelier_than_not_leaves_it_open() -> None:
    found = expected_path(told_of({"pstn": 0.7, "voip": 0.6}), PathClaim(networks=("pstn",)))
    assert (found.answer, found.unexpected) == (Answer.UNDECIDED, pytest.approx(0.6))
    gravest = told_of({"pstn": 0.7, "voip": 0.6, "cellular": 0.9})
    assert expected_path(gravest, PathClaim(networks=("pstn",))).answer is Answer.OTHER


def test_a_path_as_expected_is_told_as_well() -> None:
    told = told_of({"pstn": 0.4, "cellular": 0.97, "voip": 0.02})
    found = expected_path(told, PathClaim(networks=("cellular", "pstn")))
    assert found.answer is Answer.EXPECTED
    assert found.unexpected == pytest.approx(1 - 0.97 * 0.98)
    assert "likely" in found.reason


def test_a_table_can_make_the_switched_network_count() -> None:
    table = RiskTable(missing={"pstn": 0.9})
    path = PathClaim(networks=("pstn",), may=("voip",))
    assert expected_path(told_of({"pstn": 0.1}), path).answer is Answer.EXPECTED
    assert expected_path(told_of({"pstn": 0.1}), path, table).answer is Answer.OTHER


def test_where_nobody_speaks_no_path_is_told() -> None:
    found = expected_path(None, PathClaim(networks=("pstn",)))
    assert (found.answer, found.unexpected) == (Answer.UNDECIDED, 0.5)
    assert "nobody speaks" in found.reason


def a_line(name: str, *, fraud: bool = False, **listings: str) -> StoredLine:
    mark = FraudMark(call_id="c1", why="vishing", marked_at=1.0, marked_by="ada")
    numbers = {number.removeprefix("n"): LineListing(kind) for number, kind in listings.items()}
    return StoredLine(name=name, calls=1, created_at=1.0, listings=numbers, frauds=(mark,) if fraud else ())


LINES = {
    line.name: line
    for line in (
        a_line("gang", fraud=True),
        a_line("seller", n="blocked", n100="permitted"),
        a_line("nurse", n200="permitted"),
        a_line("trusted", n="permitted"),
        a_line("plain"),
    )
}


@pytest.mark.parametrize(
    ("line", "called", "kinds"),
    [
        ("gang", None, [NoticeKind.FRAUD]),
        ("gang", "200", [NoticeKind.FRAUD, NoticeKind.NOT_PERMITTED]),
        ("seller", "300", [NoticeKind.BLOCKED]),
        ("seller", "100", []),
        ("nurse", "200", []),
        ("plain", "+2-00", [NoticeKind.NOT_PERMITTED]),
        ("nurse", "300", []),
        ("trusted", "200", []),
        ("plain", "200", [NoticeKind.NOT_PERMITTED]),
        (None, "200", [NoticeKind.NOT_PERMITTED]),
        (None, "300", []),
        (None, None, []),
        ("forgotten since", None, []),
    ],
)
def test_notices_follow_the_lists_of_the_called_number(line, called, kinds) -> None:
    found = Identification(line=line, score=9.0, threshold=4.6, ranking=())
    told = notices(found, LINES, called)
    assert [notice.kind for notice in told] == kinds
    assert all(notice.reason for notice in told)
