"""The threshold by a budget of falsely challenged people, and rates with their confidence.

Probabilities are in 0…1; a call is suspected where its probability is at or above the threshold.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silentspam.card import OperatingPoint
from silentspam.errors import SilentSpamError

Probabilities = npt.NDArray[np.float64]

Z_95 = 1.959963984540054
LOWEST_THRESHOLD = 0.5
"""Below it an opening is more likely ham than spam: a budget that allows less would trust a corpus alone."""

BUDGETS = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1)
"""Shares of people that may be challenged by mistake, for which a card has thresholds."""


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


def threshold_for(ham: Probabilities, max_false_challenge_rate: float) -> float:
    """The lowest threshold that keeps held-out ham to the budget, midway to the next higher probability.

    Parameters: ham [shape=(n,)], held-out probabilities of people; max_false_challenge_rate in 0…1.
    Never below LOWEST_THRESHOLD. Raises SilentSpamError for a rate outside 0…1.
    """
    if not 0 <= max_false_challenge_rate < 1:
        raise SilentSpamError(f"max_false_challenge_rate is {max_false_challenge_rate}: it must lie in 0…1")
    ranked = np.sort(ham)[::-1]
    allowed = int(max_false_challenge_rate * len(ham))
    refused = float(ranked[allowed]) if allowed < len(ranked) else 0.0
    above = ranked[ranked > refused]
    next_higher = float(above[-1]) if len(above) else 1.0
    return min(max((refused + next_higher) / 2, LOWEST_THRESHOLD), 1.0)


def operating_points(ham: Probabilities) -> list[OperatingPoint]:
    """The threshold for each of BUDGETS, and how many held-out people [shape=(n,)] it challenged."""
    points = []
    for budget in BUDGETS:
        threshold = threshold_for(ham, budget)
        rate = suspected(ham, threshold)
        points.append(
            OperatingPoint(
                max_false_challenge_rate=budget,
                threshold=threshold,
                hits=rate.hits,
                n=rate.n,
                wilson95=(round(rate.interval[0], 5), round(rate.interval[1], 5)),
            )
        )
    return points
