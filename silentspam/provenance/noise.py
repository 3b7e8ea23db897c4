"""The noise of a call: what lies between the harmonics of its speech, and what is left in its pauses.

US 9,516,497 B2, on FIG. 7: spectral clarity is high on the switched network and suffers from coders that
compress much; noise that comes and goes with the speech (multiplicative, of coders) differs from noise that
is always there (additive, of lines and rooms). The names are those of ITU-T P.563; the measures are our own,
since its text gives none that could be built from it alone. Levels dB, those of the floor dBFS.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from silentspam.audio import SAMPLE_RATE, Recording
from silentspam.provenance.energy import Figures

WINDOW, HOP, PADDED = 512, 256, 2048
"""Samples of a window (64 ms) and from one to the next; bins of 3.9 Hz by padding."""
BIN_HZ = SAMPLE_RATE / PADDED
LOWEST_HZ, HIGHEST_HZ = 300.0, 3400.0
"""What a telephone carries."""
PITCH = (20, 140)
"""Lags of a voice, 57 to 400 Hz [samples]."""
VOICED = 0.6
"""Normalised autocorrelation from which on a window is voiced."""
FEWEST = 10
"""Voiced windows that a measure is of at least."""
QUIET_SHARE = 0.2
FULL_SCALE_DB = 20 * np.log10(32768.0)


@dataclass(frozen=True, kw_only=True)
class NoiseProfile:
    """The noise of one side of a call.

    clarity: harmonics over what lies between them, in the median voiced window; level_range and
    level_deviation: of the windows' levels between harmonics, from the 5th to the 95th percentile and the
    standard deviation; multiplicative: by how many dB the noise between harmonics rises with each dB of
    speech, 0 for additive noise and 1 for noise in proportion; floor_dbfs: level of the quietest fifth;
    speech_dbfs: of the loudest third. Those of voiced windows are None where there are too few.
    codes: the commonest mu-law codes in pauses and their shares.
    """

    clarity: float | None
    level_range: float | None
    level_deviation: float | None
    multiplicative: float | None
    floor_dbfs: float
    speech_dbfs: float
    codes: tuple[tuple[int, float], ...]


def noise_profile(recording: Recording) -> NoiseProfile | None:
    """The profile of a call; None where it is shorter than a window."""
    samples = recording.linear.astype(np.float64)
    if len(samples) < WINDOW:
        return None
    windows = sliding_window_view(samples, WINDOW)[::HOP]
    levels = 10 * np.log10(np.square(windows).mean(axis=1) + 1.0) - FULL_SCALE_DB
    order = np.argsort(levels, kind="stable")
    quiet, loud = order[: max(1, int(QUIET_SHARE * len(order)))], order[-max(1, len(order) // 3) :]
    peaks, valleys = _voiced(windows[loud])
    clear = _Clarity(peaks, valleys) if len(peaks) >= FEWEST else None
    return NoiseProfile(
        clarity=clear.clarity if clear else None,
        level_range=clear.level_range if clear else None,
        level_deviation=float(valleys.std()) if clear else None,
        multiplicative=clear.slope if clear else None,
        floor_dbfs=float(np.median(levels[quiet])),
        speech_dbfs=float(np.median(levels[loud])),
        codes=_commonest(recording, quiet),
    )


@dataclass(frozen=True, eq=False)
class _Clarity:
    """Levels of harmonics and of what lies between them, of voiced windows [shape=(n,)] each."""

    peaks: Figures
    valleys: Figures

    @property
    def clarity(self) -> float:
        return float(np.median(self.peaks - self.valleys))

    @property
    def level_range(self) -> float:
        return float(np.quantile(self.valleys, 0.95) - np.quantile(self.valleys, 0.05))

    @property
    def slope(self) -> float:
        """Of the noise over the speech, by the median of the slopes between windows far apart in level
        (Theil 1950): no shout decides alone."""
        half = len(self.peaks) // 2
        order = np.argsort(self.peaks, kind="stable")
        low, high = order[:half], order[-half:]
        rise = self.peaks[high] - self.peaks[low]
        return float(np.median((self.valleys[high] - self.valleys[low]) / np.maximum(rise, 1.0)))


def _voiced(windows: Figures) -> tuple[Figures, Figures]:
    """Mean levels at the harmonics and in the middle between two, of the windows that are voiced."""
    spectra = np.fft.rfft(windows * np.hanning(WINDOW), PADDED)
    power = spectra.real**2 + spectra.imag**2
    lags = np.fft.irfft(power)[:, : PITCH[1] + 1]
    lags /= np.maximum(lags[:, :1], 1.0)
    best = lags[:, PITCH[0] :].argmax(axis=1) + PITCH[0]
    voiced = np.flatnonzero(lags[np.arange(len(lags)), best] >= VOICED)
    levels = 10 * np.log10(power + 1.0)
    found = [_at_harmonics(levels[row], SAMPLE_RATE / best[row]) for row in voiced]
    peaks, valleys = np.array(found, dtype=np.float64).reshape(-1, 2).T
    return peaks, valleys


def _at_harmonics(levels: Figures, hz: float) -> tuple[float, float]:
    """Mean level of a spectrum at the multiples of a frequency, and half-way between them."""
    numbers = np.arange(np.ceil(LOWEST_HZ / hz), HIGHEST_HZ / hz)
    at = np.round(numbers * hz / BIN_HZ).astype(np.intp)
    between = np.round((numbers + 0.5) * hz / BIN_HZ).astype(np.intp)
    return float(levels[at].mean()), float(levels[between].mean())


def _commonest(recording: Recording, quiet: NDArray[np.intp], n: int = 6) -> tuple[tuple[int, float], ...]:
    """The commonest codes of the quietest windows: near zero they tell coders apart."""
    codes = sliding_window_view(recording.codes, WINDOW)[::HOP][quiet]
    counts = np.bincount(codes.ravel(), minlength=256)
    order = np.argsort(-counts, kind="stable")[:n]
    return tuple((int(code), float(counts[code] / codes.size)) for code in order if counts[code])
