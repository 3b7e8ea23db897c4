"""What the model measured is not measured again, unless it heard less than there is."""

import numpy as np
import pytest

from silentspam.features import FEW, FeatureParams, measured
from silentspam.kinds.sound import Sound
from silentspam.spectrum import StftParams
from tests.fakes import joined, noise, silence

PARAMS = FeatureParams(groups=("bases",))
OTHER = FeatureParams(groups=("bases",), stft=StftParams(window_length=256, hop_length=128))


def test_the_model_hands_its_spectrogram_over():
    recording = noise()
    (known,) = measured([recording], PARAMS)
    sound = Sound(recording, known, PARAMS)
    assert sound.power is known.power
    assert sound.vector is known.vector
    np.testing.assert_array_equal(sound.power, Sound(recording).power)


@pytest.mark.parametrize(
    ("recording", "params"),
    [(joined(silence(0.2), noise()), PARAMS), (noise(), OTHER), (noise(), FeatureParams(groups=("codes",)))],
)
def test_another_transform_or_a_part_of_the_recording_is_not_taken_for_the_whole(recording, params):
    (known,) = measured([recording.sounding], params)
    np.testing.assert_array_equal(Sound(recording, known, params).power, Sound(recording).power)


def test_of_many_openings_no_spectrogram_is_kept():
    """They are a corpus or an archive; each would hold 130 kB for as long as its verdict is there."""
    some = [noise(seed=seed) for seed in range(FEW + 1)]
    assert all(one.power is None for one in measured(some, PARAMS))
    assert all(one.power is not None for one in measured(some[:FEW], PARAMS))
