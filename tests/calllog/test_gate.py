"""The gate's tables, on both databases."""

import math

import pytest

from silentspam.call import Call, CallRecord, ChallengeResult, Mode
from silentspam.calllog.calls import CallTable
from silentspam.calllog.database import Database
from silentspam.calllog.entry import screened
from silentspam.calllog.gate import GateTables, ListedNumber, ListEvent
from silentspam.gate.terms import DnisMode, DnisTerms, Listing, SwitchState
from tests.gate.gates import NOW, thrown


@pytest.fixture
def tables(database: Database) -> GateTables:
    return GateTables(database)


def listed(number: str, listing: Listing = Listing.BLOCKED, expires_at: float | None = None) -> ListedNumber:
    return ListedNumber(
        number=number, listing=listing, expires_at=expires_at, changed_by="ada", changed_at=NOW
    )


def deed(subject: str, what: str = "blocked", at: float = NOW) -> ListEvent:
    return ListEvent(subject=subject, deed=what, changed_at=at, changed_by="ada", note="„warum“")


def put(tables: GateTables, *numbers: ListedNumber) -> None:
    tables.put(numbers, [deed(one.number) for one in numbers])


def test_a_number_stands_in_one_list_the_last_it_was_put_into(tables: GateTables) -> None:
    put(tables, listed("1"), listed("2", expires_at=NOW + 5))
    put(tables, listed("1", Listing.PERMITTED))
    assert tables.listed() == [listed("2", expires_at=NOW + 5), listed("1", Listing.PERMITTED)]
    assert len(tables.deeds()) == 3


def test_history_outlives_what_was_removed_and_is_oldest_first(tables: GateTables) -> None:
    put(tables, listed("1"))
    assert tables.remove("1", deed("1", "removed", NOW + 1))
    assert not tables.remove("1", deed("1", "removed", NOW + 2))
    assert tables.listed() == []
    assert [one.deed for one in tables.deeds()] == ["blocked", "removed"]
    assert tables.deeds()[0].note == "„warum“"


def test_terms_of_a_called_number_come_back_as_they_were(tables: GateTables) -> None:
    terms = DnisTerms(
        dnis="555", mode=DnisMode.SHADOW, threshold=0.9, max_false_challenge_rate=0.01, agent="PJSIP/a"
    )
    tables.set_terms(DnisTerms(dnis="555", mode=DnisMode.OFF), deed("dnis 555"))
    tables.set_terms(terms, deed("dnis 555"))
    tables.set_terms(DnisTerms(dnis="666"), deed("dnis 666"))
    assert tables.terms() == [terms, DnisTerms(dnis="666")]
    assert tables.unset_terms("555", deed("dnis 555", "unset"))
    assert not tables.unset_terms("555", deed("dnis 555", "unset"))


def test_throws_of_the_switch_are_copied_once_and_the_newest_counts(tables: GateTables) -> None:
    off, on = thrown(SwitchState.OFF, NOW), thrown(SwitchState.ON, NOW + 1)
    tables.copy([on])
    tables.copy([off, on])
    assert tables.switch_events() == [off, on]
    assert tables.published(passed_since=0.0).switch == on


def test_a_throw_counts_though_this_machines_clock_is_late(tables: GateTables) -> None:
    tables.throw(thrown(SwitchState.ON, NOW))
    tables.throw(thrown(SwitchState.OFF, NOW - 60))
    newest = tables.published(passed_since=0.0).switch
    assert newest is not None
    assert (newest.state, newest.changed_at > NOW) == (SwitchState.OFF, True)


def call(
    call_id: str, started_at: float, *, ani: str = "", caller_id: str = "", passed: bool = True
) -> CallRecord:
    result = ChallengeResult.PASSED if passed else ChallengeResult.FAILED
    call = Call(call_id=call_id, started_at=started_at, ani=ani, caller_id=caller_id)
    return CallRecord(call=call, mode=Mode.ENFORCE, challenge_result=result)


def test_callers_who_passed_are_published_with_their_last_time_but_for_withheld_numbers(
    database: Database, tables: GateTables
) -> None:
    log = CallTable(database)
    for record in (
        call("a", NOW, ani="2025550101", caller_id="2025550109"),
        call("b", NOW + 9, ani="2025550101"),
        call("c", NOW, caller_id="+1 202-555-0102"),
        call("d", NOW, ani="2025550103", passed=False),
        call("e", NOW - 90, ani="2025550104"),
        call("f", NOW, ani="0000000000"),
        call("g", NOW, caller_id="anonymous"),
    ):
        log.write(screened(record))
    passed = tables.published(passed_since=NOW - 60).lists.passed
    assert passed == {"2025550101": NOW + 9, "+12025550102": NOW}


def test_the_fingerprint_changes_with_whatever_is_published(database: Database, tables: GateTables) -> None:
    def now() -> str:
        found = tables.fingerprint(passed_since=NOW - 60)
        assert found == tables.fingerprint(passed_since=NOW - 60)
        assert found == tables.published(passed_since=NOW - 60).fingerprint
        return found

    CallTable(database).write(screened(call("a", NOW, ani="2025550101", passed=False)))
    seen = [now()]
    put(tables, listed("1"))
    seen.append(now())
    tables.remove("1", deed("1", "removed", NOW))
    seen.append(now())
    tables.set_terms(DnisTerms(dnis="555"), deed("dnis 555"))
    seen.append(now())
    tables.copy([thrown(SwitchState.OFF)])
    seen.append(now())
    CallTable(database).write(screened(call("b", NOW, ani="2025550101")))
    seen.append(now())
    assert len(set(seen)) == len(seen)
    assert tables.fingerprint(passed_since=NOW + 1) != seen[-1], "who passed long ago is published no more"


def test_the_guard_sees_the_newest_calls_since_the_switch_was_thrown(
    database: Database, tables: GateTables
) -> None:
    for number in range(9):
        CallTable(database).write(screened(call(f"call-{number}", NOW + number, passed=number % 2 == 0)))
    results = [one.challenge_result for one in tables.newest_calls(3, since=0.0)]
    assert results == ["PASSED", "FAILED", "PASSED"]
    assert len(tables.newest_calls(100, since=NOW + 5)) == 3
    assert tables.newest_calls(100, since=NOW + 8) == []
    assert tables.newest_calls(1, since=-math.inf)[0].mode == "enforce"
