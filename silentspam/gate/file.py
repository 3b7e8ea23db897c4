"""The gate's file: what every call is decided by before any audio, in one small file (`framed`).

    header        format, what it was made from and when, the switch, how much of each follows
    arrays        keys of the listed numbers [int64, ascending], their expiry [float64, s since the epoch, inf
                  for never], keys and times of callers who passed a challenge [int64 ascending, float64],
                  keys of called numbers with terms [int64, ascending], each listing [uint8, of LISTINGS]
    the rest      a line of JSON for each called number, of which only the one called is read

Byte order is the machine's own, which the file never leaves. A call finds its number by bisection and decodes
nothing else. A file that is torn or of another format is a GateError: what the rules do then is in `rules`.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import msgspec

from silentspam import framed
from silentspam.errors import GateError
from silentspam.gate.terms import DnisTerms, Listing, SwitchEvent, Term

FORMAT = 1
FILE_NAME = "gate"

LISTINGS = (Listing.PUBLIC_SAFETY, Listing.BLOCKED, Listing.PERMITTED)
"""Their numbers in the file."""


class Header(Term, frozen=True):
    """fingerprint: what the database held when the lists were read. waiting: events it lacks yet."""

    format: int = FORMAT
    fingerprint: str = ""
    made_at: float = 0.0
    switch: SwitchEvent | None = None
    waiting: tuple[SwitchEvent, ...] = ()
    n_listed: int = 0
    n_passed: int = 0
    n_dnis: int = 0


@dataclass(frozen=True)
class Gate:
    """The file's content: its header, and the packed lists after it."""

    header: Header = field(default_factory=Header)
    body: bytes = b""

    def listing(self, number_key: int, *, now: float) -> Listing | None:
        """The list in which a number stands; None for one that is in none, or no longer."""
        view = self._view
        place = _find(view.keys_listed, number_key)
        if place is None or not view.expires[place] > now:
            return None
        kind = self.body[view.kinds_at + place]
        return LISTINGS[kind] if kind < len(LISTINGS) else None

    def passed_at(self, number_key: int) -> float | None:
        """When the caller with that number passed a challenge [s since the epoch]; None for nobody's."""
        place = _find(self._view.keys_passed, number_key)
        return None if place is None else self._view.passed[place]

    def dnis(self, number_key: int) -> DnisTerms | None:
        """What a called number has of its own. Raises GateError for terms of another version."""
        place = _find(self._view.keys_dnis, number_key)
        if place is None:
            return None
        line = self.body[self._view.told_at :].split(b"\n")[place]
        try:
            return msgspec.json.decode(line, type=DnisTerms)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise GateError(f"terms of a called number: {error}: made by another version?") from error

    @cached_property
    def _view(self) -> "_View":
        return _View(self.header, self.body)


class _View:
    """The arrays of a body, without a copy. Raises GateError where it is shorter than promised."""

    def __init__(self, header: Header, body: bytes) -> None:
        self._body, self._at = memoryview(body), 0
        listed, passed, n_dnis = header.n_listed, header.n_passed, header.n_dnis
        self.keys_listed, self.expires = self._take("q", listed), self._take("d", listed)
        self.keys_passed, self.passed = self._take("q", passed), self._take("d", passed)
        self.keys_dnis = self._take("q", n_dnis)
        self.kinds_at, self.told_at = self._at, self._at + listed
        lines = body.count(b"\n", self.told_at) + 1 if len(body) > self.told_at else 0
        if len(body) < self.told_at or lines != n_dnis:
            raise GateError(f"{len(body)} bytes do not hold what is promised")

    def _take(self, kind: str, count: int) -> memoryview:
        end = self._at + 8 * count
        if count < 0 or end > len(self._body):
            raise GateError(f"{len(self._body)} bytes do not hold what is promised")
        part = self._body[self._at : end].cast(kind)  # type: ignore[call-overload]
        self._at = end
        return part  # type: ignore[no-any-return]


def _find(keys: memoryview, wanted: int) -> int | None:
    place = bisect_left(keys, wanted)
    return place if place < len(keys) and keys[place] == wanted else None


def encode(gate: Gate) -> bytes:
    """The bytes of the file."""
    return framed.framed(gate.header, gate.body)


def decode(content: bytes) -> Gate:
    """What a file's bytes say. Raises GateError for a torn one, or another format."""
    try:
        header, body = framed.unframed(content, Header)
    except ValueError as error:
        raise GateError(str(error)) from error
    if header.format != FORMAT:
        raise GateError(f"format {header.format}, this version reads {FORMAT}")
    gate = Gate(header, body)
    gate._view  # noqa: B018  what is too short is found here, not in the middle of a call
    return gate


def read(folder: Path) -> Gate | None:
    """The gate in `folder`; None where there is no file. Raises GateError for one that is no use."""
    path = folder / FILE_NAME
    content = _content(path)
    return None if content is None else _decoded(path, content)


def _content(path: Path) -> bytes | None:
    try:
        return framed.read(path)
    except OSError as error:
        raise GateError(f"gate.folder: {path}: {error.strerror or error}") from error


def _decoded(path: Path, content: bytes) -> Gate:
    try:
        return decode(content)
    except GateError as error:
        raise GateError(f"gate.folder: {path}: {error}") from error


class GateFile:
    """The file of one folder for a process that serves many calls: read again when it was replaced."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._known: tuple[int, ...] | None = None
        self._gate: Gate | None = None
        self._fault: GateError | None = None

    def read_if_changed(self) -> Gate | None:
        """The gate as it is now; None where there is no file. Raises GateError for one that is no use.

        Costs one stat() as long as the file is the same one. What cannot be read now, for want of a
        descriptor, is tried again at the next call. Safe for threads: the worst is reading twice.
        """
        seen = self._seen()
        if seen is None or seen != self._known:
            content = _content(self._path)
            if content is None:
                return None
            gate, fault = self._outcome(content)
            self._gate, self._fault, self._known = gate, fault, seen
        if self._fault:
            raise self._fault
        return self._gate

    def _seen(self) -> tuple[int, ...] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns

    def _outcome(self, content: bytes) -> tuple[Gate | None, GateError | None]:
        try:
            return _decoded(self._path, content), None
        except GateError as error:
            return None, error
