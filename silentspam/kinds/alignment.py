"""Whether two constellations are of one sound: how many peaks agree at an offset in time, and by what chance.

At the right offset a re-play's peaks lie where the recording's lie, or in the next frame and bin; at a wrong
one some do by chance. How many do is told by all the other offsets of the same pair, so that two held notes,
or one voice's pitch, are no agreement: they agree at every offset (Wang 2003, section 2.3, counts votes at
one offset; the rates of chance are ours).
"""

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from silentspam.kinds.constellation import HOP, Constellation

FRAME_SECONDS = HOP / 8000
"""[s]"""

NEAR = 1
"""Frames and bins by which a peak may be off: a cut lies anywhere in a frame, and a codec moves a peak."""

LEAST_SHARED, LEAST_SHARE = 15, 0.6
"""Peaks of the opening that the recording must cover, and their share: with less, nothing is said. Of a
second or less two sounds can agree by one syllable: measured, nine of ten false matches were such."""

RAREST_EXACT, RAREST_NEXT = 0.007, 0.012
"""No chance agreement of a peak is taken for rarer: in the same bin, and in the next one."""

SAME_BIN, TWO_FRAMES = 0.75, 0.93
"""Of a re-play's peaks that agree, how many lie in the very bin of the recording's, and in two frames of the
three (a cut lies somewhere between two). Another take of the same words by the same voice agrees less
exactly: measured, one in three to one in two in the very bin, where half of all re-plays had 0.78."""

DOUBT_OF_BINS, DOUBT_OF_FRAMES = 2.0, 1.0
"""How much less exactness than that counts against a match: see `_doubt`."""

EVIDENCE, EVIDENCE_PER_DECADE, UNCORRECTED = 11.0, 1.5, 100
"""What is needed of one pair, and more for each tenfold of recordings above UNCORRECTED: see `needed`."""

Rates = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """The best offset of two constellations.

    evidence: decades of improbability (the exponent of Sanov's bound, 1957: −log10 of the chance that as many
    peaks agree, and as well), less what speaks for another take of the same words; begin: where in the
    recording the opening starts [s]; agreeing of `peaks`.
    """

    evidence: float
    begin: float = 0.0
    agreeing: int = 0
    peaks: int = 0


NO_ALIGNMENT = Alignment(evidence=0.0)


def needed(n_compared: int) -> float:
    """The evidence that makes a match, where an opening is compared with so many recordings.

    Set on unrelated pairs (`python -m benchmarks.recordings`), where it takes EVIDENCE_PER_DECADE more to
    have a tenth as many match: so beyond UNCORRECTED recordings an opening matches no more of them wrongly.
    """
    return EVIDENCE + EVIDENCE_PER_DECADE * float(np.log10(max(n_compared / UNCORRECTED, 1)))


def align(opening: Constellation, known: Constellation) -> Alignment:
    """The offset at which an opening agrees best with a recording that is known."""
    if len(opening) < LEAST_SHARED or len(known) < LEAST_SHARED:
        return NO_ALIGNMENT
    longest = int(opening.frames[-1]) + NEAR
    n_offsets = longest + int(known.frames[-1]) + NEAR + 1
    of_opening, of_known, same_bin = _alike(opening, known)
    places = known.frames[of_known] - opening.frames[of_opening] + longest
    shared = _shared(opening, known, longest - np.arange(n_offsets))
    agreeing = np.minimum(_agreeing(places, n_offsets), shared)
    exact = np.minimum(_agreeing(places[same_bin], n_offsets), agreeing)
    evidence = _evidence(exact, agreeing - exact, shared)
    evidence[shared < LEAST_SHARE * len(opening)] = 0.0
    best = int(evidence.argmax())
    near = np.abs(places - best) <= NEAR
    doubt = _doubt(places[near] - best, same_bin[near])
    return Alignment(
        evidence=max(float(evidence[best]) - doubt, 0.0),
        begin=(best - longest) * FRAME_SECONDS,
        agreeing=int(agreeing[best]),
        peaks=int(shared[best]),
    )


def _alike(
    opening: Constellation, known: Constellation
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Pairs of peaks no more than NEAR bins apart, and which of them have the same bin."""
    apart = opening.bins[:, np.newaxis].astype(np.int16) - known.bins.astype(np.int16)
    pairs = np.flatnonzero(np.abs(apart) <= NEAR)
    of_opening, of_known = np.divmod(pairs, len(known))
    return of_opening, of_known, apart.ravel()[pairs] == 0


def _agreeing(places: NDArray[np.int32], n_offsets: int) -> Rates:
    """How many of the opening's peaks agree at each offset, give or take NEAR frames [shape=(n_offsets,)].

    Two peaks of a recording are never so near each other that one of the opening's would agree with both.
    """
    exactly = np.bincount(places, minlength=n_offsets).astype(np.float64)
    agreeing = exactly.copy()
    agreeing[1:] += exactly[:-1]
    agreeing[:-1] += exactly[1:]
    return agreeing


def _shared(opening: Constellation, known: Constellation, starts: NDArray[np.intp]) -> Rates:
    """How many of the opening's peaks lie within the recording, where that starts at these frames of it."""
    before = np.searchsorted(opening.frames, starts)
    until = np.searchsorted(opening.frames, starts + int(known.frames[-1]), side="right")
    return (until - before).astype(np.float64)


def _evidence(exact: Rates, following: Rates, shared: Rates) -> Rates:
    """−log10 of Sanov's bound exp(−n·KL(seen ‖ chance)) at each offset; 0 where chance would do as well."""
    possible = max(shared.sum(), 1.0)
    chances = max(exact.sum() / possible, RAREST_EXACT), max(following.sum() / possible, RAREST_NEXT)
    n = np.maximum(shared, LEAST_SHARED)
    seen = (exact / n, following / n)
    none = 1.0 - seen[0] - seen[1]
    divergence = sum(_times_log(one, chance) for one, chance in zip(seen, chances, strict=True))
    divergence = divergence + _times_log(none, max(1.0 - sum(chances), RAREST_EXACT))
    more = (seen[0] > chances[0]) & (seen[0] + seen[1] > sum(chances)) & (shared >= LEAST_SHARED)
    return np.where(more, n * divergence / np.log(10), 0.0)


def _doubt(late: NDArray[np.int32], same_bin: NDArray[np.bool_]) -> float:
    """Decades against a re-play, by its peaks that agree: how many frames each is late, whether bins are one.

    The exponents of the bound on the chance that a re-play's are as inexact, weighted: they are of use for
    telling, and no probability any more.
    """
    n = len(late)
    if not n:
        return 0.0
    before, at, after = (np.count_nonzero(late == frames) for frames in (-1, 0, 1))
    of_bins = _shortfall(np.count_nonzero(same_bin) / n, SAME_BIN)
    of_frames = _shortfall(max(before + at, at + after) / n, TWO_FRAMES)
    return float(n * (DOUBT_OF_BINS * of_bins + DOUBT_OF_FRAMES * of_frames) / log(10))


def _shortfall(share: float, usual: float) -> float:
    """Kullback and Leibler's divergence of a share from the usual one, in nats; 0 where it is not below."""
    if share >= usual:
        return 0.0
    missing = (1 - share) * log((1 - share) / (1 - usual))
    return missing + (share * log(share / usual) if share else 0.0)


def _times_log(seen: Rates, chance: float) -> Rates:
    return seen * np.log(np.maximum(seen, 1e-12) / chance)
