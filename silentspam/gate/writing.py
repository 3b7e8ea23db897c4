"""Replaces the gate's file: its lists as the call database has them, its switch as whoever throws it wants.

Several processes write (calls, the clerk, the command line), so each reads the file, changes it and replaces
it under a lock; what it holds of the switch only ever becomes newer. No database is asked while the lock is
held, and nobody waits long for it: the kill switch works also when another writer hangs.
"""

import fcntl
import os
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from silentspam import framed
from silentspam.errors import GateError
from silentspam.gate.file import FILE_NAME, Gate, Header, encode, read
from silentspam.gate.packing import Lists, packed
from silentspam.gate.terms import SwitchEvent, SwitchState, newest

LOCK_NAME = ".gate.lock"
LOCK_SECONDS = 2.0
"""Whoever has not got the lock by then goes on without it: the holder hangs [s]."""


def throw(folder: Path, event: SwitchEvent, *, only_if_on: bool = False) -> SwitchEvent | None:
    """Throw the switch for this machine's next call; returns the event as it counts.

    It waits in the file until the database has it (`publish`). `only_if_on`: nothing is done, and None
    returned, unless the switch is on. Raises GateError when the file cannot be written.
    """
    with _locked(folder):
        gate = _known(folder)
        before = gate.header.switch
        if only_if_on and before is not None and before.state is not SwitchState.ON:
            return None
        event = event.following(before)
        header = msgspec.structs.replace(gate.header, switch=event, waiting=(*gate.header.waiting, event))
        _replace(folder, Gate(header, gate.body))
    return event


def publish(
    folder: Path,
    lists: Lists,
    *,
    fingerprint: str,
    now: float,
    switch: SwitchEvent | None,
    taken: Collection[str] = (),
) -> Gate:
    """Put the database's lists in place; returns the file's content.

    switch: the newest event in the database. taken: ids of the events that it has by now, which wait no
    longer. Raises GateError when the file cannot be written.
    """
    with _locked(folder):
        before = _known(folder).header
        header = Header(
            fingerprint=fingerprint,
            made_at=now,
            switch=newest(before.switch, switch),
            waiting=tuple(event for event in before.waiting if event.event_id not in taken),
        )
        gate = packed(lists, header)
        _replace(folder, gate)
    return gate


def _known(folder: Path) -> Gate:
    """What the file says; nothing where it is missing or no use: the next `publish` mends it."""
    with suppress(GateError):
        return read(folder) or Gate()
    return Gate()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK_NAME, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise GateError(f"gate.folder {folder}: {error.strerror or error}") from error
    try:
        framed.give_to_owner(folder, descriptor)
        deadline = time.monotonic() + LOCK_SECONDS
        while not _lock(descriptor) and time.monotonic() < deadline:
            time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _replace(folder: Path, gate: Gate) -> None:
    """Put the file in place."""
    try:
        framed.replace(folder / FILE_NAME, encode(gate))
    except OSError as error:
        raise GateError(f"gate.folder {folder}: {error.strerror or error}") from error
