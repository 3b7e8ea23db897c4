"""How the spam probabilities of a period are spread, and which thresholds stood beside them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from silentspam.kinds.table import kind_named
from silentspam.reports.cases import Value

COLUMNS = ("spam_probability", "threshold", "model_id", "verdict")
"""What `score_histogram` wants of each row, in this order."""

N_BINS = 50


@dataclass(frozen=True, kw_only=True)
class ScoreHistogram:
    """Calls by spam probability, N_BINS equal bins over 0…1; thresholds: (model id, threshold) → calls."""

    bins: tuple[int, ...]
    thresholds: dict[str, int]

    @property
    def calls(self) -> int:
        """How many calls had a probability."""
        return sum(self.bins)

    @property
    def limits(self) -> tuple[float, ...]:
        """The thresholds in use, without the models they belong to."""
        return tuple(sorted({float(name.rpartition(" ")[2]) for name in self.thresholds}))


def score_histogram(rows: Iterable[tuple[Value, ...]]) -> ScoreHistogram:
    """Count rows that hold COLUMNS, in their order; a call without a probability is not counted.

    Nor is a suspect of another kind than dead air: its probability is on another scale.
    """
    bins, thresholds = [0] * N_BINS, Counter[str]()
    for probability, threshold, model_id, verdict in rows:
        kind = kind_named(verdict)
        if kind is not None and kind.listener:
            continue
        if not isinstance(probability, int | float) or not 0 <= probability <= 1:
            continue
        bins[min(int(probability * N_BINS), N_BINS - 1)] += 1
        if isinstance(threshold, int | float):
            thresholds[f"{model_id or 'unknown model'} {threshold:.4f}"] += 1
    return ScoreHistogram(bins=tuple(bins), thresholds=dict(thresholds.most_common(20)))
