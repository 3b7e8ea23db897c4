"""Concealing lost G.711 packets by repeating the pitch period (ITU-T G.711 Appendix I, 1999).

Times are in samples at 8 kHz. The appendix's ideas are all here (normalised correlation over 5 to 15 ms, a
growing number of periods, a linear fade after 10 ms, silence after 60 ms, an overlap when speech returns);
its output delay of 3.75 ms and its decimated coarse search are left out, since a corpus needs neither.
"""

import numpy as np
import numpy.typing as npt

from silentspam.training.codecs.base import Samples

PITCH_MIN, PITCH_MAX = 40, 120
HISTORY = 390
CORRELATION = 160
STEP = 80
"""10 ms: the concealment's own frame."""
FADE_PER_STEP = 0.2
OVERLAP = 30


class WaveformReplication:
    """The decoder's memory of one call: feed it what arrives, ask it for what does not."""

    def __init__(self) -> None:
        self._history = np.zeros(HISTORY, dtype=np.float64)
        self._lost_steps = 0
        self._period = self._history[-PITCH_MAX:]
        self._position = 0

    def receive(self, frame: Samples) -> Samples:
        """A frame that arrived, int16 [shape=(n,)]: as it is, or overlapped with a concealment's end."""
        heard = frame.astype(np.float64)
        if self._lost_steps:
            n = min(OVERLAP, len(heard))
            rise = np.arange(1, n + 1) / (n + 1)
            heard[:n] = heard[:n] * rise + self._replicate(n) * self._gain() * (1 - rise)
        self._lost_steps = 0
        return self._remember(heard)

    def conceal(self, n_samples: int) -> Samples:
        """What is played for a lost frame of `n_samples`: int16 [shape=(n_samples,)]."""
        steps = [self._conceal_step(min(STEP, n_samples - at)) for at in range(0, n_samples, STEP)]
        return self._remember(np.concatenate(steps))

    def _conceal_step(self, n: int) -> npt.NDArray[np.float64]:
        if self._lost_steps < 3:
            self._take_period(n_periods=self._lost_steps + 1)
        before = self._gain()
        self._lost_steps += 1
        return self._replicate(n) * np.linspace(before, self._gain(), n)

    def _gain(self) -> float:
        return float(np.clip(1.0 - FADE_PER_STEP * (self._lost_steps - 1), 0.0, 1.0))

    def _take_period(self, n_periods: int) -> None:
        """Keep the last one to three pitch periods before the loss; replication goes on at its own phase."""
        pitch = self._pitch()
        self._period = self._history[-min(n_periods * pitch, HISTORY) :].copy()
        self._position %= pitch

    def _pitch(self) -> int:
        target = self._history[-CORRELATION:]
        lags = np.arange(PITCH_MIN, PITCH_MAX + 1)
        windows = np.lib.stride_tricks.sliding_window_view(self._history, CORRELATION)[
            len(self._history) - CORRELATION - lags
        ]
        energy = np.maximum(np.sum(windows**2, axis=1), 1.0)
        return int(lags[np.argmax(windows @ target / np.sqrt(energy))])

    def _replicate(self, n: int) -> npt.NDArray[np.float64]:
        indices = (self._position + np.arange(n)) % len(self._period)
        self._position = (self._position + n) % len(self._period)
        return self._period[indices]

    def _remember(self, heard: npt.NDArray[np.float64]) -> Samples:
        if not self._lost_steps:
            self._history = np.concatenate([self._history, heard])[-HISTORY:]
            self._position = 0
        return np.clip(np.round(heard), -32768, 32767).astype(np.int16)
