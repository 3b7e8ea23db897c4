"""Calls whose switch was restarted, or whose report was lost, get an end; the switch's own replaces it."""

from itertools import permutations

import pytest

from silentspam.call import Call, CallEnd, CallRecord, Disposition, EndedBy
from silentspam.calllog.calls import CallTable
from silentspam.calllog.closing import (
    LONGEST_SECONDS,
    NOT_REPORTED,
    RESTARTED,
    Place,
    Started,
    close_unended,
    closings,
    place,
)
from silentspam.calllog.database import Database
from silentspam.calllog.entry import ended, screened
from silentspam.calllog.query import Filter

NOW = 1_700_000_000.0


def call(uniqueid: str, started_at: float = NOW - 100.0, call_id: str = "a") -> Call:
    return Call(call_id=call_id, uniqueid=uniqueid, started_at=started_at)


def an_end(of: Call, disposition: Disposition = Disposition.BRIDGED) -> CallEnd:
    return CallEnd(call=of, ended_at=NOW + 5.0, disposition=disposition, ended_by=EndedBy.AGENT)


def only_row(table: CallTable) -> dict[str, object]:
    (row,) = table.rows(Filter())
    return dict(row)


@pytest.mark.parametrize(
    ("uniqueid", "found"),
    [
        ("1700000000.12", Place("", 1700000000, 12)),
        ("pbx-1-1700000000.0", Place("pbx-1", 1700000000, 0)),
        ("", None),
        ("1700000000", None),
        ("x.y", None),
        ("1700000000.12 ", None),
        ("1700000000." + "9" * 40, None),
    ],
)
def test_a_uniqueid_is_a_system_a_second_and_a_counter(uniqueid: str, found: Place | None) -> None:
    assert place(uniqueid) == found


@pytest.mark.parametrize(
    ("later", "closed"),
    [
        ("pbx1-200.3", True),
        ("pbx1-200.8", True),  # a counter comes once in a life
        ("pbx1-200.9", False),
        ("pbx2-200.3", False),
        ("200.3", False),
        ("pbx1-100.3", False),
        ("pbx1-50.3", False),
        ("nonsense", False),
    ],
)
def test_only_a_later_call_of_the_same_switch_with_a_smaller_number_ends_a_call(
    later: str, closed: bool
) -> None:
    open_call = Started("a", "pbx1-100.8", NOW - 100.0)
    found = closings([open_call], [Started("", later, NOW - 10.0)], now=NOW)
    assert [(one.call_id, one.ended_at, one.end_cause) for one in found] == (
        [("a", NOW - 10.0, RESTARTED)] if closed else []
    )


@pytest.mark.parametrize(
    ("others", "closed"),
    [
        (["200.3"], True),
        (["110.41", "120.43", "200.0", "210.2", "220.40"], True),
        (["90.30", "95.31", "110.41", "200.0"], True),
        (["200.5", "210.41"], True),  # may be a life that has come as far
        (["200.5", "210.41", "220.6"], False),
        (["90.4", "200.5"], False),  # the other server's counter stood there before
        (["110.41", "120.42"], False),
    ],
)
def test_without_a_systemname_counters_that_come_by_turns_are_of_two_switches(
    others: list[str], closed: bool
) -> None:
    """A live call must not be given an end because another server has had fewer calls."""
    open_call = Started("a", "100.40", NOW - 100.0)
    known = [Started("", one, NOW - 100.0 + float(one.split(".")[0])) for one in others]
    assert bool(closings([open_call], [open_call, *known], now=NOW)) is closed


def test_restarts_of_other_days_do_not_make_one_switch_two() -> None:
    day = int(LONGEST_SECONDS)
    open_call = Started("a", f"{3 * day}.8", NOW)
    known = [open_call] + [Started("", one, NOW) for one in ("1.9", f"{day}.3", f"{3 * day + 9}.0")]
    assert len(closings([open_call], known, now=NOW)) == 1


@pytest.mark.parametrize(("screener", "closed"), [("a", True), ("b", False), ("", False)])
def test_without_a_systemname_only_calls_of_the_same_screener_are_compared(
    database: Database, screener: str, closed: bool
) -> None:
    table = CallTable(database)
    old, new = call("100.8", call_id="a"), call("200.0", NOW - 10.0, call_id="b")
    table.write(screened(CallRecord(call=old, screener="a")))
    table.write(screened(CallRecord(call=new, screener=screener or None)))
    assert close_unended(database, now=NOW) == closed


def test_an_end_is_never_before_its_beginning_though_the_clock_went_back() -> None:
    (found,) = closings([Started("a", "100.8", NOW)], [Started("", "200.0", NOW - 3600.0)], now=NOW)
    assert found.ended_at == NOW


def test_a_call_without_a_report_for_a_day_is_over(database: Database) -> None:
    table = CallTable(database)
    table.write(screened(CallRecord(call=call("1.1", NOW - LONGEST_SECONDS - 1.0), mode="enforce")))
    assert close_unended(database, now=NOW) == 1
    row = only_row(table)
    assert (row["end_cause"], row["ended_at"]) == (NOT_REPORTED, NOW - 1.0)


def test_a_call_of_a_switch_that_was_restarted_is_closed_once_and_says_why(database: Database) -> None:
    table = CallTable(database)
    assert close_unended(database, now=NOW) == 0
    table.write(screened(CallRecord(call=call("pbx-100.8", call_id="a"), mode="enforce")))
    assert close_unended(database, now=NOW) == 0
    new = call("pbx-200.0", NOW - 10.0, call_id="b")
    table.write(screened(CallRecord(call=new, mode="enforce")))
    assert close_unended(database, now=NOW) == 1
    assert close_unended(database, now=NOW) == 0
    rows = {row["call_id"]: row for row in table.rows(Filter())}
    closed = rows["a"]
    assert (closed["ended_at"], closed["ended_by"], closed["end_cause"]) == (NOW - 10.0, "APP", RESTARTED)
    assert (closed["disposition"], closed["hangup_cause"]) == (None, None)
    assert rows["b"]["ended_at"] is None


def test_the_switchs_own_report_replaces_what_was_put_in_its_place(database: Database) -> None:
    table = CallTable(database)
    old = call("100.8", NOW - LONGEST_SECONDS - 50.0)
    table.write(screened(CallRecord(call=old, mode="enforce")))
    assert close_unended(database, now=NOW) == 1
    for _ in range(2):
        table.write(ended(an_end(old)))
        row = only_row(table)
        assert (row["ended_at"], row["ended_by"], row["end_cause"]) == (NOW + 5.0, "AGENT", None)
        assert row["disposition"] == "BRIDGED"


def test_who_talked_with_an_agent_was_bridged_whatever_a_screener_that_hung_believes(
    database: Database,
) -> None:
    """Asterisk took the call from it: it finds the caller gone, and cannot know who went where."""
    table = CallTable(database)
    for number, order in enumerate(permutations(range(2))):
        of = call(f"100.{number}", call_id=f"call {number}")
        record = CallRecord(call=of, disposition=Disposition.SCREEN_ABANDON, ended_by=EndedBy.CALLER)
        parts = [screened(record), ended(an_end(of))]
        for place_of_part in order:
            table.write(parts[place_of_part])
    for row in table.rows(Filter()):
        assert (row["disposition"], row["ended_by"]) == ("BRIDGED", "AGENT")
