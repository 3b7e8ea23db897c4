"""What a caller of the lab hears: ring tone, and the digit that an IVR prompt asks for.

There is no back channel: the digit is found by matching the received audio against the recorded prompts
(normalised cross-correlation of their digit words, in pieces that may drift apart, so that a few lost or
doubled frames do not deafen the caller). Samples are int16 at 8 kHz.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import maximum_filter1d

from lab.audio import SAMPLE_RATE, Samples, read_mulaw, read_wav

Signal = npt.NDArray[np.float32]

RING_HZ = (440.0, 480.0)
"""The two tones of ring tone in the United States (ANSI T1.401)."""
RING_WINDOW = SAMPLE_RATE // 10
RING_AMPLITUDE = 300.0
RING_SHARE_OF_POWER = 0.7
WORD_SECONDS = 0.6
SPEECH_FLOOR = 100.0
"""Sample magnitude below which the end of a prompt is not speech."""
MATCH = 0.75
MARGIN = 0.1
PIECES = 5
"""Of 0.12 s each: a lost frame costs one of them."""
FRAME_SLIP = 800
"""How far [samples] the pieces of a word may drift apart: five lost or doubled frames of 20 ms."""


@dataclass(frozen=True)
class Heard:
    """A digit that was asked for, and the sample at which its word ended."""

    digit: str
    end: int


class Ear:
    """Finds the digit words of prompts in what a caller has heard."""

    def __init__(self, words: Iterable[tuple[str, Samples]]) -> None:
        self._words = [(digit, _pieces(samples)) for digit, samples in words]
        self._longest = max(sum(piece.samples.size for piece in pieces) for _, pieces in self._words)

    @classmethod
    def of_prompts(cls, prompts: Path, fallback: Path) -> "Ear":
        """An ear for `press-N.ulaw` in `prompts`, and for Asterisk's own `digits/N.wav` in `fallback`."""
        words = [(str(digit), _last_word(read_mulaw(prompts / f"press-{digit}.ulaw"))) for digit in range(10)]
        words += [(str(digit), _last_word(read_wav(fallback / f"{digit}.wav"))) for digit in range(10)]
        return cls(words)

    @property
    def memory(self) -> int:
        """How many samples before the newest ones must be listened to again, to miss no word."""
        return self._longest + 2 * FRAME_SLIP

    def digit(self, heard: Samples) -> Heard | None:
        """The digit word in `heard`, if there is a clear one."""
        if heard.size == 0:
            return None
        line = _Line(heard.astype(np.float32))
        best: dict[str, tuple[float, int]] = {}
        for digit, pieces in self._words:
            score, end = _match(pieces, line)
            if score > best.get(digit, (0.0, 0))[0]:
                best[digit] = (score, end)
        ranked = sorted(best.items(), key=lambda item: -item[1][0])
        if not ranked or ranked[0][1][0] < MATCH:
            return None
        if len(ranked) > 1 and ranked[0][1][0] - ranked[1][1][0] < MARGIN:
            return None
        digit, (_, end) = ranked[0]
        return Heard(digit, end)


def ring_share(heard: Samples) -> float:
    """The share of windows of 0.1 s in `heard` that hold ring tone; 0 where there are none."""
    count = heard.size // RING_WINDOW
    if count == 0:
        return 0.0
    windows = heard[: count * RING_WINDOW].astype(np.float64).reshape(count, RING_WINDOW)
    times = np.arange(RING_WINDOW) / SAMPLE_RATE
    amplitudes = [2 * np.abs(windows @ np.exp(-2j * np.pi * hz * times)) / RING_WINDOW for hz in RING_HZ]
    tone_power = sum(np.square(amplitude) / 2 for amplitude in amplitudes)
    power = np.maximum(np.mean(np.square(windows), axis=1), 1e-9)
    loud = np.minimum(*amplitudes) > RING_AMPLITUDE
    return float(np.mean(loud & (tone_power / power > RING_SHARE_OF_POWER)))


def _last_word(prompt: Samples) -> Samples:
    """The last `WORD_SECONDS` of speech: the digit comes last in every prompt."""
    loud = np.flatnonzero(np.abs(prompt.astype(np.int32)) > SPEECH_FLOOR)
    end = int(loud[-1]) + 1 if loud.size else prompt.size
    return prompt[max(0, end - int(WORD_SECONDS * SAMPLE_RATE)) : end]


class _Pattern:
    """A stretch of audio to look for; its spectra are kept, as lines of one length come again and again."""

    def __init__(self, samples: Signal) -> None:
        self.samples = samples
        self.norm = float(np.sqrt(np.sum(np.square(samples))))
        self._spectra: dict[int, npt.NDArray[np.complex64]] = {}

    def spectrum(self, size: int) -> npt.NDArray[np.complex64]:
        """The conjugate spectrum of `size` points."""
        if size not in self._spectra:
            self._spectra[size] = np.conj(fft.rfft(self.samples, size))
        return self._spectra[size]


class _Line:
    """A stretch of what was heard, prepared for many patterns."""

    def __init__(self, heard: Signal) -> None:
        self.size = heard.size
        # As long as the line is enough: only where a pattern fits is the circular correlation looked at.
        self._points = fft.next_fast_len(heard.size, real=True)
        self._spectrum = fft.rfft(heard, self._points)
        self._energy = np.concatenate(([0.0], np.cumsum(np.square(heard, dtype=np.float64))))
        self._scales: dict[int, Signal] = {}

    def correlation(self, pattern: _Pattern) -> Signal:
        """Normalised cross-correlation at every position where `pattern` fits."""
        length = pattern.samples.size
        positions = self.size - length + 1
        if positions <= 0:
            return np.empty(0, np.float32)
        product = fft.irfft(self._spectrum * pattern.spectrum(self._points), self._points)[:positions]
        correlation: Signal = product * self._scale(length) / max(pattern.norm, 1.0)
        return correlation

    def _scale(self, length: int) -> Signal:
        """At every position, one over the root of the energy there; 0 where the ratio would be noise."""
        if length not in self._scales:
            energy = np.maximum(self._energy[length:] - self._energy[:-length], 0.0)
            loud = energy > length * SPEECH_FLOOR**2
            self._scales[length] = np.where(loud, 1 / np.sqrt(np.maximum(energy, 1.0)), 0.0).astype(
                np.float32
            )
        return self._scales[length]


def _pieces(word: Samples) -> tuple[_Pattern, ...]:
    return tuple(_Pattern(piece.astype(np.float32)) for piece in np.array_split(word, PIECES))


def _match(pieces: Sequence[_Pattern], line: _Line) -> tuple[float, int]:
    """The mean correlation of the pieces where they match best in their order, and the sample after the last.

    Each piece may stand `FRAME_SLIP` before or after its place in the word. 0 where the mean cannot come so
    near to `MATCH` that it would matter.
    """
    length = sum(piece.samples.size for piece in pieces)
    starts = line.size - length + 1
    if starts <= 0:
        return 0.0, 0
    score, offset = np.zeros(starts, np.float32), 0
    for left, piece in zip(range(len(pieces) - 1, -1, -1), pieces, strict=True):
        nearby = maximum_filter1d(line.correlation(piece), 2 * FRAME_SLIP + 1, mode="constant")
        score += nearby[offset : offset + starts]
        offset += piece.samples.size
        if float(score.max()) + left < (MATCH - MARGIN) * len(pieces):
            return 0.0, 0
    best = int(np.argmax(score))
    return float(score[best]) / len(pieces), best + length
