"""How listeners would rate a call, where the network for it is installed; what is said where it is not."""

import numpy as np
import pytest

from silentspam.audio import Recording, encode_ulaw
from silentspam.provenance import quality as module
from silentspam.provenance.quality import quality
from tests.provenance.sounds import RATE, lost_begins, voice, with_gaps


def test_what_is_not_installed_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr(module, "PACKAGES", ("speechmos", "a_package_nobody_has"))
    score, why = quality(Recording(voice(2)))
    assert score is None
    assert why == "quality needs a_package_nobody_has: pip install 'silentspam[quality]'"


@pytest.fixture
def installed():
    for package in module.PACKAGES:
        pytest.importorskip(package)


@pytest.mark.usefixtures("installed")
class TestInstalled:
    def test_a_call_that_loses_packets_is_rated_lower_whatever_its_loudness(self):
        clean = voice(6, seed=3, level=3000.0)
        gone = with_gaps(clean, lost_begins(len(clean), 160, 0.2, seed=3), 160)
        quiet = encode_ulaw((Recording(clean).linear / 4).astype(np.int16))
        scores = [quality(one)[0] for one in (Recording(clean), gone, Recording(quiet))]
        assert all(1 <= score <= 5 for score in scores)
        assert scores[0] > scores[1] + 0.1
        assert scores[2] == pytest.approx(scores[0], abs=0.3)

    def test_a_call_is_rated_the_same_each_time(self):
        assert quality(Recording(voice(2))) == quality(Recording(voice(2)))

    def test_what_it_looks_at_is_what_the_package_itself_looks_at(self):
        from speechmos.plcmos import PLCMOS

        samples = np.random.default_rng(0).normal(size=16000) * 0.1
        theirs = PLCMOS.__new__(PLCMOS).stft_transform(samples)
        np.testing.assert_allclose(module._log_power(samples)[0, 0], theirs, rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize(
        ("codes", "why"),
        [
            (np.zeros(0, dtype=np.uint8), "0.00 s are less than 1 s"),
            (voice(0.9), "0.90 s are less than 1 s"),
            (np.full(2 * RATE, 0xFF, dtype=np.uint8), "nobody speaks"),
        ],
        ids=["empty", "short", "silence"],
    )
    def test_what_cannot_be_rated_says_why(self, codes, why):
        score, reason = quality(Recording(codes))
        assert score is None
        assert why in reason

    def test_of_a_long_call_the_beginning_is_rated(self):
        codes = voice(16)
        assert quality(Recording(codes)) == quality(Recording(codes[: 15 * RATE]))
