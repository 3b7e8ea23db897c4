"""What calls are judged with: one small file (`framed`), replaced when line memory has learnt something.

    header        format, space, version, threshold, credits, how much of each follows
    arrays        the lines' terms: weights [shape=(n_lines, n_dims), float32], constants [float32], counts
                  [int32]; hashed trusted numbers [int64]
    the rest      a line of JSON for each line, of which only the matched one is ever read

A process reads it for every call. A file that is torn, of another format or space says nothing, and is no
error of the call's: without it the model alone judges.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from silentspam import framed
from silentspam.budget import Credit
from silentspam.errors import LineError
from silentspam.lines.ground import LineGround
from silentspam.lines.known import LineTerms
from silentspam.verdict import LineMatch, LineState

FORMAT = 1
FILE_NAME = "snapshot"


class KnownLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A line as a call's row tells of it; evidence in words."""

    line_id: str
    state: LineState
    evidence: str
    probe: float = 0.0


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    format: int
    space_id: str
    version: int
    made_at: float
    threshold: float
    credit: float
    kind_credits: dict[str, float] = {}
    n_lines: int
    n_dims: int
    n_trusted: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot:
    """Lines as they stand, the threshold of their scores, the credit left, that of each kind with a budget of
    its own, and callers not to be asked again.

    terms: what scores an opening; told: each line's KnownLine as JSON, in the same order; trusted: hashed
    numbers.
    """

    space_id: str
    version: int
    made_at: float
    threshold: float
    credit: Credit
    kind_credits: Mapping[str, Credit] = field(default_factory=dict)
    terms: LineTerms
    told: tuple[bytes, ...]
    trusted: frozenset[int] = frozenset()

    @property
    def lines(self) -> list[KnownLine]:
        """Every line, for people to look at. Raises LineError for one of another version."""
        return [_known_line(told) for told in self.told]

    def match(self, ground: LineGround, embedding: NDArray[np.float64]) -> LineMatch | None:
        """The line that an opening [shape=(n_dims,)] is taken for; None below the threshold.

        Raises LineError where the lines are of another space: they say nothing of this opening.
        """
        if self.space_id != ground.space_id:
            raise LineError(f"snapshot of lines: space {self.space_id}, the model's is {ground.space_id}")
        likest = ground.likest(embedding, self.terms, at_least=self.threshold)
        if likest is None:
            return None
        best, score = likest
        line = _known_line(self.told[best])
        return LineMatch(
            line_id=line.line_id,
            state=line.state,
            score=score,
            threshold=self.threshold,
            evidence=line.evidence,
            probe=line.probe,
        )


def encode(snapshot: Snapshot) -> bytes:
    """A snapshot as the bytes of its file."""
    trusted = np.array(sorted(snapshot.trusted), dtype="<i8")
    header = _Header(
        format=FORMAT,
        space_id=snapshot.space_id,
        version=snapshot.version,
        made_at=snapshot.made_at,
        threshold=snapshot.threshold,
        credit=snapshot.credit.left,
        kind_credits={kind: credit.left for kind, credit in snapshot.kind_credits.items()},
        n_lines=len(snapshot.told),
        n_dims=snapshot.terms.weights.shape[1],
        n_trusted=len(trusted),
    )
    terms = snapshot.terms
    arrays = (
        terms.weights.astype("<f4"),
        terms.constants.astype("<f4"),
        terms.counts.astype("<i4"),
        trusted,
    )
    body = b"".join(array.tobytes() for array in arrays) + b"\n".join(snapshot.told)
    return framed.framed(header, body)


def decode(content: bytes) -> Snapshot:
    """The snapshot in a file's bytes. Raises LineError for a torn one, or another format."""
    try:
        header, body = framed.unframed(content, _Header)
    except ValueError as error:
        raise LineError(f"snapshot of lines: {error}") from error
    if header.format != FORMAT:
        raise LineError(f"snapshot of lines: format {header.format}, this version reads {FORMAT}")
    try:
        terms, trusted, told = _parts(header, body)
    except ValueError as error:
        raise LineError(f"snapshot of lines: {len(body)} bytes do not hold what is promised") from error
    if len(told) != header.n_lines or not np.isfinite(terms.weights).all() or (terms.counts < 1).any():
        raise LineError(f"snapshot of lines: {header.n_lines} lines are promised, {len(told)} usable")
    return Snapshot(
        space_id=header.space_id,
        version=header.version,
        made_at=header.made_at,
        threshold=header.threshold,
        credit=Credit(header.credit),
        kind_credits={kind: Credit(left) for kind, left in header.kind_credits.items()},
        terms=terms,
        told=told,
        trusted=frozenset(trusted.tolist()),
    )


def _parts(header: _Header, body: bytes) -> tuple[LineTerms, NDArray[np.int64], tuple[bytes, ...]]:
    """What follows the header; raises ValueError where it is too short."""
    n_lines, n_dims = header.n_lines, header.n_dims
    n_weights = n_lines * n_dims
    terms = LineTerms(
        weights=np.frombuffer(body, "<f4", n_weights).reshape(n_lines, n_dims),
        constants=np.frombuffer(body, "<f4", n_lines, 4 * n_weights),
        counts=np.frombuffer(body, "<i4", n_lines, 4 * n_weights + 4 * n_lines),
    )
    trusted_at = 4 * n_weights + 8 * n_lines
    trusted = np.frombuffer(body, "<i8", header.n_trusted, trusted_at)
    text = body[trusted_at + 8 * header.n_trusted :]
    return terms, trusted, tuple(text.split(b"\n")) if text else ()


def _known_line(told: bytes) -> KnownLine:
    try:
        return msgspec.json.decode(told, type=KnownLine)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise LineError(f"snapshot of lines: {error}: made by another version?") from error


def write_snapshot(folder: Path, snapshot: Snapshot) -> None:
    """Put a snapshot in place of the one in `folder`, by rename: no reader ever meets half of it.

    It belongs to the folder's owner, whoever wrote it.
    Raises LineError when the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        framed.replace(folder / FILE_NAME, encode(snapshot), durable=False)
    except OSError as error:
        raise LineError(f"lines.folder {folder}: {error.strerror or error}") from error


def read_snapshot(folder: Path) -> Snapshot | None:
    """The snapshot in `folder`; None where there is none yet. Raises LineError for one that is no use."""
    try:
        content = framed.read(folder / FILE_NAME)
    except OSError as error:
        raise LineError(f"lines.folder {folder}: {error.strerror or error}") from error
    return None if content is None else decode(content)
