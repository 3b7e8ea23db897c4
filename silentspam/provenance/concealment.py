"""Lost packets that a decoder made up again: whether there are any, how many, and by which algorithm.

Each frame of 10 ms is scored by the traces that concealment leaves in it and around it (`frame_traces`: the
patent's correlation of pitch-synchronous residuals among them); a call is judged by how its scores lie. Both
judgements are boosted trees (Friedman 2001), learnt by `training.concealment_training` from calls with the
real codecs' own concealment, and shipped as plain arrays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from silentspam.audio import SAMPLE_RATE, Recording
from silentspam.provenance.energy import Figures, runs
from silentspam.provenance.frame_traces import NAMES, frame_vectors
from silentspam.provenance.prediction import FRAME
from silentspam.provenance.tones import tones_alone
from silentspam.provenance.tree_sums import TreeSums, load_tree_sums

ALGORITHMS = ("g711", "gsm_fr", "ilbc", "speex", "g729")
"""Whose concealment is told apart: G.711 Appendix I, and that of each codec's decoder."""

OUTPUTS = ("any", "rate", *ALGORITHMS)
"""What a call's trees add up to: log odds, but for the rate, a share."""

SHIPPED = Path(__file__).parent.parent / "models" / "concealment"

LONGEST_SECONDS = 60.0
"""Of a longer call its first minute is judged, as of all other measures: calls of 15 s were learnt from."""

QUANTILES = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 1.0)
THRESHOLDS = (-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
"""Log odds of a frame."""
ACTIVE_DB = 30.0
"""Below the loudest frames; what is quieter hides what became of it."""
WEIGHED = tuple(i for i, name in enumerate(NAMES) if name.endswith(("+0", "+1", "-1")))
SAME_CODES = NAMES.index("same_codes+0")
TINY = 1e-3

CALL_NAMES = (
    *(f"score_q{q}" for q in QUANTILES),
    *(f"above_{t}" for t in THRESHOLDS),
    *("mean", "active_mean", "active_share", "run_mean", "run_longest", "seconds", "median_level"),
    *(f"weighed_{NAMES[i]}" for i in WEIGHED),
    *(f"active_{NAMES[i]}" for i in WEIGHED),
    *("same_codes_q90", "same_codes_q99", "same_codes_most"),
)


@dataclass(frozen=True, kw_only=True)
class Concealment:
    """What of a call was made up by concealment.

    probability: that anything was, 0…1; rate: share of the time, 0…1; packets: how many, both of what was
    heard, the first minute; algorithms: for each of ALGORITHMS the probability that it was at work, never
    above that of any.
    """

    probability: float
    rate: float
    packets: int
    algorithms: Mapping[str, float]

    @property
    def any(self) -> bool:
        """Whether anything was concealed, more likely than not."""
        return self.probability >= 0.5


NONE = Concealment(probability=0.0, rate=0.0, packets=0, algorithms=dict.fromkeys(ALGORITHMS, 0.0))


@dataclass(frozen=True, eq=False, kw_only=True)
class ConcealmentModel:
    """The trees of frames, and those of calls in the order of OUTPUTS."""

    frames: TreeSums
    calls: TreeSums


@lru_cache(maxsize=1)
def shipped_model() -> ConcealmentModel:
    """The model that comes with the program. Raises ModelError for files that were changed."""
    return load_model(SHIPPED)


def load_model(folder: Path) -> ConcealmentModel:
    """The model of a folder. Raises ModelError for files that are missing, changed or no trees."""
    trees = load_tree_sums(folder, {"frames": len(NAMES), "calls": len(CALL_NAMES)})
    return ConcealmentModel(frames=trees["frames"], calls=trees["calls"])


def call_vector(vectors: NDArray[np.float32], scores: Figures) -> NDArray[np.float32]:
    """How a call's frames [shape=(n, len(NAMES))] and their scores [shape=(n,)] lie, by CALL_NAMES."""
    chances = _chance(scores)
    levels = vectors[:, 0]
    active = levels >= np.quantile(levels, 0.95) - ACTIVE_DB
    first, end = runs(scores > 0)
    lengths = end - first
    weights = chances / (chances.sum() + TINY)
    return np.concatenate(
        [
            np.quantile(scores, QUANTILES),
            [np.mean(scores > threshold) for threshold in THRESHOLDS],
            [chances.mean(), (chances * active).sum() / max(active.sum(), 1), active.mean()],
            [lengths.mean() if len(lengths) else 0, lengths.max(initial=0)],
            [len(scores) * FRAME / SAMPLE_RATE, np.median(levels)],
            weights @ vectors[:, WEIGHED],
            vectors[active][:, WEIGHED].mean(axis=0),
            np.quantile(vectors[:, SAME_CODES], (0.9, 0.99, 1.0)),
        ]
    ).astype(np.float32)


def _chance(log_odds: Figures) -> Figures:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))))


def concealment(
    recording: Recording, *, packet_ms: int = 20, model: ConcealmentModel | None = None
) -> Concealment:
    """What was concealed of one side of a call, of any length; nothing where nothing but tones sounds.

    packet_ms: length of the packets that are counted. A recording of less than a frame has none.
    """
    model = model or shipped_model()
    vectors, scores = _scored(recording, model)
    if not len(scores) or tones_alone(recording):
        return NONE
    vector = call_vector(vectors, scores)
    found = dict(zip(OUTPUTS, model.calls.sums(vector[np.newaxis])[:, 0], strict=True))
    chances = {name: float(_chance(np.asarray(found[name]))) for name in ("any", *ALGORITHMS)}
    rate = float(np.clip(found["rate"], 0, 1)) if chances["any"] >= 0.5 else 0.0
    heard = min(recording.seconds, LONGEST_SECONDS)
    return Concealment(
        probability=chances["any"],
        rate=rate,
        packets=round(rate * heard * 1000 / packet_ms),
        algorithms={name: min(chances[name], chances["any"]) for name in ALGORITHMS},
    )


def frame_chances(recording: Recording, *, model: ConcealmentModel | None = None) -> Figures:
    """The probability of each whole frame of 10 ms, of the first minute, that it was made up [shape=(n,)]."""
    return _chance(_scored(recording, model or shipped_model())[1])


def _scored(recording: Recording, model: ConcealmentModel) -> tuple[NDArray[np.float32], Figures]:
    """Vectors of the frames [shape=(n, len(NAMES))] and their log odds [shape=(n,)]."""
    vectors = frame_vectors(recording.opening(LONGEST_SECONDS).codes)
    return vectors, model.frames.sums(vectors)[0] if len(vectors) else np.zeros(0)
