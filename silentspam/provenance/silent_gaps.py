"""Lost packets that were played as silence: one code, held for a whole number of packets, between sounds.

A codec that sends digital silence in pauses, and a quiet room below mu-law's smallest step, hold a code too.
Those runs have any length and begin anywhere: what is lost lies on the grid of packets.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc

from silentspam.audio import Codes
from silentspam.provenance.energy import Figures, runs
from silentspam.provenance.grid import CELL, PACKET_CELLS, Runs, commonest_phase

LONGEST = 1600
"""Samples, 200 ms: longer silence is a pause, or a sender that is silent in pauses."""

SLACK = 6
"""Samples by which a gap can seem longer on either side: next to it, the same code comes by chance."""

CHANCE = 0.01
"""That runs which are no gaps agree on a grid as well as these do."""

LEAST_RISE = 6.0
"""dB from the floor to what stands before and after it, within SIDE samples."""
SIDE = 60

SHARP_RISE = 24.0
"""dB around a gap that is believed without others which agree with it, if it is no sample too long."""

FEWEST_OF_CADENCE = 5
"""Silences that make one."""
SAME = 0.8
"""Share of them that are of one length, which no packet has, or that come at one interval."""


def held_codes(codes: Codes) -> NDArray[np.intp]:
    """Runs of one code, of a cell at least: first sample and the one after the last [shape=(n, 2)]."""
    begins, ends = runs(codes[1:] == codes[:-1])
    held = np.stack([begins, ends + 1], axis=1)
    return held[held[:, 1] - held[:, 0] >= CELL]


def rise_around(levels: Figures, begin: int, end: int) -> float:
    """How far the energy drops at `begin` to the floor and rises again at `end`, the lesser of both [dB]."""
    floor = float(np.median(levels[begin:end]))
    before, after = levels[max(begin - SIDE, 0) : begin], levels[end : end + SIDE]
    return float(min(before.max(initial=0), after.max(initial=0))) - floor


def _chance(agree: int, n: int) -> float:
    """That of n runs so many agree with one of them by chance, each within SLACK on both sides."""
    share = ((SLACK + 1) / CELL) ** 2 * 3
    return float(bdtrc(agree - 2, n - 1, share)) if agree > 1 else 1.0


def silent_gaps(codes: Codes, levels: Figures) -> tuple[int, Runs]:
    """The grid's phase [samples] and the runs of lost cells [shape=(n, 2)], none where nothing was lost.

    Parameters: codes [shape=(n,)]; their short-term levels [shape=(n,)] [dB].
    """
    held = held_codes(codes)
    held = held[held[:, 1] - held[:, 0] <= LONGEST + 2 * SLACK]
    rises = np.array([rise_around(levels, *run) for run in held])
    clear = rises >= LEAST_RISE
    if not clear.any():
        return 0, held[:0]
    phase, _ = commonest_phase(held[clear].ravel())
    first, end = -((phase - held[:, 0]) // CELL), (held[:, 1] - phase) // CELL
    spare = np.maximum(phase + first * CELL - held[:, 0], held[:, 1] - phase - end * CELL)
    fits = (spare <= SLACK) & (end > first)
    if _chance(int((fits & clear).sum()), int(clear.sum())) > CHANCE:
        exact = fits & (spare <= 1) & (rises >= SHARP_RISE)
        fits = exact if 2 * exact.sum() >= clear.sum() else np.zeros_like(fits)
    cells = np.stack([first[fits], end[fits]], axis=1)
    return phase, cells[:0] if is_cadence(cells) else cells


def is_cadence(cells: Runs) -> bool:
    """Whether silences are a machine's own, as between keys that are sent: packets are lost by chance.

    They are of one length, which is none of a packet (between digits there are pauses of 40 ms and more,
    ITU-T Q.24), or each comes as long after the one before.
    """
    if len(cells) < FEWEST_OF_CADENCE:
        return False
    lengths, intervals = cells[:, 1] - cells[:, 0], np.diff(cells[:, 0])
    usual = int(np.bincount(lengths).argmax())
    odd = usual not in PACKET_CELLS and float(np.mean(lengths == usual)) >= SAME
    return odd or float(np.mean(intervals == np.bincount(intervals).argmax())) >= SAME
