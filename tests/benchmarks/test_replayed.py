"""What the benchmark of recordings takes for one sound, so that no re-play is counted as a false match."""

import numpy as np

from benchmarks.replayed import OPENING, STORED, is_same_audio

RNG = np.random.default_rng(1)


def test_a_passage_that_both_have_is_the_same_audio_and_other_sounds_are_not() -> None:
    recording, opening = RNG.standard_normal(STORED), RNG.standard_normal(OPENING)
    assert not is_same_audio(opening, recording, 1.0)
    opening[4000:8000] = 0.3 * recording[8000 + 4200 : 8000 + 8200] + 0.02 * RNG.standard_normal(4000)
    assert is_same_audio(opening, recording, 1.0)
    assert not is_same_audio(opening, recording, 3.0)
    assert not is_same_audio(np.zeros(OPENING), recording, 1.0)
    assert not is_same_audio(opening, recording, 9.0)
