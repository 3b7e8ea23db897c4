"""The rate guard: tells from the newest calls that a model, or a detector, challenges people: pure.

Two signs, both by more than chance (lower end of the Wilson score interval, E. B. Wilson, J. Am. Stat. Assoc.
22, 1927; one-sided 99.9 %), for dead air and for every other kind of SPAM apart, so that none is blamed for
another:

    challenged   more than `challenged_share` of the calls were challenged for the model's suspicion: a bad
                 model, or an attack that makes up most of the calls. Of another kind those that failed do
                 not count: no line takes such an attack over, and who fails speaks for the detector.
    false        among the calls that were challenged and did not fail, or were not challenged, more than
                 `false_factor` × `rate` were challenged wrongly. Who passed is a person. Who hung up during
                 the test counts as one only as often as somebody passed: machines hang up too, and an attack
                 that does so must not be able to switch the screening off.

Calls that failed the test count for the first sign alone: an attack of dead air fails. Who was rejected
unasked is no sign of the second: nobody knows who it was.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from silentspam.call import ChallengeCause, ChallengeResult, Decision, Mode

Z = 3.0902
"""One-sided 99.9 % of the normal distribution."""

FEWEST = 20
"""Calls from which on the guard judges."""


DEAD_AIR = "dead air"


@dataclass(frozen=True, kw_only=True)
class GuardedCall:
    """What the guard looks at of a call: columns of its row."""

    mode: str | None = None
    gate_cause: str | None = None
    model_id: str | None = None
    verdict: str | None = None
    challenge_cause: str | None = None
    challenge_result: str | None = None
    decision: str | None = None

    @property
    def suspected(self) -> bool:
        """Whether it was challenged, or rejected, for what was heard of it, not by lot."""
        return self.challenge_cause not in (None, ChallengeCause.EXPLORATION)

    @property
    def unasked(self) -> bool:
        """Whether it was rejected without a challenge."""
        return self.suspected and self.challenge_result is None and self.decision == Decision.REJECT


@dataclass(frozen=True, kw_only=True)
class GuardSettings:
    """challenged_share: 0…1; false_factor: times `rate`, the budget of false challenges of dead air, 0…1.

    kinds: names of the other kinds of SPAM. Budgets of their own keep them far below; the guard is for what
    these do not stop, and holds every kind to the same limit.
    """

    challenged_share: float
    false_factor: float
    rate: float
    kinds: tuple[str, ...] = ()


def judge(calls: Sequence[GuardedCall], settings: GuardSettings) -> str | None:
    """What is wrong, in words, by the newest calls, newest first; None for nothing.

    Only calls that could be challenged count, and of those with a verdict only the newest model's: one that
    was promoted a minute ago is not excused by the calls of the one before.
    """
    counted = _of_one_model([call for call in calls if call.mode == Mode.ENFORCE and call.gate_cause is None])
    if len(counted) < FEWEST:
        return None
    suspects = _by_kind(counted, settings)
    for kind, found in suspects.items():
        if finding := _challenged(kind, found, len(counted), settings):
            return finding
    return _false(suspects, len(counted), settings)


def lowest_share(count: int, total: int) -> float:
    """The lower end of the interval of a share, 0…1; 0 for none of none."""
    if total == 0:
        return 0.0
    share, z2 = count / total, Z * Z
    spread = Z * math.sqrt(share * (1 - share) / total + z2 / (4 * total * total))
    return max(0.0, (share + z2 / (2 * total) - spread) / (1 + z2 / total))


def _of_one_model(calls: Sequence[GuardedCall]) -> list[GuardedCall]:
    newest = next((call.model_id for call in calls if call.model_id), None)
    return [call for call in calls if call.model_id in (newest, None)]


def _by_kind(calls: Sequence[GuardedCall], settings: GuardSettings) -> dict[str, list[GuardedCall]]:
    """The suspects of each kind; what no name of a kind is was dead air."""
    suspects: dict[str, list[GuardedCall]] = {}
    for call in calls:
        if call.suspected:
            kind = call.verdict if call.verdict in settings.kinds else None
            suspects.setdefault(kind or DEAD_AIR, []).append(call)
    return suspects


def _challenged(kind: str, found: Sequence[GuardedCall], total: int, settings: GuardSettings) -> str | None:
    spared = () if kind == DEAD_AIR else (ChallengeResult.FAILED,)
    by_model = [call for call in found if call.challenge_cause == ChallengeCause.SUSPICION]
    suspected = sum(call.challenge_result not in spared for call in by_model)
    if lowest_share(suspected, total) <= settings.challenged_share:
        return None
    unasked = " or rejected" if any(call.unasked for call in by_model) else ""
    what = "the model's suspicion" if kind == DEAD_AIR else f"{kind}, and did not fail"
    return (
        f"{suspected} of the newest {total} calls were challenged{unasked} for {what}, more than "
        f"gate.guard_challenged_share: {settings.challenged_share:g}"
    )


def _false(suspects: Mapping[str, Sequence[GuardedCall]], total: int, settings: GuardSettings) -> str | None:
    false = {kind: _wrongly(found) for kind, found in suspects.items()}
    answered = sum(call.challenge_result is not None for found in suspects.values() for call in found)
    unasked = sum(call.unasked for found in suspects.values() for call in found)
    others, limit = total - unasked - (answered - sum(false.values())), settings.false_factor * settings.rate
    for kind, wrongly in false.items():
        if others >= FEWEST and lowest_share(wrongly, others) > limit:
            return (
                f"{wrongly} of the newest {others} calls that no test found out were challenged wrongly for "
                f"{kind}, more than {settings.false_factor:g} × {settings.rate:g} (gate.guard_false_factor, "
                "model.max_false_challenge_rate)"
            )
    return None


def _wrongly(found: Sequence[GuardedCall]) -> int:
    results = [call.challenge_result for call in found]
    passed = results.count(ChallengeResult.PASSED)
    return passed + min(passed, results.count(ChallengeResult.ABANDONED))
