"""Putting files in place so that nobody ever reads half of one: prepare, sync, rename."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from silentspam.errors import ModelError
from silentspam.hashed import SUMS_NAME

LOCK_NAME = ".lock"
PARTIAL = ".partial-"
"""Whatever begins so was left behind by a process that was killed: it is removed under the lock."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Create the folder and hold its lock, waiting for whoever has it; remove what killed processes left."""
    if not folder.is_dir():
        folder.mkdir(parents=True)
        folder.chmod(0o755)  # whatever the umask: Asterisk's user has to read it
    descriptor = os.open(folder / LOCK_NAME, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _sweep(folder)
        try:
            yield
        finally:
            with suppress(OSError):  # what is left waits for the next change
                _sweep(folder)
    finally:
        os.close(descriptor)


def copy_model(source: Path, target: Path) -> None:
    """Copy the files that SHA256SUMS names, readable by all, and sync them. Raises OSError, ModelError."""
    sums = (source / SUMS_NAME).read_text(encoding="utf-8", errors="replace")
    names = [line[66:] for line in sums.splitlines()]
    target.mkdir(mode=0o755)
    for name in (*names, SUMS_NAME):
        if Path(name).name != name or not (source / name).is_file():
            raise ModelError(f"{source / SUMS_NAME} names {name!r}, which is no file of that folder")
        with (source / name).open("rb") as reader, (target / name).open("wb") as writer:
            shutil.copyfileobj(reader, writer)
            writer.flush()
            os.fsync(writer.fileno())
        (target / name).chmod(0o644)
    target.chmod(0o755)
    sync_folder(target)


def partial_text(folder: Path, name: str, text: str) -> Path:
    """A synced file beside its place, to be renamed to `name`."""
    path = folder / f"{PARTIAL}{name}"
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o644)
    return path


def partial_link(folder: Path, name: str, target: str) -> Path:
    """A symbolic link beside its place, to be renamed to `name`."""
    path = folder / f"{PARTIAL}{name}"
    path.symlink_to(target)
    return path


def sync_folder(folder: Path) -> None:
    """Put the folder's entries on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(folder: Path) -> None:
    for path in folder.glob(f"{PARTIAL}*"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
