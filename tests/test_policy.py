"""The policy is a table; this is the same table, written down a second time on purpose."""

import pytest

from silentspam.call import ChallengeCause, Decision, Mode, VerdictKind
from silentspam.policy import Exploration, Ruling, rule
from silentspam.verdict import Verdict

BRIDGE = Decision.BRIDGE
NEVER = Ruling(challenge_probability=0.0)
SUSPECT = Ruling(
    decision=Decision.CHALLENGE, challenge_cause=ChallengeCause.SUSPICION, challenge_probability=1.0
)
EXPLORED = Ruling(
    decision=Decision.CHALLENGE, challenge_cause=ChallengeCause.EXPLORATION, challenge_probability=0.1
)
SPARED = Ruling(challenge_probability=0.1)
UNSEEN = Ruling()

DRAWN = Exploration(share=0.1, draw=lambda: 0.0999)
NOT_DRAWN = Exploration(share=0.1, draw=lambda: 0.1)

TABLE = [
    # what was heard, in enforce mode drawn and not, in collect mode drawn and not
    (VerdictKind.HAM, EXPLORED, SPARED, EXPLORED, SPARED),
    (VerdictKind.INCONCLUSIVE, NEVER, NEVER, NEVER, NEVER),
    (VerdictKind.CALLER_SILENCE, SUSPECT, SUSPECT, NEVER, NEVER),
    (VerdictKind.CALLER_FAX, NEVER, NEVER, NEVER, NEVER),
    (VerdictKind.CALLER_RECORDING, NEVER, NEVER, NEVER, NEVER),
    (VerdictKind.CALLER_NOISE, NEVER, NEVER, NEVER, NEVER),
    (VerdictKind.CALLER_BUSY, NEVER, NEVER, NEVER, NEVER),
    (None, EXPLORED, SPARED, EXPLORED, SPARED),
]


@pytest.mark.parametrize(("kind", "drawn", "not_drawn", "collected", "left_alone"), TABLE)
def test_what_is_asked_of_the_switch(
    kind: VerdictKind | None, drawn: Ruling, not_drawn: Ruling, collected: Ruling, left_alone: Ruling
) -> None:
    verdict = Verdict(kind=kind)
    assert rule(verdict, mode=Mode.ENFORCE, exploration=DRAWN) == drawn
    assert rule(verdict, mode=Mode.ENFORCE, exploration=NOT_DRAWN) == not_drawn
    assert rule(verdict, mode=Mode.COLLECT, exploration=DRAWN) == collected
    assert rule(verdict, mode=Mode.COLLECT, exploration=NOT_DRAWN) == left_alone
    assert rule(verdict, mode=Mode.SHADOW, exploration=DRAWN) == UNSEEN


def test_the_table_has_every_kind() -> None:
    assert {line[0] for line in TABLE} == {*VerdictKind, None}


@pytest.mark.parametrize("kind", [*VerdictKind, None])
@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("exploration", [DRAWN, NOT_DRAWN])
def test_nobody_is_rejected_for_a_sound_or_a_lot_alone(
    kind: VerdictKind | None, mode: Mode, exploration: Exploration
) -> None:
    assert rule(Verdict(kind=kind), mode=mode, exploration=exploration).decision is not Decision.REJECT


@pytest.mark.parametrize(("share", "challenged"), [(0.0, 0), (1.0, 1000)])
def test_the_bounds_of_the_share_are_nobody_and_everybody(share: float, challenged: int) -> None:
    exploration = Exploration(share=share)
    rulings = [
        rule(Verdict(kind=VerdictKind.HAM), mode=Mode.ENFORCE, exploration=exploration) for _ in range(1000)
    ]
    assert sum(ruling.decision is Decision.CHALLENGE for ruling in rulings) == challenged


def test_the_share_is_met_by_the_source_of_chance_that_production_uses() -> None:
    """800 ± 150 of 8,000: six standard deviations to either side."""
    exploration = Exploration(share=0.1)
    rulings = [
        rule(Verdict(kind=VerdictKind.HAM), mode=Mode.ENFORCE, exploration=exploration) for _ in range(8000)
    ]
    assert 640 < sum(ruling.decision is Decision.CHALLENGE for ruling in rulings) < 960
