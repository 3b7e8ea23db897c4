"""What calls are judged with: one small file, replaced as a whole when line memory has learnt something.

    first line    the SHA-256 of everything after it
    second line   JSON: format, space, version, threshold, credit, the lines but for their means
    the rest      means [shape=(n_lines, n_dims), float32], then the hashed numbers of trusted callers [int64]

A process reads it for every call. A file that is torn, of another format or space says nothing, and is no
error of the call's: without it the model alone judges.
"""

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from silentspam.budget import Credit
from silentspam.errors import LineError
from silentspam.lines.ground import LineGround
from silentspam.lines.known import KnownLines
from silentspam.verdict import LineMatch, LineState

FORMAT = 1
FILE_NAME = "snapshot"
LARGEST = 64 * 1024 * 1024
"""Bytes: more than this is none of ours."""


class KnownLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A line as a call's process needs it; evidence in words, for the call's row."""

    line_id: str
    state: LineState
    count: int
    evidence: str


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    format: int
    space_id: str
    version: int
    made_at: float
    threshold: float
    credit: float
    n_dims: int
    trusted: int
    lines: list[KnownLine]


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot:
    """Lines as they stand, the threshold of their scores, the credit left, and callers not to be asked again.

    means [shape=(n_lines, n_dims), float32]; trusted: hashed numbers.
    """

    space_id: str
    version: int
    made_at: float
    threshold: float
    credit: Credit
    lines: tuple[KnownLine, ...]
    means: NDArray[np.float32]
    trusted: frozenset[int] = frozenset()

    def match(self, ground: LineGround, embedding: NDArray[np.float64]) -> LineMatch | None:
        """The line that an opening [shape=(n_dims,)] is taken for; None below the threshold.

        Raises LineError where the lines are of another space: they say nothing of this opening.
        """
        if self.space_id != ground.space_id:
            raise LineError(f"snapshot of lines: space {self.space_id}, the model's is {ground.space_id}")
        if not self.lines:
            return None
        counts = np.array([line.count for line in self.lines], dtype=np.int32)
        scores = ground.scores(embedding[np.newaxis], KnownLines(ground.space, self.means, counts))[0]
        best = int(scores.argmax())
        if not scores[best] >= self.threshold:
            return None
        line = self.lines[best]
        return LineMatch(
            line_id=line.line_id,
            state=line.state,
            score=float(scores[best]),
            threshold=self.threshold,
            evidence=line.evidence,
        )


def encode(snapshot: Snapshot) -> bytes:
    """A snapshot as the bytes of its file."""
    trusted = np.array(sorted(snapshot.trusted), dtype="<i8")
    body = snapshot.means.astype("<f4").tobytes() + trusted.tobytes()
    header = _Header(
        format=FORMAT,
        space_id=snapshot.space_id,
        version=snapshot.version,
        made_at=snapshot.made_at,
        threshold=snapshot.threshold,
        credit=snapshot.credit.left,
        n_dims=snapshot.means.shape[1],
        trusted=len(trusted),
        lines=list(snapshot.lines),
    )
    content = msgspec.json.encode(header) + b"\n" + body
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def decode(content: bytes) -> Snapshot:
    """The snapshot in a file's bytes. Raises LineError for a torn one, or another format."""
    digest, _, rest = content.partition(b"\n")
    if digest != hashlib.sha256(rest).hexdigest().encode():
        raise LineError(f"snapshot of lines: torn: its {len(rest)} bytes are not those of its SHA-256")
    head, _, body = rest.partition(b"\n")
    try:
        header = msgspec.json.decode(head, type=_Header)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise LineError(f"snapshot of lines: no header: {error}") from error
    if header.format != FORMAT:
        raise LineError(f"snapshot of lines: format {header.format}, this version reads {FORMAT}")
    split = len(header.lines) * header.n_dims * 4
    if len(body) != split + 8 * header.trusted:
        raise LineError(f"snapshot of lines: {len(body)} bytes, not {split + 8 * header.trusted}")
    means = np.frombuffer(body[:split], dtype="<f4").reshape(len(header.lines), header.n_dims)
    if not np.isfinite(means).all():
        raise LineError("snapshot of lines: means that are not finite")
    return Snapshot(
        space_id=header.space_id,
        version=header.version,
        made_at=header.made_at,
        threshold=header.threshold,
        credit=Credit(header.credit),
        lines=tuple(header.lines),
        means=means,
        trusted=frozenset(np.frombuffer(body[split:], dtype="<i8").tolist()),
    )


def write_snapshot(folder: Path, snapshot: Snapshot) -> None:
    """Put a snapshot in place of the one in `folder`, by rename: no reader ever meets half of it.

    Raises LineError when the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, partial = tempfile.mkstemp(dir=folder, prefix=f".{FILE_NAME}-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(encode(snapshot))
            os.chmod(partial, 0o640)
            os.replace(partial, folder / FILE_NAME)
        except OSError:
            with suppress(OSError):
                os.unlink(partial)
            raise
    except OSError as error:
        raise LineError(f"lines.folder {folder}: {error.strerror or error}") from error


def read_snapshot(folder: Path) -> Snapshot | None:
    """The snapshot in `folder`; None where there is none yet. Raises LineError for one that is no use."""
    try:
        with (folder / FILE_NAME).open("rb") as file:
            content = file.read(LARGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LineError(f"lines.folder {folder}: {error.strerror or error}") from error
    return decode(content)
