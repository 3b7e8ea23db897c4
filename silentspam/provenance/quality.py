"""How a call would be rated by listeners, from one side of it alone: mean opinion score, 1 (bad) to 5.

US 9,516,497 B2 names ITU-T P.563 as such a single-ended measure; no package of it was to be had. PLCMOS v2
(Diener et al., Interspeech 2023) was learnt from listeners' ratings of lost and concealed packets. Its
network comes with `speechmos` (MIT) and runs by onnxruntime (MIT), offline; both are optional:
silentspam[quality].
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from silentspam.audio import Recording

PACKAGES = ("speechmos", "onnxruntime")
EXTRA = "silentspam[quality]"
NETWORK = Path("plcmos_models") / "plcmos_v2.onnx"
"""Within the package speechmos."""

SHORTEST_SECONDS = 1.0
LONGEST_SECONDS = 15.0
"""Of a longer call its beginning is rated: the network was learnt from clips of 10 s and less."""
SILENT_DBFS = -60.0
"""Loudest third below which nobody speaks, and there is nothing to rate."""
SPEECH_DBFS = -22.0
"""Level that the loudest third of the frames is brought to: a score is not to be one of loudness."""

WINDOW, HOP = 512, 256
"""Samples at 16 kHz, as `speechmos.plcmos` has them."""
FRAME = 160
RATER = (1, 64)
"""The network takes a rater's habits as a vector; zero, the middle of all, gives one call one score."""


def lacking() -> str | None:
    """What has to be installed before a call can be rated; None where nothing is."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    return f"quality needs {' and '.join(missing)}: pip install '{EXTRA}'" if missing else None


def quality(recording: Recording) -> tuple[float | None, str | None]:
    """The mean opinion score of a call, 1…5, or None and why there is none."""
    if missing := lacking():
        return None, missing
    heard = recording.opening(LONGEST_SECONDS)
    if heard.seconds < SHORTEST_SECONDS:
        return None, f"{heard.seconds:.2f} s are less than {SHORTEST_SECONDS:g} s: no quality"
    level = _loud_dbfs(heard)
    if level < SILENT_DBFS:
        return None, f"nobody speaks (its loudest third is at {level:.0f} dBFS): no quality"
    gain = 10 ** ((SPEECH_DBFS - level) / 20)
    features = _log_power(_at_16_khz(np.clip(heard.samples.astype(np.float64) * gain, -1, 1)))
    inputs = {"degraded_audio": features, "rater_embed": np.zeros(RATER, dtype=np.float32)}
    return float(np.ravel(_network().run(None, inputs)[0])[0]), None


@lru_cache(maxsize=1)
def _network() -> Any:
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    folder = Path(str(find_spec(PACKAGES[0]).origin)).parent  # type: ignore[union-attr]
    return onnxruntime.InferenceSession(folder / NETWORK, settings, providers=["CPUExecutionProvider"])


def _loud_dbfs(recording: Recording) -> float:
    """Level of the loudest third of the frames of 20 ms."""
    frames = recording.samples[: len(recording.samples) // FRAME * FRAME].reshape(-1, FRAME)
    powers = np.sort(np.square(frames.astype(np.float64)).mean(axis=1))
    return float(10 * np.log10(powers[-max(1, len(powers) // 3) :].mean() + 1e-12))


def _at_16_khz(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.signal import resample_poly

    return np.asarray(resample_poly(samples, 2, 1))


def _log_power(samples: NDArray[np.float64]) -> NDArray[np.float32]:
    """What the network looks at [shape=(1, 1, n, WINDOW // 2 + 1)], as `speechmos.plcmos` has it: natural
    logarithm over 20, of windows that begin HOP samples before the audio; zero is 120 dB below the least."""
    n_windows = int(np.ceil((len(samples) + WINDOW - HOP) / HOP))
    padded = np.zeros((n_windows - 1) * HOP + WINDOW)
    padded[WINDOW - HOP :][: len(samples)] = samples
    windows = sliding_window_view(padded, WINDOW)[::HOP] * np.hamming(WINDOW + 1)[:-1]
    spectra = np.fft.rfft(windows)
    power = spectra.real**2 + spectra.imag**2
    least = power.min(initial=np.inf, where=power > 0) if power.any() else 10 ** (-80 / 10 + 120 / 10)
    logarithms = np.log(np.where(power > 0, power, least * 10 ** (-120 / 10)))
    return np.asarray((logarithms / 20).astype(np.float32)[np.newaxis, np.newaxis])
