"""What an operator's word does to a line."""

from dataclasses import replace

import numpy as np
import pytest

from silentspam.errors import LineError
from silentspam.lines.deeds import Deed, after
from silentspam.lines.line import Line, LineOrigin
from silentspam.verdict import LineState

ACTIVE = Line(
    line_id="a",
    space_id="s",
    origin=LineOrigin.CHALLENGE,
    mean=np.zeros(2),
    count=3,
    first_seen=0.0,
    last_seen=1.0,
    state=LineState.ACTIVE,
    failed=3,
)


@pytest.mark.parametrize(
    ("deed", "state", "pinned"),
    [
        (Deed.SUSPEND, LineState.SUSPENDED, True),
        (Deed.CONFIRM, LineState.ACTIVE, True),
        (Deed.FORGET, LineState.EXPIRED, False),
        (Deed.RELEASE, LineState.ACTIVE, False),
    ],
)
def test_every_deed(deed: Deed, state: LineState, pinned: bool) -> None:
    done = after(ACTIVE, deed)
    assert (done.state, done.pinned) == (state, pinned)


def test_a_word_stands_against_the_evidence_until_it_is_taken_back() -> None:
    suspended = after(ACTIVE, Deed.SUSPEND).failed_by(np.zeros(2), 1, 2.0)
    assert suspended.state is LineState.SUSPENDED
    assert after(suspended, Deed.RELEASE).state is LineState.ACTIVE
    confirmed = after(ACTIVE, Deed.CONFIRM)
    for number in range(20):
        confirmed = confirmed.passed_by(number, challenged=True)
    assert confirmed.state is LineState.ACTIVE
    assert after(confirmed, Deed.RELEASE).state is LineState.SUSPENDED


def test_an_expired_line_comes_back_by_confirmation_alone() -> None:
    expired = after(ACTIVE, Deed.FORGET)
    assert after(expired, Deed.CONFIRM).state is LineState.ACTIVE
    with pytest.raises(LineError, match="`confirm` brings it back"):
        after(expired, Deed.RELEASE)


@pytest.mark.parametrize("deed", Deed)
def test_a_merged_line_is_decided_on_in_the_line_it_became_part_of(deed: Deed) -> None:
    with pytest.raises(LineError, match="was merged into b"):
        after(replace(ACTIVE, merged_into="b", state=LineState.EXPIRED), deed)
