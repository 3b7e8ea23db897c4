"""A caller of the lab hears which digit is asked for, and whether it rings."""

from pathlib import Path

import numpy as np
import pytest

from lab.audio import SAMPLE_RATE, Samples, read_mulaw
from lab.hearing import Ear, ring_share
from lab.product import PROMPTS

FRAME = 160
DIGITS = [str(digit) for digit in range(10)]


@pytest.fixture(scope="module")
def ear() -> Ear:
    words = [(digit, _prompt(f"press-{digit}")[-SAMPLE_RATE:]) for digit in DIGITS]
    return Ear(words)


def _prompt(name: str) -> Samples:
    return read_mulaw(PROMPTS / f"{name}.ulaw")


def _silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * SAMPLE_RATE), np.int16)


@pytest.mark.parametrize("digit", DIGITS)
def test_the_digit_is_heard_wherever_it_comes(ear: Ear, digit: str) -> None:
    heard = np.concatenate([_silence(0.123), _prompt(f"press-{digit}"), _silence(0.4)])
    found = ear.digit(heard)
    assert found is not None
    assert found.digit == digit


@pytest.mark.parametrize("digit", DIGITS)
def test_a_lost_frame_does_not_deafen(ear: Ear, digit: str) -> None:
    prompt = _prompt(f"press-{digit}")
    middle = prompt.size - SAMPLE_RATE // 2
    found = ear.digit(np.delete(prompt, slice(middle, middle + FRAME)))
    assert found is not None
    assert found.digit == digit


@pytest.mark.parametrize("name", ["wrong-key", "no-key", "passed", "rejected"])
def test_no_digit_is_heard_in_other_prompts(ear: Ear, name: str) -> None:
    assert ear.digit(_prompt(name)) is None


def test_nothing_is_heard_in_silence_or_in_too_little(ear: Ear) -> None:
    assert ear.digit(_silence(3.0)) is None
    assert ear.digit(_silence(0.0)) is None


def test_both_voices_are_known(tmp_path: Path) -> None:
    from lab.audio import write_wav

    for digit in DIGITS:
        write_wav(tmp_path / f"{digit}.wav", _prompt(f"digit-{digit}"))
    ear = Ear.of_prompts(PROMPTS, tmp_path)
    for name in ("press-4", "digit-4"):
        found = ear.digit(_prompt(name))
        assert found is not None
        assert found.digit == "4"


def _tones(seconds: float, *frequencies: float) -> Samples:
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    waves = np.array([7000 * np.sin(2 * np.pi * hz * times) for hz in frequencies])
    ringing: Samples = waves.sum(axis=0).astype(np.int16)
    return ringing


def test_ring_tone_is_told_from_other_sounds() -> None:
    assert ring_share(_tones(2.0, 440, 480)) == 1.0
    assert ring_share(_tones(2.0, 440)) == 0.0
    assert ring_share(_tones(2.0, 350, 440)) == 0.0
    assert ring_share(_prompt("rejected")) < 0.05
    assert ring_share(_silence(1.0)) == 0.0


def test_the_share_counts_the_pauses() -> None:
    half = np.concatenate([_tones(1.0, 440, 480), _silence(1.0)])
    assert ring_share(half) == pytest.approx(0.5)
