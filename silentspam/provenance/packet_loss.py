"""Lost packets that were not concealed, by the short-term energy: a drop, a floor and a rise, all three.

US 9,516,497 B2, on FIG. 4 to 6. What fills the gap is silence, or noise at one level; the length of the floor
tells the length of a packet. Positions and lengths are samples at 8 kHz.
"""

import enum
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from silentspam.audio import SAMPLE_RATE, Codes, Recording, decode_ulaw
from silentspam.provenance.energy import short_term_levels
from silentspam.provenance.grid import CELL, Runs, packets_of
from silentspam.provenance.noise_gaps import noise_gaps
from silentspam.provenance.silent_gaps import silent_gaps

STRETCH = 60 * SAMPLE_RATE
"""Samples that are looked at together: the grid moves when a jitter buffer does, and memory is bounded."""

FEWEST = 2
"""Gaps from which the length of a packet is told."""


class Filling(enum.StrEnum):
    """What was played in the place of a lost packet."""

    SILENCE = "silence"
    NOISE = "noise"


@dataclass(frozen=True, kw_only=True)
class LostSpan:
    """A run of lost packets: where it begins and its length [samples]."""

    begin: int
    length: int
    filling: Filling


@dataclass(frozen=True, kw_only=True)
class PacketLoss:
    """What was lost of a call without being concealed.

    packet_ms: None where there are too few gaps; rate: lost time of all, 0…1; burstiness: mean length of a
    span [packets], 0 of none.
    """

    spans: tuple[LostSpan, ...]
    packet_ms: int | None
    rate: float
    burstiness: float


def _spans(codes: Codes, offset: int) -> Iterator[LostSpan]:
    """Of one stretch, which begins at `offset`; what was silence is none of the noise's."""
    linear = decode_ulaw(codes)
    phase, cells = silent_gaps(codes, short_term_levels(linear))
    for run in cells:
        yield _span(offset + phase, run, Filling.SILENCE)
    phase, cells = noise_gaps(linear)
    for run in cells:
        yield _span(offset + phase, run, Filling.NOISE)


def _span(origin: int, cells: Runs, filling: Filling) -> LostSpan:
    first, end = (int(cell) for cell in cells)
    return LostSpan(begin=origin + first * CELL, length=(end - first) * CELL, filling=filling)


def packet_loss(recording: Recording) -> PacketLoss:
    """The lost packets of one side of a call, of any length."""
    codes = recording.codes
    found = [
        span
        for begin in range(0, len(codes), STRETCH)
        for span in _spans(codes[begin : begin + STRETCH], begin)
    ]
    spans = tuple(sorted(found, key=lambda span: span.begin))
    cells = np.array([(s.begin // CELL, (s.begin + s.length) // CELL) for s in spans]).reshape(-1, 2)
    packet = packets_of(cells.astype(np.intp)).length
    lengths = cells[:, 1] - cells[:, 0]
    return PacketLoss(
        spans=spans,
        packet_ms=10 * packet if len(spans) >= FEWEST else None,
        rate=float(lengths.sum()) * CELL / max(len(codes), 1),
        burstiness=float(np.maximum(lengths / packet, 1).mean()) if spans else 0.0,
    )
