"""The threshold by a budget of falsely challenged people, and rates with their confidence.

Probabilities are in 0…1; a call is suspected where its probability is at or above the threshold.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silentspam.errors import SilentSpamError

Probabilities = npt.NDArray[np.float64]

Z_95 = 1.959963984540054
LOWEST_THRESHOLD = 0.5
"""Below it more trees say ham than spam: a budget that allows less would rest on the corpus alone."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """`hits` of `n`, with the 95 % interval of Wilson (1927)."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        """The share; 0 of nothing."""
        return self.hits / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound; of nothing, everything is possible."""
        if not self.n:
            return 0.0, 1.0
        share, z2 = self.value, Z_95**2
        centre = (share + z2 / (2 * self.n)) / (1 + z2 / self.n)
        spread = Z_95 / (1 + z2 / self.n) * (share * (1 - share) / self.n + z2 / (4 * self.n**2)) ** 0.5
        return max(centre - spread, 0.0), min(centre + spread, 1.0)

    def card(self) -> dict[str, object]:
        """For a model's card: counts, share and interval."""
        low, high = self.interval
        return {
            "hits": self.hits,
            "n": self.n,
            "rate": round(self.value, 5),
            "wilson95": [round(low, 5), round(high, 5)],
        }


def suspected(probabilities: Probabilities, threshold: float) -> Rate:
    """How many of the probabilities [shape=(n,)] reach the threshold."""
    return Rate(hits=int(np.count_nonzero(probabilities >= threshold)), n=len(probabilities))


def threshold_for(ham: Probabilities, max_false_challenge_rate: float, *, n_trees: int) -> float:
    """The lowest threshold, half a vote above a possible probability, that keeps held-out ham to the budget.

    Parameters: ham [shape=(n,)], held-out probabilities of people; max_false_challenge_rate in 0…1.
    Never below LOWEST_THRESHOLD. Raises SilentSpamError for a rate outside 0…1.
    """
    if not 0 <= max_false_challenge_rate < 1:
        raise SilentSpamError(f"max_false_challenge_rate is {max_false_challenge_rate}: it must lie in 0…1")
    allowed = int(max_false_challenge_rate * len(ham))
    ranked = np.sort(ham)[::-1]
    first_refused = float(ranked[allowed]) if allowed < len(ranked) else 0.0
    return min(max(first_refused + 0.5 / n_trees, LOWEST_THRESHOLD), 1.0)
