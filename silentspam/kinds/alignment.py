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

from silentspam.kinds.constellation import END_BIN, HOP, Constellation

FRAME_SECONDS = HOP / 8000
"""[s]"""

NEAR = 1
"""Frames and bins by which a peak may be off: a cut lies anywhere in a frame, and a codec moves a peak."""

N_PLACES = END_BIN + 2 * NEAR
"""Bins that a peak may lie in, with those near the first and the last."""

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

EVIDENCE, EVIDENCE_PER_DECADE, UNCORRECTED = 13.0, 1.5, 1000
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

    Set on unrelated pairs (`python -m benchmarks.recordings`), of which six of 450,000 had 11 and none 13,
    and where it takes EVIDENCE_PER_DECADE more to have a tenth as many match: so beyond UNCORRECTED
    recordings an opening matches no more of them wrongly. Of re-plays 1 % more are missed at 14.
    """
    return EVIDENCE + EVIDENCE_PER_DECADE * float(np.log10(max(n_compared / UNCORRECTED, 1)))


def align(opening: Constellation, known: Constellation) -> Alignment:
    """The offset at which an opening agrees best with a recording that is known."""
    if len(opening) < LEAST_SHARED or len(known) < LEAST_SHARED:
        return NO_ALIGNMENT
    longest = int(opening.frames[-1]) + NEAR
    n_offsets = longest + int(known.frames[-1]) + NEAR + 1
    places, same_bin = _alike(opening, known, longest)
    shared = _shared(opening, known, np.arange(longest, longest - n_offsets, -1))
    agreeing = np.minimum(_agreeing(places, n_offsets), shared)
    exact = np.minimum(_agreeing(places[same_bin], n_offsets), agreeing)
    enough = max(LEAST_SHARED, LEAST_SHARE * len(opening))
    evidence = _evidence(exact, agreeing - exact, shared, enough)
    best = int(evidence.argmax())
    late = places - best
    near = np.flatnonzero(np.abs(late) <= NEAR)
    return Alignment(
        evidence=max(float(evidence[best]) - _doubt(late[near], same_bin[near]), 0.0),
        begin=(best - longest) * FRAME_SECONDS,
        agreeing=int(agreeing[best]),
        peaks=int(shared[best]),
    )


def _alike(
    opening: Constellation, known: Constellation, longest: int
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """The offsets, from −longest on, of pairs of peaks no more than NEAR bins apart, and whether they have
    the same bin."""
    of_bin = known.bins.argsort(kind="stable")
    below = np.zeros(N_PLACES + 1, np.int64)  # how many of the known peaks lie in lower bins than each
    np.cumsum(np.bincount(known.bins + NEAR, minlength=N_PLACES)[:N_PLACES], out=below[1:])
    begins = below[opening.bins]
    counts = below[opening.bins + 2 * NEAR + 1] - begins
    runs = np.repeat(begins - (np.cumsum(counts) - counts), counts)
    of_known = of_bin[runs + np.arange(len(runs))]
    places = known.frames[of_known] - np.repeat(opening.frames - longest, counts)
    return places, known.bins[of_known] == np.repeat(opening.bins, counts)


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
    sooner = np.zeros(int(opening.frames[-1]) + 2)  # than each frame
    np.cumsum(np.bincount(opening.frames), out=sooner[1:])
    after = starts + (int(known.frames[-1]) + 1)
    return np.asarray(sooner.take(after, mode="clip") - sooner.take(starts, mode="clip"))


def _evidence(exact: Rates, following: Rates, shared: Rates, enough: float) -> Rates:
    """−log10 of Sanov's bound exp(−n·KL(seen ‖ chance)) at each offset; 0 where chance would do as well, and
    where not enough is shared."""
    possible = max(shared.sum(), 1.0)
    chances = max(exact.sum() / possible, RAREST_EXACT), max(following.sum() / possible, RAREST_NEXT)
    more = (exact > chances[0] * shared) & (exact + following > sum(chances) * shared) & (shared >= enough)
    worth = np.flatnonzero(more)
    n = shared[worth]
    seen = exact[worth] / n, following[worth] / n
    divergence = _times_log(1.0 - seen[0] - seen[1], max(1.0 - sum(chances), RAREST_EXACT))
    for one, chance in zip(seen, chances, strict=True):
        divergence += _times_log(one, chance)
    evidence = np.zeros(len(shared))
    evidence[worth] = n * divergence / log(10)
    return evidence


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
