"""One budget of false challenges for dead air, whatever suspects it, and one for each other kind of SPAM.

Each budget is a bucket of credit.

Every caller who is not known as dead air brings `rate` of a challenge's credit, up to DEPTH; every person
challenged takes 1 away. A cause of challenges waits while the credit is below its reserve, the weakest
evidence first. So, whatever is heard and whoever calls, of any H such callers in a row at most

    DEPTH + rate · H + (challenges under way at one moment)

are people challenged (the bound of a (σ, ρ) regulator, Cruz 1991): with no credit nothing is challenged, and
credit comes with callers only. docs/line-memory.md has the proof, and the calls that it does not cover. The
buckets of other kinds fill at their own rates, and nothing else spends from them: what faxes cost people can
cost dead air nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from silentspam.call import ChallengeCause

DEPTH = 10.0
"""False challenges that may come at once, after a time without any."""

START = 6.0
"""Credit before the first call: every cause may begin, the weakest with nothing to spare."""

RESERVES: Mapping[ChallengeCause, float] = {
    ChallengeCause.LINE: 1.0,
    ChallengeCause.SUSPICION: 2.0,
    ChallengeCause.BURST: 3.0,
    ChallengeCause.EXPLORATION: 6.0,
}
"""Credit below which a cause waits: what others, with stronger evidence, can still spend."""

UNSURE_RESERVE = 5.0
"""Of a suspicion that is none at the model's own share of the budget: it may use what others leave."""

KIND_RESERVE = 1.0
"""Of a kind with a bucket of its own: there is nobody to leave anything for."""

FOREST_SHARE = 0.5
"""Of the budget, the model's own: what it suspects at that threshold waits for little else."""

LINE_SHARE = 0.3
"""Of the budget, for the threshold of lines. What is left is for bursts and exploration."""


@dataclass(frozen=True)
class Credit:
    """What may still be spent, in challenges of people."""

    left: float = START

    def earned(self, rate: float) -> "Credit":
        """After one more caller who is not known as dead air; rate: max_false_challenge_rate."""
        return Credit(min(self.left + rate, DEPTH))

    def spent(self, weight: float = 1.0) -> "Credit":
        """After a person was challenged, who stands for `weight` of them.

        It may fall below 0: challenges under way are not called back.
        """
        return Credit(self.left - weight)

    def allows(self, cause: ChallengeCause, *, sure: bool = True) -> bool:
        """Whether a challenge for this cause may be made now; a suspicion that is not sure waits longer."""
        unsure = cause is ChallengeCause.SUSPICION and not sure
        return self.left >= (UNSURE_RESERVE if unsure else RESERVES[cause])

    @property
    def allows_kind(self) -> bool:
        """Whether a challenge for the kind whose own bucket this is may be made now."""
        return self.left >= KIND_RESERVE


WITHOUT_SNAPSHOT = Credit(RESERVES[ChallengeCause.SUSPICION])
"""What a call is judged with that finds a snapshot of no use: only what the model is sure of."""
