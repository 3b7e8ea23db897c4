"""The rate guard: a bad model is found out, an attack does not switch screening off, chance does nothing."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.call import ChallengeCause, ChallengeResult
from silentspam.gate.guard import FEWEST, GuardedCall, GuardSettings, judge, lowest_share
from silentspam.sections import GateSection, ModelSection

DEFAULTS = GuardSettings(
    challenged_share=GateSection().guard_challenged_share,
    false_factor=GateSection().guard_false_factor,
    rate=ModelSection().max_false_challenge_rate,
    kinds=("CALLER_FAX", "CALLER_NOISE"),
)
WINDOW = GateSection().guard_calls


def call(
    result: ChallengeResult | None = None,
    challenged_for: ChallengeCause | None = ChallengeCause.SUSPICION,
    **own: str,
) -> GuardedCall:
    columns = {"mode": "enforce", "model_id": "m"} | own
    return GuardedCall(challenge_cause=challenged_for if result else None, challenge_result=result, **columns)


HAM = call()
PASSED, FAILED, LEFT = map(call, (ChallengeResult.PASSED, ChallengeResult.FAILED, ChallengeResult.ABANDONED))


def share_of(
    of: GuardedCall, share: float, count: int = WINDOW, *, others: GuardedCall = HAM
) -> list[GuardedCall]:
    calls = [of] * round(share * count)
    calls += [others] * (count - len(calls))
    random.Random(0).shuffle(calls)
    return calls


def acts(calls: Sequence[GuardedCall]) -> bool:
    return judge(calls, DEFAULTS) is not None


def test_people_alone_are_no_sign() -> None:
    assert not acts([HAM] * WINDOW)
    assert not acts([])


def test_a_model_that_challenges_everybody_is_found_out_by_few_calls() -> None:
    assert acts([PASSED] * FEWEST)
    assert acts([FAILED] * FEWEST), "people who cannot hear the digit fail"
    assert not acts([PASSED] * (FEWEST - 1))


def test_a_model_that_challenges_a_fifth_of_all_people_is_found_out() -> None:
    finding = judge(share_of(PASSED, 0.2), DEFAULTS)
    assert finding is not None
    assert "40 of the newest 200 calls" in finding
    assert "gate.guard_false_factor" in finding


def test_a_model_within_a_multiple_of_its_budget_is_left_alone() -> None:
    """0.005 is the budget, 0.05 ten times that: what is not surely above it is left alone."""
    assert not acts(share_of(PASSED, 0.005))
    assert not acts(share_of(PASSED, 0.05))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.45, 0.5])
def test_an_attack_that_fails_the_test_does_not_switch_the_screening_off(share: float) -> None:
    assert not acts(share_of(FAILED, share))


@pytest.mark.parametrize("cause", [ChallengeCause.LINE, ChallengeCause.BURST])
def test_an_attack_on_a_known_line_never_does_however_large(cause: ChallengeCause) -> None:
    assert not acts(share_of(call(ChallengeResult.FAILED, cause), 0.95))


def test_an_attack_that_hangs_up_during_the_test_does_not_either() -> None:
    assert not acts(share_of(LEFT, 0.45))
    assert not acts(share_of(call(ChallengeResult.ABANDONED, ChallengeCause.LINE), 0.95))


def test_an_attack_that_is_far_more_than_half_of_the_calls_does() -> None:
    assert "gate.guard_challenged_share" in str(judge(share_of(FAILED, 0.8), DEFAULTS))


def test_a_large_attack_does_not_hide_a_model_that_challenges_people() -> None:
    assert acts(share_of(FAILED, 0.4, others=PASSED))


def test_people_who_hang_up_count_as_often_as_people_pass() -> None:
    assert acts([*[PASSED] * 12, *[LEFT] * 12, *[HAM] * 176])
    assert not acts([*[PASSED] * 12, *[HAM] * 188])


def test_challenges_by_lot_say_nothing_of_the_model() -> None:
    lot = call(ChallengeResult.PASSED, ChallengeCause.EXPLORATION)
    assert not acts([lot] * WINDOW)


def test_only_calls_that_could_be_challenged_count() -> None:
    shadow, unheard = call(mode="shadow"), call(gate_cause="PERMITTED")
    assert acts([*[PASSED] * FEWEST, *[shadow] * 90, *[unheard] * 90])


def test_a_model_promoted_a_minute_ago_is_not_excused_by_the_one_before() -> None:
    new = call(ChallengeResult.PASSED, model_id="new")
    assert acts([*[new] * FEWEST, *[HAM] * 180])
    assert not acts([*[HAM] * 180, *[new] * FEWEST]), "nor blamed for it"


@pytest.mark.parametrize("share", [0.45, 0.5])
def test_chance_seldom_makes_an_attack_of_up_to_half_of_the_calls_set_it_off(share: float) -> None:
    dice = random.Random(1)
    windows = [[FAILED if dice.random() < share else HAM for _ in range(WINDOW)] for _ in range(300)]
    assert sum(map(acts, windows)) <= (2 if share == 0.5 else 0)


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_lower_end_is_a_share_below_the_one_seen(count: int, more: int) -> None:
    low = lowest_share(count, count + more)
    assert 0 <= low <= (count / (count + more) if count + more else 0) + 1e-12


def test_the_lower_end_is_wilsons() -> None:
    assert lowest_share(10, 20) == pytest.approx(0.2155, abs=0.001)
    assert lowest_share(0, 0) == 0.0


# --- other kinds of SPAM -----------------------------------------------------------------------------------


def fax(result: ChallengeResult | None, **own: str) -> GuardedCall:
    suspected = GuardedCall(
        mode="enforce", model_id="m", verdict="CALLER_FAX", challenge_cause=ChallengeCause.SUSPICION
    )
    return replace(suspected, challenge_result=result, **own)


def test_a_detector_that_challenges_people_is_found_out_and_named() -> None:
    finding = judge(share_of(fax(ChallengeResult.PASSED), 0.2), DEFAULTS)
    assert finding is not None
    assert "wrongly for CALLER_FAX" in finding


def test_a_storm_of_faxes_that_fail_is_no_sign_however_large() -> None:
    """No line takes it over, as one does with dead air, and each that fails speaks for the detector."""
    assert not acts(share_of(fax(ChallengeResult.FAILED), 0.95))
    assert acts(share_of(fax(ChallengeResult.ABANDONED), 0.95)), "nothing speaks for it"


def test_no_kind_is_blamed_for_another() -> None:
    mixed = [fax(ChallengeResult.FAILED)] * 60 + [FAILED] * 60 + [HAM] * 80
    assert not acts(mixed), "120 of 200 were challenged, and of neither kind half"
    some = [fax(ChallengeResult.PASSED)] * 12 + [PASSED] * 12 + [HAM] * 176
    assert not acts(some)
    assert acts([PASSED] * 24 + [HAM] * 176)


def test_rejections_unasked_count_as_suspects_and_as_nobodys_mistake() -> None:
    unasked = fax(None, decision="REJECT")
    assert not acts(share_of(unasked, 0.4))
    assert "challenged or rejected for CALLER_FAX" in str(judge(share_of(unasked, 0.8), DEFAULTS))
    people = share_of(unasked, 0.45, others=HAM)[:-30] + [PASSED] * 30
    assert acts(people), "they hide no model that challenges people"
