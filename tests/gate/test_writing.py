"""Whoever writes the file changes only what is his, and the switch only ever becomes newer."""

import fcntl
import os
import stat
from pathlib import Path

import pytest

from silentspam.errors import GateError
from silentspam.gate import writing
from silentspam.gate.file import FILE_NAME, Gate, read
from silentspam.gate.numbers import key
from silentspam.gate.packing import Lists
from silentspam.gate.terms import Listing, SwitchState
from silentspam.gate.writing import LOCK_NAME, publish, throw
from tests.gate.gates import NOW, thrown

LISTS = Lists(listed={"2025550100": (Listing.BLOCKED, None)})


def found(folder: Path) -> Gate:
    gate = read(folder)
    assert gate is not None
    return gate


def state(folder: Path) -> SwitchState:
    switch = found(folder).header.switch
    assert switch is not None
    return switch.state


def test_the_first_throw_makes_the_folder_and_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "gate"
    event = throw(folder, thrown(SwitchState.OFF))
    assert found(folder).header.waiting == (event,)
    assert state(folder) is SwitchState.OFF


def test_a_throw_leaves_the_lists_alone_and_publishing_the_switch(tmp_path: Path) -> None:
    publish(tmp_path, LISTS, fingerprint="one", now=NOW, switch=None)
    event = throw(tmp_path, thrown(SwitchState.OFF))
    assert event is not None
    assert found(tmp_path).listing(key("2025550100"), now=NOW) is Listing.BLOCKED
    assert found(tmp_path).header.fingerprint == "one"
    publish(tmp_path, Lists(), fingerprint="two", now=NOW, switch=None, taken=[event.event_id])
    assert state(tmp_path) is SwitchState.OFF
    assert found(tmp_path).header.waiting == ()


def test_what_the_database_says_of_the_switch_counts_only_where_it_is_newer(tmp_path: Path) -> None:
    throw(tmp_path, thrown(SwitchState.OFF, NOW))
    publish(tmp_path, LISTS, fingerprint="f", now=NOW, switch=thrown(SwitchState.ON, NOW - 1))
    assert state(tmp_path) is SwitchState.OFF
    publish(tmp_path, LISTS, fingerprint="f", now=NOW, switch=thrown(SwitchState.ON, NOW + 1))
    assert state(tmp_path) is SwitchState.ON


def test_a_clock_that_was_set_back_does_not_make_a_throw_an_old_one(tmp_path: Path) -> None:
    throw(tmp_path, thrown(SwitchState.ON, NOW))
    event = throw(tmp_path, thrown(SwitchState.OFF, NOW - 3600))
    assert event is not None
    assert event.changed_at > NOW
    assert state(tmp_path) is SwitchState.OFF
    assert len(found(tmp_path).header.waiting) == 2


def test_the_guard_throws_only_a_switch_that_is_on(tmp_path: Path) -> None:
    assert throw(tmp_path, thrown(SwitchState.SHADOW, NOW), only_if_on=True) is not None
    assert throw(tmp_path, thrown(SwitchState.SHADOW, NOW + 1), only_if_on=True) is None
    throw(tmp_path, thrown(SwitchState.OFF, NOW + 2))
    assert throw(tmp_path, thrown(SwitchState.SHADOW, NOW + 3), only_if_on=True) is None
    assert state(tmp_path) is SwitchState.OFF


def test_a_torn_file_is_replaced_and_published_anew(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"torn")
    throw(tmp_path, thrown(SwitchState.OFF))
    assert state(tmp_path) is SwitchState.OFF
    assert found(tmp_path).header.fingerprint == "", "no fingerprint of a database: it is published again"


def test_the_kill_switch_works_though_another_writer_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "LOCK_SECONDS", 0.05)
    with (tmp_path / LOCK_NAME).open("w") as hanging:
        fcntl.flock(hanging, fcntl.LOCK_EX)
        throw(tmp_path, thrown(SwitchState.OFF))
    assert state(tmp_path) is SwitchState.OFF


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "gate").write_text("a file")
    with pytest.raises(GateError, match=r"gate\.folder"):
        throw(tmp_path / "gate", thrown(SwitchState.OFF))


def test_a_failed_write_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    throw(tmp_path, thrown(SwitchState.ON))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(GateError, match="No space"):
        throw(tmp_path, thrown(SwitchState.OFF, NOW + 1))
    assert state(tmp_path) is SwitchState.ON
    assert sorted(path.name for path in tmp_path.iterdir()) == [LOCK_NAME, FILE_NAME]


def test_the_file_is_its_folders_owners_and_others_may_not_read_it(tmp_path: Path) -> None:
    throw(tmp_path, thrown(SwitchState.ON))
    mode = (tmp_path / FILE_NAME).stat()
    assert stat.S_IMODE(mode.st_mode) == 0o640
    assert mode.st_uid == tmp_path.stat().st_uid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_writes_belongs_to_the_folders_owner(tmp_path: Path) -> None:
    os.chown(tmp_path, 1234, 1234)
    throw(tmp_path, thrown(SwitchState.ON))
    assert {(path.stat().st_uid, path.stat().st_gid) for path in tmp_path.iterdir()} == {(1234, 1234)}
