"""One verdict, from 16,000 mu-law bytes to a probability, against the stack of Orife et al. 2018.

Both sides get the same bytes, the same transform, the paper's features (top 3 bases of U) and the same
forest of 100 trees: one as numpy's SVD and scikit-learn's predict_proba, one as Silentspam serves it.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from silentspam.audio import Recording, decode_ulaw, encode_ulaw
from silentspam.decompose import svd_bases
from silentspam.features import FeatureParams, feature_vector
from silentspam.spectrum import magnitude_spectrogram
from silentspam.training.flatten import flat_forest

SEED = 1
N_OPENINGS = 400
N_TIMED = 200
TURN = 20
PAPER = FeatureParams(groups=("bases",))


@dataclass(frozen=True)
class Comparison:
    """Median seconds of each side, and the largest difference of their probabilities."""

    paper: float
    ours: float
    difference: float


def openings() -> list[Recording]:
    """Synthetic openings of 2 s: white noise of different levels and first-order colours."""
    rng = np.random.default_rng(SEED)
    made = []
    for _ in range(N_OPENINGS):
        noise = rng.normal(size=16_001) * 10 ** rng.uniform(0.5, 3)
        colour = rng.uniform(-0.9, 0.9)
        made.append(Recording(encode_ulaw((noise[1:] + colour * noise[:-1]).astype(np.int16))))
    return made


def compare() -> Comparison:
    """Time both sides on the same openings, in turns, so that both meet the same machine.

    A turn is `TURN` openings: changing at each would charge one side for caches that the other filled.
    """
    recordings = openings()
    vectors = np.array([feature_vector(recording, PAPER) for recording in recordings])
    labels = np.random.default_rng(SEED).integers(0, 2, len(recordings))
    classifier = RandomForestClassifier(100, random_state=SEED).fit(vectors, labels)
    forest = flat_forest(classifier)

    def paper(codes: np.ndarray) -> float:
        samples = decode_ulaw(codes).astype(np.float32) / np.float32(32768)
        u, _, _ = np.linalg.svd(magnitude_spectrogram(samples, PAPER.stft))
        top = u[:, :3]
        top = top * np.sign(top[np.abs(top).argmax(axis=0), np.arange(3)])
        return float(classifier.predict_proba(top.T.ravel()[np.newaxis].astype(np.float32))[0, 1])

    def ours(codes: np.ndarray) -> float:
        vector = feature_vector(Recording(codes), PAPER)
        return float(forest.predict_proba(vector[np.newaxis])[0, 1])

    times: dict[Callable[[np.ndarray], float], list[float]] = {paper: [], ours: []}
    difference = 0.0
    for first in range(0, N_TIMED, TURN):
        probabilities = []
        for side, seconds in times.items():
            for recording in recordings[first : first + TURN]:
                start = time.perf_counter()
                probabilities.append(side(recording.codes))
                seconds.append(time.perf_counter() - start)
        apart = np.abs(np.subtract(probabilities[:TURN], probabilities[TURN:]))
        difference = max(difference, float(apart.max()))
    return Comparison(statistics.median(times[paper]), statistics.median(times[ours]), difference)


def stages() -> dict[str, float]:
    """Median seconds of each stage of our verdict."""
    recording = openings()[0]
    spectrogram = magnitude_spectrogram(recording.samples, PAPER.stft)
    parts: dict[str, Callable[[], object]] = {
        "codes to samples": lambda: Recording(recording.codes).samples,
        "spectrogram": lambda: magnitude_spectrogram(recording.samples, PAPER.stft),
        "bases": lambda: svd_bases(spectrogram),
        "numpy's full SVD": lambda: np.linalg.svd(spectrogram),
    }
    return {name: _median(part) for name, part in parts.items()}


def _median(part: Callable[[], object]) -> float:
    times = []
    for _ in range(N_TIMED):
        start = time.perf_counter()
        part()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
