"""Pictures of an opening: waveform, spectrogram and the bases that the forest sees."""

from pathlib import Path
from typing import Any

import numpy as np

from silentspam.audio import Recording, dbfs
from silentspam.decompose import svd_bases
from silentspam.errors import SilentSpamError
from silentspam.spectrum import StftParams, magnitude_spectrogram

SILENCE_DB = -140.0
"""Bottom of the colour scale [dB]: below anything mu-law can carry in one bin."""


def plot_opening(recording: Recording, path: Path, *, title: str, stft: StftParams) -> None:
    """Draw waveform, spectrogram and the three strongest bases of U into an image file.

    Raises SilentSpamError when matplotlib is missing (`silentspam[report]`) or the recording is too short.
    """
    plt = _pyplot()
    spectrogram = magnitude_spectrogram(recording.samples, stft)
    figure, (wave, image, bases) = plt.subplots(3, 1, figsize=(9, 9), layout="constrained")
    figure.suptitle(title)
    draw_waveform(wave, recording)
    draw_spectrogram(image, recording, spectrogram)
    top = svd_bases(spectrogram)
    frequencies = np.arange(stft.n_bins) * stft.sample_rate / stft.window_length
    for number, (basis, share) in enumerate(zip(top.u.T, top.shares, strict=True), 1):
        bases.plot(frequencies, basis, label=f"u{number}, {share:.1%} of the energy", linewidth=1)
    bases.set(xlabel="frequency [Hz]", ylabel="spectral basis", xlim=(0, stft.sample_rate / 2))
    bases.legend()
    try:
        figure.savefig(path, dpi=120)
    except (OSError, ValueError) as error:
        raise SilentSpamError(f"{path}: {error}") from error
    finally:
        plt.close(figure)


def draw_waveform(axes: Any, recording: Recording) -> None:
    """Samples over time, with level and peak in the title."""
    samples = recording.samples
    rms, peak = float(np.sqrt((samples.astype(np.float64) ** 2).mean())), float(np.abs(samples).max())
    axes.plot(np.arange(len(samples)) / recording.sample_rate, samples, linewidth=0.5)
    axes.set(ylabel="sample", xlim=(0, recording.seconds), xlabel="time [s]")
    axes.set_title(f"level {dbfs(rms):.1f} dBFS, peak {dbfs(peak):.1f} dBFS", fontsize="medium")


def draw_spectrogram(axes: Any, recording: Recording, spectrogram: Any) -> None:
    """Magnitude in dB relative to a full-scale sine, on one fixed scale so that pictures compare."""
    full_scale = (spectrogram.shape[0] - 1) / 2
    level = 20 * np.log10(np.maximum(spectrogram / full_scale, 10 ** (SILENCE_DB / 20)))
    extent = (0, recording.seconds, 0, recording.sample_rate / 2)
    image = axes.imshow(level, origin="lower", aspect="auto", extent=extent, vmin=SILENCE_DB, vmax=-20)
    axes.set(xlabel="time [s]", ylabel="frequency [Hz]")
    axes.figure.colorbar(image, ax=axes, label="dBFS")


def _pyplot() -> Any:
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise SilentSpamError(
            "pictures need the package matplotlib: pip install 'silentspam[report]'"
        ) from error
    return plt
