"""One budget of false challenges for everything that can challenge: a bucket of credit.

Every caller who is not known as dead air brings `rate` of a challenge's credit, up to DEPTH; every person
challenged takes 1 away. A cause of challenges waits while the credit is below its reserve, the weakest
evidence first. So, whatever is heard and whoever calls, of any H such callers in a row at most

    DEPTH + rate · H + (challenges under way at one moment)

are people challenged (the bound of a (σ, ρ) regulator, Cruz 1991): with no credit nothing is challenged, and
credit comes with callers only. The thresholds keep far below that; this is what holds when they are wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from silentspam.call import ChallengeCause

DEPTH = 10.0
"""False challenges that may come at once."""

RESERVES: Mapping[ChallengeCause, float] = {
    ChallengeCause.LINE: 1.0,
    ChallengeCause.SUSPICION: 2.5,
    ChallengeCause.BURST: 4.0,
    ChallengeCause.EXPLORATION: 6.0,
}
"""Credit below which a cause waits: what others, with stronger evidence, can still spend."""

FOREST_SHARE = 0.5
"""Of the budget, for the model's threshold while line memory is on."""

LINE_SHARE = 0.3
"""Of the budget, for the threshold of lines. What is left is for bursts and exploration."""


@dataclass(frozen=True)
class Credit:
    """What may still be spent, in challenges of people."""

    left: float = DEPTH

    def earned(self, rate: float) -> "Credit":
        """After one more caller who is not known as dead air; rate: max_false_challenge_rate."""
        return Credit(min(self.left + rate, DEPTH))

    def spent(self) -> "Credit":
        """After a person was challenged. It may fall below 0: challenges under way are not called back."""
        return Credit(self.left - 1.0)

    def allows(self, cause: ChallengeCause) -> bool:
        """Whether a challenge for this cause may be made now."""
        return self.left >= RESERVES[cause]
