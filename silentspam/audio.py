"""A telephone recording: mu-law codes as they came, and the samples they stand for.

Conventions: 8 kHz mono G.711 mu-law; samples are float32 in ±1 (int16 / 32768); levels are dBFS, where a
full-scale square wave is 0 dBFS. The codes are kept because samples lose what tells lines apart: 0xFF (+0)
and 0x7F (−0) decode to the same zero. Only raw mu-law is read here; other files are read by `audio_files`.
"""

import math
import os
import stat
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from silentspam.errors import AudioError

SAMPLE_RATE = 8000
"""Hz. The only rate of G.711 (ITU-T G.711, 1988)."""

FRAME_LENGTH = 160
"""Samples in the 20 ms in which telephony packs, loses and silences audio (RFC 3551, section 4.2)."""

FLOOR_DBFS = -120.0
"""Level given to silence, well below mu-law's smallest step of 8/32768 (−72 dBFS)."""

SMALLEST_STEP = 8
"""What mu-law's smallest code that is not zero stands for, of 32768 (ITU-T G.711, Table 2b)."""

NEAR_ZERO_SAMPLES = 8
"""Of the 160 of a frame: at most −85 dBFS, below every dead air of Orife et al. 2018 (about −72)."""

_BIAS = 0x84
_CLIP = 32635
_SIGN, _ZERO = np.uint8(0x80), np.uint8(0xFF)
"""The sign bit of a code, and the code of +0."""

Codes = NDArray[np.uint8]
Samples = NDArray[np.float32]


@lru_cache(maxsize=1)
def _decoding_table() -> NDArray[np.int16]:
    codes = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (codes >> 4) & 7, codes & 0x0F
    magnitude = (((mantissa.astype(np.int32) << 3) + _BIAS) << exponent) - _BIAS
    return np.where(codes & 0x80, -magnitude, magnitude).astype(np.int16)


@lru_cache(maxsize=1)
def code_values() -> NDArray[np.float64]:
    """What each of the 256 codes stands for, of 32768 [shape=(256,)]."""
    return _decoding_table().astype(np.float64)


def decode_ulaw(codes: Codes) -> NDArray[np.int16]:
    """Linear 16-bit samples of mu-law codes (ITU-T G.711, Table 2b).

    Parameters: codes [shape=(n,), uint8]. Returns [shape=(n,), int16].
    """
    return _decoding_table().take(codes)


def encode_ulaw(samples: NDArray[np.int16]) -> Codes:
    """Mu-law codes of linear 16-bit samples: the sign-magnitude rule of ITU-T G.711, so −1…−3 give 0x7F (−0).

    Encoders disagree near zero, where dead air lives; this is the project's one encoder.
    Parameters: samples [shape=(n,), int16]. Returns [shape=(n,), uint8].
    """
    linear = samples.astype(np.int32)
    magnitude = np.minimum(np.abs(linear), _CLIP) + _BIAS
    exponent = (np.floor(np.log2(magnitude)) - 7).astype(np.int32)
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    sign = np.where(linear < 0, 0x80, 0)
    codes: Codes = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)
    return codes


def _are_silent(frames: NDArray[np.int16]) -> NDArray[np.bool_]:
    """The rule of `Recording.silent_frames`, for frames of linear samples [shape=(n, 160)]."""
    held = (frames == frames[:, :1]).all(axis=1)
    near = (np.abs(frames) <= SMALLEST_STEP).all(axis=1)
    near &= np.count_nonzero(frames, axis=1) <= NEAR_ZERO_SAMPLES
    return np.asarray(held | near)


@dataclass(frozen=True, eq=False)
class Recording:
    """What one side of a call sounded like. It may be empty, short or long: none of these is an error.

    codes [shape=(n,), uint8 mu-law]; sample_rate [Hz].
    """

    codes: Codes
    sample_rate: int = SAMPLE_RATE

    @cached_property
    def linear(self) -> NDArray[np.int16]:
        """16-bit samples [shape=(n,), int16]."""
        return decode_ulaw(self.codes)

    @cached_property
    def samples(self) -> Samples:
        """[shape=(n,), float32 in ±1]"""
        return self.linear * np.float32(1 / 32768)

    @cached_property
    def code_counts(self) -> NDArray[np.intp]:
        """How often each code occurs [shape=(256,)]: all there is to know of levels, without decoding."""
        return np.bincount(self.codes, minlength=256)

    @property
    def rms(self) -> float:
        """Root mean square of the samples, in ±1 (0 of none): exact, as a sum of squared integers is."""
        square = float(self.code_counts @ np.square(code_values()))
        return math.sqrt(square / max(len(self.codes), 1)) / 32768

    @property
    def peak(self) -> float:
        """Magnitude of the largest sample, in ±1."""
        return float(np.abs(code_values()).max(initial=0, where=self.code_counts > 0) / 32768)

    @property
    def seconds(self) -> float:
        """Length [s]."""
        return len(self.codes) / self.sample_rate

    @cached_property
    def silent_frames(self) -> NDArray[np.bool_]:
        """Which whole 20 ms frames are digital silence [shape=(n // 160,), bool].

        A frame is digital silence when all its samples have one value: exact zero (0xFF and 0x7F mixed
        count as zero), or the constant that a codec makes of it (GSM-FR gives a DC of +16); or nearly so: no
        sample further than mu-law's smallest step from zero, and at most NEAR_ZERO_SAMPLES of them off it.
        No line of −84 dBFS or louder looks so: one of 9 % of samples off zero has 14 of them in 20 ms.
        """
        n_frames = len(self.codes) // FRAME_LENGTH
        coded = self.codes[: n_frames * FRAME_LENGTH].reshape(n_frames, FRAME_LENGTH)
        # Without their sign, codes rise as magnitudes fall: the bytes alone rule out most frames.
        unsigned = coded | _SIGN
        least = unsigned.min(axis=1, initial=_ZERO)
        silent = (least == unsigned.max(axis=1, initial=_SIGN)) | (least >= _ZERO - 1)
        if silent.any():
            silent[silent] = _are_silent(decode_ulaw(coded[silent]))
        return np.asarray(silent)

    @property
    def digital_silence_share(self) -> float:
        """Share of the 20 ms frames that are digital silence, 0…1 (0 without a whole frame)."""
        return self._n_silent / len(self.silent_frames) if self._n_silent else 0.0

    @cached_property
    def _n_silent(self) -> int:
        return int(np.count_nonzero(self.silent_frames))

    def trimmed(self) -> "Recording":
        """The recording without its leading and trailing digital silence, cut at 20 ms frames."""
        return self._trimmed

    @cached_property
    def _trimmed(self) -> "Recording":
        if not self._n_silent:
            return self
        sounding = np.flatnonzero(~self.silent_frames)
        if not len(sounding):
            return Recording(self.codes[:0], self.sample_rate)
        start = int(sounding[0]) * FRAME_LENGTH
        tail_is_silent = bool(self.silent_frames[-1])
        stop = (int(sounding[-1]) + 1) * FRAME_LENGTH if tail_is_silent else len(self.codes)
        return Recording(self.codes[start:stop], self.sample_rate)

    @cached_property
    def sounding(self) -> "Recording":
        """The recording without any of its digital silence, at its ends or between: what can be judged.

        Frames are joined where silence was, as a receiver joins them that drops lost packets.
        """
        inside = self.trimmed()
        if not inside._n_silent:
            return inside
        silent = inside.silent_frames
        kept = np.ones(len(inside.codes), dtype=bool)
        kept[: len(silent) * FRAME_LENGTH] = np.repeat(~silent, FRAME_LENGTH)
        return Recording(inside.codes[kept], self.sample_rate)

    def opening(self, seconds: float) -> "Recording":
        """Its first `seconds`; all of it when it is shorter."""
        return Recording(self.codes[: round(seconds * self.sample_rate)], self.sample_rate)


def dbfs(amplitude: float) -> float:
    """Level of an amplitude in ±1 [dBFS], never below `FLOOR_DBFS`."""
    return max(20 * float(np.log10(amplitude)), FLOOR_DBFS) if amplitude > 0 else FLOOR_DBFS


def read_ulaw(path: Path, *, max_seconds: float = 3600.0) -> Recording:
    """Read raw mu-law, at most `max_seconds` of it. Raises AudioError when the file cannot be read."""
    try:
        # Not blocking: to open a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise AudioError(f"{path}: not a regular file")
            raw = os.read(descriptor, min(int(max_seconds * SAMPLE_RATE), status.st_size))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise AudioError(f"{path}: {error.strerror or error}") from error
    return Recording(np.frombuffer(raw, dtype=np.uint8))


def write_ulaw(path: Path, recording: Recording) -> None:
    """Write raw mu-law. Raises AudioError when the file cannot be written."""
    try:
        path.write_bytes(recording.codes.tobytes())
    except OSError as error:
        raise AudioError(f"{path}: {error.strerror or error}") from error
