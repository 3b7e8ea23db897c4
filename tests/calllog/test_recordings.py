"""Recordings in the call database, on both databases: known, found, and learnt from finished calls."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from silentspam.audio import Recording
from silentspam.call import Call, CallRecord, ChallengeResult, VerdictKind
from silentspam.calllog import recording_pruning
from silentspam.calllog.calls import CallTable
from silentspam.calllog.database import Database
from silentspam.calllog.entry import screened
from silentspam.calllog.recording_rows import RecordingCall, RecordingEvent
from silentspam.calllog.recordings import RecordingTables
from silentspam.errors import CallLogError
from silentspam.kinds.constellation import constellation
from silentspam.kinds.standing import Standing
from silentspam.librarian import Learner, Publisher
from silentspam.recordings import store
from silentspam.recordings.candidates import CANDIDATES_KEPT, AcceptanceRule, Tally
from silentspam.recordings.reading import LibraryFile
from silentspam.recordings.window import Heard, WindowSettings
from tests.recordings.skies import a_sky, opening_of
from tests.recordings.sounds import N, prompts, sent

NOW = 1_800_000_000.0


def event(recording_id: str, deed: Standing, *, at: float = NOW, note: str = "„warum“") -> RecordingEvent:
    return RecordingEvent(recording_id=recording_id, deed=deed, changed_at=at, changed_by="ada", note=note)


class Server:
    """A server of the call database: its library file, its learner, and the calls it had."""

    def __init__(self, folder: Path, database: Database, *, failed: int = 3) -> None:
        database.migrate()
        self.folder = folder
        self.database = database
        self.tables = RecordingTables(database)
        self.publisher = Publisher(folder, self.tables)
        self.library = LibraryFile(folder)
        self.now = NOW
        self.learner = Learner(
            self.tables,
            self.library,
            WindowSettings(openings=50),
            AcceptanceRule(failed_challenges=failed),
            clock=lambda: self.now,
        )

    def call(
        self, number: int, sound: np.ndarray, *, at: float = NOW, codec: str = "g711u", **known: Any
    ) -> Standing | None:
        """A call that ends, is written, and is learnt from, at once; returns what it was found to play."""
        self.now = max(at, self.now)
        return self.late(number, sound, at=at, codec=codec, **known)

    def late(
        self, number: int, sound: np.ndarray, *, at: float, codec: str = "g711u", **known: Any
    ) -> Standing | None:
        """The same, whatever the time is now."""
        call = Call(call_id=Call.new_id(), started_at=at, ani=f"+1202555{number:04d}")
        record = replace(CallRecord(call=call), **known)
        CallTable(self.database).write(screened(record))
        (after,) = self.learner.learn([(record, Recording(sent(sound[:N], codec)))])
        return after.standing

    def publish(self) -> bool:
        return self.publisher.publish(now=NOW)

    @property
    def standings(self) -> list[Standing]:
        return [one.standing for one in self.tables.listed()]


@pytest.fixture
def server(tmp_path: Path, database: Database) -> Server:
    return Server(tmp_path / "library", database)


def test_a_recording_is_kept_changed_and_its_history_with_it(server: Server) -> None:
    tables, sky = server.tables, a_sky(np.random.default_rng(1))
    tables.add("häme", sky, event("r1", Standing.CONFIRMED))
    with pytest.raises(CallLogError, match="already"):
        tables.add("other", sky, event("r1", Standing.CONFIRMED))
    assert tables.change(event("r1", Standing.PERMITTED, at=NOW + 1, note=""))
    assert not tables.change(event("r2", Standing.PERMITTED))
    (one,) = tables.listed()
    assert (one.name, one.standing, one.note, one.added_at, one.changed_at, one.changed_by) == (
        *("häme", Standing.PERMITTED, "„warum“"),
        *(NOW, NOW + 1, "ada"),
    )
    assert [deed.deed for deed in tables.events("r1")] == [Standing.CONFIRMED, Standing.PERMITTED]
    (known,) = tables.known()[1]
    assert np.array_equal(known.constellation.frames, sky.frames)


def test_the_file_is_published_when_something_is_new_and_mended_when_torn(server: Server) -> None:
    assert not server.publish()
    server.tables.add("one", a_sky(np.random.default_rng(1)), event("r1", Standing.CONFIRMED))
    assert server.publish()
    assert not server.publish()
    server.tables.change(event("r1", Standing.REMOVED, at=NOW + 1))
    assert server.publish()
    path = server.folder / store.FILE_NAME
    path.write_bytes(path.read_bytes()[:-10])
    assert server.publish()
    found = store.read(server.folder)
    assert found is not None
    assert found.shelf[0].standing is Standing.REMOVED


def test_the_same_audio_under_three_numbers_becomes_a_candidate_and_failed_challenges_confirm_it(
    server: Server,
) -> None:
    robocall = prompts()[0]
    failed: dict[str, Any] = {"challenge_result": ChallengeResult.FAILED}
    assert server.call(1, robocall, **failed) is None
    assert server.call(2, robocall[300:], codec="gsm", **failed) is None
    assert server.call(3, robocall[500:], codec="g729a") is Standing.CANDIDATE
    (found,) = server.tables.listed()
    assert found.tally == Tally(calls=3, numbers=3, failed=2)
    # Before and after the library has it: no second candidate of the same audio.
    assert server.call(4, robocall[700:]) is Standing.CANDIDATE
    server.publish()
    assert server.call(5, robocall[200:], **failed) is Standing.CONFIRMED
    assert server.standings == [Standing.CONFIRMED]
    assert server.tables.events(found.recording_id)[-1].changed_by == "rule"
    assert len(server.tables.calls(found.recording_id)) == 5
    server.publish()
    match = server.library.match(constellation(Recording(sent(robocall[100 : 100 + N])).samples))
    assert match is not None
    assert match.standing is Standing.CONFIRMED


def test_hold_music_of_honest_callers_is_never_confirmed_by_itself_and_a_permit_holds(server: Server) -> None:
    music = prompts()[1]
    for number in range(4):
        server.call(number, music[100 * number :], challenge_result=ChallengeResult.FAILED)
    server.publish()
    assert server.call(9, music, challenge_result=ChallengeResult.PASSED) in (
        Standing.CONFIRMED,
        Standing.CANDIDATE,
    )
    (found,) = server.tables.listed()
    server.tables.change(event(found.recording_id, Standing.PERMITTED))
    server.publish()
    for number in range(20, 26):
        after = server.call(number, music, challenge_result=ChallengeResult.FAILED)
        assert after is Standing.PERMITTED
    assert server.standings == [Standing.PERMITTED]


PASSED: dict[str, Any] = {"challenge_result": ChallengeResult.PASSED}
FAILED: dict[str, Any] = {"challenge_result": ChallengeResult.FAILED}


def confirmed_by_the_rule(server: Server) -> str:
    for number in range(4):
        server.call(number, prompts()[1][100 * number :], **FAILED)
    server.publish()
    (found,) = server.tables.listed()
    assert (found.standing, found.changed_by) == (Standing.CONFIRMED, "rule")
    return found.recording_id


def test_a_person_takes_back_what_the_rule_confirmed_and_it_never_confirms_that_again(server: Server) -> None:
    recording_id = confirmed_by_the_rule(server)
    assert server.call(9, prompts()[1], **PASSED) is Standing.CANDIDATE
    assert server.publish()
    with server.database.transaction(write=True) as connection:
        connection.execute("UPDATE calls SET challenge_result = 'FAILED'")
    for number in range(20, 26):
        assert server.call(number, prompts()[1], **FAILED) is Standing.CANDIDATE
    deeds = server.tables.events(recording_id)
    assert [one.deed for one in deeds] == [Standing.CANDIDATE, Standing.CONFIRMED, Standing.CANDIDATE]
    assert "a person is among its callers" in deeds[-1].note
    server.tables.change(event(recording_id, Standing.CONFIRMED))
    assert server.call(30, prompts()[1], **PASSED) is Standing.CONFIRMED
    server.tables.review(NOW)
    assert server.standings == [Standing.CONFIRMED]


def test_speech_that_is_measured_later_takes_it_back_too(server: Server) -> None:
    recording_id = confirmed_by_the_rule(server)
    server.tables.review(NOW + 1)
    assert server.standings == [Standing.CONFIRMED]
    call_id = server.tables.calls(recording_id)[0].call_id
    with server.database.transaction(write=True) as connection:
        connection.execute(
            "UPDATE calls SET caller_speech_seconds = 2.5 WHERE call_id = :it", {"it": call_id}
        )
    for moment in range(3):
        server.tables.review(NOW + 2 + moment)
    assert server.standings == [Standing.CANDIDATE]
    assert len(server.tables.events(recording_id)) == 3


def test_one_person_among_its_callers_leaves_a_candidate_to_an_operator(server: Server) -> None:
    music = prompts()[1]
    server.call(0, music, challenge_result=ChallengeResult.PASSED)
    for number in range(1, 8):
        server.call(number, music, challenge_result=ChallengeResult.FAILED)
        server.publish()
    assert server.standings == [Standing.CANDIDATE]


def test_what_an_operator_removed_is_not_found_again(server: Server) -> None:
    sound = prompts()[2]
    for number in range(3):
        server.call(number, sound)
    (found,) = server.tables.listed()
    server.tables.change(event(found.recording_id, Standing.REMOVED))
    server.publish()
    for number in range(10, 20):
        assert server.call(number, sound, challenge_result=ChallengeResult.FAILED) is Standing.REMOVED
    assert server.standings == [Standing.REMOVED]


def test_servers_of_one_database_find_together_what_each_heard_once(
    tmp_path: Path, database: Database
) -> None:
    servers = [Server(tmp_path / f"server{n}", database) for n in range(3)]
    for n, server in enumerate(servers):
        after = server.call(n, prompts()[3], at=NOW + 10 * n)
        assert after is (Standing.CANDIDATE if n == 2 else None)


@pytest.mark.parametrize("late", [5.0, 31.0, 6 * 3600.0])
def test_openings_that_come_late_are_compared_by_servers_that_went_on(
    tmp_path: Path, database: Database, late: float
) -> None:
    """A row comes after its challenge, or from a spool when the database is back."""
    one, other = (Server(tmp_path / name, database) for name in ("one", "other"))
    for moment in range(0, 40, 4):
        one.call(900 + moment, prompts()[moment // 4 % 3], at=NOW + moment)
    other.now = NOW + 40 + 60  # its clock is ahead
    for number in range(2):
        assert other.late(number, prompts()[3], at=NOW + 40 - late + number) is None
    assert one.call(9, prompts()[3], at=NOW + 45) is Standing.CANDIDATE


def test_one_call_from_the_future_disables_no_learning(tmp_path: Path, database: Database) -> None:
    one, other = (Server(tmp_path / name, database) for name in ("one", "other"))
    one.call(1, prompts()[3])
    one.late(9, prompts()[4], at=NOW + 10 * 365 * 86_400)
    one.call(2, prompts()[3], at=NOW + 1)
    assert len(one.tables.recent(0.0, 100)) == 3
    assert other.call(3, prompts()[3], at=NOW + 3) is Standing.CANDIDATE
    assert one.call(4, prompts()[3], at=NOW + 6) is Standing.CANDIDATE
    one.tables.forget_recent(WindowSettings(seconds=100.0), NOW + 200)
    assert one.tables.recent(0.0, 100) == []


def test_a_server_that_starts_again_knows_what_it_heard(tmp_path: Path, database: Database) -> None:
    for n in range(3):
        after = Server(tmp_path, database).call(n, prompts()[3], at=NOW + n)
        assert after is (Standing.CANDIDATE if n == 2 else None)


def test_faxes_silence_and_one_caller_are_not_learnt_from(server: Server) -> None:
    for number in range(5):
        assert server.call(number, prompts()[4], verdict=VerdictKind.CALLER_FAX) is None
        assert server.call(number, np.zeros(N)) is None
        assert server.call(7, prompts()[5]) is None
    assert server.standings == []


def test_a_flood_of_unique_recordings_leaves_the_tables_bounded(server: Server) -> None:
    tables, rng = server.tables, np.random.default_rng(5)
    settings = WindowSettings(openings=20, seconds=1000.0)
    tables.remember(
        [
            Heard(call_id=f"{n}", number=n, at=NOW + n, constellation=opening_of(a_sky(rng), start=0))
            for n in range(60)
        ],
        NOW + 60,
    )
    tables.forget_recent(settings, NOW + 60)
    assert [one.call_id for one in tables.recent(0.0, 1000)] == [str(n) for n in range(40, 60)]
    tables.forget_recent(settings, NOW + 1050)
    assert len(tables.recent(0.0, 1000)) == 10
    assert CANDIDATES_KEPT <= 1000


def test_a_standing_that_is_not_known_is_left_out_everywhere_and_told(server: Server) -> None:
    tables, rng = server.tables, np.random.default_rng(3)
    sky = a_sky(rng)
    tables.found("odd", sky, calls_of("odd", 3), NOW)
    tables.add("good", a_sky(rng), event("good", Standing.CONFIRMED))
    with server.database.transaction(write=True) as connection:
        for change in ("recordings SET standing", "recording_events SET deed"):
            connection.execute(f"UPDATE {change} = 'LATER' WHERE recording_id = 'odd'")
    assert tables.strange() == [("odd", "LATER")]
    assert [one.recording_id for one in tables.listed()] == ["good"]
    assert [one.recording_id for one in tables.known()[1]] == ["good"]
    assert tables.events("odd") == []
    assert tables.played_by("odd-1") == []
    assert tables.played(calls_of("odd", 1), AcceptanceRule()) == [("odd-0", None)]
    assert server.publish()


def rows_of(server: Server, table: str) -> int:
    with server.database.transaction(write=False) as connection:
        return int(connection.execute(f"SELECT COUNT(*) AS n FROM {table}").fetchone()["n"])


def calls_of(recording_id: str, count: int, *, at: float = NOW) -> list[RecordingCall]:
    return [
        RecordingCall(
            recording_id=recording_id,
            call_id=f"{recording_id}-{n}",
            number=n,
            matched_at=at + n,
            begin_seconds=0.0,
            evidence=20.0,
        )
        for n in range(count)
    ]


def test_candidates_that_went_leave_nothing_and_deeds_of_operators_stay(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_pruning, "CANDIDATES_KEPT", 3)
    tables, rng = server.tables, np.random.default_rng(3)
    tables.add("mine", a_sky(rng), event("mine", Standing.CONFIRMED))
    prints = set()
    for n in range(8):
        # The newest comes first: none of the others changes how many there are, or when the last was.
        tables.found("found", a_sky(rng), calls_of(f"r{n}", 3), NOW + (100 if n == 0 else n))
        prints.add(tables.fingerprint())
    assert len(prints) == 8
    assert (rows_of(server, "recordings"), rows_of(server, "recording_matches")) == (4, 9)
    assert rows_of(server, "recording_events") == 4


def test_calls_of_candidates_are_kept_for_a_month_and_so_many(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_pruning, "MATCHES_KEPT", 5)
    tables, rng = server.tables, np.random.default_rng(3)
    tables.found("found", a_sky(rng), calls_of("many", 9), NOW)
    tables.found("found", a_sky(rng), calls_of("old", 3, at=NOW - 40 * 86_400), NOW - 40 * 86_400)
    tables.found("found", a_sky(rng), calls_of("confirmed", 9, at=NOW - 40 * 86_400), NOW)
    tables.change(event("confirmed", Standing.CONFIRMED, at=NOW + 1))
    tables.prune(NOW + 10)
    assert [one.call_id for one in tables.calls("many")] == [f"many-{n}" for n in (8, 7, 6, 5, 4)]
    assert {one.recording_id for one in tables.listed()} == {"many", "confirmed"}
    assert len(tables.calls("confirmed")) == 9
    assert tables.events("old") == []
    assert len(tables.events("confirmed")) == 2


def test_what_is_kept_of_a_caller_is_erased(server: Server) -> None:
    for number in range(3):
        server.call(number, prompts()[0])
    (found,) = server.tables.listed()
    call_ids = [one.call_id for one in server.tables.calls(found.recording_id)]
    server.tables.forget_calls(call_ids[:1])
    assert [one.call_id for one in server.tables.calls(found.recording_id)] == call_ids[1:]
    server.tables.forget_calls(call_ids)
    assert server.tables.recent(0.0, 100) == []


def test_what_is_taken_back_bears_the_note_from_before_it_was_removed(server: Server) -> None:
    server.tables.add("one", a_sky(np.random.default_rng(1)), event("r1", Standing.CONFIRMED, note="June"))
    for later, (deed, note, shown) in enumerate(
        [
            (Standing.REMOVED, "a mistake", "a mistake"),
            (Standing.REMOVED, "", "a mistake"),
            (Standing.PERMITTED, "", "June"),
            (Standing.REMOVED, "", "June"),
            (Standing.CONFIRMED, "July", "July"),
        ],
        start=1,
    ):
        server.tables.change(event("r1", deed, at=NOW + later, note=note))
        assert server.tables.listed()[0].note == shown
    server.tables.add("two", a_sky(np.random.default_rng(2)), event("r2", Standing.CONFIRMED, note=""))
    server.tables.change(event("r2", Standing.REMOVED, at=NOW + 1, note="why"))
    server.tables.change(event("r2", Standing.CONFIRMED, at=NOW + 2, note=""))
    assert {one.note for one in server.tables.listed()} == {"July", ""}


@pytest.mark.parametrize("peaks", ["", "junk", "AQ==x", "AgAA"])
def test_peaks_that_cannot_be_read_are_told_of_until_they_are_removed(server: Server, peaks: str) -> None:
    for row in (1, 2):
        sky = a_sky(np.random.default_rng(row))
        server.tables.add(f"name {row}", sky, event(f"r{row}", Standing.CONFIRMED))
    assert server.tables.unreadable() == []
    with server.database.transaction(write=True) as connection:
        connection.execute("UPDATE recordings SET peaks = :it WHERE recording_id = 'r2'", {"it": peaks})
    assert [one.name for one in server.tables.unreadable()] == ["name 2"]
    assert [one.recording_id for one in server.tables.known()[1]] == ["r1"]
    server.tables.change(event("r2", Standing.REMOVED, at=NOW + 1))
    assert server.tables.unreadable() == []
