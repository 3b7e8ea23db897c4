"""What a library answers where several of its recordings are the same audio."""

import numpy as np
import pytest

from silentspam.kinds.landmarks import N_CODES, sought
from silentspam.kinds.standing import Standing
from silentspam.recordings.index import LEAST_SHARE
from silentspam.recordings.library import library_of
from tests.recordings.skies import known, opening_of


@pytest.mark.parametrize("decided", [one for one in Standing if one is not Standing.CANDIDATE])
@pytest.mark.parametrize("first", [True, False])
def test_what_somebody_decided_on_goes_before_what_was_only_found(decided: Standing, first: bool) -> None:
    both = [*known(1, standing=decided), *known(1, standing=Standing.CANDIDATE)]
    library = library_of((both if first else both[::-1]) + known(3, seed=5))
    match = library.match(opening_of(both[0].constellation, start=40))
    assert match is not None
    assert match.standing is decided


def test_what_few_landmarks_vote_for_is_not_compared() -> None:
    shelf = known(40)
    library = library_of(shelf)
    codes, frames = sought(opening_of(shelf[7].constellation, start=40))
    assert library.index.likeliest(codes, frames, 4)[0] == 7
    strange = np.random.default_rng(1).integers(0, N_CODES, round(len(codes) / LEAST_SHARE)).astype(np.uint32)
    mixed = np.concatenate([codes, strange]), np.resize(frames, len(codes) + len(strange))
    assert 7 not in library.index.likeliest(*mixed, 4)
