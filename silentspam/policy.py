"""From verdict to decision: what is asked of the switch for what was heard."""

import enum

from silentspam.call import Decision, VerdictKind
from silentspam.verdict import Verdict


class Mode(enum.StrEnum):
    """Whether judgements have effects: `shadow` judges and logs, and bridges every call."""

    ENFORCE = "enforce"
    SHADOW = "shadow"


_DECISIONS = {
    VerdictKind.HAM: Decision.BRIDGE,
    VerdictKind.INCONCLUSIVE: Decision.BRIDGE,
    VerdictKind.CALLER_SILENCE: Decision.CHALLENGE,
}


def decide(verdict: Verdict, *, mode: Mode) -> Decision:
    """BRIDGE, or CHALLENGE a suspect. A kind without a policy of its own is bridged."""
    if mode is Mode.SHADOW:
        return Decision.BRIDGE
    return _DECISIONS.get(verdict.kind, Decision.BRIDGE)
