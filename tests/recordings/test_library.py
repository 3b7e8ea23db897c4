"""What a library answers where several of its recordings are the same audio."""

from dataclasses import replace

import numpy as np
import pytest

from silentspam.kinds.constellation import Constellation
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


@pytest.mark.parametrize("count", [1, 6, 20])
def test_a_permit_protects_however_often_the_same_audio_was_confirmed(count: int) -> None:
    """Windows that were found and confirmed agree better than what an operator's file gave."""
    (permitted,) = known(1, standing=Standing.PERMITTED)
    opening = opening_of(permitted.constellation, start=40)
    kept = np.arange(len(permitted.constellation)) % 6 > 0
    whole = permitted.constellation
    worse = replace(
        permitted, constellation=Constellation(whole.frames[kept], whole.bins[kept], whole.strong[kept])
    )
    found = [
        replace(permitted, recording_id=f"{n}", standing=Standing.CONFIRMED, constellation=opening)
        for n in range(count)
    ]
    assert library_of(found).match(opening).standing is Standing.CONFIRMED  # type: ignore[union-attr]
    match = library_of([*found, worse]).match(opening)
    assert match is not None
    assert match.standing is Standing.PERMITTED


def test_confirmed_goes_before_removed_and_candidates() -> None:
    (one,) = known(1)
    opening = opening_of(one.constellation, start=40)
    others = [
        replace(one, standing=standing, constellation=opening)
        for standing in (Standing.REMOVED, Standing.CANDIDATE)
    ]
    match = library_of([*others, one]).match(opening)
    assert match is not None
    assert match.standing is Standing.CONFIRMED


def test_what_few_landmarks_vote_for_is_not_compared() -> None:
    shelf = known(40)
    library = library_of(shelf)
    codes, frames = sought(opening_of(shelf[7].constellation, start=40))
    assert library.index.likeliest(codes, frames, 4)[0] == 7
    strange = np.random.default_rng(1).integers(0, N_CODES, round(len(codes) / LEAST_SHARE)).astype(np.uint32)
    mixed = np.concatenate([codes, strange]), np.resize(frames, len(codes) + len(strange))
    assert 7 not in library.index.likeliest(*mixed, 4)
