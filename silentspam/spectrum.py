"""The magnitude spectrogram of a recording (Orife et al. 2018, eq. 1 and 2).

Magnitude, neither power nor mel: its scale suits signals a few mu-law steps above zero (section 3.1).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from silentspam.audio import SAMPLE_RATE, Samples
from silentspam.errors import ModelError

Spectrogram = NDArray[np.float64]
"""Of magnitudes or of powers."""


@dataclass(frozen=True, kw_only=True)
class StftParams:
    """Parameters of the short-time Fourier transform.

    sample_rate [Hz]; window_length W and hop_length h [samples] as in eq. 1. The window is a periodic Hann.
    """

    sample_rate: int = SAMPLE_RATE
    window_length: int = 512
    hop_length: int = 256

    def __post_init__(self) -> None:
        if self.window_length < 2 or self.window_length % 2:
            raise ModelError(f"stft.window_length is {self.window_length}: it must be even and at least 2")
        if not 1 <= self.hop_length <= self.window_length:
            raise ModelError(f"stft.hop_length is {self.hop_length}: it must lie in 1…{self.window_length}")

    @property
    def n_bins(self) -> int:
        """Frequency bins from 0 Hz to half the sample rate."""
        return self.window_length // 2 + 1

    def n_frames(self, n_samples: int) -> int:
        """Whole windows that fit into `n_samples`."""
        return max(0, 1 + (n_samples - self.window_length) // self.hop_length)


@lru_cache(maxsize=4)
def hann(length: int) -> NDArray[np.float64]:
    """The periodic Hann window [shape=(length,)]."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)


def magnitude_spectrogram(samples: Samples, params: StftParams) -> Spectrogram:
    """X(k, n) = |Σ w(l)·x(l + n·h)·exp(−2πi·l·k/W)| (eq. 1 and 2), over the windows that fit: no padding.

    Parameters: samples [shape=(…, n_samples), float in ±1], of one opening or of many.
    Returns [shape=(…, n_bins, n_frames), float64]. Raises ModelError when not one window fits.
    """
    return np.sqrt(power_spectrogram(samples, params))


def power_spectrogram(samples: Samples, params: StftParams) -> Spectrogram:
    """The square of `magnitude_spectrogram`, which is there first; it takes, gives and raises the same."""
    n_samples = samples.shape[-1]
    n_frames = params.n_frames(n_samples)
    if n_frames == 0:
        raise ModelError(f"{n_samples} samples are less than one window of {params.window_length}")
    many = samples.reshape(-1, n_samples)
    powers = np.empty((len(many), n_frames, params.n_bins))
    # One opening after another: its windows and spectra stay in the core's cache.
    for opening, power in zip(many, powers, strict=True):
        windows = _windows(opening.astype(np.float64), n_frames, params)
        parts = np.fft.rfft(windows * hann(params.window_length)).view(np.float64)
        # Real and imaginary parts by turns. No np.abs: its care for overflow is what no telephone needs.
        parts *= parts
        np.add(parts[:, ::2], parts[:, 1::2], out=power)
    return powers.reshape(*samples.shape[:-1], *powers.shape[1:]).swapaxes(-1, -2)


def _windows(opening: NDArray[np.float64], n_frames: int, params: StftParams) -> NDArray[np.float64]:
    """The samples that each window sees [shape=(n_frames, W)], a view that is there in a microsecond."""
    strides = (params.hop_length * opening.itemsize, opening.itemsize)
    return np.ndarray((n_frames, params.window_length), opening.dtype, opening, strides=strides)
