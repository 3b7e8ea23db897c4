"""From verdict to ruling: what is asked of the switch for what was heard, and by what chance.

Suspects are challenged: for their line, by the model, or for a burst they came in. Of the calls that nobody
suspects a random share is challenged too (exploration), so that labels are not all of one kind and a line
that nothing finds can become known; but never a call that cannot be judged: digital silence is no dead air
(Orife et al. 2018, section 7), and nothing could be learnt from it. One budget pays for all of these; each
other kind of SPAM has its own (`budget`).
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from silentspam.budget import Credit
from silentspam.call import ChallengeCause, Decision, Mode, VerdictKind
from silentspam.verdict import LineState, Verdict


@dataclass(frozen=True, kw_only=True)
class Exploration:
    """Shares of unsuspected calls to challenge, 0…1: of all of them, and of the quiet ones among them.

    asked_share: of those whom a treatment would reject unasked, who are asked all the same. draw gives a
    number in 0…1 that no caller can foresee.
    """

    share: float = 0.0
    quiet_share: float = 0.0
    asked_share: float = 0.0
    draw: Callable[[], float] = random.SystemRandom().random

    def chance(self, verdict: Verdict) -> float:
        """The probability with which an unsuspected call is challenged."""
        quiet = verdict.level_dbfs is not None and verdict.level_dbfs <= QUIET_DBFS
        probe = verdict.line.probe if verdict.line else 0.0
        return max(self.share, self.quiet_share if quiet else 0.0, probe)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is known beside the opening.

    credit: of false challenges, None where none is kept; kinds: that of each kind with a budget of its own,
    by its name; trusted: whether the caller passed a challenge lately.
    """

    credit: Credit | None = None
    kinds: Mapping[str, Credit] = field(default_factory=dict)
    trusted: bool = False


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What to do with a call, why, and how probable a challenge was (None in shadow).

    held_back: the strongest cause there was, where the budget did not allow it. reason: in words, where the
    configuration decided.
    """

    decision: Decision = Decision.BRIDGE
    challenge_cause: ChallengeCause | None = None
    challenge_probability: float | None = None
    held_back: ChallengeCause | None = None
    reason: str = ""


QUIET_DBFS = -50.0
"""Level from which down an opening may be dead air: its peaks (Orife et al. 2018, section 3)."""

CAUSE_OF_LINE = {LineState.ACTIVE: ChallengeCause.LINE, LineState.CANDIDATE: ChallengeCause.BURST}
EXPLORED = frozenset({VerdictKind.HAM, None})
"""The verdicts that exploration may fall on; None was measured, not judged."""

BRIDGED_BY_RULE = "such calls are bridged by the configuration (kinds)"
"""The reason beside a verdict whose kind is to be bridged."""

Treatments = Mapping[str, Decision]
"""By the name of a kind, what becomes of its calls: they are challenged unless it is said otherwise."""


def rule(
    verdict: Verdict,
    *,
    mode: Mode,
    exploration: Exploration,
    standing: Standing | None = None,
    treatments: Treatments | None = None,
) -> Ruling:
    """The ruling on what was heard. Nobody is rejected for a sound alone, unless a treatment says so."""
    standing = standing or Standing()
    if mode is Mode.SHADOW:
        return Ruling()
    if standing.trusted:
        return Ruling(challenge_probability=0.0)
    if mode is Mode.ENFORCE and (cause := suspicion(verdict)):
        return _treat(verdict, cause, standing, (treatments or {}).get(verdict.kind or ""), exploration)
    if verdict.kind not in EXPLORED:
        return Ruling(challenge_probability=0.0)
    chance = exploration.chance(verdict)
    if exploration.draw() < chance:
        return _challenge(ChallengeCause.EXPLORATION, chance, standing, verdict)
    # Without the credit for it no lot could have challenged this call: it stands for no call that one did.
    possible = _allowed(ChallengeCause.EXPLORATION, standing, verdict)
    return Ruling(challenge_probability=chance if possible else 0.0)


def _treat(
    verdict: Verdict,
    cause: ChallengeCause,
    standing: Standing,
    treatment: Decision | None,
    exploration: Exploration,
) -> Ruling:
    """What becomes of a suspect. Rejected unasked is nobody for whom a line or a burst speaks, which may be
    people's, nor where no budget is kept; and a share is asked all the same, so that mistakes come out."""
    if treatment is Decision.BRIDGE:
        return Ruling(challenge_probability=0.0, reason=BRIDGED_BY_RULE)
    ruling = _challenge(cause, 1.0, standing, verdict)
    certain = cause is ChallengeCause.SUSPICION and verdict.sure and standing.credit is not None
    if treatment is not Decision.REJECT or ruling.decision is not Decision.CHALLENGE or not certain:
        return ruling
    if exploration.draw() < exploration.asked_share:
        return replace(ruling, challenge_probability=exploration.asked_share)
    return replace(ruling, decision=Decision.REJECT, challenge_probability=exploration.asked_share)


def suspicion(verdict: Verdict) -> ChallengeCause | None:
    """The strongest evidence against a call; None for a call that nothing speaks against."""
    by_line = CAUSE_OF_LINE.get(verdict.line.state) if verdict.line else None
    if by_line is ChallengeCause.LINE or not verdict.by_model:
        return by_line
    return ChallengeCause.SUSPICION if verdict.sure else by_line or ChallengeCause.SUSPICION


def _allowed(cause: ChallengeCause, standing: Standing, verdict: Verdict) -> bool:
    """By the budget that the challenge would be paid from."""
    own = standing.kinds.get(verdict.kind or "")
    if own is not None and cause is ChallengeCause.SUSPICION:
        return own.allows_kind
    return standing.credit is None or standing.credit.allows(cause, sure=verdict.sure)


def _challenge(cause: ChallengeCause, probability: float, standing: Standing, verdict: Verdict) -> Ruling:
    if not _allowed(cause, standing, verdict):
        return Ruling(challenge_probability=0.0, held_back=cause)
    return Ruling(decision=Decision.CHALLENGE, challenge_cause=cause, challenge_probability=probability)
