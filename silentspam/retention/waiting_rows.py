"""Rows that wait in files: what of a number stands in them, and erasing it from those that nobody can read.

A row that can be read is taken into the call database before anything is erased there. What was set aside
because it cannot be read has lines of any kind: each that names the number is replaced by a note.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from silentspam.retention.person import Person

ERASED = b'{"erased": true}'

_READ_AT_MOST = 64 * 2**20
"""A file of rows that wait is read whole [bytes]."""


def files_naming(paths: Iterable[Path], who: Person) -> Iterator[Path]:
    """The files among these that hold the number. Raises OSError for one that cannot be read."""
    pattern = _pattern(who)
    for path in sorted(paths):
        if path.is_file() and not path.is_symlink() and pattern.search(_read(path)):
            yield path


def erase_lines(path: Path, who: Person) -> int:
    """Replace the lines of a file that hold the number, by a rename; returns how many. Raises OSError."""
    pattern = _pattern(who)
    lines = path.read_bytes().split(b"\n")
    kept = [ERASED if pattern.search(line) else line for line in lines]
    partial = path.with_name(f".{path.name}.erasing")
    status = path.stat()
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640)
    with open(descriptor, "wb") as file:
        if os.geteuid() == 0:
            os.fchown(descriptor, status.st_uid, status.st_gid)
        file.write(b"\n".join(kept))
        file.flush()
        os.fsync(descriptor)
    partial.rename(path)
    return sum(one != line for one, line in zip(kept, lines, strict=True))


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_READ_AT_MOST)


def _pattern(who: Person) -> "re.Pattern[bytes]":
    """The number's digits, alone: not within a longer number."""
    digits = sorted({form.lstrip("+") for form in who.forms}, key=len, reverse=True)
    return re.compile(
        rb"(?<![0-9])(?:" + b"|".join(re.escape(form.encode()) for form in digits) + rb")(?![0-9])"
    )
