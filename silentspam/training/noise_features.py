"""Openings of a corpus of noise with all that noise is told by: the features of dead air, then stillness."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from silentspam.audio import read_ulaw
from silentspam.features import FeatureParams
from silentspam.kinds.sound import STFT
from silentspam.kinds.stillness import stillness
from silentspam.spectrum import power_spectrogram
from silentspam.training.dataset import (
    AT_ONCE,
    OPENING_SECONDS,
    Dataset,
    Labelled,
    Progress,
    load_dataset,
)
from silentspam.training.parallel import in_order


def load_noise_dataset(
    rows: Sequence[Labelled], params: FeatureParams, *, workers: int = 1, progress: Progress | None = None
) -> Dataset:
    """The dataset of `kinds.noise.noise_vector`'s vectors; it takes and raises what `load_dataset` does."""
    dataset = load_dataset(rows, params, workers=workers, progress=progress)
    parts = [dataset.rows[start : start + AT_ONCE] for start in range(0, len(dataset.rows), AT_ONCE)]
    still = [*in_order(_still, [(part,) for part in parts], workers=workers)]
    return Dataset(
        np.hstack([dataset.vectors, np.concatenate(still)]), dataset.rows, dataset.data_hash, dataset.skipped
    )


def _still(rows: Sequence[Labelled]) -> npt.NDArray[np.float32]:
    """The stillness of each opening [shape=(n, len(stillness.NAMES))]."""
    openings = [read_ulaw(row.path, max_seconds=OPENING_SECONDS).sounding.samples for row in rows]
    return np.array([stillness(samples, power_spectrogram(samples, STFT)) for samples in openings])
