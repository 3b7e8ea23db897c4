"""From verdict to ruling: what is asked of the switch for what was heard, and by what chance.

Suspects are challenged. Of the calls that nobody suspects a random share is challenged too (exploration), so
that labels are not all of one kind; but never a call that cannot be judged: digital silence is no dead air
(Orife et al. 2018, section 7), and nothing could be learnt from it.
"""

import enum
import random
from collections.abc import Callable
from dataclasses import dataclass

from silentspam.call import ChallengeCause, Decision, VerdictKind
from silentspam.verdict import Verdict


class Mode(enum.StrEnum):
    """Whether judgements have effects.

    `enforce` challenges suspects; `shadow` judges and logs, and bridges every call; `collect` judges nothing
    and bridges every call: it gathers openings, some of them with a challenge's answer (section 5).
    """

    ENFORCE = "enforce"
    SHADOW = "shadow"
    COLLECT = "collect"


@dataclass(frozen=True, kw_only=True)
class Exploration:
    """share of unsuspected calls to challenge, 0…1; draw gives a number in 0…1 that no caller can foresee."""

    share: float = 0.0
    draw: Callable[[], float] = random.SystemRandom().random


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What to do with a call: BRIDGE or CHALLENGE, why, and how probable a challenge was (None in shadow)."""

    decision: Decision = Decision.BRIDGE
    challenge_cause: ChallengeCause | None = None
    challenge_probability: float | None = None


SUSPECTS = frozenset({VerdictKind.CALLER_SILENCE})
UNSUSPECTED = frozenset({VerdictKind.HAM, None})
"""The kinds that exploration may fall on; None was measured, not judged. Any other kind is bridged."""


def rule(verdict: Verdict, *, mode: Mode, exploration: Exploration) -> Ruling:
    """The ruling on what was heard. Nobody is rejected for a sound alone."""
    if mode is Mode.SHADOW:
        return Ruling()
    if verdict.kind in SUSPECTS and mode is Mode.ENFORCE:
        return _challenge(ChallengeCause.SUSPICION, 1.0)
    if verdict.kind not in UNSUSPECTED:
        return Ruling(challenge_probability=0.0)
    if exploration.draw() < exploration.share:
        return _challenge(ChallengeCause.EXPLORATION, exploration.share)
    return Ruling(challenge_probability=exploration.share)


def _challenge(cause: ChallengeCause, probability: float) -> Ruling:
    return Ruling(decision=Decision.CHALLENGE, challenge_cause=cause, challenge_probability=probability)
