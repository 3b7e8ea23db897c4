"""Which recordings an archive holds: each once, under one name, with the stamp by which a change is known.

A recording is what a path resolves to: a symbolic link to one that is listed already is another name, not
another recording, and is only counted. Hard links are recordings of their own. What cannot be read is listed
all the same, with its fault: it becomes a row with an error, and an archive never ends at one bad file.
"""

import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from silentspam.archive import ScanError
from silentspam.archive.lists import LIST_SUFFIXES, listed_names
from silentspam.audio_files import FILE_SUFFIXES


class Stamp(NamedTuple):
    """By which a recording is known again: another size [bytes] or time of change [ns] is another recording.

    archive: absolute path of the folder or list; recording: path below it. size and modified_ns are −1 where
    the file could not be looked at.
    """

    archive: str
    recording: str
    size: int = -1
    modified_ns: int = -1


class Listed(NamedTuple):
    """One recording of an archive: its stamp, where a worker opens it, and why it cannot be opened."""

    stamp: Stamp
    path: str
    fault: str = ""


@dataclass
class Listing:
    """What was found: recordings in the order of archives and names.

    aliases: further names of a recording that is listed; unreadable: folders that could not be listed, each
    with its cause, whose recordings are therefore missing.
    """

    recordings: list[Listed] = field(default_factory=list)
    aliases: int = 0
    unreadable: list[str] = field(default_factory=list)


def list_archives(archives: Iterable[Path], *, below: Path | None = None) -> Listing:
    """The recordings of folders, of CSV and Parquet lists, and single files.

    below: the folder to which the paths in lists are relative; None: each list's own. Raises ScanError for an
    archive that does not exist and a list that cannot be read.
    """
    listing, seen = Listing(), set[str]()
    for archive in archives:
        start = len(listing.recordings)
        found = _found(Path(os.path.abspath(archive)), below, listing)
        # Links to files last: what they lead to keeps its own name where it is in the archive itself.
        for listed in sorted(found, key=lambda one: (os.path.islink(one.path), one.stamp)):
            real = os.path.realpath(listed.path)
            if real in seen:
                listing.aliases += 1
            else:
                seen.add(real)
                listing.recordings.append(listed)
        listing.recordings[start:] = sorted(listing.recordings[start:])
    return listing


def _found(archive: Path, below: Path | None, listing: Listing) -> Iterator[Listed]:
    if archive.is_dir():
        return _walk(archive, listing)
    if archive.suffix.lower() in LIST_SUFFIXES:
        folder = Path(os.path.abspath(below)) if below else archive.parent
        return (_look_at(archive, name, folder / name) for name in listed_names(archive))
    if not os.path.lexists(archive):
        raise ScanError(f"{archive}: no such folder, list or recording")
    return iter([_look_at(archive.parent, archive.name, archive)])


def _walk(archive: Path, listing: Listing) -> Iterator[Listed]:
    """Every recording below a folder; links last, so that what they lead to is known by its own name."""
    entered, folders, links = set[str](), [str(archive)], deque[str]()
    while folders or links:
        # A link may lead to a folder of more folders and links: those come before the links still waiting.
        folder = folders.pop() if folders else links.popleft()
        real = os.path.realpath(folder)
        if real in entered:
            continue
        entered.add(real)
        for entry in _entries(folder, listing):
            if _is_folder(entry, follow_symlinks=False):
                folders.append(entry.path)
            elif entry.is_symlink() and _is_folder(entry):
                links.append(entry.path)
            elif Path(entry.name).suffix.lower() in FILE_SUFFIXES:
                yield _look_at(archive, os.path.relpath(entry.path, archive), Path(entry.path))


def _entries(folder: str, listing: Listing) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        listing.unreadable.append(f"{folder}: {error.strerror or error}")
        return []


def _is_folder(entry: os.DirEntry[str], *, follow_symlinks: bool = True) -> bool:
    """Whether it is one; a link in a circle, or to where nobody may look, is a file with a fault."""
    try:
        return entry.is_dir(follow_symlinks=follow_symlinks)
    except OSError:
        return False


def _look_at(archive: Path, name: str, path: Path) -> Listed:
    shown = readable(str(Path(name)))
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Listed(Stamp(str(archive), shown), str(path), f"{reason}")
    fault = "" if stat.S_ISREG(status.st_mode) else "not a regular file"
    return Listed(Stamp(str(archive), shown, status.st_size, status.st_mtime_ns), str(path), fault)


def readable(name: str) -> str:
    """A file's name as text for everybody: bytes that are not UTF-8 stand as \\udcXX escapes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
