"""G.711: mu-law and A-law in packets of 20 ms, with the concealment of its Appendix I.

mu-law's smallest step is 8 of 32,768 (-72.2 dBFS), where dead air lives, and encoders in the field disagree
on what is nearest to zero. `MuLawEncoder` names three habits, so that a corpus does not teach one of them.
"""

import enum
from functools import cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from silentspam.audio import Codes, decode_ulaw, encode_ulaw
from silentspam.training.codecs.base import Codec, Samples, SendFrame
from silentspam.training.codecs.concealment import WaveformReplication

ALL_SAMPLES = np.arange(-32768, 32768, dtype=np.int32)


class MuLawEncoder(enum.StrEnum):
    """How an encoder treats samples near zero.

    SIGN_MAGNITUDE: ITU-T G.711's own rule and the project's: -1 becomes 0x7F, minus zero.
    ONE_ZERO: the same, but minus zero is never sent.
    SHIFTING: the sample is first shifted to 14 bits, which rounds down, as in Sun's g711.c and Asterisk's
    table: -1 becomes 0x7E.
    """

    SIGN_MAGNITUDE = "sign_magnitude"
    ONE_ZERO = "one_zero"
    SHIFTING = "shifting"


@cache
def _mu_codes(encoder: MuLawEncoder) -> Codes:
    """The code of every 16-bit sample, uint8 [shape=(65536,)], indexed by sample + 32768."""
    samples = ALL_SAMPLES >> 2 << 2 if encoder is MuLawEncoder.SHIFTING else ALL_SAMPLES
    codes = encode_ulaw(np.clip(samples, -32767, 32767).astype(np.int16))
    return (
        codes
        if encoder is MuLawEncoder.SIGN_MAGNITUDE
        else np.where(codes == 0x7F, 0xFF, codes).astype(np.uint8)
    )


@cache
def _a_law() -> tuple[Codes, npt.NDArray[np.int16]]:
    """A-law (ITU-T G.711, table 1): the nearest code of every 16-bit sample, and the value of every code."""
    code = np.arange(256, dtype=np.int32) ^ 0x55
    mantissa, segment = (code & 0x0F) << 4, (code & 0x70) >> 4
    low = mantissa + 8
    magnitude = np.where(segment == 0, low, (low + 0x100) << np.maximum(segment - 1, 0))
    levels = np.where(code & 0x80, magnitude, -magnitude)
    order = np.argsort(levels)
    between = (levels[order][1:] + levels[order][:-1]) / 2
    return order[np.searchsorted(between, ALL_SAMPLES)].astype(np.uint8), levels.astype(np.int16)


def encode_mu_law(samples: Samples, encoder: MuLawEncoder = MuLawEncoder.SIGN_MAGNITUDE) -> Codes:
    """mu-law codes of int16 samples [shape=(n,)] by one encoder's habit: uint8 [shape=(n,)]."""
    return _mu_codes(encoder)[samples.astype(np.int32) + 32768]


def encode_a_law(samples: Samples) -> Codes:
    """A-law codes of int16 samples [shape=(n,)]: uint8 [shape=(n,)]."""
    return _a_law()[0][samples.astype(np.int32) + 32768]


class G711(Codec):
    """`name` is "g711u" or "g711a"; lost packets are replaced by waveform replication (Appendix I)."""

    licence: ClassVar[str] = "none needed"

    def __init__(self, name: str) -> None:
        self.name = name
        self.frame_samples = 160

    def _through(self, frame: Samples) -> Samples:
        if self.name == "g711u":
            return decode_ulaw(encode_mu_law(frame))
        return _a_law()[1][encode_a_law(frame)]

    def _call(self) -> SendFrame:
        concealment = WaveformReplication()

        def send(frame: Samples, lost: bool) -> Samples:
            return concealment.conceal(len(frame)) if lost else concealment.receive(self._through(frame))

        return send
