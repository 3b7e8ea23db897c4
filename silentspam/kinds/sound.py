"""One opening as the detectors hear it: what more than one of them needs is computed once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from silentspam.audio import Recording, Samples
from silentspam.features import FeatureParams, FeatureVector, Measured
from silentspam.spectrum import Spectrogram, StftParams, power_spectrogram

STFT = StftParams()
"""Windows of 512 samples (64 ms, 15.6 Hz a bin), 256 (32 ms) apart: the same as the model's."""


@dataclass(frozen=True, eq=False)
class Sound:
    """A recording, from its first sample on: nothing is cut off, so that times hold.

    measured: what is known of its `sounding` part already, made with `params`.
    """

    recording: Recording
    measured: Measured | None = None
    params: FeatureParams | None = None

    @property
    def vector(self) -> FeatureVector | None:
        """The features of its `sounding` part, where they are known."""
        return self.measured.vector if self.measured is not None else None

    @property
    def samples(self) -> Samples:
        """[shape=(n,), float32 in ±1]; the model's own, where nothing was cut off for it."""
        known = self.measured.samples if self.measured is not None else None
        same = known is not None and self.recording.sounding is self.recording
        return known if known is not None and same else self.recording.samples

    @property
    def is_empty(self) -> bool:
        """Whether not one window of the transform fits."""
        return STFT.n_frames(len(self.recording.codes)) == 0

    @cached_property
    def power(self) -> NDArray[np.float64]:
        """The spectrogram's squares [shape=(257, n_frames)]. Raises ModelError where the sound is empty.

        The model's own, where nothing was cut off for it.
        """
        same = self.params is not None and self.params.stft == STFT
        if self.measured is not None and same and self.recording.sounding is self.recording:
            known = self.measured.power
        else:
            known = None
        return power_spectrogram(self.samples, STFT) if known is None else known

    @cached_property
    def spectrogram(self) -> Spectrogram:
        """Magnitudes [shape=(257, n_frames), float64]. Raises ModelError where the sound is empty."""
        return np.sqrt(self.power)
