"""The check's findings on recordings: whatever keeps calls from being matched is said, with its remedy."""

import time
from pathlib import Path

import numpy as np
import pytest

from silentspam import assembly
from silentspam.calllog.recording_rows import RecordingEvent
from silentspam.calllog.recordings import RecordingTables
from silentspam.cli.doctor import FAULT, GOOD, WARNING, Finding, Identity
from silentspam.cli.doctor_recordings import PUBLISH, recordings
from silentspam.config import CallLogSection, Config, RecordingsSection
from silentspam.installation import folders
from silentspam.kinds.standing import Standing
from silentspam.librarian import Publisher
from silentspam.recordings.store import FILE_NAME
from tests.recordings.skies import a_sky


class Machine:
    """One with a call database and a library."""

    def __init__(self, folder: Path) -> None:
        self.config = Config(
            call_log=CallLogSection(database=str(folder / "calls.db")),
            recordings=RecordingsSection(folder=str(folder / "library")),
        )
        self.file = folder / "library" / FILE_NAME

    @property
    def tables(self) -> RecordingTables:
        database = assembly.database(self.config)
        database.migrate()
        return RecordingTables(database)

    def has(self, standing: Standing, *, published: bool = True) -> None:
        event = RecordingEvent(recording_id="r1", deed=standing, changed_at=time.time(), changed_by="ada")
        self.tables.add("name", a_sky(np.random.default_rng(1)), event)
        if published:
            Publisher(self.config.library_folder, self.tables).publish()

    def findings(self) -> list[Finding]:
        return list(recordings(self.config, Identity("")))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_new_installation_has_none_and_that_is_well(machine: Machine) -> None:
    (found,) = machine.findings()
    assert found.mark == GOOD
    assert machine.config.library_folder in folders(machine.config)


def test_a_file_that_is_whole_and_as_new_as_the_database_is_well(machine: Machine) -> None:
    machine.has(Standing.CONFIRMED)
    (found,) = machine.findings()
    assert found.mark == GOOD
    assert ": 1, as of" in found.text


def test_a_torn_file_is_said(machine: Machine) -> None:
    machine.has(Standing.CONFIRMED)
    machine.file.write_bytes(machine.file.read_bytes()[:-9])
    (found,) = machine.findings()
    assert (found.mark, found.remedy) == (WARNING, PUBLISH)
    assert "torn" in found.text


def test_a_database_that_nobody_publishes_is_said(machine: Machine) -> None:
    machine.has(Standing.CONFIRMED, published=False)
    assert [(one.mark, one.remedy) for one in machine.findings()][1:] == [(WARNING, PUBLISH)]


def test_candidates_that_wait_are_said(machine: Machine) -> None:
    machine.has(Standing.CANDIDATE)
    assert "1 candidates wait" in machine.findings()[-1].text


def test_a_file_that_asterisks_user_may_not_read_is_a_fault(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.has(Standing.CONFIRMED)
    monkeypatch.setattr(Identity, "may", lambda self, path, mode: path != machine.file)
    (found,) = machine.findings()
    assert found.mark == FAULT


def test_peaks_that_cannot_be_read_are_said_with_what_mends_them(machine: Machine) -> None:
    machine.has(Standing.CONFIRMED)
    with assembly.database(machine.config).transaction(write=True) as connection:
        connection.execute("UPDATE recordings SET peaks = 'junk'")
    found = machine.findings()[-1]
    assert found.mark == WARNING
    assert "r1 'name' cannot be read" in found.text
    assert "remove r1" in found.remedy
