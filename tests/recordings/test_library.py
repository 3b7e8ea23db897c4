"""What a library answers where several of its recordings are the same audio."""

import pytest

from silentspam.kinds.standing import Standing
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
