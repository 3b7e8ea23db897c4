"""The rate guard: tells from the newest calls that a model challenges people: pure.

Two signs, both by more than chance (lower end of the Wilson score interval, E. B. Wilson, J. Am. Stat. Assoc.
22, 1927; one-sided 99.9 %):

    challenged   more than `challenged_share` of the calls were challenged for the model's suspicion: a bad
                 model, or an attack that makes up most of the calls.
    false        among the calls that were challenged and did not fail, or were not challenged, more than
                 `false_factor` × `rate` were challenged wrongly. Who passed is a person. Who hung up during
                 the test counts as one only as often as somebody passed: machines hang up too, and an attack
                 that does so must not be able to switch the screening off.

Calls that failed the test count for the first sign alone: an attack of dead air fails.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from silentspam.call import ChallengeCause, ChallengeResult, Mode

Z = 3.0902
"""One-sided 99.9 % of the normal distribution."""

FEWEST = 20
"""Calls from which on the guard judges."""


@dataclass(frozen=True, kw_only=True)
class GuardedCall:
    """What the guard looks at of a call: columns of its row."""

    mode: str | None = None
    gate_cause: str | None = None
    model_id: str | None = None
    challenge_cause: str | None = None
    challenge_result: str | None = None


@dataclass(frozen=True, kw_only=True)
class GuardSettings:
    """challenged_share: 0…1; false_factor: times `rate`, the budget of false challenges, 0…1."""

    challenged_share: float
    false_factor: float
    rate: float


def judge(calls: Sequence[GuardedCall], settings: GuardSettings) -> str | None:
    """What is wrong, in words, by the newest calls, newest first; None for nothing.

    Only calls that could be challenged count, and of those with a verdict only the newest model's: one that
    was promoted a minute ago is not excused by the calls of the one before.
    """
    counted = _of_one_model([call for call in calls if call.mode == Mode.ENFORCE and call.gate_cause is None])
    if len(counted) < FEWEST:
        return None
    return _challenged(counted, settings) or _false(counted, settings)


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


def _challenged(calls: Sequence[GuardedCall], settings: GuardSettings) -> str | None:
    suspected = sum(call.challenge_cause == ChallengeCause.SUSPICION for call in calls)
    if lowest_share(suspected, len(calls)) <= settings.challenged_share:
        return None
    return (
        f"{suspected} of the newest {len(calls)} calls were challenged for the model's suspicion, more than "
        f"gate.guard_challenged_share: {settings.challenged_share:g}"
    )


def _false(calls: Sequence[GuardedCall], settings: GuardSettings) -> str | None:
    results = [
        call.challenge_result
        for call in calls
        if call.challenge_cause is not None and call.challenge_cause != ChallengeCause.EXPLORATION
    ]
    passed = results.count(ChallengeResult.PASSED)
    false = passed + min(passed, results.count(ChallengeResult.ABANDONED))
    machines = len([result for result in results if result is not None]) - false
    others, limit = len(calls) - machines, settings.false_factor * settings.rate
    if others < FEWEST or lowest_share(false, others) <= limit:
        return None
    return (
        f"{false} of the newest {others} calls that no test found out were challenged wrongly, more than "
        f"{settings.false_factor:g} × {settings.rate:g} (gate.guard_false_factor, "
        "model.max_false_challenge_rate)"
    )
