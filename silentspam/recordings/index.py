"""Landmarks sorted by their codes, so that an opening finds the few recordings worth a comparison.

For each code the places where it stands: a recording's row and the frame it begins at, in 32 bits. An opening
votes: each of its landmarks for every recording and offset at which it stands (Wang 2003, section 2.3). The
recordings with most votes at one offset are then compared peak by peak (`kinds.alignment`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silentspam.kinds.constellation import Constellation
from silentspam.kinds.landmarks import Codes, Frames, landmarks

ROW_STEP = 1 << 10
"""Places that a recording has: twice its frames, so that any offset of any opening is one of its own."""

MOST_RECORDINGS = (1 << 32) // ROW_STEP

MOST_VOTES = 120_000
"""Votes counted for one opening: where there would be more, those of the commonest landmarks are left out."""

FEW_VOTES = 8000
"""So many are sorted sooner than looked through for those that can win."""

LEAST_VOTES = 4
"""At one offset, give or take a frame: fewer come by chance among a hundred recordings."""

LEAST_SHARE = 0.015
"""Of an opening's landmarks, how many must vote for a known recording at one offset. Measured among a
thousand: of 490 re-plays at 10 dB SNR all had 0.016, of 500 unrelated openings 315 not even 0.015."""

Places = NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Index:
    """codes: those that there are [shape=(n,), ascending]; starts: of each one's places, and the end
    [shape=(n + 1,)]; places: row * ROW_STEP + frame.
    """

    codes: Places
    starts: Places
    places: Places

    def likeliest(self, codes: Codes, frames: Frames, at_most: int) -> list[int]:
        """Rows of the recordings that most landmarks of an opening vote for at one offset, likeliest first.

        codes, frames: what `kinds.landmarks.sought` gives.
        """
        least = max(LEAST_VOTES, math.ceil(LEAST_SHARE * len(codes)))
        return elected(self._ballots(codes, frames), at_most, least=least)

    def _ballots(self, codes: Codes, frames: Frames) -> Places:
        """What every landmark that is known votes for."""
        if not len(self.codes):
            return np.zeros(0, np.uint32)
        known = np.searchsorted(self.codes, codes)
        there = np.flatnonzero(self.codes.take(known, mode="clip") == codes)
        known, frames = known[there], frames[there]
        begins = self.starts[known].astype(np.int64)
        counts = self.starts[known + 1] - begins
        if counts.sum() > MOST_VOTES:
            rarest = np.argsort(counts, kind="stable")
            rarest = rarest[np.cumsum(counts[rarest]) <= MOST_VOTES]
            begins, counts, frames = begins[rarest], counts[rarest], frames[rarest]
        at = np.repeat(begins - (np.cumsum(counts) - counts), counts)
        at += np.arange(len(at))
        return ballots(self.places[at], np.repeat(frames, counts))


def ballots(places: Places, frames: Frames) -> Places:
    """Votes [shape=(n,)] of an opening's landmarks at `frames` for the places where each stands.

    One is row * ROW_STEP + offset, halved: a cut lies anywhere between two frames.
    """
    return np.asarray((places + (ROW_STEP // 2 - frames).astype(np.uint32)) >> np.uint32(1))


def elected(votes: Places, at_most: int, *, least: int = LEAST_VOTES) -> list[int]:
    """Rows with the most votes at one offset, the likeliest first; `votes` as `ballots` gives them.

    least: votes at one offset that a row needs.
    """
    ordered = np.sort(_promising(votes, least) if len(votes) > FEW_VOTES else votes)
    if not len(ordered):
        return []
    firsts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    options, counts = ordered[firsts], np.diff(np.append(firsts, len(ordered)))
    adjacent = options[1:] == options[:-1] + np.uint32(1)
    counts[:-1] += np.where(adjacent, counts[1:], 0)
    found = np.flatnonzero(counts >= least)
    best = found[np.argsort(-counts[found], kind="stable")[: 4 * at_most]]
    rows = (options[best] // np.uint32(ROW_STEP // 2)).tolist()
    return list(dict.fromkeys(rows))[:at_most]


def _promising(votes: Places, least: int) -> Places:
    """Votes for rows with that many at least at all offsets together: only they need to be sorted."""
    rows = (votes // np.uint32(ROW_STEP // 2)).astype(np.intp)
    voted = np.bincount(rows) >= least
    return votes[np.flatnonzero(voted.take(rows))] if len(votes) else votes


def built(constellations: Sequence[Constellation]) -> Index:
    """The index of recordings, whose rows are their places in the sequence."""
    pairs = [landmarks(one) for one in constellations]
    if not pairs:
        return Index(np.zeros(0, np.uint32), np.zeros(1, np.uint32), np.zeros(0, np.uint32))
    codes = np.concatenate([codes for codes, _ in pairs])
    rows = np.repeat(np.arange(len(pairs)), [len(codes) for codes, _ in pairs])
    frames = np.concatenate([frames for _, frames in pairs])
    places = (rows * ROW_STEP + frames).astype(np.uint32)
    order = np.argsort(codes, kind="stable")
    there, starts = np.unique(codes[order], return_index=True)
    return Index(there, np.append(starts, len(codes)).astype(np.uint32), places[order])
