"""The error analysis on `calls.PLAN`: each pattern, its count, and what is no pattern."""

from pathlib import Path

import pytest

from silentspam.calllog.query import Filter
from silentspam.reports.errors import COLUMNS, SELECTED_BY, Errors, Finding, LoggedCall, analyse
from tests.reports.calls import DAY_ONE, write_log

NOTHING = LoggedCall(*(None,) * len(COLUMNS))
SUSPECT = NOTHING._replace(call_id="x", started_at=DAY_ONE, verdict="CALLER_SILENCE", disposition="BRIDGED")
TRUSTED = SUSPECT._replace(verdict="HAM")


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> Errors:
    return analyse(write_log(tmp_path_factory.mktemp("log")).iterate(Filter(), COLUMNS), listed=3)


def test_each_pattern_is_counted_once(errors: Errors) -> None:
    assert errors.counts == {
        Finding.PASSED_CHALLENGE: 4,
        Finding.SUSPECT_SPOKE: 3,
        Finding.SUSPECT_CONVERSED: 5,
        Finding.LEFT_CHALLENGE: 4,
        Finding.FAILED_EXPLORATION: 2,
        Finding.SILENT_BRIDGE: 3,
    }


def test_the_rates_say_how_many_of_how_many(errors: Errors) -> None:
    unsuspected = 200 + 10 + 3
    for rate, hits, n in (
        (errors.false_challenge_rate, 12, 12 + unsuspected),
        (errors.false_challenge_rate_with_hang_ups, 16, 16 + unsuspected),
        (errors.passed_of_challenged, 4, 40),
        (errors.missed_of_explored, 2, 10),
    ):
        assert (rate.hits, rate.n) == (hits, n)
    assert (errors.measured_suspects, errors.unchallenged_suspects) == (5, 17)


def test_the_newest_calls_are_listed_newest_first(errors: Errors) -> None:
    assert [call.call_id for call in errors.listed(Finding.SUSPECT_CONVERSED)] == ["7-0-4", "7-0-3", "7-0-2"]


@pytest.mark.parametrize(
    ("call", "finding"),
    [
        (SUSPECT._replace(challenge_result="PASSED", disposition="BRIDGE_ABANDON"), Finding.PASSED_CHALLENGE),
        (SUSPECT._replace(disposition="IVR_ABANDON", ended_by="CALLER"), Finding.LEFT_CHALLENGE),
        (SUSPECT._replace(disposition="IVR_ABANDON"), Finding.LEFT_CHALLENGE),
        (SUSPECT._replace(disposition="REJECTED_CALLER_SILENCE", challenge_result="FAILED"), None),
        (SUSPECT._replace(caller_speech_seconds=0.3), Finding.SUSPECT_SPOKE),
        (SUSPECT._replace(bridged_at=0.0, ended_at=20.0, ended_by="AGENT"), Finding.SUSPECT_CONVERSED),
        (SUSPECT._replace(bridged_at=0.0, ended_at=19.0, ended_by="AGENT"), None),
        (SUSPECT._replace(bridged_at=0.0, ended_at=99.0, ended_by="APP"), None),
        (SUSPECT._replace(bridged_at=9.0, ended_at=1.0, ended_by="AGENT"), None),
        (SUSPECT._replace(ended_at=99.0, ended_by="AGENT"), None),
        (
            SUSPECT._replace(bridged_at=0.0, ended_at=99.0, ended_by="AGENT", caller_speech_seconds=0.0),
            None,
        ),
        (TRUSTED._replace(challenge_result="FAILED"), Finding.FAILED_EXPLORATION),
        (TRUSTED._replace(challenge_result="PASSED"), None),
        (
            TRUSTED._replace(bridged_at=0.0, ended_at=10.0, ended_by="AGENT", caller_speech_seconds=0.0),
            Finding.SILENT_BRIDGE,
        ),
        (TRUSTED._replace(bridged_at=0.0, ended_at=10.0, ended_by="AGENT"), None),
        (TRUSTED._replace(bridged_at=0.0, ended_at=10.0, ended_by="CALLER", caller_speech_seconds=0.0), None),
        (TRUSTED._replace(bridged_at=0.0, ended_at=11.0, ended_by="AGENT", caller_speech_seconds=0.0), None),
        (NOTHING, None),
        (TRUSTED._replace(verdict="INCONCLUSIVE", challenge_result="FAILED"), None),
    ],
)
def test_what_speaks_against_a_judgement(call: LoggedCall, finding: Finding | None) -> None:
    counts = analyse([call]).counts
    assert [found for found, calls in counts.items() if calls] == ([finding] if finding else [])


def test_every_finding_says_what_it_was_selected_by() -> None:
    assert set(SELECTED_BY) == set(Finding)


def test_no_calls_are_no_rates(tmp_path: Path) -> None:
    errors = analyse([])
    assert errors.false_challenge_rate.n == 0
    assert errors.false_challenge_rate.interval == (0.0, 1.0)
