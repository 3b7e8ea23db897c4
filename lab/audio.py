"""mu-law and WAV for the lab's callers: what they play, and what they heard.

Samples are int16 at 8 kHz (ITU-T G.711, Table 2a); a level in dBFS is relative to a full-scale square wave.
The encoder is one fixed table, the decoder's nearest value, so that a code played comes out as the same code
(0x7F, which is -0, apart: a sample cannot say it).
"""

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 8000
FULL_SCALE = 32_768.0
WAV_HEADER = 44

Samples = npt.NDArray[np.int16]
Codes = npt.NDArray[np.uint8]


def _decoder_table() -> Samples:
    codes = np.arange(256, dtype=np.int32) ^ 0xFF
    segment, step = (codes >> 4) & 7, codes & 0x0F
    magnitude = (((step << 3) + 0x84) << segment) - 0x84
    return np.where(codes & 0x80, -magnitude, magnitude).astype(np.int16)


def _encoder_table() -> Codes:
    codes = np.argsort(DECODER, kind="stable").astype(np.uint8)
    levels = DECODER[codes].astype(np.int32)
    boundaries = (levels[:-1] + levels[1:] + 1) // 2
    table = codes[np.searchsorted(boundaries, np.arange(-32_768, 32_768), side="right")]
    table[32_768] = 0xFF
    return table


DECODER: Samples = _decoder_table()
ENCODER: Codes = _encoder_table()


def decode(codes: Codes) -> Samples:
    """The samples of mu-law codes."""
    return DECODER[codes]


def encode(samples: Samples) -> Codes:
    """The nearest mu-law codes of samples; zero is always 0xFF."""
    return ENCODER[samples.astype(np.int32) + 32_768]


def read_mulaw(path: Path) -> Samples:
    """Read a raw mu-law file as samples."""
    return decode(np.fromfile(path, dtype=np.uint8))


def read_wav(path: Path) -> Samples:
    """Read a mono 16-bit WAV of 8 kHz. Raises ValueError where it is something else."""
    with wave.open(str(path), "rb") as file:
        shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        if shape != (1, 2, SAMPLE_RATE):
            raise ValueError(f"{path}: (channels, bytes, Hz) is {shape}, not (1, 2, {SAMPLE_RATE})")
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)


def read_growing_wav(path: Path, start: int) -> Samples:
    """Samples from `start` on of a WAV still being written: its header does not tell its length yet."""
    if not path.exists():
        return np.empty(0, np.int16)
    with path.open("rb") as file:
        file.seek(WAV_HEADER + 2 * start)
        raw = file.read()
    return np.frombuffer(raw[: len(raw) & ~1], dtype="<i2").astype(np.int16)


def write_wav(path: Path, samples: Samples) -> None:
    """Write samples as a mono 16-bit WAV of 8 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.astype("<i2").tobytes())


def level(samples: npt.NDArray[np.generic]) -> float:
    """Root mean square of samples [dBFS]; -inf for silence."""
    if samples.size == 0:
        return -np.inf
    power = float(np.mean(np.square(samples.astype(np.float64)))) / FULL_SCALE**2
    return 10 * np.log10(power) if power > 0 else -np.inf


def at_level(samples: npt.NDArray[np.generic], dbfs: float) -> npt.NDArray[np.float64]:
    """Scale samples to a root mean square of `dbfs`."""
    gain: float = 10 ** ((dbfs - level(samples)) / 20)
    return samples.astype(np.float64) * gain
