"""Draws docs/openings.png: the README's picture of a dead-air opening next to a person's.

    .venv/bin/python -m docs.draw_openings

The dead air is the lab's synthetic one; the person is a licensed recording (asterisk-core-sounds-fr-wav,
CC-BY-SA-3.0), both exactly as the lab's callers send them.
"""

import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from lab.sounds import DEAD_AIR, SPEECH, make_sounds
from silentspam.audio import read_ulaw
from silentspam.cli.plot import draw_spectrogram, draw_waveform
from silentspam.spectrum import StftParams, magnitude_spectrogram

OPENING_SECONDS = 2.0
TITLES = {DEAD_AIR: "dead air (synthetic)", SPEECH: "a person"}


def main() -> None:
    """Draw both openings on the same scales and write the picture."""
    figure, axes = plt.subplots(2, 2, figsize=(10, 5), layout="constrained")
    with tempfile.TemporaryDirectory() as folder:
        make_sounds(Path(folder))
        for (name, title), (wave, image) in zip(TITLES.items(), axes.T, strict=True):
            opening = read_ulaw(Path(folder) / f"{name}.ulaw").opening(OPENING_SECONDS)
            draw_waveform(wave, opening)
            wave.set_ylim(-0.6, 0.6)
            wave.set_title(f"{title}: {wave.get_title()}", fontsize="medium")
            draw_spectrogram(image, opening, magnitude_spectrogram(opening.samples, StftParams()))
    figure.savefig(Path(__file__).parent / "openings.png", dpi=80)


if __name__ == "__main__":
    main()
