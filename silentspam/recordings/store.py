"""The library as calls read it: one file, read or mapped into memory, and replaced as a whole by rename.

    first line    the SHA-256 of everything after it but the last line
    second line   JSON: format, what it was made from and when, how much of each follows
    arrays        the index: codes, starts, places [uint32]; of each recording the start of its peaks, and of
                  what is told of it, and both ends [uint32]; peaks: frames [uint16], bins [uint8]
    told          a line of JSON for each recording, of which only those compared are read
    last line     the first one again

Byte order is little-endian. A file that was torn in writing lacks its end, or its bytes are not those of the
hash: it is no use, and the one before stays in force (`LibraryFile`). The whole of a large file is hashed
where a process serves many calls; a process of one call looks at both ends. A wrong byte in between could at
worst hide a recording: what is found is compared peak by peak.

THE FILE IS REPLACED BY RENAME ONLY. The kernel ends a process (SIGBUS) that reads a mapped file beyond an end
that was cut off under it, as `cp` onto it or `truncate` do. So a process that serves many calls maps only
files above READ_BELOW, and one of one call those above WHOLE_BELOW: what it would read takes longer to copy.
"""

import errno
import hashlib
import mmap
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from silentspam.errors import LibraryError
from silentspam.framed import replace
from silentspam.kinds.constellation import Constellation
from silentspam.kinds.recording import Match
from silentspam.kinds.standing import Standing
from silentspam.recordings.index import Index, built
from silentspam.recordings.library import IndexedLibrary, KnownRecording
from silentspam.recordings.packing import is_sound, joined, split

FORMAT = 1
FILE_NAME = "recordings"
WHOLE_BELOW = 4 * 1024 * 1024
"""Bytes that even a process of one call hashes: 4 ms."""

READ_BELOW = 64 * 1024 * 1024
"""Bytes that a process that lasts has in memory of its own: measured, 35 ms and as much again to hash. A
process of one call took 1 ms with 30 MB mapped, and 4 ms and the 30 MB with a copy of them."""

_HASH_LINE = 65


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is told of a recording beside its peaks."""

    recording_id: str
    name: str
    standing: Standing


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """fingerprint: what the call database held when the file was made."""

    format: int = FORMAT
    fingerprint: str
    made_at: float
    n_recordings: int
    n_codes: int
    n_places: int
    n_peaks: int


@dataclass(frozen=True, eq=False)
class StoredLibrary(IndexedLibrary):
    """A library that lies in a file. Implements `kinds.recording.Library`."""

    header: Header

    def match(self, opening: Constellation) -> Match | None:
        """The recording that an opening plays. Raises LibraryError where the file's numbers cannot be."""
        try:
            return super().match(opening)
        except (ValueError, IndexError, MemoryError) as error:
            raise LibraryError(f"library of recordings: its index is damaged: {error}") from error


class _Rows:
    """The recordings of a file by their rows, each made when it is asked for."""

    def __init__(self, at: NDArray[Any], peaks: tuple[NDArray[Any], NDArray[Any]], told: memoryview) -> None:
        self._peaks_at, self._told_at = at
        self._frames, self._bins = peaks
        self._told = told

    def __len__(self) -> int:
        return len(self._peaks_at) - 1

    def __getitem__(self, row: int) -> KnownRecording:
        """Raises LibraryError for one that is not what it should be."""
        peaks = slice(int(self._peaks_at[row]), int(self._peaks_at[row + 1]))
        found = joined(self._frames[peaks], self._bins[peaks])
        try:
            told = msgspec.json.decode(self._told[self._told_at[row] : self._told_at[row + 1]], type=Told)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise LibraryError(f"library of recordings: row {row}: {error}") from error
        if not is_sound(found):
            raise LibraryError(f"library of recordings: row {row}: peaks out of order or range")
        return KnownRecording(
            recording_id=told.recording_id, name=told.name, standing=told.standing, constellation=found
        )


def encode(recordings: Sequence[KnownRecording], *, fingerprint: str, made_at: float) -> bytes:
    """The bytes of the file."""
    index = built([one.constellation for one in recordings])
    peaks = [split(one.constellation) for one in recordings]
    told = [
        msgspec.json.encode(Told(recording_id=one.recording_id, name=one.name, standing=one.standing))
        for one in recordings
    ]
    header = Header(
        fingerprint=fingerprint,
        made_at=made_at,
        n_recordings=len(recordings),
        n_codes=len(index.codes),
        n_places=len(index.places),
        n_peaks=sum(len(frames) for frames, _ in peaks),
    )
    whole = (
        index.codes,
        index.starts,
        index.places,
        _ends(map(len, (f for f, _ in peaks))),
        _ends(map(len, told)),
    )
    parts = [array.astype("<u4").tobytes() for array in whole]
    parts += [frames.tobytes() for frames, _ in peaks] + [bins.tobytes() for _, bins in peaks] + told
    content = _aligned(msgspec.json.encode(header)) + b"".join(parts)
    digest = hashlib.sha256(content).hexdigest().encode()
    return digest + b"\n" + content + b"\n" + digest


def _ends(lengths: Any) -> NDArray[np.uint32]:
    """Where each of some parts of these lengths starts, and the end of the last."""
    return np.cumsum([0, *lengths]).astype(np.uint32)


def _aligned(head: bytes) -> bytes:
    """The header's line, filled up so that the arrays after it start at a multiple of eight."""
    return head + b" " * (-(_HASH_LINE + len(head) + 1) % 8) + b"\n"


def decode(content: bytes | mmap.mmap, *, whole: bool = True) -> StoredLibrary:
    """The library in a file's bytes, without a copy. Raises LibraryError for a torn one, or another format.

    whole: every byte is looked at, and not the ends alone.
    """
    view = memoryview(content)
    digest, rest = bytes(view[: _HASH_LINE - 1]), view[_HASH_LINE:-_HASH_LINE]
    if len(view) < 2 * _HASH_LINE or bytes(view[-_HASH_LINE:]) != b"\n" + digest:
        raise LibraryError(f"library of recordings: torn: its {len(view)} bytes lack their end")
    if whole and hashlib.sha256(rest).hexdigest().encode() != digest:
        raise LibraryError(f"library of recordings: torn: its {len(rest)} bytes are not those of its SHA-256")
    length = bytes(rest[:4096]).find(b"\n")
    try:
        header = msgspec.json.decode(rest[: max(length, 0)], type=Header)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise LibraryError(f"library of recordings: no header: {error}") from error
    if header.format != FORMAT:
        raise LibraryError(f"library of recordings: format {header.format}, this version reads {FORMAT}")
    return _library(header, rest[length + 1 :])


def _library(header: Header, body: memoryview) -> StoredLibrary:
    parts = (header.n_recordings, header.n_codes, header.n_places, header.n_peaks)
    if not all(0 <= count <= len(body) for count in parts):
        raise LibraryError(f"library of recordings: {len(body)} bytes do not hold parts of {parts}")
    counts = (header.n_codes, header.n_codes + 1, header.n_places, header.n_recordings + 1)
    ends = np.cumsum([0, *counts, header.n_recordings + 1])
    frames_at = 4 * int(ends[-1])
    bins_at = frames_at + 2 * header.n_peaks
    told_at = bins_at + header.n_peaks
    if told_at > len(body):
        raise LibraryError(f"library of recordings: {len(body)} bytes do not hold what is promised")
    numbers = np.frombuffer(body, "<u4", int(ends[-1]))
    codes, starts, places, peaks_at, tolds_at = (numbers[a:b] for a, b in pairwise(ends))
    told = body[told_at:]
    promised = (int(starts[-1]), int(peaks_at[-1]), int(tolds_at[-1]))
    if promised != (header.n_places, header.n_peaks, len(told)):
        raise LibraryError(f"library of recordings: its parts end at {promised}, not where they should")
    frames = np.frombuffer(body, "<u2", header.n_peaks, frames_at)
    bins = np.frombuffer(body, np.uint8, header.n_peaks, bins_at)
    rows = _Rows(np.stack([peaks_at, tolds_at]), (frames, bins), told)
    return StoredLibrary(rows, Index(codes, starts, places), header)


def write(folder: Path, content: bytes) -> None:
    """Put a library in place of the one in `folder`, by rename; it outlives a loss of power.

    It belongs to the folder's owner, whoever wrote it. Raises LibraryError when the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace(folder / FILE_NAME, content)
    except OSError as error:
        raise LibraryError(f"recordings.folder {folder}: {error.strerror or error}") from error


def read(folder: Path, *, whole: bool = True, kept: bool = True) -> StoredLibrary | None:
    """The library in `folder`; None where there is no file. Raises LibraryError for one that is no use.

    whole: a large file is looked at byte by byte too; kept: it is copied, up to READ_BELOW.
    """
    path = folder / FILE_NAME
    try:
        content = _content(path, READ_BELOW if kept else WHOLE_BELOW)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise LibraryError(f"recordings.folder: {path}: {error}") from error
    try:
        return decode(content, whole=whole or len(content) <= WHOLE_BELOW)
    except LibraryError as error:
        raise LibraryError(f"recordings.folder: {path}: {error}") from error


def _content(path: Path, most: int) -> bytes | mmap.mmap:
    """A file's bytes; beyond `most` of them mapped, not read yet.

    Raises OSError, also for a pipe, which a call would wait for.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a plain file", str(path))
        if found.st_size <= most:
            return file.read(most + 1)
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
