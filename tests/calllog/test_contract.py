"""What every call log does, whatever database is behind it: the same suite for each.

A row is written in parts that may come in either order, twice, or from a spool much later.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silentspam.call import (
    Call,
    CallEnd,
    CallRecord,
    CallSpeech,
    ChallengeCause,
    ChallengeResult,
    Decision,
    Disposition,
    EndedBy,
    GateCause,
)
from silentspam.calllog.calls import CallTable
from silentspam.calllog.closing import LONGEST_SECONDS, close_unended
from silentspam.calllog.database import Database
from silentspam.calllog.durable import CallLog, DurableCallLog
from silentspam.calllog.entry import Entry, Part, ended, heard, screened
from silentspam.calllog.lines import Lines
from silentspam.calllog.query import Filter
from silentspam.calllog.schema import COLUMNS
from silentspam.calllog.spool import Spool
from silentspam.errors import CallLogError
from tests.calllog.conftest import NewDatabase
from tests.fakes import CALL_ID, a_call


class Fresh(Protocol):
    def __call__(self) -> CallLog: ...


@pytest.fixture(params=["alone", "with a spool"])
def fresh(request: pytest.FixtureRequest, new_database: NewDatabase, tmp_path: Path) -> Fresh:
    """Makes an empty call log each time it is called."""
    if request.param == "alone":
        return lambda: CallTable(new_database())
    return lambda: DurableCallLog(CallTable(new_database()), Spool(tmp_path / "spool"))


@pytest.fixture
def log(fresh: Fresh) -> CallLog:
    return fresh()


def the_screened(call: Call | None = None, **known: object) -> Entry:
    return screened(CallRecord(call=call or a_call(), **known))  # type: ignore[arg-type]


def the_ended(call: Call | None = None, **known: object) -> Entry:
    return ended(CallEnd(call=call or a_call(), ended_at=1_700_000_060.0, **known))  # type: ignore[arg-type]


def row(log: CallLog, call_id: str = CALL_ID) -> dict[str, object]:
    (only,) = log.rows(Filter(call_id=call_id))
    return dict(only)


def rows_of(log: CallLog, entries: Sequence[Entry]) -> list[dict[str, object]]:
    for entry in entries:
        log.write(entry)
    return [dict(found) for found in log.rows(Filter())]


# --- parts -------------------------------------------------------------------------------------------------


def test_every_column_comes_back_as_it_went_in(log: CallLog) -> None:
    call = Call(
        call_id=CALL_ID,
        started_at=1.25,
        uniqueid="1.1",
        channel="PJSIP/x",
        ani="1",
        caller_id="2",
        caller_name="Zoë 🤖 \"';--",
        dnis="3",
    )
    log.write(
        the_screened(
            call,
            answered_at=2.0,
            recorded_at=4.0,
            judged_at=4.01,
            challenged_at=4.02,
            screened_at=9.0,
            recording="/r/x.ulaw",
            recorded_seconds=2.0,
            digital_silence_share=0.0,
            verdict="CALLER_SILENCE",
            kind_probabilities=(("CALLER_SILENCE", 0.875), ("CALLER_NOISE", 0.5)),
            spam_probability=0.875,
            threshold=0.6,
            model_id="0123",
            reasons=("ä", "b"),
            decision=Decision.REJECT,
            challenge_result=ChallengeResult.FAILED,
            challenge_attempts=("asked 7, no key",),
            disposition=Disposition.REJECTED_CALLER_SILENCE,
            ended_by=EndedBy.APP,
            failed_open=True,
            failed_open_cause="x",
            challenge_cause=ChallengeCause.SUSPICION,
            challenge_probability=1.0,
            shadow_model_id="4567",
            shadow_verdict="HAM",
            shadow_probability=0.25,
            shadow_threshold=0.75,
            level_dbfs=-71.5,
            space_id="0123456789ab",
            embedding="AAAA",
            line_id="a line",
            line_state="ACTIVE",
            line_score=40.5,
            line_threshold=-20.0,
            held_back=ChallengeCause.BURST,
            gate_cause=GateCause.BLOCKED,
            mode_reason="switched to shadow",
            screener="screener1",
            agent="PJSIP/sales",
            redress_at=9.5,
            redress_reason="the number is blocked",
            redress_contact="2025550199",
            hangup_with="cause 21",
        )
    )
    log.write(the_ended(call, bridged_at=10.0, hangup_cause=16))
    speech = CallSpeech(
        call_id=CALL_ID, caller_speech_seconds=1.5, caller_leg_seconds=30.0, speech_detector="test 1"
    )
    log.write(heard(speech))
    assert row(log) == {
        "call_id": CALL_ID,
        "uniqueid": "1.1",
        "channel": "PJSIP/x",
        "ani": "1",
        "caller_id": "2",
        "caller_name": "Zoë 🤖 \"';--",
        "dnis": "3",
        "started_at": 1.25,
        "answered_at": 2.0,
        "recorded_at": 4.0,
        "judged_at": 4.01,
        "challenged_at": 4.02,
        "screened_at": 9.0,
        "bridged_at": 10.0,
        "ended_at": 1_700_000_060.0,
        "mode": "enforce",
        "recording": "/r/x.ulaw",
        "recorded_seconds": 2.0,
        "digital_silence_share": 0.0,
        "verdict": "CALLER_SILENCE",
        "kind_probabilities": '[["CALLER_SILENCE", 0.875], ["CALLER_NOISE", 0.5]]',
        "spam_probability": 0.875,
        "threshold": 0.6,
        "model_id": "0123",
        "reasons": '["ä", "b"]',
        "decision": "REJECT",
        "challenge_result": "FAILED",
        "challenge_attempts": '["asked 7, no key"]',
        "disposition": "REJECTED_CALLER_SILENCE",
        "ended_by": "APP",
        "hangup_cause": 16,
        "failed_open": 1,
        "failed_open_cause": "x",
        "challenge_cause": "SUSPICION",
        "challenge_probability": 1.0,
        "shadow_model_id": "4567",
        "shadow_verdict": "HAM",
        "shadow_probability": 0.25,
        "shadow_threshold": 0.75,
        "level_dbfs": -71.5,
        "space_id": "0123456789ab",
        "embedding": "AAAA",
        "line_id": "a line",
        "line_state": "ACTIVE",
        "line_score": 40.5,
        "line_threshold": -20.0,
        "held_back": "BURST",
        "gate_cause": "BLOCKED",
        "mode_reason": "switched to shadow",
        "screener": "screener1",
        "agent": "PJSIP/sales",
        "redress_at": 9.5,
        "redress_reason": "the number is blocked",
        "redress_contact": "2025550199",
        "hangup_with": "cause 21",
        "recording_deleted_at": None,
        "erased_at": None,
        "end_cause": None,
        "caller_speech_seconds": 1.5,
        "caller_leg_seconds": 30.0,
        "speech_detector": "test 1",
    }
    assert list(row(log)) == list(COLUMNS)


HALVES = {
    "a screened call": [
        the_screened(disposition=Disposition.REJECTED_CALLER_SILENCE, ended_by=EndedBy.APP),
        the_ended(disposition=Disposition.BRIDGE_ABANDON, ended_by=EndedBy.CALLER, hangup_cause=21),
    ],
    "a bridged call": [
        the_screened(decision=Decision.BRIDGE),
        the_ended(disposition=Disposition.BRIDGED, ended_by=EndedBy.AGENT, bridged_at=1.0),
    ],
    "a call that failed open": [
        the_screened(failed_open=True, failed_open_cause="the cause that was seen"),
        the_ended(failed_open=True, failed_open_cause="a cause that was guessed"),
    ],
    "a failure that only the switch saw": [the_screened(), the_ended(failed_open=True)],
    "a failure that only the screener saw": [the_screened(failed_open=True), the_ended()],
}


@pytest.mark.parametrize("what", HALVES)
def test_either_order_and_any_repetition_give_the_same_row(what: str, fresh: Fresh) -> None:
    expected = rows_of(fresh(), HALVES[what])
    assert len(expected) == 1
    for order in permutations([*HALVES[what], *HALVES[what]]):
        assert rows_of(fresh(), order) == expected


def test_the_screener_knows_best_and_the_switch_fills_the_gaps(log: CallLog) -> None:
    for entry in HALVES["a screened call"]:
        log.write(entry)
    kept = row(log)
    assert (kept["disposition"], kept["ended_by"]) == ("REJECTED_CALLER_SILENCE", "APP")
    assert (kept["hangup_cause"], kept["ended_at"]) == (21, 1_700_000_060.0)


def test_an_alarm_once_raised_stays(log: CallLog) -> None:
    for entry in HALVES["a failure that only the switch saw"]:
        log.write(entry)
    log.write(the_screened())
    assert row(log)["failed_open"] == 1


def test_the_cause_that_was_seen_is_kept_before_the_one_that_was_guessed(log: CallLog) -> None:
    for entry in reversed(HALVES["a call that failed open"]):
        log.write(entry)
    assert row(log)["failed_open_cause"] == "the cause that was seen"


def test_one_part_alone_is_a_row(log: CallLog) -> None:
    log.write(the_ended(disposition=Disposition.BRIDGED))
    assert row(log)["disposition"] == "BRIDGED"
    assert row(log)["verdict"] is None


def test_a_part_that_knows_nothing_but_its_call_is_a_row(log: CallLog) -> None:
    for part in Part:
        log.write(Entry(part, {"call_id": CALL_ID}))
    assert row(log)["call_id"] == CALL_ID


def test_calls_do_not_touch_one_another(log: CallLog) -> None:
    first, second = a_call(Call.new_id()), a_call(Call.new_id())
    log.write(the_screened(first, disposition=Disposition.IVR_ABANDON))
    log.write(the_ended(second, disposition=Disposition.BRIDGED))
    assert row(log, first.call_id)["disposition"] == "IVR_ABANDON"
    assert row(log, second.call_id)["disposition"] == "BRIDGED"


HOSTILE = ["'; DROP TABLE calls; --", '"', "\0", "a\nb", "\x85\u2028", "\ud800", "\udc80", "x" * 100_000]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_costs_a_row(log: CallLog, text: str) -> None:
    log.write(the_screened(failed_open=True, failed_open_cause=text, reasons=(text,)))
    assert row(log)["failed_open"] == 1
    assert len(str(row(log)["failed_open_cause"])) <= len(text)


@settings(max_examples=60)
@given(text=st.text(st.characters(exclude_categories=[])), number=st.floats())
def test_no_text_and_no_number_costs_a_row_on_its_way_through_the_spool(text: str, number: float) -> None:
    entry = the_screened(failed_open_cause=text, reasons=(text,), spam_probability=number, recording=text)
    again = Entry.from_json(entry.to_json())
    assert again.call_id == CALL_ID
    assert again.columns.keys() == entry.columns.keys()
    assert again.to_json() == entry.to_json()


# --- many at once ------------------------------------------------------------------------------------------


@pytest.fixture
def table(database: Database) -> CallTable:
    return CallTable(database)


def test_many_at_once_give_the_same_rows_as_one_by_one(new_database: NewDatabase) -> None:
    entries = [entry for part in HALVES.values() for entry in part]
    calls = [Call(call_id=f"call-{n}", started_at=float(n)) for n in range(20)]
    entries += [the_screened(call, embedding="AAAA", space_id="s") for call in calls]
    entries += [the_ended(call, disposition=Disposition.BRIDGED) for call in reversed(calls)]
    entries += [the_screened(calls[3], shadow_model_id="later"), the_screened(calls[3], mode="shadow")]
    expected = rows_of(CallTable(new_database()), entries)
    together = new_database()
    assert CallTable(together).write_many(entries) == []
    assert [dict(found) for found in CallTable(together).rows(Filter())] == expected
    assert Lines(together).waiting() == 20


def test_a_part_that_knows_less_than_its_neighbours_unsets_nothing(
    database: Database, table: CallTable
) -> None:
    calls = [a_call(f"call-{n}") for n in range(2)]
    table.write_many([the_screened(call) for call in calls])
    close_unended(database, now=calls[0].started_at + 2 * LONGEST_SECONDS)
    table.write_many([the_ended(calls[0]), the_ended(calls[1], ended_by=EndedBy.CALLER)])
    assert [row(table, call.call_id)["ended_by"] for call in calls] == ["APP", "CALLER"]


def test_none_at_once_is_nothing(table: CallTable) -> None:
    assert table.write_many([]) == []


def test_many_at_once_can_be_written_again(table: CallTable) -> None:
    entries = [the_screened(a_call(f"call-{n}")) for n in range(10)]
    table.write_many(entries)
    assert table.write_many(entries) == []
    assert len(table.rows(Filter())) == 10


def test_of_many_at_once_those_that_can_never_be_held_are_named_and_cost_no_other(table: CallTable) -> None:
    entries = [the_screened(a_call(f"call-{n}")) for n in range(50)]
    bad = {7, 8, 49}
    for n in bad:
        entries[n].columns["hangup_cause"] = 2**70
    refused = table.write_many(entries)
    assert [each.entry for each in refused] == [entries[n] for n in sorted(bad)]
    assert {found["call_id"] for found in table.rows(Filter())} == {f"call-{n}" for n in set(range(50)) - bad}


def test_writers_of_the_same_calls_wait_for_one_another(table: CallTable) -> None:
    entries = [the_screened(a_call(f"call-{n}"), embedding="AAAA") for n in range(100)]
    with ThreadPoolExecutor(4) as pool:
        refused = list(pool.map(table.write_many, [entries, entries[::-1], entries[50:] + entries[:50]]))
    assert refused == [[], [], []]
    assert len(table.rows(Filter())) == 100


# --- reading -----------------------------------------------------------------------------------------------


@pytest.fixture
def filled(log: CallLog) -> CallLog:
    for n in range(5):
        call = Call(call_id=f"call-{n}", started_at=float(n), ani=f"555{n}", caller_id=f"999{n}")
        log.write(the_screened(call, verdict="HAM" if n % 2 else "CALLER_SILENCE", failed_open=n == 3))
        if n != 4:
            log.write(the_ended(call, disposition=Disposition.BRIDGED if n else Disposition.IVR_ABANDON))
    return log


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Filter(), [4, 3, 2, 1, 0]),
        (Filter(limit=2), [4, 3]),
        (Filter(limit=0), []),
        (Filter(call_id="call-2"), [2]),
        (Filter(since=2.0), [4, 3, 2]),
        (Filter(until=2.0), [1, 0]),
        (Filter(since=1.0, until=3.0), [2, 1]),
        (Filter(disposition="IVR_ABANDON"), [0]),
        (Filter(verdict="HAM"), [3, 1]),
        (Filter(number="5552"), [2]),
        (Filter(number="9992"), [2]),
        (Filter(number="' OR 1=1 --"), []),
        (Filter(failed_open=True), [3]),
        (Filter(failed_open=False, since=2.0), [4, 2]),
        (Filter(disposition="BRIDGED", verdict="HAM", since=2.0), [3]),
    ],
)
def test_the_rows_that_are_wanted_come_newest_first(
    filled: CallLog, wanted: Filter, numbers: list[int]
) -> None:
    assert [found["call_id"] for found in filled.rows(wanted)] == [f"call-{n}" for n in numbers]
    assert [only for (only,) in filled.iterate(wanted, ("call_id",))] == [f"call-{n}" for n in numbers]


def test_columns_come_in_the_order_they_were_asked_for_and_what_is_unknown_is_none(log: CallLog) -> None:
    log.write(the_ended(disposition=Disposition.BRIDGED))
    wanted = ("disposition", "verdict", "call_id")
    assert list(log.iterate(Filter(), wanted)) == [("BRIDGED", None, CALL_ID)]


@pytest.mark.parametrize("columns", [(), ("call_id; DROP TABLE calls",), ("verdict", "*"), ("rowid",)])
def test_a_column_that_is_none_is_refused(log: CallLog, columns: tuple[str, ...]) -> None:
    log.write(the_screened())
    with pytest.raises(CallLogError, match="the call log has call_id"):
        log.iterate(Filter(), columns)


def test_rows_may_be_written_while_others_are_read(log: CallLog) -> None:
    for n in range(3):
        log.write(the_screened(a_call(f"call-{n}", started_at=float(n))))
    reading = log.iterate(Filter(), ("call_id",))
    first = next(reading)
    log.write(the_screened(a_call("call-9", started_at=9.0)))
    assert [first, *reading] == [("call-2",), ("call-1",), ("call-0",)]


def test_a_reader_that_stops_half_way_leaves_nothing_locked(log: CallLog) -> None:
    for n in range(3):
        log.write(the_screened(a_call(f"call-{n}", started_at=float(n))))
    reading = log.iterate(Filter(), ("call_id",))
    next(reading)
    del reading
    log.write(the_ended(a_call("call-0")))
    assert len(log.rows(Filter())) == 3
