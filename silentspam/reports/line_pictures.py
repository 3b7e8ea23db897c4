"""A line drawn from recordings of its calls: mean spectrum, mu-law codes near zero, and one waveform.

Frequencies in Hz, levels in dBFS (of a full-scale sine), time in seconds. All of it is of the sounding part
of the openings, which is what is judged.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from silentspam.audio import Recording
from silentspam.errors import SilentSpamError
from silentspam.spectrum import StftParams, magnitude_spectrogram

STFT = StftParams(window_length=256, hop_length=128)
FLOOR_DB = -140.0
"""Below anything that mu-law can carry in one bin."""
STEPS = 12
"""Mu-law steps on either side of zero that the histogram shows; louder codes are counted at its ends."""
EACH_AT_MOST = 12
"""Calls whose own spectrum is drawn, thin, besides the mean of all."""


def line_figure(recordings: Sequence[Recording], *, title: str = "") -> Figure:
    """The picture of a line from openings of its calls; `reports.page.png` makes a file of it.

    Raises SilentSpamError where no recording has a window of sound.
    """
    sounding = [one.sounding for one in recordings]
    heard = [one for one in sounding if len(one.codes) >= STFT.window_length]
    if not heard:
        raise SilentSpamError(f"none of {len(recordings)} recordings has sound to draw")
    figure = Figure(figsize=(12, 3), layout="constrained")
    FigureCanvasAgg(figure)
    spectrum, codes, wave = figure.subplots(1, 3)
    figure.suptitle(title or f"{len(heard)} calls", fontsize="medium")
    _draw_spectrum(spectrum, [power(one) for one in heard])
    _draw_codes(codes, steps(np.concatenate([one.codes for one in heard])))
    _draw_wave(wave, heard[0])
    return figure


def power(recording: Recording) -> npt.NDArray[np.float64]:
    """Mean power of each frequency bin, 1 for a full-scale sine [shape=(n_bins,)]."""
    magnitudes = magnitude_spectrogram(recording.samples, STFT) / (STFT.window_length / 4)
    return np.asarray((magnitudes**2).mean(axis=1))


def steps(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.int16]:
    """Mu-law codes as steps from zero (G.711): +0 is 0, −0 is −1 [shape=(n,)]."""
    magnitude = (~codes & 0x7F).astype(np.int16)
    return np.where(codes & 0x80, magnitude, -magnitude - 1).astype(np.int16)


def _draw_spectrum(axes: Axes, powers: Sequence[npt.NDArray[np.float64]]) -> None:
    frequencies = np.arange(STFT.n_bins) * STFT.sample_rate / STFT.window_length
    for one in powers[:EACH_AT_MOST]:
        axes.plot(frequencies, _db(one), color="#ccc", linewidth=0.6)
    axes.plot(frequencies, _db(np.mean(powers, axis=0)), color="tab:blue", label="mean of all")
    axes.set(xlabel="frequency [Hz]", ylabel="level [dBFS]", xlim=(0, STFT.sample_rate / 2), title="spectrum")
    axes.grid(alpha=0.3)


def _db(powers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(10 * np.log10(np.maximum(powers, 10 ** (FLOOR_DB / 10))))


def _draw_codes(axes: Axes, found: npt.NDArray[np.int16]) -> None:
    bins = np.arange(-STEPS - 1, STEPS + 1)
    counts = np.bincount(np.clip(found, bins[0], bins[-1]) - bins[0], minlength=len(bins))
    axes.bar(bins + 0.5, counts / counts.sum(), width=0.9, color="tab:orange")
    axes.set_xticks([-10.5, -5.5, -0.5, 0.5, 5.5, 10.5], ["−10", "−5", "−0", "+0", "5", "10"])
    axes.set(xlabel="mu-law step from zero", ylabel="share of samples", title="codes near zero")


def _draw_wave(axes: Axes, recording: Recording) -> None:
    samples = recording.linear
    axes.plot(np.arange(len(samples)) / recording.sample_rate, samples, linewidth=0.5, color="tab:green")
    axes.set(xlabel="time [s]", ylabel="sample [of ±32,768]", title="one call", xlim=(0, recording.seconds))
