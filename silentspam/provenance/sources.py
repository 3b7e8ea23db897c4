"""Is the line one met before, and which: open-set identification and verification of sources.

US 9,516,497 B2 knows a source again by its fingerprint; the score here is a log likelihood ratio of the
two-covariance model (`line_scores`): how much likelier the calls are from that line than from one never met.
An impostor reaches a ratio of t or more at most once in exp(t) trials, whence a threshold for any number of
lines: "unknown source" is an answer.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from silentspam.errors import LineError
from silentspam.lines.known import KnownLines
from silentspam.lines.space import Embeddings
from silentspam.provenance.fingerprint import Fingerprint, vectors_of
from silentspam.provenance.line_scores import log_ratios
from silentspam.provenance.line_space import LineSpace

FALSE_SHARE = 0.01
"""Of unknown lines, at most so many are taken for any that is known."""

RANKED = 10
"""Lines that a ranking names at most."""

Ranking = tuple[tuple[str, float], ...]


class Identification(msgspec.Struct, frozen=True, kw_only=True):
    """line: the known one, None for an unknown source; score: of the likeliest [natural log ratio], −inf
    where none is known; threshold: from which on it is taken for known; ranking: the likeliest lines with
    their scores, best first."""

    line: str | None
    score: float
    threshold: float
    ranking: Ranking


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """Whether calls are from the line that they are said to be from; score, threshold [natural log ratio]."""

    accepted: bool
    score: float
    threshold: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Known:
    """Lines by name, each with the sum [shape=(n_lines, n_dims)] and number [shape=(n_lines,)] of its calls'
    places in the space."""

    space: LineSpace
    names: tuple[str, ...]
    sums: Embeddings
    counts: NDArray[np.int32]

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.names):
            raise LineError("two known lines of one name")
        n_lines, n_dims = len(self.names), len(self.space.maps.origin)
        if self.sums.shape != (n_lines, n_dims) or self.counts.shape != (n_lines,):
            raise LineError(
                f"sums of {self.sums.shape} and counts of {self.counts.shape} for {n_lines} lines"
            )
        if not (self.counts >= 1).all():
            raise LineError("a known line without a call")

    @cached_property
    def _lines(self) -> KnownLines:
        means = (self.sums / self.counts[:, np.newaxis]).astype(np.float32)
        return KnownLines(self.space.maps, means, self.counts)

    def scores(self, places: Embeddings) -> NDArray[np.float64]:
        """Natural log ratio of calls of one source [shape=(n, n_dims)] to each line [shape=(n_lines,)]."""
        lines, place = self._lines, places.mean(axis=0, keepdims=True)
        if (n := len(places)) > 1:
            # The mean of n calls lies √n nearer to its line: in units of that, all else is √n larger.
            maps = replace(lines.space, spread=lines.space.spread * n)
            lines = KnownLines(maps, lines.means * np.float32(math.sqrt(n)), lines.counts / n)
            place = place * math.sqrt(n)
        return np.asarray(self.space.card.slope * log_ratios(lines, place)[0] + self.space.card.offset)


def known_sources(space: LineSpace, prints: Mapping[str, Sequence[Fingerprint]]) -> Known:
    """Lines as their calls' fingerprints show them. Raises LineError for a line of none, or of another
    version."""
    places = [space.embed(vectors_of(calls)) for calls in prints.values()]
    sums = [one.sum(axis=0) for one in places] or np.zeros((0, space.n_dims))
    return Known(
        space=space,
        names=tuple(prints),
        sums=np.asarray(sums, dtype=np.float64),
        counts=np.array([len(one) for one in places], dtype=np.int32),
    )


def threshold_for(n_lines: int, false_share: float = FALSE_SHARE) -> float:
    """The ratio that unknown lines reach with any of so many at most with this share (Markov's bound)."""
    return math.log(max(n_lines, 1) / false_share)


def identify(
    prints: Sequence[Fingerprint], known: Known, *, false_share: float = FALSE_SHARE
) -> Identification:
    """Which of the known lines one call, or several of one source, came from; none is an answer.

    Raises LineError for no fingerprint, or one of another version.
    """
    places = known.space.embed(vectors_of(prints))
    threshold = threshold_for(len(known.names), false_share)
    if not known.names:
        return Identification(line=None, score=-math.inf, threshold=threshold, ranking=())
    scores = known.scores(places)
    nearest = np.argpartition(-scores, min(RANKED, len(scores)) - 1)[:RANKED]
    ranking = tuple((known.names[i], float(scores[i])) for i in nearest[np.argsort(-scores[nearest])])
    name, score = ranking[0]
    return Identification(
        line=name if score >= threshold else None, score=score, threshold=threshold, ranking=ranking
    )


def verify(
    prints: Sequence[Fingerprint], name: str, known: Known, *, false_share: float = FALSE_SHARE
) -> Verification:
    """Whether one call, or several of one source, came from the line of that name.

    Raises LineError where no line of that name is known, for no fingerprint, or one of another version.
    """
    if name not in known.names:
        raise LineError(f"no line {name!r} is known")
    scores = known.scores(known.space.embed(vectors_of(prints)))
    score, threshold = float(scores[known.names.index(name)]), threshold_for(1, false_share)
    return Verification(accepted=score >= threshold, score=score, threshold=threshold)
