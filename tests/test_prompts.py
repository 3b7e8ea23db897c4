"""The prompts of `ivr_prompts/en` agree with their manifest and are fit for a telephone.

Samples are fractions of full scale (1.0 is 0 dBFS), at 8,000 Hz; levels are in dBFS.
"""

from __future__ import annotations

import hashlib
import json
import wave
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parent.parent / "ivr_prompts" / "en"
MANIFEST = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
FRAME = 80  # samples, 10 ms
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WANTED = {
    *(f"press-{n}" for n in range(10)),
    *(f"digit-{n}" for n in range(10)),
    *("wrong-key", "no-key", "passed", "rejected", "rejected-contact", "goodbye"),
}


def decoded(name: str) -> np.ndarray:
    """Samples of one prompt (ITU-T G.711, table 2) [shape=(n,)]."""
    code = ~np.frombuffer((FOLDER / f"{name}.ulaw").read_bytes(), np.uint8).astype(int) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude) / 32_768


def frame_levels(samples: np.ndarray) -> np.ndarray:
    """RMS level of each whole 10 ms frame, dBFS; digital zero is −200."""
    whole = len(samples) // FRAME * FRAME
    power = np.mean(samples[:whole].reshape(-1, FRAME) ** 2, axis=1)
    return 10 * np.log10(np.maximum(power, 1e-20))


def speech_level(samples: np.ndarray) -> float:
    """RMS level over the frames within 30 dB of the loudest, dBFS."""
    levels = frame_levels(samples)
    return float(10 * np.log10(np.mean(10 ** (levels[levels > levels.max() - 30] / 10))))


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Largest magnitude of the normalised cross-correlation over all lags, 0 to 1."""
    size = len(a) + len(b)
    product = np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size))
    return float(np.abs(np.fft.irfft(product, size)).max() / np.sqrt(np.dot(a, a) * np.dot(b, b)))


def test_manifest_names_exactly_the_wanted_files() -> None:
    assert set(MANIFEST["files"]) == WANTED
    assert {path.stem for path in FOLDER.glob("*.ulaw")} == WANTED


def test_each_prompt_is_there_for_freeswitch_too_with_the_same_samples() -> None:
    assert {path.stem for path in FOLDER.glob("*.wav")} == WANTED
    for name in WANTED:
        with wave.open(str(FOLDER / f"{name}.wav")) as file:
            assert file.getparams()[:3] == (1, 2, 8_000), f"{name}: channels, bytes a sample, Hz"
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32_768
        assert np.array_equal(samples, decoded(name)), name


def test_manifest_states_provenance_and_format() -> None:
    assert (MANIFEST["sample_rate"], MANIFEST["encoding"].split(",")[0]) == (8_000, "G.711 mu-law")
    for key in ("tool", "tool_version", "tool_licence", "voice", "voice_licence"):
        assert MANIFEST[key], key


def test_folder_stays_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1_500_000


@pytest.mark.parametrize("name", sorted(WANTED))
def test_file_is_the_one_of_the_manifest(name: str) -> None:
    prompt = (FOLDER / f"{name}.ulaw").read_bytes()
    entry = MANIFEST["files"][name]
    assert hashlib.sha256(prompt).hexdigest() == entry["sha256"]
    assert entry["seconds"] == pytest.approx(len(prompt) / 8_000)


@pytest.mark.parametrize("name", sorted(WANTED))
def test_level_is_equal_and_nothing_clips(name: str) -> None:
    samples = decoded(name)
    assert speech_level(samples) == pytest.approx(-20.0, abs=0.5)
    assert np.abs(samples).max() <= 10 ** (-3 / 20)


@pytest.mark.parametrize("name", sorted(WANTED))
def test_silence_is_trimmed_at_both_ends(name: str) -> None:
    speech = np.flatnonzero(frame_levels(decoded(name)) > -50)
    assert speech[0] * 10 <= 50, "milliseconds before the speech"
    assert (len(decoded(name)) // FRAME - 1 - speech[-1]) * 10 <= 100, "milliseconds after the speech"


@pytest.mark.parametrize("name", sorted(WANTED))
def test_energy_lies_in_the_telephone_band(name: str) -> None:
    samples = decoded(name)
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / 8_000)
    outside = power[(hertz < 150) | (hertz > 3_700)].sum() / power.sum()
    assert outside < 0.005


@pytest.mark.parametrize("digit", range(10))
def test_a_digit_is_short_and_its_question_is_under_four_seconds(digit: int) -> None:
    assert MANIFEST["files"][f"press-{digit}"]["text"].endswith(f"press {DIGITS[digit]}.")
    assert MANIFEST["files"][f"digit-{digit}"]["text"] == f"{DIGITS[digit].capitalize()}."
    assert MANIFEST["files"][f"press-{digit}"]["seconds"] < 4.0
    assert 0.35 <= MANIFEST["files"][f"digit-{digit}"]["seconds"] <= 0.6


def test_no_two_questions_can_be_taken_for_each_other() -> None:
    prompts = [decoded(f"press-{n}") for n in range(10)]
    assert max(likeness(a, b) for a, b in combinations(prompts, 2)) < 0.75
