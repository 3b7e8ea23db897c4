"""The clerk's library: published, and learnt from calls, whatever the database does and however many come."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from silentspam import assembly
from silentspam.audio import Codes, Recording, write_ulaw
from silentspam.call import Call, CallRecord
from silentspam.calllog.calls import CallTable
from silentspam.calllog.entry import Entry, screened
from silentspam.calllog.recording_rows import RecordingEvent
from silentspam.calllog.recordings import RecordingTables
from silentspam.config import Config, load_config
from silentspam.errors import CallLogError
from silentspam.kinds.standing import Standing
from silentspam.metrics import Registry
from silentspam.recordings import store
from silentspam.serve import replays
from silentspam.serve.after import AfterCalls
from silentspam.serve.replays import ROOM, Replays
from tests.recordings.skies import a_sky
from tests.recordings.sounds import N, prompts, sent
from tests.serve.resident import PATIENCE, eventually


class Desk:
    """A clerk's library with its call database, and what it says."""

    def __init__(self, folder: Path, section: str = "{}", *, busy_seconds: float = 0.0) -> None:
        path = folder / "silentspam.yaml"
        path.write_text(
            f"lines: {{folder: {folder / 'lines'}}}\ngate: {{folder: {folder / 'gate'}}}\n"
            f"recording: {{folder: {folder}}}\nretention: {{recordings: none}}\nrecordings: {section}\n"
            f"call_log: {{database: {folder / 'calls.db'}, spool: {folder / 'spool'}, "
            f"unlogged: {folder / 'unlogged'}, busy_seconds: {busy_seconds}}}\n"
        )
        self.config: Config = load_config(path)
        self.folder = folder
        self.database = assembly.database(self.config, keep=True)
        self.tables = RecordingTables(self.database)
        self.registry = Registry()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.faults: list[str] = []
        self.replays = Replays(
            self.config, self.database, self.registry, attempt=self._attempt, tell=self._tell
        )
        self.after = AfterCalls(self.config, print, self.database, hear=self.replays.hear)

    def _attempt(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except CallLogError as error:
            self.faults.append(f"{name}: {error}")

    def _tell(self, name: str, **facts: Any) -> None:
        self.events.append((name, facts))

    def call(self, number: int, sound: Codes, *, taken: bool = True) -> Entry:
        """A call whose row is in the database; taken: the clerk has just taken it."""
        call = Call(call_id=Call.new_id(), started_at=time.time(), ani=f"+1202555{number:04d}")
        path = self.folder / f"{call.call_id}.ulaw"
        write_ulaw(path, Recording(sound))
        entry = screened(CallRecord(call=call, mode="enforce", recording=str(path)))
        CallTable(self.database).write(entry)
        if taken:
            self.after.rows([entry])
        return entry

    def turn(self) -> None:
        """As if a second had passed."""
        self.replays._due = self.replays._rested_at = 0.0
        while self.replays._waiting and not self.faults:
            self.replays._rested_at = 0.0
            self.replays.turn()
        self.replays._due = 0.0
        self.replays.turn()

    def counted(self, metric: str) -> dict[str, list[float]]:
        return self.registry.copy().get(metric, {})


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def known(desk: Desk, standing: Standing = Standing.CONFIRMED) -> None:
    desk.tables.add(
        "name",
        a_sky(np.random.default_rng(1)),
        RecordingEvent(recording_id="r1", deed=standing, changed_at=time.time(), changed_by="ada"),
    )


def test_before_the_first_call_nothing_is_made_and_nothing_fails(desk: Desk) -> None:
    desk.turn()
    assert desk.faults == []
    assert not (desk.folder / "calls.db").exists()
    assert not desk.config.library_folder.exists()


def test_what_is_added_anywhere_is_in_this_machines_file_and_counted(desk: Desk) -> None:
    with desk.database.transaction(write=True):
        pass
    desk.turn()
    known(desk)
    desk.turn()
    found = store.read(desk.config.library_folder)
    assert found is not None
    assert len(found.shelf) == 1
    assert desk.counted("silentspam_recordings")["CONFIRMED"] == [1.0]
    (desk.config.library_folder / store.FILE_NAME).write_bytes(b"torn")
    desk.turn()
    assert store.read(desk.config.library_folder) is not None


def test_a_replay_is_found_though_its_openings_are_let_go_of(desk: Desk) -> None:
    for number in range(3):
        desk.call(number, sent(prompts()[0][300 * number : 300 * number + N]))
    assert list(desk.folder.glob("*.ulaw")) == []
    desk.turn()
    (found,) = desk.tables.listed()
    assert (found.standing, found.tally.numbers) == (Standing.CANDIDATE, 3)
    ((name, facts),) = desk.events
    assert (name, facts["recording_id"]) == ("recording found", found.recording_id)
    assert desk.counted("silentspam_candidates_found_total") == {"": [1.0]}
    desk.turn()
    assert desk.counted("silentspam_recordings")["CANDIDATE"] == [1.0]
    desk.call(8, sent(prompts()[0][500 : 500 + N]))
    desk.turn()
    assert len(desk.tables.calls(found.recording_id)) == 4
    assert len(desk.events) == 1


def test_a_call_whose_row_comes_twice_counts_once(desk: Desk) -> None:
    opening = sent(prompts()[0][:N])
    for number in range(2):
        entry = desk.call(number, opening, taken=False)
        for _ in range(3):
            desk.after.rows([entry])
            write_ulaw(Path(str(entry.columns["recording"])), Recording(opening))
    desk.turn()
    assert desk.tables.listed() == []
    again = Desk(desk.folder)  # the clerk was started again, and has a row once more
    again.after.rows([entry])
    again.turn()
    assert again.tables.listed() == []
    assert len(again.tables.recent(0.0, 100)) == 2


def test_a_database_that_is_away_costs_no_opening(desk: Desk) -> None:
    entries = [desk.call(number, sent(prompts()[0][:N]), taken=False) for number in range(3)]
    away = desk.folder / "calls.away"
    desk.database.close()
    (desk.folder / "calls.db").rename(away)
    (desk.folder / "calls.db").write_text("no database" * 100)
    for entry in entries:
        desk.replays.hear([CallRecord(call=_call(entry), mode="", recording=str(entry.columns["recording"]))])
    desk.turn()
    assert desk.faults
    (desk.folder / "calls.db").unlink()
    away.rename(desk.folder / "calls.db")
    desk.faults.clear()
    desk.turn()
    assert desk.faults == []
    assert [one.standing for one in desk.tables.listed()] == [Standing.CANDIDATE]


def _call(entry: Entry) -> Call:
    columns = entry.columns
    return Call(call_id=entry.call_id, started_at=float(columns["started_at"] or 0), ani=str(columns["ani"]))


def test_a_flood_waits_in_bounded_room_and_the_rest_is_counted(desk: Desk) -> None:
    path = desk.folder / "one.ulaw"
    write_ulaw(path, Recording(sent(prompts()[0][:N])))
    record = CallRecord(call=Call(call_id="x", started_at=0.0), mode="", recording=str(path))
    desk.replays.hear([record] * (ROOM + 7))
    assert len(desk.replays._waiting) == ROOM
    assert desk.counted("silentspam_openings_unheard_total") == {"": [7.0]}


def test_who_does_not_want_to_learn_keeps_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "{learn: false}")
    for number in range(3):
        desk.call(number, sent(prompts()[0][:N]))
    desk.turn()
    assert desk.tables.recent(0.0, 100) == []
    assert desk.tables.listed() == []


def test_an_opening_that_is_no_audio_or_gone_is_left_out(desk: Desk) -> None:
    empty = desk.folder / "empty.ulaw"
    empty.touch()
    for path in (empty, desk.folder / "gone.ulaw"):
        desk.replays.hear([CallRecord(call=Call(call_id="x", started_at=0.0), mode="", recording=str(path))])
    desk.turn()
    assert desk.faults == []


def test_learning_rests(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.call(1, sent(prompts()[0][:N]))
    spent = iter((0.0, 5.0))
    monkeypatch.setattr(replays.time, "thread_time", lambda: next(spent))
    before = time.monotonic()
    desk.replays.turn()
    assert desk.replays._rested_at >= before + 5.0 * replays.REST


def test_its_thread_publishes_and_ends(tmp_path: Path) -> None:
    desk = Desk(tmp_path, busy_seconds=PATIENCE)  # two threads write
    desk.replays.start()
    known(desk)
    eventually(lambda: (desk.config.library_folder / store.FILE_NAME).exists())
    desk.replays.close(PATIENCE)
    assert not desk.replays._thread.is_alive()
