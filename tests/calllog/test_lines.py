"""Lines in the call database: every call is learnt from once, by whichever process and server comes first."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from silentspam.budget import START
from silentspam.call import (
    Call,
    CallRecord,
    CallSpeech,
    ChallengeCause,
    ChallengeResult,
    Decision,
    VerdictKind,
)
from silentspam.calllog.calls import CallTable
from silentspam.calllog.database import Database, UnusableDatabase
from silentspam.calllog.durable import DurableCallLog
from silentspam.calllog.entry import heard, screened
from silentspam.calllog.line_store import Basis
from silentspam.calllog.lines import Lines
from silentspam.calllog.spool import Spool
from silentspam.lines.ground import pack
from silentspam.lines.numbers import number_key
from silentspam.lines.settings import MemorySettings
from silentspam.lines.snapshot import Snapshot
from silentspam.verdict import LineState
from tests.lines.ground import a_ground, line_calls, people

GROUND = a_ground()
BASIS = Basis(
    ground=GROUND, reference=people(200, seed=7), settings=MemorySettings(kind_rates={"CALLER_FAX": 0.001})
)
NOW = 1_800_000_000.0


class Site:
    """A call database with its log and lines, and the snapshots that were published."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.database = database
        self.log = DurableCallLog(CallTable(self.database), Spool(folder / "spool"))
        self.lines = Lines(self.database)
        self.published: list[Snapshot] = []
        self.calls = 0

    def call(self, embedding: np.ndarray | None, **known: object) -> str:
        """Write the row of a call that came a second after the one before; returns its id."""
        self.calls += 1
        ani = str(known.pop("ani", f"202555{self.calls:04d}"))
        at = float(known.pop("at", NOW + self.calls))  # type: ignore[arg-type]
        call = Call(call_id=Call.new_id(), started_at=at, ani=ani)
        packed = None if embedding is None else pack(embedding)
        record = CallRecord(call=call, space_id=GROUND.space_id, embedding=packed)
        for name, value in known.items():
            setattr(record, name, value)
        self.log.write(screened(record))
        return call.call_id

    def kind_call(self, **known: object) -> str:
        """A call that was judged a fax: it lies nowhere in the space of lines."""
        return self.call(None, verdict=VerdictKind.CALLER_FAX, **known)

    def silent(self, embedding: np.ndarray, **known: object) -> str:
        """A call that was challenged and pressed nothing."""
        return self.call(
            embedding,
            challenged_at=NOW,
            challenge_result=ChallengeResult.FAILED,
            challenge_attempts=("asked 7, no key", "asked 2, no key"),
            **known,
        )

    def person(self, embedding: np.ndarray, **known: object) -> str:
        """A call whose caller passed the challenge."""
        return self.call(embedding, challenged_at=NOW, challenge_result=ChallengeResult.PASSED, **known)

    def learn(self, now: float = NOW) -> int:
        return self.lines.learn(BASIS, now=now, publish=self.published.append)

    @property
    def states(self) -> list[LineState]:
        return [line.state for line in self.lines.lines()]


@pytest.fixture
def site(tmp_path: Path, database: Database) -> Site:
    return Site(tmp_path, database)


def test_one_failed_challenge_makes_a_line_that_its_next_call_matches(site: Site) -> None:
    first, second = line_calls(2)
    site.silent(first)
    assert site.learn() == 1
    (snapshot,) = site.published
    match = snapshot.match(GROUND, second)
    assert match is not None
    assert match.state is LineState.ACTIVE
    assert "1 challenges failed, 0 passed" in match.evidence
    assert snapshot.match(GROUND, people(1, seed=9)[0]) is None
    (line,) = site.lines.lines()
    assert (line.count, line.failed) == (1, 1)
    assert len(line.numbers) == 1


def test_a_call_is_learnt_from_once(site: Site) -> None:
    embedding = line_calls(1)[0]
    call_id = site.silent(embedding)
    assert (site.learn(), site.learn()) == (1, 0)
    # A model on trial writes the row a second time.
    call = Call(call_id=call_id, started_at=NOW)
    again = CallRecord(call=call, space_id=GROUND.space_id, embedding=pack(embedding), shadow_model_id="x")
    site.log.write(screened(again))
    assert site.learn() == 1
    assert [line.failed for line in site.lines.lines()] == [1]
    assert site.lines.waiting() == 0


def test_a_row_that_waited_in_the_spool_is_learnt_from(site: Site) -> None:
    first, second = line_calls(2)
    site.call(people(1)[0])
    working, site.log._database = site.log._database, CallTable(UnusableDatabase("it is away"))
    site.silent(first)
    assert site.lines.waiting() == 1
    site.log._database = working
    site.silent(second)
    assert site.learn() == 3
    assert [(line.failed, line.count) for line in site.lines.lines()] == [(2, 2)]


def test_speech_found_afterwards_takes_a_failed_challenge_back(site: Site) -> None:
    call_id = site.silent(line_calls(1)[0])
    site.learn()
    speech = CallSpeech(
        call_id=call_id, caller_speech_seconds=3.0, caller_leg_seconds=20.0, speech_detector="test"
    )
    site.log.write(heard(speech))
    assert site.learn() == 1
    (line,) = site.lines.lines()
    assert (line.failed, line.people, line.state) == (0, 1, LineState.SUSPENDED)
    assert site.published[-1].match(GROUND, line_calls(2)[1]).state is LineState.SUSPENDED  # type: ignore[union-attr]


def test_speech_of_a_call_without_a_place_teaches_nothing_and_waits_for_nobody(site: Site) -> None:
    call = Call(call_id=Call.new_id(), started_at=NOW)
    site.log.write(screened(CallRecord(call=call)))
    speech = CallSpeech(
        call_id=call.call_id, caller_speech_seconds=3.0, caller_leg_seconds=9.0, speech_detector="test"
    )
    site.log.write(heard(speech))
    assert site.lines.waiting() == 0


def test_a_burst_survives_from_one_learner_to_the_next(site: Site) -> None:
    """Nothing is kept in a process: each of the calls is learnt from by another one."""
    for embedding in line_calls(3):
        site.call(embedding)
        Site.learn(site)
    assert site.states == [LineState.CANDIDATE]
    site.person(line_calls(4)[3])
    site.learn()
    assert site.states == [LineState.SUSPENDED]


def test_who_passed_is_trusted_for_a_while(site: Site) -> None:
    site.person(line_calls(1)[0], ani="2025550123")
    site.learn()
    assert site.published[-1].trusted == {number_key("2025550123")}
    site.call(people(1)[0])
    site.learn(now=NOW + BASIS.settings.trust_seconds + 60)
    assert site.published[-1].trusted == frozenset()


def test_who_passed_stays_trusted_and_counts_once_when_speech_is_measured(site: Site) -> None:
    site.silent(line_calls(1)[0])
    call_id = site.person(line_calls(2)[1], ani="")
    site.learn()
    speech = CallSpeech(
        call_id=call_id, caller_speech_seconds=5.0, caller_leg_seconds=20.0, speech_detector="test"
    )
    site.log.write(heard(speech))
    site.learn()
    assert [line.people for line in site.lines.lines()] == [1]
    trusted = site.person(line_calls(3)[2], ani="2025550123")
    site.learn()
    site.log.write(heard(replace(speech, call_id=trusted)))
    site.learn()
    assert site.published[-1].trusted == {number_key("2025550123")}


def test_wrong_keys_cost_credit_and_teach_no_line(site: Site) -> None:
    pressed = ("asked 7, pressed 1", "asked 2, no key")
    site.call(
        line_calls(1)[0],
        challenged_at=NOW,
        challenge_result=ChallengeResult.FAILED,
        challenge_attempts=pressed,
    )
    site.learn()
    assert site.lines.lines() == []
    assert site.lines.credit(GROUND.space_id).left == pytest.approx(START - 1, abs=0.01)


def test_a_person_taken_for_a_fax_costs_that_budget_alone_and_is_not_asked_again(site: Site) -> None:
    site.kind_call(ani="2025550177", challenged_at=NOW, challenge_result=ChallengeResult.PASSED)
    site.learn()
    (snapshot,) = site.published
    assert snapshot.kind_credits["CALLER_FAX"].left == pytest.approx(START - 1, abs=0.01)
    assert snapshot.credit.left == pytest.approx(START, abs=0.01)
    assert snapshot.trusted == {number_key("2025550177")}
    assert site.lines.lines() == []


def test_faxes_that_answer_nothing_cost_nothing_and_make_no_line(site: Site) -> None:
    for _ in range(5):
        site.kind_call(
            challenged_at=NOW,
            challenge_result=ChallengeResult.FAILED,
            challenge_attempts=("asked 7, no key",),
        )
    site.learn()
    assert site.published[-1].kind_credits["CALLER_FAX"].left == START
    assert (site.lines.lines(), site.lines.waiting()) == ([], 0)


def test_who_is_rejected_unasked_brings_no_credit(site: Site) -> None:
    site.kind_call(decision=Decision.REJECT)
    site.learn()
    assert site.published[-1].kind_credits["CALLER_FAX"].left == START
    assert site.published[-1].credit.left == START


def test_a_person_drawn_from_those_rejected_unasked_costs_as_many_as_she_stands_for(site: Site) -> None:
    site.kind_call(
        challenged_at=NOW,
        challenge_cause=ChallengeCause.SUSPICION,
        challenge_probability=0.1,
        challenge_result=ChallengeResult.PASSED,
    )
    site.learn()
    assert site.published[-1].kind_credits["CALLER_FAX"].left == pytest.approx(START - 10, abs=0.01)


def test_without_lines_calls_of_other_kinds_wait_for_nobody(site: Site) -> None:
    site.kind_call(space_id=None)
    assert site.lines.waiting() == 0


def test_credit_is_kept_from_one_learner_to_the_next(site: Site) -> None:
    for embedding in people(4, seed=5):
        site.person(embedding)
        site.learn()
    assert site.lines.credit(GROUND.space_id).left == pytest.approx(START - 4, abs=0.05)
    assert site.published[-1].credit.left == site.lines.credit(GROUND.space_id).left


def test_lines_of_another_model_are_left_alone(site: Site) -> None:
    site.silent(line_calls(1)[0], space_id="of another one")
    site.silent(line_calls(1)[0])
    assert site.learn() == 2
    assert len(site.lines.lines()) == 1
    assert site.published[-1].space_id == GROUND.space_id


@pytest.mark.parametrize("embedding", ["", "no base64!", "AAAA", "/" * 24])
def test_a_row_that_cannot_be_learnt_from_holds_nobody_up(site: Site, embedding: str) -> None:
    bad = Call(call_id=Call.new_id(), started_at=NOW)
    site.log.write(screened(CallRecord(call=bad, space_id=GROUND.space_id, embedding=embedding)))
    site.silent(line_calls(1)[0])
    site.learn()
    assert site.states == [LineState.ACTIVE]
    assert site.lines.waiting() == 0


def test_learners_at_the_same_time_lose_and_double_nothing(site: Site) -> None:
    for embedding in line_calls(40):
        site.silent(embedding)
    with ThreadPoolExecutor(4) as pool:
        learnt = list(pool.map(lambda _: site.learn(), range(8)))
    assert sum(learnt) == 40
    assert [line.failed for line in site.lines.lines()] == [40]
    versions = [snapshot.version for snapshot in site.published]
    assert versions == sorted(versions)


def test_servers_whose_clocks_differ_by_minutes_share_a_burst(site: Site) -> None:
    for embedding, late in zip(line_calls(3), (0, 420, -420), strict=True):
        site.call(embedding, at=NOW + late)
        site.learn(now=NOW + late)
    assert site.states == [LineState.CANDIDATE]


def test_a_learner_killed_half_way_has_learnt_nothing_and_loses_nothing(site: Site) -> None:
    site.silent(line_calls(1)[0])
    # As a process of its own: what it kept open or locked must go with it.
    learner = os.fork()
    if learner == 0:
        site.lines.learn(BASIS, now=NOW, publish=lambda snapshot: os._exit(9))
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(learner, 0)[1]) == 9
    assert site.lines.waiting() == 1
    assert site.learn() == 1
    assert [line.failed for line in site.lines.lines()] == [1]


def test_a_part_that_is_written_while_its_call_is_learnt_from_is_learnt_too(site: Site) -> None:
    """The learner has read the row, and forgets of its queue only what it has read."""
    call_id = site.silent(line_calls(1)[0])
    speech = CallSpeech(
        call_id=call_id, caller_speech_seconds=3.0, caller_leg_seconds=20.0, speech_detector="test"
    )
    with ThreadPoolExecutor(1) as pool:
        written = []

        def while_learning(snapshot: Snapshot) -> None:
            written.append(pool.submit(site.log.write, heard(speech)))

        site.lines.learn(BASIS, now=NOW, publish=while_learning)
        written[0].result()
    assert site.lines.waiting() == 1
    site.learn()
    assert [(line.failed, line.people) for line in site.lines.lines()] == [(0, 1)]


def test_what_is_old_is_forgotten(site: Site) -> None:
    site.silent(line_calls(1)[0])
    site.learn()
    site.call(people(1)[0])
    site.learn(now=NOW + 40 * 86400)
    assert site.states == [LineState.EXPIRED]
    assert site.published[-1].told == ()
    with site.database.transaction(write=False) as connection:
        assert connection.execute("SELECT COUNT(*) FROM line_lessons").fetchone()[0] == 1
    site.call(people(1)[0])
    site.learn(now=NOW + 100 * 86400)
    assert site.states == []
