"""What is known of a simulated call's losses, sample by sample: where packets were lost, and what was played.

A path's truth places lost packets in the output of the hop that lost them; codecs after it delay them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silentspam.training.path_corpus import PathCall
from silentspam.training.paths import NETWORK_SAMPLES_PER_MS, Fill

CODEC_DELAY = 40
"""Samples by which a compressing codec delays what came before it, about (G.729: 5 ms of look-ahead)."""


@dataclass(frozen=True, kw_only=True)
class HopLosses:
    """What one hop lost: begins of packets and their length [samples, at the recorder], what filled them, the
    label of its codec; plain: whether nothing but G.711 came after it."""

    begins: tuple[int, ...]
    length: int
    fill: Fill
    codec: str
    plain: bool


def losses_of(call: PathCall, offset: int = 0) -> tuple[HopLosses, ...]:
    """The losses of hops that lost something; offset: samples that the recording was cut by at its start."""
    found = []
    for hop, begins in enumerate(call.lost):
        after = sum(codec != "g711" for codec in call.codecs[hop + 1 :])
        if begins:
            found.append(
                HopLosses(
                    begins=tuple(at + after * CODEC_DELAY - offset for at in begins),
                    length=call.packet_ms[hop] * NETWORK_SAMPLES_PER_MS,
                    fill=Fill(call.fills[hop]),
                    codec=call.codecs[hop],
                    plain=not after,
                )
            )
    return tuple(found)


def marked(losses: tuple[HopLosses, ...], n_samples: int, *, tail: int = 0) -> NDArray[np.bool_]:
    """Which samples are lost ones [shape=(n_samples,)]; tail: samples after each packet that count too."""
    gone = np.zeros(n_samples, dtype=bool)
    for hop in losses:
        for begin in hop.begins:
            gone[max(begin, 0) : max(begin + hop.length + tail, 0)] = True
    return gone


def concealed(losses: tuple[HopLosses, ...], codec: str | None = None) -> tuple[HopLosses, ...]:
    """Those that were concealed, by one codec alone where it is named."""
    return tuple(
        hop for hop in losses if hop.fill is Fill.CONCEALED and (codec is None or hop.codec == codec)
    )
