"""A reader as a function of bytes, and how files for it are made."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from silentspam.errors import SilentSpamError

MEMORY = Path("/dev/shm")
"""Linux's file system in memory (tmpfs)."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A reader under test.

    read: takes any bytes; seeds: inputs to start from, good ones among them; longest: bytes of an input;
    share: of the inputs of a run, where a slow reader gets fewer.
    """

    name: str
    read: Callable[[bytes], object]
    seeds: Callable[[], Sequence[bytes]]
    longest: int = 4096
    share: float = 1.0

    def try_on(self, content: bytes) -> None:
        """Read the bytes. What comes out of here is a finding: a refusal is none."""
        with suppress(SilentSpamError):
            self.read(content)


@cache
def scratch() -> Path:
    """A folder of this process's own: below $TMPDIR, else in memory where that can be had.

    A million files are written to it. It is removed when the interpreter ends; libFuzzer ends a process
    without that, so whoever starts such a one removes its $TMPDIR.
    """
    in_memory = "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK)
    folder = tempfile.mkdtemp(prefix="silentspam-fuzz-", dir=MEMORY if in_memory else None)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def file_of(content: bytes, name: str) -> Path:
    """A file with these bytes, in place of the one that had this name before."""
    path = scratch() / name
    path.write_bytes(content)
    return path


def emptied(name: str) -> Path:
    """An empty folder of this name."""
    folder = scratch() / name
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
    os.mkdir(folder)
    return folder
