"""What differs between a person's quiet line and a machine's: how well each feature alone tells them apart.

The area under the ROC curve (Hanley and McNeil 1982) is the chance that a dead-air call has more of a feature
than a quiet person; 0.5 tells nothing. Only people as quiet as dead air are compared: loud ones are easy.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from silentspam.training.dataset import Dataset

LOUDNESS = "rms_dbfs"
QUIET_DBFS = -60.0
"""A person above it is nobody's dead air: the loudest campaign simulated lies there."""

FEWEST = 20
NAMED = 15


def differences(dataset: Dataset, names: Sequence[str]) -> dict[str, Any]:
    """The features that tell quiet people from dead air best, strongest first.

    `names` are those of the vectors' columns. `features` is empty with fewer than FEWEST openings of a class.
    """
    spam = dataset.is_spam
    level = dataset.vectors[:, list(names).index(LOUDNESS)]
    quiet = ~spam & (level <= QUIET_DBFS)
    found: dict[str, Any] = {
        "quiet_dbfs": QUIET_DBFS,
        "dead_air": int(spam.sum()),
        "quiet_people": int(quiet.sum()),
        "features": [],
    }
    if min(found["dead_air"], found["quiet_people"]) < FEWEST:
        return found
    areas = areas_under_roc(dataset.vectors[spam], dataset.vectors[quiet])
    for column in np.argsort(-np.abs(areas - 0.5), kind="stable")[:NAMED]:
        values = dataset.vectors[:, column]
        found["features"].append(
            {
                "feature": names[column],
                "area": round(float(areas[column]), 4),
                "dead_air_median": round(float(np.median(values[spam])), 4),
                "quiet_people_median": round(float(np.median(values[quiet])), 4),
            }
        )
    return found


def areas_under_roc(more: npt.NDArray[np.float32], less: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Chance that a row of `more` [shape=(n, k)] exceeds one of `less` [shape=(m, k)], by column."""
    ranks = rankdata(np.concatenate([more, less]), axis=0)
    n, m = len(more), len(less)
    return np.asarray((ranks[:n].sum(axis=0) - n * (n + 1) / 2) / (n * m))
