"""The policy is a table; this is the same table, written down a second time on purpose."""

from dataclasses import replace

import pytest

from silentspam.budget import DEPTH, RESERVES, UNSURE_RESERVE, Credit
from silentspam.call import ChallengeCause, Decision, Mode, VerdictKind
from silentspam.policy import BRIDGED_BY_RULE, CAUSE_OF_LINE, Exploration, Ruling, Standing, rule
from silentspam.verdict import LineMatch, LineState, Verdict

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
    (VerdictKind.CALLER_FAX, SUSPECT, SUSPECT, NEVER, NEVER),
    (VerdictKind.CALLER_RECORDING, SUSPECT, SUSPECT, NEVER, NEVER),
    (VerdictKind.CALLER_NOISE, SUSPECT, SUSPECT, NEVER, NEVER),
    (VerdictKind.CALLER_BUSY, SUSPECT, SUSPECT, NEVER, NEVER),
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


FAX = Verdict(kind=VerdictKind.CALLER_FAX, spam_probability=0.9, threshold=0.5)


def treated(treatment: Decision, *, left: float = DEPTH, mode: Mode = Mode.ENFORCE) -> Ruling:
    """The ruling on a fax under a treatment of its own."""
    return rule(
        FAX,
        mode=mode,
        exploration=DRAWN,
        standing=Standing(credit=Credit(left)),
        treatments={VerdictKind.CALLER_FAX: treatment},
    )


def test_a_kind_is_treated_as_configured() -> None:
    assert treated(Decision.CHALLENGE) == SUSPECT
    assert treated(Decision.BRIDGE) == Ruling(challenge_probability=0.0, reason=BRIDGED_BY_RULE)
    assert treated(Decision.REJECT) == replace(SUSPECT, decision=Decision.REJECT, challenge_probability=0.0)
    for treatment in Decision:
        assert treated(treatment, mode=Mode.SHADOW) == UNSEEN
        assert treated(treatment, mode=Mode.COLLECT) == NEVER


def test_nobody_is_rejected_unasked_without_credit_or_who_passed() -> None:
    held_back = treated(Decision.REJECT, left=0.0)
    assert (held_back.decision, held_back.held_back) == (BRIDGE, ChallengeCause.SUSPICION)
    trusted = rule(
        FAX,
        mode=Mode.ENFORCE,
        exploration=DRAWN,
        standing=Standing(trusted=True),
        treatments={VerdictKind.CALLER_FAX: Decision.REJECT},
    )
    assert trusted == NEVER


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


# --- lines, and the one budget -----------------------------------------------------------------------------


def on_line(state: LineState | None, *, by_model: bool) -> Verdict:
    """What a call on a line in that state is taken for."""
    suspected = by_model or state in CAUSE_OF_LINE
    return Verdict(
        kind=VerdictKind.CALLER_SILENCE if suspected else VerdictKind.HAM,
        spam_probability=0.99 if by_model else 0.2,
        threshold=0.9,
        line=LineMatch(line_id="x", state=state, score=40.0, threshold=-20.0) if state else None,
    )


@pytest.mark.parametrize(
    ("state", "by_model", "cause"),
    [
        (LineState.ACTIVE, False, ChallengeCause.LINE),
        (LineState.ACTIVE, True, ChallengeCause.LINE),
        (LineState.CANDIDATE, False, ChallengeCause.BURST),
        (LineState.CANDIDATE, True, ChallengeCause.SUSPICION),
        (LineState.SUSPENDED, False, None),
        (LineState.SUSPENDED, True, ChallengeCause.SUSPICION),
        (None, True, ChallengeCause.SUSPICION),
        (None, False, None),
    ],
)
def test_the_strongest_evidence_is_the_cause(
    state: LineState | None, by_model: bool, cause: ChallengeCause | None
) -> None:
    ruling = rule(on_line(state, by_model=by_model), mode=Mode.ENFORCE, exploration=NOT_DRAWN)
    assert ruling.challenge_cause is cause
    assert ruling.decision is (Decision.CHALLENGE if cause else Decision.BRIDGE)


def test_a_burst_is_stronger_than_a_suspicion_that_is_not_sure_and_weaker_than_one_that_is() -> None:
    for sure_threshold, cause in ((0.999, ChallengeCause.BURST), (0.95, ChallengeCause.SUSPICION)):
        verdict = replace(on_line(LineState.CANDIDATE, by_model=True), sure_threshold=sure_threshold)
        assert rule(verdict, mode=Mode.ENFORCE, exploration=NOT_DRAWN).challenge_cause is cause


def test_a_suspicion_that_is_not_sure_uses_what_others_leave() -> None:
    unsure = replace(on_line(None, by_model=True), sure_threshold=0.999)
    for left, held in ((UNSURE_RESERVE, None), (UNSURE_RESERVE - 0.01, ChallengeCause.SUSPICION)):
        standing = Standing(credit=Credit(left))
        ruling = rule(unsure, mode=Mode.ENFORCE, exploration=NOT_DRAWN, standing=standing)
        assert ruling.held_back is held
        assert (ruling.decision is Decision.CHALLENGE) == (held is None)


@pytest.mark.parametrize("cause", ChallengeCause)
def test_a_cause_waits_below_its_reserve_and_is_named(cause: ChallengeCause) -> None:
    verdict = {
        ChallengeCause.LINE: on_line(LineState.ACTIVE, by_model=False),
        ChallengeCause.SUSPICION: on_line(None, by_model=True),
        ChallengeCause.BURST: on_line(LineState.CANDIDATE, by_model=False),
        ChallengeCause.EXPLORATION: on_line(None, by_model=False),
    }[cause]
    enough, short = Credit(RESERVES[cause]), Credit(RESERVES[cause] - 0.01)
    allowed = rule(verdict, mode=Mode.ENFORCE, exploration=DRAWN, standing=Standing(credit=enough))
    held = rule(verdict, mode=Mode.ENFORCE, exploration=DRAWN, standing=Standing(credit=short))
    assert (allowed.challenge_cause, allowed.held_back) == (cause, None)
    assert held == Ruling(challenge_probability=0.0, held_back=cause)


def test_without_credit_no_lot_could_have_challenged_a_call_and_its_row_says_so() -> None:
    """Else it would stand for challenged calls when labels are weighted by their probability."""
    short = Standing(credit=Credit(RESERVES[ChallengeCause.EXPLORATION] - 0.01))
    exploration = Exploration(share=0.1, draw=lambda: 0.9)
    ham = on_line(None, by_model=False)
    rulings = [rule(ham, mode=Mode.ENFORCE, exploration=exploration, standing=one) for one in (short, None)]
    assert rulings == [Ruling(challenge_probability=0.0), Ruling(challenge_probability=0.1)]


def test_the_weaker_the_evidence_the_sooner_it_waits() -> None:
    order = (
        ChallengeCause.LINE,
        ChallengeCause.SUSPICION,
        ChallengeCause.BURST,
        ChallengeCause.EXPLORATION,
    )
    assert sorted(RESERVES, key=RESERVES.__getitem__) == list(order)
    assert max(RESERVES.values()) <= DEPTH


@pytest.mark.parametrize("verdict", [on_line(LineState.ACTIVE, by_model=True), Verdict(kind=VerdictKind.HAM)])
@pytest.mark.parametrize("mode", [Mode.ENFORCE, Mode.COLLECT])
def test_who_passed_lately_is_not_asked_again(verdict: Verdict, mode: Mode) -> None:
    ruling = rule(verdict, mode=mode, exploration=DRAWN, standing=Standing(trusted=True))
    assert ruling == NEVER


@pytest.mark.parametrize(("level", "chance"), [(-50.0, 0.3), (-72.0, 0.3), (-49.9, 0.1), (None, 0.1)])
def test_quiet_calls_are_explored_at_a_share_of_their_own(level: float | None, chance: float) -> None:
    exploration = Exploration(share=0.1, quiet_share=0.3, draw=lambda: 0.2)
    ruling = rule(Verdict(kind=VerdictKind.HAM, level_dbfs=level), mode=Mode.ENFORCE, exploration=exploration)
    assert ruling.challenge_probability == chance
    assert (ruling.challenge_cause is ChallengeCause.EXPLORATION) == (chance == 0.3)


def test_a_suspended_lines_calls_are_asked_by_lot() -> None:
    verdict = on_line(LineState.SUSPENDED, by_model=False)
    assert verdict.line is not None
    probed = replace(verdict, line=replace(verdict.line, probe=0.2))
    for draw, cause in ((0.19, ChallengeCause.EXPLORATION), (0.21, None)):
        exploration = Exploration(draw=lambda draw=draw: draw)  # type: ignore[misc]
        ruling = rule(probed, mode=Mode.ENFORCE, exploration=exploration)
        assert (ruling.challenge_cause, ruling.challenge_probability) == (cause, 0.2)


@pytest.mark.parametrize(("fax", "own", "asked"), [(1.0, 0.0, True), (0.99, 10.0, False)])
def test_a_kind_with_a_budget_of_its_own_spends_from_no_other(fax: float, own: float, asked: bool) -> None:
    heard = Verdict(kind=VerdictKind.CALLER_FAX, spam_probability=0.9, threshold=0.5)
    standing = Standing(credit=Credit(own), kinds={VerdictKind.CALLER_FAX: Credit(fax)})
    for treatment in (Decision.CHALLENGE, Decision.REJECT):
        treatments = {VerdictKind.CALLER_FAX: treatment}
        ruling = rule(
            heard, mode=Mode.ENFORCE, exploration=NOT_DRAWN, standing=standing, treatments=treatments
        )
        assert ruling.decision is (treatment if asked else Decision.BRIDGE)
        assert ruling.held_back is (None if asked else ChallengeCause.SUSPICION)


REJECTED = dict.fromkeys((VerdictKind.CALLER_SILENCE, VerdictKind.CALLER_FAX), Decision.REJECT)


def rejecting(verdict: Verdict, standing: Standing, *, drawn: float = 0.9) -> Ruling:
    """The ruling where suspects are rejected unasked, but for one in ten."""
    exploration = Exploration(asked_share=0.1, draw=lambda: drawn)
    return rule(verdict, mode=Mode.ENFORCE, exploration=exploration, standing=standing, treatments=REJECTED)


@pytest.mark.parametrize(("drawn", "decision"), [(0.09, Decision.CHALLENGE), (0.1, Decision.REJECT)])
def test_of_those_to_be_rejected_unasked_a_share_is_asked(drawn: float, decision: Decision) -> None:
    ruling = rejecting(FAX, Standing(credit=Credit()), drawn=drawn)
    assert (ruling.decision, ruling.challenge_probability) == (decision, 0.1)


@pytest.mark.parametrize(
    "verdict",
    [
        on_line(LineState.ACTIVE, by_model=False),
        on_line(LineState.CANDIDATE, by_model=False),
        on_line(LineState.ACTIVE, by_model=True),
        replace(on_line(None, by_model=True), sure_threshold=0.999),
    ],
)
def test_nobody_is_rejected_unasked_for_a_line_a_burst_or_a_doubt(verdict: Verdict) -> None:
    """People call on lines, and make bursts: asked they can say so."""
    assert rejecting(verdict, Standing(credit=Credit(DEPTH))).decision is Decision.CHALLENGE


def test_nobody_is_rejected_unasked_where_no_budget_is_kept() -> None:
    assert rejecting(FAX, Standing()).decision is Decision.CHALLENGE
