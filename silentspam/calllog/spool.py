"""Where a row waits when the database cannot be written: one small file an entry, put in place by rename.

So no entry is ever half there, any number of processes can add and take in at once, and a file that was
taken in twice does no harm (entries are repeatable). A line that cannot be understood is set aside, not lost.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from silentspam.calllog.entry import Entry
from silentspam.errors import CallLogError, ValueRefusedError

SUFFIX = ".json"
SET_ASIDE = ".unreadable"
REFUSED = ".refused"


class Spool:
    """A folder of entries in the order they came."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, entry: Entry) -> Path:
        """Keep an entry durably. Raises CallLogError when not even that is possible."""
        return self._keep(f"{time.time_ns():020d}-{os.getpid()}-{entry.part}{SUFFIX}", [entry])

    def set_aside(self, entries: Sequence[Entry]) -> Path:
        """Keep entries that the database can never hold, for a person to look at: nobody takes them in."""
        return self._keep(f"{time.time_ns():020d}-{os.getpid()}{REFUSED}", entries)

    def aside(self) -> list[Path]:
        """The files that nobody takes in: entries that were refused, lines that could not be read."""
        with suppress(OSError):
            return sorted(path for path in self.folder.iterdir() if path.suffix in (SET_ASIDE, REFUSED))
        return []

    def _keep(self, name: str, entries: Sequence[Entry]) -> Path:
        path = self.folder / name
        partial = path.with_suffix(".partial")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                _write_durably(partial, "".join(entry.to_json() + "\n" for entry in entries).encode())
                partial.rename(path)
            except OSError:
                partial.unlink(missing_ok=True)
                raise
            _sync_folder(self.folder)
        except OSError as error:
            raise CallLogError(f"call_log.spool {self.folder}: {error.strerror or error}") from error
        return path

    def waiting(self) -> list[Path]:
        """The files that wait, oldest first."""
        with suppress(OSError):
            return sorted(path for path in self.folder.iterdir() if path.suffix == SUFFIX)
        return []

    def take_in(self, write: Callable[[Entry], None], *, limit: int | None = None) -> int:
        """Hand waiting entries to `write` and remove each that it took; returns how many.

        Stops at the first that `write` fails on (CallLogError): the database is not back yet. An entry that
        it can never hold is set aside.
        """
        taken = 0
        for path in self.waiting()[:limit]:
            try:
                waiting = _read(path)
            except OSError:
                continue  # taken in by another process meanwhile, or not ours to read
            for entry in waiting.entries:
                self._write_or_set_aside(write, entry)
            waiting.clear()
            taken += len(waiting.entries)
        return taken

    def _write_or_set_aside(self, write: Callable[[Entry], None], entry: Entry) -> None:
        try:
            write(entry)
        except ValueRefusedError:
            self.set_aside([entry])

    def take_in_many(self, write: Callable[[list[Entry]], object], *, at_once: int) -> list[Entry]:
        """Hand waiting entries to `write` in their order, about `at_once` together; returns those it took.

        For whoever alone takes in. What `write` raises goes through: the files it did not take stay.
        """
        return [entry for batch in self.batches_in(write, at_once=at_once) for entry in batch]

    def batches_in(self, write: Callable[[list[Entry]], object], *, at_once: int) -> Iterator[list[Entry]]:
        """The same, and each batch is told of as soon as it is taken in."""
        for files in _batches(self.waiting(), at_once):
            entries = [entry for waiting in files for entry in waiting.entries]
            write(entries)
            for waiting in files:
                waiting.clear()
            yield entries


@dataclass(frozen=True)
class _Waiting:
    """What a file holds: entries, and lines that are none."""

    path: Path
    entries: Sequence[Entry]
    torn: Sequence[bytes]

    def clear(self) -> None:
        """Remove the file, whose entries are taken in; lines that are none stay, set aside."""
        aside = self.path.with_suffix(SET_ASIDE)
        with suppress(OSError):  # then it is taken in again, which does no harm
            if self.torn and not self.entries:
                self.path.rename(aside)
                return
            if self.torn:
                _write_durably(aside, b"\n".join(self.torn) + b"\n")
            self.path.unlink()


def _batches(paths: list[Path], at_once: int) -> Iterator[list[_Waiting]]:
    """Files, together until there are `at_once` entries."""
    files: list[_Waiting] = []
    count = 0
    for path in paths:
        with suppress(OSError):
            files.append(_read(path))
            count += len(files[-1].entries)
        if count >= at_once:
            yield files
            files, count = [], 0
    if files:
        yield files


def _read(path: Path) -> _Waiting:
    """A file of entries, one a line; a line that is none costs no other its place.

    Raises OSError where it cannot be read: taken in by another process meanwhile, or not ours.
    """
    entries, torn = [], []
    for line in path.read_bytes().split(b"\n"):
        if not line.strip():
            continue
        try:
            entries.append(Entry.from_json(line.decode("utf-8")))
        except (CallLogError, UnicodeDecodeError):
            torn.append(line)
    return _Waiting(path, entries, torn)


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
