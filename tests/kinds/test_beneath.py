"""A fax that somebody talks over, and a talker without one."""

import numpy as np
import pytest

from silentspam.audio import Recording, encode_ulaw
from silentspam.kinds.busy import busy
from silentspam.kinds.fax import fax
from silentspam.kinds.sound import Sound
from silentspam.training.network import quantised
from silentspam.training.noise import at_level
from silentspam.training.signals import answer_tone
from tests.kinds.signalling import N, burst, heard, rng

SPEECH_DBFS = -22.0


def voice(seed, *, glide=0.15, vibrato=0.0):
    """Harmonics of a pitch that moves, in syllables; a hum or a song where it hardly does."""
    chance, t = rng(seed), np.arange(N) / 8000
    pitch = chance.uniform(90, 260) * (1 + glide * np.sin(2 * np.pi * chance.uniform(0.5, 1.5) * t + seed))
    pitch *= 1 + vibrato * np.sin(2 * np.pi * 5.5 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / 8000
    syllables = np.clip(np.sin(2 * np.pi * chance.uniform(2, 4) * t + seed), 0, 1) if glide else 1.0
    harmonics = sum(np.sin(k * phase) * np.exp(-k / 6) for k in range(1, 14))
    return at_level(syllables * harmonics, SPEECH_DBFS)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("below", [0.0, 3.0])
def test_cng_is_found_beneath_speech(seed, below):
    sound = heard(burst([1100], 0.6, 1.1), level=SPEECH_DBFS + 6.2 - below, background=voice(seed))
    assert [finding.signal for finding in fax(sound)] == ["fax CNG"]


@pytest.mark.parametrize("seed", range(6))
def test_an_answer_tone_is_found_beneath_speech(seed):
    tone = answer_tone(N, 0.5, rng(), reversals=True)
    sound = heard(tone, level=SPEECH_DBFS - 2, background=voice(seed))
    assert {finding.signal for finding in fax(sound)} == {"answer tone"}


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("glide", "vibrato"), [(0.15, 0.0), (0.0, 0.02), (0.01, 0.0)])
def test_talking_singing_and_humming_are_no_signal(seed, glide, vibrato):
    sound = Sound(Recording(encode_ulaw(quantised(voice(seed, glide=glide, vibrato=vibrato)))))
    assert [finding for finding in (*fax(sound), *busy(sound)) if finding.kind] == []


def test_fax_and_busy_at_once_are_both_found():
    busy_tone = at_level(burst([480, 620], 0.0, 0.5) + burst([480, 620], 1.0, 1.5), -22.0)
    sound = heard(burst([1100], 0.3, 0.8), level=-16, background=busy_tone)
    assert [finding.signal for finding in fax(sound)] == ["fax CNG"]
