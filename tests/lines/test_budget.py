"""One budget: the bound of what people are asked, for any callers in any order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.budget import DEPTH, FOREST_SHARE, LINE_SHARE, RESERVES, START, UNSURE_RESERVE, Credit
from silentspam.call import ChallengeCause

CAUSES = list(ChallengeCause)
CALLERS = st.lists(
    st.tuples(st.sampled_from(CAUSES), st.booleans(), st.integers(0, 6)), min_size=1, max_size=400
)
"""Cause of suspicion, whether it is a person, and how many calls later its fate is learnt."""


@given(CALLERS, st.floats(0.0001, 0.5))
def test_people_challenged_never_exceed_the_bound(
    callers: list[tuple[ChallengeCause, bool, int]], rate: float
) -> None:
    credit, asked, under_way, most, earning = Credit(), 0, [], 0, 0
    for at, (cause, person, later) in enumerate(callers):
        for due in [one for one in under_way if one[0] <= at]:
            under_way.remove(due)
            if due[1] or not due[2]:  # a person, or a call that was bridged
                credit, earning = credit.earned(rate), earning + 1
            credit = credit.spent() if due[1] and due[2] else credit
        challenged = credit.allows(cause)
        asked += challenged and person
        under_way.append((at + 1 + later, person, challenged))
        most = max(most, sum(one[2] for one in under_way))
        assert asked <= DEPTH + rate * earning + most
        assert credit.left <= DEPTH


@given(st.floats(-20, DEPTH))
def test_the_weakest_evidence_waits_first(left: float) -> None:
    allowed = [Credit(left).allows(cause) for cause in ChallengeCause]
    assert allowed == sorted(allowed, reverse=True)


def test_a_suspicion_that_is_not_sure_leaves_room_for_bursts_and_comes_before_exploration() -> None:
    assert RESERVES[ChallengeCause.BURST] < UNSURE_RESERVE < RESERVES[ChallengeCause.EXPLORATION] <= START
    unsure = Credit(UNSURE_RESERVE - 0.01)
    assert unsure.allows(ChallengeCause.SUSPICION)
    assert not unsure.allows(ChallengeCause.SUSPICION, sure=False)
    assert unsure.allows(ChallengeCause.LINE, sure=False)


def test_every_cause_has_a_reserve_and_the_shares_leave_room_for_bursts_and_exploration() -> None:
    assert set(RESERVES) == set(ChallengeCause)
    assert min(RESERVES.values()) >= 1 > FOREST_SHARE + LINE_SHARE


@pytest.mark.parametrize("cause", CAUSES)
def test_without_credit_nothing_is_challenged(cause: ChallengeCause) -> None:
    assert not Credit(0.0).allows(cause)
    assert Credit().allows(cause)
