"""The policy is a table; this is the same table, written down a second time on purpose."""

import pytest

from silentspam.call import Decision, VerdictKind
from silentspam.policy import Mode, decide
from silentspam.verdict import Verdict


@pytest.mark.parametrize(
    ("kind", "enforced"),
    [
        (VerdictKind.HAM, Decision.BRIDGE),
        (VerdictKind.INCONCLUSIVE, Decision.BRIDGE),
        (VerdictKind.CALLER_SILENCE, Decision.CHALLENGE),
        (VerdictKind.CALLER_FAX, Decision.BRIDGE),
        (VerdictKind.CALLER_RECORDING, Decision.BRIDGE),
        (VerdictKind.CALLER_NOISE, Decision.BRIDGE),
        (VerdictKind.CALLER_BUSY, Decision.BRIDGE),
    ],
)
def test_what_is_asked_of_the_switch(kind: VerdictKind, enforced: Decision) -> None:
    assert decide(Verdict(kind=kind), mode=Mode.ENFORCE) is enforced
    assert decide(Verdict(kind=kind), mode=Mode.SHADOW) is Decision.BRIDGE


@pytest.mark.parametrize("kind", VerdictKind)
@pytest.mark.parametrize("mode", Mode)
def test_nobody_is_rejected_for_a_sound_alone(kind: VerdictKind, mode: Mode) -> None:
    assert decide(Verdict(kind=kind), mode=mode) is not Decision.REJECT
