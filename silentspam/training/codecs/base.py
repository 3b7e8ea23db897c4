"""What every codec has in common: frames, a mask of lost ones, and the loop over both.

A codec is opened once and sends any number of calls: each `transmit` starts a fresh encoder and decoder, as a
call does.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from silentspam.errors import AudioError

Samples = npt.NDArray[np.int16]
Lost = npt.NDArray[np.bool_]
SendFrame = Callable[[Samples, bool], Samples]
"""One frame through encoder, network (lost or not) and decoder."""

SAMPLE_RATE = 8000


def frames_of(n_samples: int, frame_samples: int) -> int:
    """How many frames carry `n_samples` samples, the last one filled up."""
    return -(-n_samples // frame_samples)


class Codec(ABC):
    """A telephone codec with its own packet loss concealment.

    Attributes
    ----------
    name: as in `silentspam.training.codecs.CODEC_NAMES`.
    frame_samples: samples at 8 kHz in the frame that one lost packet takes away.
    """

    name: str
    frame_samples: int
    licence: ClassVar[str]

    @abstractmethod
    def _call(self) -> SendFrame:
        """A fresh encoder and decoder, as a function that carries the frames of one call in order."""

    def transmit(self, samples: Samples, lost: Lost) -> Samples:
        """Send one call through the codec.

        Parameters
        ----------
        samples: int16 [shape=(n,)] at 8 kHz.
        lost: bool [shape=(frames_of(n, frame_samples),)], True where the packet never arrived.

        Returns
        -------
        int16 [shape=(n,)]: what the far end hears, the codec's own delay included.

        Raises AudioError where `lost` does not have one entry a frame.
        """
        n_frames = frames_of(len(samples), self.frame_samples)
        if lost.shape != (n_frames,):
            raise AudioError(f"{self.name}: {n_frames} frames, but a loss mask of shape {lost.shape}")
        padded = np.zeros(n_frames * self.frame_samples, dtype=np.int16)
        padded[: len(samples)] = samples
        send = self._call()
        heard = [
            send(frame, bool(gone))
            for frame, gone in zip(padded.reshape(n_frames, self.frame_samples), lost, strict=True)
        ]
        return np.concatenate(heard)[: len(samples)] if heard else padded
