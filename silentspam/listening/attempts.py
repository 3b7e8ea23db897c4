"""How often a file was begun and not finished: what ends its listener must not be tried for ever."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MOST = 3
"""A file that was being heard when so many processes ended is set aside."""
BEGUN = "begun"
"""The folder of marks, below `provenance.folder`: as many bytes as processes have begun with the file."""


@contextmanager
def attempt(folder: Path, name: str) -> Iterator[int]:
    """How many processes ended with this file in their hands. A mark stays only where this one does too.

    A disk that takes no mark lets the file be heard all the same.
    """
    mark = folder / BEGUN / name
    before = 0
    with suppress(OSError):
        before = mark.stat().st_size
    with suppress(OSError):
        mark.parent.mkdir(parents=True, exist_ok=True)
        with mark.open("ab") as file:
            file.write(b".")
    try:
        yield before
    finally:
        with suppress(OSError):
            mark.unlink()
