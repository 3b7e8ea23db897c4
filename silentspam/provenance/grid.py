"""The grid that packets lie on: every packet of a stream begins a whole number of packets after another.

A cell is 10 ms, of which packets hold one or more. Positions are samples; a cell's number counts from the
grid's phase.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CELL = 80
"""Samples of the shortest packet, 10 ms (G.729; US 9,516,497 B2, on FIG. 6)."""

PACKET_CELLS = {6: 0.85, 4: 0.85, 3: 0.6, 2: 0.6, 1: 0.0}
"""Packets of 60 to 10 ms, and the share of runs that they must explain: other hops lose packets too. Two in a
row are as long as one of twice the length, but most losses are of one packet."""

MOST_FIT = 0.8
"""Of the runs, which the most frequent length explains where it is a packet's."""

Runs = NDArray[np.intp]
"""Runs of lost cells, each the first and the one after the last [shape=(n, 2)]."""


def distance(positions: NDArray[np.intp], phase: int, period: int = CELL) -> NDArray[np.intp]:
    """How far positions are from the nearest place with this phase, −period/2…period/2."""
    return np.asarray((positions - phase + period // 2) % period - period // 2)


def share_on(cells: Runs, packet: int) -> tuple[float, int]:
    """The share of runs that are whole packets of so many cells, at the best phase, and that phase."""
    whole = (cells[:, 1] - cells[:, 0]) % packet == 0
    counts = np.bincount(cells[whole, 0] % packet, minlength=packet)
    return float(counts.max() / max(len(cells), 1)), int(counts.argmax())


@dataclass(frozen=True, kw_only=True)
class Packets:
    """Length of a stream's packets, and the number of the first cell of one [cells]."""

    length: int
    phase: int


def packets_of(cells: Runs) -> Packets:
    """The packets that explain runs of lost cells.

    Most losses are of one packet, so the most frequent length is a packet's (the patent, on FIG. 6); where
    many runs are no multiples of it, the longest one of PACKET_CELLS that explains enough of them is.
    """
    lengths = cells[:, 1] - cells[:, 0]
    frequent = int(np.bincount(lengths).argmax()) if len(lengths) else 1
    for packet, least in ((frequent, MOST_FIT), *PACKET_CELLS.items()):
        share, phase = share_on(cells, packet) if packet in PACKET_CELLS else (0.0, 0)
        if share >= least and packet in PACKET_CELLS and (packet > 1 or least == 0):
            return Packets(length=packet, phase=phase)
    return Packets(length=1, phase=0)


def whole_packets(cells: Runs, packets: Packets) -> Runs:
    """The runs that are whole packets."""
    whole = (cells[:, 1] - cells[:, 0]) % packets.length == 0
    return np.asarray(cells[whole & ((cells[:, 0] - packets.phase) % packets.length == 0)])


def commonest_phase(positions: Sequence[int] | NDArray[np.intp], period: int = CELL) -> tuple[int, int]:
    """The phase at which most positions lie, and how many do."""
    counts = np.bincount(np.asarray(positions, dtype=np.intp) % period, minlength=period)
    return int(counts.argmax()), int(counts.max())
