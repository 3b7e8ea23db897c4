"""Tables 2 and 3 and the volumes, counted by hand from `calls.PLAN`."""

from pathlib import Path

import pytest

from silentspam.call import VerdictKind
from silentspam.calllog.query import Filter
from silentspam.kinds.table import names
from silentspam.reports.cases import COLUMNS, MAX_CAUSES, Cases, cases, day_of
from silentspam.reports.recent import sampled
from silentspam.reports.scores import COLUMNS as SCORE_COLUMNS
from silentspam.reports.scores import score_histogram
from silentspam.reports.suspects import by_kind
from silentspam.reports.tables import Challenged, Ended, by_day, table2, table3, volumes
from tests.reports.calls import DAY, DAY_ONE, PLAN, write_log

CALLS = sum(group.first + group.second for group in PLAN)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    return cases(write_log(tmp_path_factory.mktemp("log")).iterate(Filter(), COLUMNS))


def test_table_2_has_every_kind_the_most_frequent_first(counted: Cases) -> None:
    kinds = table2(counted)
    assert list(kinds) == ["CALLER_SILENCE", "CALLER_FAX", "CALLER_RECORDING", "CALLER_NOISE", "CALLER_BUSY"]
    assert [(rate.hits, rate.n) for rate in kinds.values()] == [(30, 36), (6, 36), (0, 36), (0, 36), (0, 36)]
    # Wilson (1927) for 30 of 36, by hand: centre 0.8014, half width 0.1207.
    assert kinds[VerdictKind.CALLER_SILENCE].interval == pytest.approx((0.6811, 0.9213), abs=2e-4)


def test_table_3_is_the_papers_with_the_rejected_apart(counted: Cases) -> None:
    lines = [(line.disposition, line.ended_by, line.calls, line.rejected) for line in table3(counted)]
    assert lines == [
        ("BRIDGED", "AGENT", 15, False),
        ("BRIDGED", "CALLER", 5, False),
        ("IVR_ABANDON", "CALLER", 4, False),
        ("BRIDGE_TIMEOUT", "APP", 1, False),
        ("REJECTED_CALLER_SILENCE", "APP", 30, True),
    ]


def test_the_volumes(counted: Cases) -> None:
    found = volumes(counted)
    assert found.calls == CALLS == 294
    assert found.judged == 200 + 30 + 3 + 4 + 1 + 6 + 17 + 10 + 3 == 274
    assert found.suspects == 61
    assert found.suspicion == Challenged(calls=44, passed=4, failed=36, abandoned=4, unfinished=0)
    assert found.exploration == Challenged(calls=10, passed=8, failed=2, abandoned=0, unfinished=0)
    assert (found.rejected, found.blocked) == (36, 0)
    assert found.failed_open == {"ModelError": 4, "AudioError": 1}
    assert found.inconclusive == {"digital silence": 11, "too little audio": 3}
    assert found.modes == {"enforce": 277, "shadow": 17}
    assert (found.challenge_rate.hits, found.challenge_rate.n) == (44, 257)
    assert (found.digital_silence.hits, found.digital_silence.n) == (0, 55)


def test_days_are_utc_and_add_up_to_the_whole(counted: Cases) -> None:
    days = by_day(counted)
    assert list(days) == ["2026-11-19", "2026-11-20"]
    assert [volumes(part).calls for part in days.values()] == [176, 118]
    assert [table2(part)[VerdictKind.CALLER_SILENCE].hits for part in days.values()] == [20, 10]
    assert sum(days.values(), Cases()) == counted


def test_a_period_is_cut_where_it_is_asked_to_be(tmp_path: Path) -> None:
    log = write_log(tmp_path)
    second = cases(log.iterate(Filter(since=DAY_ONE + DAY, until=DAY_ONE + 2 * DAY), COLUMNS))
    assert second.total() == 118


def test_digital_silence_among_the_judged_is_seen_when_there_is_any() -> None:
    row = (DAY_ONE, "shadow", "CALLER_SILENCE", None, None, None, "BRIDGED", "CALLER", 0, None, None)
    found = volumes(cases([(*row, share, None, None) for share in (1.0, 0.6, 0.2, None)]))
    assert (found.digital_silence.hits, found.digital_silence.n, found.silent_most) == (1, 4, 2)


def test_rows_that_know_nothing_are_counted_and_break_nothing() -> None:
    nothing = (None,) * len(COLUMNS)
    odd = (1e30, "", "OF A LATER VERSION", 1.0, None, "ODD", "NEW", "", 1, None, "not json", "x", "y", "z")
    counted = cases([nothing, odd])
    found = volumes(counted)
    assert found.calls == 2
    assert found.failed_open == {"no cause given": 1}
    assert found.suspicion.unfinished == 1
    assert table3(counted) == []
    assert list(by_day(counted)) == ["unknown"]


def a_case(cause: str | None, result: str | None, probability: float | None, held_back: str | None) -> tuple:
    verdict = "HAM" if cause in (None, "EXPLORATION") else "CALLER_SILENCE"
    challenged_at = 1.0 if cause else None
    return (DAY_ONE, "enforce", verdict, challenged_at, cause, result, *(None,) * 6, probability, held_back)


def test_the_causes_of_challenges_are_counted_apart_and_those_held_back_beside_them() -> None:
    rows = [
        *[a_case("LINE", "FAILED", 1.0, None)] * 5,
        a_case("LINE", "PASSED", 1.0, None),
        a_case("SUSPICION", "PASSED", 1.0, None),
        *[a_case("BURST", "FAILED", 1.0, None)] * 2,
        a_case("EXPLORATION", "PASSED", 0.01, None),
        *[a_case(None, None, 0.01, None)] * 97,
        a_case(None, None, 0.0, "EXPLORATION"),
        a_case(None, None, 0.0, "BURST"),
        a_case(None, None, 0.0, None),
    ]
    found = volumes(cases(rows))
    assert (found.line.calls, found.line.failed, found.line.passed) == (6, 5, 1)
    assert (found.suspicion.calls, found.burst.calls, found.exploration.calls) == (1, 2, 1)
    assert (found.suspected.calls, found.suspected.failed) == (9, 7)
    assert found.held_back == {"BURST": 1, "EXPLORATION": 1}
    assert (found.explored.hits, found.explored.n) == (1, 98)
    assert (found.false_challenges.hits, found.false_challenges.n) == (3, 103)
    assert (found.challenge_rate.hits, found.challenge_rate.n) == (9, 110)


def test_nothing_is_nothing() -> None:
    found = volumes(cases([]))
    assert (found.calls, found.challenge_rate.n) == (0, 0)
    assert table2(cases([]))[VerdictKind.CALLER_FAX].interval == (0.0, 1.0)


def test_a_challenge_before_causes_were_logged_was_one_of_suspicion() -> None:
    row = (DAY_ONE, "enforce", "CALLER_SILENCE", 1.0, None, "FAILED", "REJECTED_CALLER_SILENCE", "APP")
    assert volumes(cases([(*row, 0, *(None,) * 5)])).suspicion.failed == 1


def test_a_call_with_no_end_and_nobody_named_is_shown_as_such() -> None:
    row = (DAY_ONE, "shadow", "CALLER_SILENCE", *(None,) * 11)
    assert table3(cases([row])) == [
        Ended(disposition="(no end reported)", ended_by="(unknown)", calls=1, rejected=False)
    ]


def test_causes_that_word_themselves_anew_each_time_do_not_fill_the_memory() -> None:
    rows = [(*(None,) * 8, 1, f"error {n}", *(None,) * 4) for n in range(10_000)]
    found = volumes(cases(rows)).failed_open
    assert len(found) == MAX_CAUSES + 1
    assert sum(found.values()) == 10_000


def test_a_time_without_a_day() -> None:
    assert day_of(0) == "1970-01-01"
    assert day_of(float("nan")) == day_of(1e300) == "unknown"


def test_scores_are_counted_with_their_thresholds(tmp_path: Path) -> None:
    scores = score_histogram(write_log(tmp_path).iterate(Filter(), SCORE_COLUMNS))
    assert scores.calls == 268, "without six faxes"
    assert scores.bins[5] == 213
    assert scores.thresholds == {"abc 0.8500": 268}
    assert scores.limits == (0.85,)
    assert (
        score_histogram([(None, 0.5, "a", None), (1.0, None, None, None), (7.0, 1.0, "a", None)]).bins[-1]
        == 1
    )


def a_suspect(
    kind: str, *, asked: bool, result: str | None, disposition: str, held_back: str | None = None
) -> tuple:
    challenged_at, cause = (1.0 if asked else None), (None if held_back else "SUSPICION")
    row = (
        DAY_ONE,
        "enforce",
        kind,
        challenged_at,
        cause,
        result,
        disposition,
        "APP",
        0,
        None,
        None,
        0.0,
        1.0,
    )
    return (*row, held_back)


FAX_REJECTED = a_suspect("CALLER_FAX", asked=False, result=None, disposition="REJECTED_CALLER_FAX")
FAX_FAILED = a_suspect("CALLER_FAX", asked=True, result="FAILED", disposition="REJECTED_CALLER_FAX")
NOISE_PASSED = a_suspect("CALLER_NOISE", asked=True, result="PASSED", disposition="BRIDGED")
NOISE_HELD = a_suspect("CALLER_NOISE", asked=False, result=None, disposition="BRIDGED", held_back="SUSPICION")


def test_who_is_rejected_unasked_is_rejected_and_was_not_challenged() -> None:
    counted = cases([*[FAX_REJECTED] * 6, *[FAX_FAILED] * 4, NOISE_PASSED])
    found = volumes(counted)
    assert (found.rejected, found.unasked, found.suspicion.calls, found.suspicion.unfinished) == (10, 6, 5, 0)
    assert table2(counted)[VerdictKind.CALLER_FAX].hits == 10
    assert (found.false_challenges.hits, found.false_challenges.n) == (1, 1), "nobody knows who the six were"


def test_suspects_are_counted_by_kind() -> None:
    rows = [*[FAX_REJECTED] * 6, *[FAX_FAILED] * 4, NOISE_PASSED, NOISE_HELD, a_case(None, None, 0.01, None)]
    found = by_kind(cases(rows))
    assert list(found) == list(names())
    fax, noise = found["CALLER_FAX"], found["CALLER_NOISE"]
    assert (fax.suspects, fax.challenged.calls, fax.challenged.failed, fax.unasked) == (10, 4, 4, 6)
    assert (fax.false_challenges.hits, fax.false_challenges.n) == (0, 3)
    assert (noise.suspects, noise.challenged.passed, noise.held_back) == (2, 1, 1)
    assert (noise.false_challenges.hits, noise.false_challenges.n) == (1, 3)


def test_scores_are_of_dead_air_and_samples_of_calls_that_its_model_knows() -> None:
    rows = [(0.9, 0.5, "m", kind) for kind in ("CALLER_SILENCE", "CALLER_FAX", None)]
    assert score_histogram(rows).calls == 2
    recordings = [(f"/{kind}.ulaw", kind) for kind in ("HAM", "CALLER_SILENCE", "CALLER_NOISE", None)]
    kept, seen = sampled(recordings, 10)
    assert ([path.stem for path in kept], seen) == (["HAM", "CALLER_SILENCE", "None"], 3)
