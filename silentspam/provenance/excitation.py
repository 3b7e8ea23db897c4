"""How a call's excitation is made: pulses or noise, harmonics in which bands, what linear prediction gains.

Waveform coders keep a voice's harmonics up to the band's edge; GSM-FR folds the low band's into the high one,
where they fit no multiple of the pitch; algebraic codebooks send few pulses. Of the louder half of a call,
and of its quietest third: a coder that another one hides in speech is heard in what it made of a room.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from silentspam.provenance.energy import Figures
from silentspam.provenance.residual import HOP, Residual

LAGS, SIZE_LAGS = 12, 40
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
SPECTRUM_BINS = 48
"""Of the residual's spectrum, 83 Hz each by HOP's length."""

WINDOW, STEP, PADDED = 512, 256, 1024
PITCH = slice(20, 160)
"""Lags of 50 to 400 Hz."""
BANDS_HZ = ((0, 1000), (1000, 1800), (1800, 2600), (2600, 3300), (3300, 4000))
MOST_VOICED = 1 / 3
HARMONIC_QUANTILES = (0.25, 0.5, 0.75, 0.9)


def names() -> list[str]:
    """The name of each figure of `excitation`."""
    return [
        *_shape_names("excitation"),
        *(f"excitation_{what}_{low}_{quantile:g}" for low, _ in BANDS_HZ for what in ("fine", "envelope")
          for quantile in HARMONIC_QUANTILES),
    ]  # fmt: skip


def quiet_names() -> list[str]:
    """The name of each figure of `quiet_excitation`."""
    return [*_shape_names("quiet"), *(f"quiet_spread_{k}" for k in range(0, SPECTRUM_BINS, 2))]


def _shape_names(where: str) -> list[str]:
    return [
        *(f"{where}_kurtosis_{quantile:g}" for quantile in QUANTILES),
        *(f"{where}_gain_{quantile:g}" for quantile in QUANTILES),
        *(f"{where}_spectrum_{k}" for k in range(SPECTRUM_BINS)),
        *(f"{where}_lag_{k}" for k in range(1, LAGS + 1)),
        *(f"{where}_size_lag_{k}" for k in range(1, SIZE_LAGS + 1)),
    ]


def excitation(samples: Figures, rest: Residual) -> Figures:
    """The figures of samples of 16 bits [shape=(n,)], of WINDOW or more, and of their residual."""
    frames = rest.values.reshape(-1, HOP)
    loud = np.sort(np.argsort(rest.powers, kind="stable")[-max(1, len(frames) // 2) :])
    return np.concatenate([*_shape(frames[loud], rest.shares[loud]), *_harmonics(samples)])


def quiet_excitation(rest: Residual) -> Figures:
    """The same of a call's quietest third, where a room is what coders had to send, but no harmonics; and how
    much the residual's spectrum moves from frame to frame of the louder half [dB]."""
    frames = rest.values.reshape(-1, HOP)
    order = np.argsort(rest.powers, kind="stable")
    quiet = np.sort(order[: max(1, len(frames) // 3)])
    moving = _spectra(frames[np.sort(order[len(frames) // 2 :])])
    spread = 10 * np.log10(moving + 1.0).std(axis=0) if len(moving) else np.zeros(SPECTRUM_BINS)
    return np.concatenate([*_shape(frames[quiet], rest.shares[quiet]), spread[::2]])


def _shape(frames: Figures, shares: Figures) -> list[Figures]:
    power = np.square(frames).mean(axis=1)
    kurtosis = (frames**4).mean(axis=1) / np.maximum(power, 1.0) ** 2
    spectrum = 10 * np.log10(_spectra(frames).mean(axis=0) + 1e-3)
    sizes = np.abs(frames)
    return [
        np.quantile(kurtosis, QUANTILES),
        np.quantile(10 * np.log10(shares + 1e-9), QUANTILES),
        spectrum - spectrum.mean(),
        _lags(frames, LAGS),
        _lags(sizes - sizes.mean(axis=1, keepdims=True), SIZE_LAGS),
    ]


def _spectra(frames: Figures) -> Figures:
    """Power of the residual in SPECTRUM_BINS from 83 Hz on [shape=(n, SPECTRUM_BINS)]."""
    spectra = np.fft.rfft(frames * np.hanning(HOP))[:, 1 : SPECTRUM_BINS + 1]
    return np.asarray(spectra.real**2 + spectra.imag**2)


def _lags(frames: Figures, n: int) -> Figures:
    """Autocorrelation within frames at the lags of 1 to n samples."""
    total = max(float(np.square(frames).sum()), 1.0)
    return np.array([float((frames[:, k:] * frames[:, :-k]).sum()) / total for k in range(1, n + 1)])


def _harmonics(samples: Figures) -> list[Figures]:
    """For each band, how periodic its waveform is at a voice's lags, and how periodic its envelope."""
    windows = sliding_window_view(samples, WINDOW)[::STEP]
    energies = np.square(windows).sum(axis=1)
    loud = np.argsort(energies, kind="stable")[-max(1, int(MOST_VOICED * len(windows))) :]
    spectra = np.fft.rfft(windows[loud] * np.hanning(WINDOW), PADDED)
    found = []
    for low, high in BANDS_HZ:
        band = np.zeros_like(spectra)
        bins = slice(low * PADDED // 8000, high * PADDED // 8000)
        band[:, bins] = spectra[:, bins]
        found.append(np.quantile(_periodicity(band), HARMONIC_QUANTILES))
        analytic = np.fft.ifft(band, PADDED)[:, :WINDOW]
        envelope = analytic.real**2 + analytic.imag**2
        moving = envelope - envelope.mean(axis=1, keepdims=True)
        found.append(np.quantile(_periodicity(np.fft.rfft(moving, PADDED)), HARMONIC_QUANTILES))
    return found


def _periodicity(spectra: NDArray[np.complex128]) -> Figures:
    """The highest normalised autocorrelation at lags of a voice [shape=(n,)], of half spectra."""
    lags = np.fft.irfft(spectra.real**2 + spectra.imag**2)
    return np.asarray(lags[:, PITCH].max(axis=1) / np.maximum(lags[:, 0], 1e-9))
