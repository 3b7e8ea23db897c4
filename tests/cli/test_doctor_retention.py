"""What `silentspam check` says of keys, of who may read recordings, and of recordings nobody deletes."""

import os
import time
from pathlib import Path

import pytest

from silentspam.call import Call
from silentspam.cli.doctor import GOOD, WARNING, Finding, Identity
from silentspam.cli.doctor_retention import retention
from silentspam.config import Config
from silentspam.retention.keys import write_key_pair
from silentspam.sections import CollectionSection, RecordingSection, RetentionSection


class Machine:
    """A folder of recordings, with systemd or without."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recordings = folder / "recordings"
        self.recordings.mkdir(mode=0o750)
        self.systemd, self.timer = folder / "systemd", folder / "silentspam-retain.timer"
        self.systemd.mkdir()
        self.timer.symlink_to("/dev/null")

    def recording(self, days: float) -> Path:
        path = self.recordings / f"{Call.new_id()}.ulaw"
        path.write_bytes(b"\xfe")
        at = time.time() - days * 86_400
        os.utime(path, (at, at))
        return path

    def findings(self, **section: object) -> list[Finding]:
        config = Config(
            recording=RecordingSection(folder=str(self.recordings)),
            collection=CollectionSection(legs=str(self.folder / "legs")),
            retention=RetentionSection(**section),  # type: ignore[arg-type]
        )
        return list(retention(config, Identity(""), timer=self.timer, systemd=self.systemd))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_machine_in_order(machine: Machine) -> None:
    machine.recording(31)
    (found,) = machine.findings()
    assert (found.mark, found.remedy) == (GOOD, "")
    assert "kept (all) for 30 days, then deleted" in found.text


def test_recordings_that_everybody_may_read(machine: Machine) -> None:
    machine.recordings.chmod(0o755)
    found, _ = machine.findings()
    assert found.mark == WARNING
    assert "mode 0755" in found.text
    assert found.remedy == f"chmod o-rwx {machine.recordings}"


def test_recordings_that_nobody_deletes(machine: Machine) -> None:
    machine.recording(33)
    (found,) = machine.findings()
    assert found.mark == WARNING
    assert "for 30 days, but 1 are older" in found.text
    assert [one.mark for one in machine.findings(recording_days=0)] == [GOOD]


def test_a_timer_that_is_not_enabled_is_missed_where_systemd_runs(machine: Machine) -> None:
    machine.timer.unlink()
    (found,) = machine.findings()
    assert (found.mark, "no timer deletes them" in found.text) == (WARNING, True)
    assert "systemctl enable" in found.remedy
    machine.systemd.rmdir()
    assert [one.mark for one in machine.findings()] == [GOOD]


def test_a_key_in_order_and_what_is_wrong_with_others(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    public, private = write_key_pair(machine.folder / "calls")
    found, _ = machine.findings(encrypt_to=str(public))
    assert (found.mark, "anybody" in found.text or "can open every opening" in found.text) == (WARNING, True)
    private.rename(machine.folder / "away")
    machine.recording(0.1)
    found, _ = machine.findings(encrypt_to=str(public))
    assert (found.mark, "sealed to key" in found.text) == (GOOD, True)
    machine.recording(2)
    assert "1 openings in plain for a day" in machine.findings(encrypt_to=str(public))[1].text
    found, *_ = machine.findings(encrypt_to=str(machine.folder / "away"))
    assert (found.mark, "stay in plain" in found.text) == (WARNING, True)
    monkeypatch.setitem(__import__("sys").modules, "nacl.public", None)
    found, *_ = machine.findings(encrypt_to=str(public))
    assert "silentspam[encryption]" in found.text
