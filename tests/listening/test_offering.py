"""An opening is offered before retention deletes or seals it, wherever it lies."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from silentspam import assembly
from silentspam.call import CallRecord
from silentspam.config import Config
from silentspam.listening.offering import OPENINGS, offer
from tests.fakes import CALL_ID, a_call

HEARD = b"\x55" * 16_000


def recorded(folder: Path) -> Path:
    path = folder / f"{CALL_ID}.ulaw"
    path.write_bytes(HEARD)
    return path


def test_an_offer_costs_no_second_copy_and_outlives_the_recording(tmp_path: Path) -> None:
    recording = recorded(tmp_path)
    offer(recording, tmp_path / "provenance")
    offered = tmp_path / "provenance" / OPENINGS / recording.name
    assert offered.stat().st_ino == recording.stat().st_ino
    offer(recording, tmp_path / "provenance")
    recording.unlink()
    assert offered.read_bytes() == HEARD


def test_on_another_disk_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    recording = recorded(tmp_path)
    offer(recording, tmp_path / "provenance")
    (offered,) = (tmp_path / "provenance" / OPENINGS).iterdir()
    assert offered.name == recording.name
    assert offered.read_bytes() == HEARD


def test_a_recording_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    offer(tmp_path / f"{CALL_ID}.ulaw", tmp_path / "provenance")
    assert not list((tmp_path / "provenance" / OPENINGS).iterdir())


def config(folder: Path, **keys: Any) -> Config:
    document = {
        "call_log": {"database": str(folder / "calls.db"), "spool": str(folder / "spool")},
        "retention": {"recordings": "none"},
        "provenance": {"enabled": True, "folder": str(folder / "provenance"), **keys},
    }
    return msgspec.convert(document, type=Config)


def test_what_retention_deletes_was_offered_before(tmp_path: Path) -> None:
    recording = recorded(tmp_path)
    assembly.retain_openings(config(tmp_path), [CallRecord(call=a_call(), recording=str(recording))])
    assert not recording.exists()
    assert (tmp_path / "provenance" / OPENINGS / recording.name).read_bytes() == HEARD


def test_where_nobody_listens_nothing_is_offered(tmp_path: Path) -> None:
    recording = recorded(tmp_path)
    record = CallRecord(call=a_call(), recording=str(recording))
    assembly.retain_openings(config(tmp_path, enabled=False), [record])
    assert not (tmp_path / "provenance").exists()


def test_an_offer_that_fails_is_said_and_costs_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "provenance").write_bytes(b"a file in the way")
    recording = recorded(tmp_path)
    assembly.retain_openings(config(tmp_path), [CallRecord(call=a_call(), recording=str(recording))])
    assert "provenance.folder" in capsys.readouterr().err
    assert not recording.exists()


def test_a_copy_that_no_disk_takes_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    def fill(_source: Path, target: Path) -> None:
        target.write_bytes(HEARD[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(shutil, "copyfile", fill)
    with pytest.raises(OSError, match="No space left"):
        offer(recorded(tmp_path), tmp_path / "provenance")
    assert not list((tmp_path / "provenance" / OPENINGS).iterdir())
