"""Recordings that are played again: found through real codecs and noise, and nothing else taken for one."""

import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silentspam.audio import SAMPLE_RATE, Codes, Recording, encode_ulaw
from silentspam.call import VerdictKind
from silentspam.kinds.alignment import EVIDENCE, align, needed
from silentspam.kinds.constellation import (
    END_BIN,
    FIRST_BIN,
    NOTHING,
    Constellation,
    constellation,
    constellation_of,
)
from silentspam.kinds.finding import Finding
from silentspam.kinds.recording import KnownRecordings
from silentspam.kinds.sound import Sound
from silentspam.kinds.standing import Standing
from silentspam.recordings.library import IndexedLibrary, KnownRecording, library_of
from silentspam.training.noise import Signal, at_level
from tests.recordings.skies import a_sky, opening_of
from tests.recordings.sounds import N, other_prompts, prompts, sent

CODECS = ("g711u", "g711a", "gsm", "ilbc20", "g729a")


def known(signals: list[Signal], standing: Standing = Standing.CONFIRMED) -> IndexedLibrary:
    return library_of(
        [
            KnownRecording(
                recording_id=f"r{row}",
                name=f"prompt {row}",
                standing=standing,
                constellation=constellation(Recording(sent(signal[: 7 * SAMPLE_RATE])).samples),
            )
            for row, signal in enumerate(signals)
        ]
    )


@cache
def library() -> IndexedLibrary:
    return known(prompts())


def heard(codes: Codes, *, library: IndexedLibrary) -> tuple[Finding, ...]:
    return KnownRecordings(library)(Sound(Recording(codes)))


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("row", [0, 5, 11])
def test_a_recording_is_found_from_any_cut_at_any_gain_in_noise(codec: str, row: int) -> None:
    rng = np.random.default_rng([row, len(codec)])
    start = int(rng.integers(0, 5 * SAMPLE_RATE))
    played = prompts()[row][start : start + N]
    level = 20 * np.log10(np.sqrt(np.mean(played**2)))
    noisy = played + at_level(rng.standard_normal(N), level - 10)
    (finding,) = heard(sent(noisy * 10 ** (rng.uniform(-15, 3) / 20), codec), library=library())
    assert (finding.kind, finding.signal) == (VerdictKind.CALLER_RECORDING, f"recording r{row}")
    assert finding.probability >= 0.99
    (place,) = re.findall(r"from its second (-?[\d.]+) on", finding.reason)
    assert float(place) == pytest.approx(start / SAMPLE_RATE, abs=0.1)


def test_one_that_starts_within_the_opening_is_found_with_its_place() -> None:
    late = np.concatenate([np.zeros(SAMPLE_RATE // 2), prompts()[3]])[:N]
    (finding,) = heard(sent(late, "gsm"), library=library())
    assert finding.signal == "recording r3"
    assert finding.begin == pytest.approx(0.5, abs=0.05)
    assert finding.end == 2.0


def test_other_recordings_of_the_same_voice_are_not_found() -> None:
    for prompt in other_prompts():
        for start in (0, N, 2 * N):
            assert heard(sent(prompt[start : start + N]), library=library()) == ()


@pytest.mark.parametrize("standing", [Standing.PERMITTED, Standing.CANDIDATE, Standing.REMOVED])
def test_what_is_not_confirmed_is_named_and_speaks_for_nothing(standing: Standing) -> None:
    permitted = known(prompts()[:3], standing)
    (finding,) = heard(sent(prompts()[1][8000 : 8000 + N]), library=permitted)
    assert finding.kind is None
    assert finding.signal == "recording r1"
    assert standing.lower() in finding.reason


T = np.arange(N) / SAMPLE_RATE
RNG = np.random.default_rng(1)
UNTELLING = {
    "one tone for two seconds": 0.3 * np.sin(2 * np.pi * 1100 * T),
    "busy": 0.1 * (np.sin(2 * np.pi * 480 * T) + np.sin(2 * np.pi * 620 * T)) * (T % 1 < 0.5),
    "ringback": 0.1 * (np.sin(2 * np.pi * 440 * T) + np.sin(2 * np.pi * 480 * T)),
    "hum": 0.05 * sum(np.sin(2 * np.pi * 50 * k * T) / k for k in range(1, 20)),
    "dead air": at_level(RNG.standard_normal(N), -72),
    "steady noise": at_level(RNG.standard_normal(N), -25),
    "digital silence": np.zeros(N),
    "a click": np.eye(1, N, 4000)[0],
    "short": np.zeros(700),
    "nothing": np.zeros(0),
}


@pytest.mark.parametrize("sound", UNTELLING)
@pytest.mark.parametrize("codec", ["g711u", "gsm", "g729a"])
def test_tones_noise_and_silence_have_no_fingerprint(sound: str, codec: str) -> None:
    assert not constellation(Recording(sent(UNTELLING[sound], codec)).samples).is_telling


def test_one_tone_stored_by_mistake_matches_no_other() -> None:
    """What an operator adds is checked; were it there all the same, no call would be taken for it."""
    tones = known([np.tile(UNTELLING["one tone for two seconds"], 4), np.tile(UNTELLING["hum"], 4)])
    for shift in (0.0, 0.123, 0.5):
        tone = 0.3 * np.sin(2 * np.pi * 1100 * (T + shift))
        assert heard(sent(tone), library=tones) == ()
        assert heard(sent(tone + prompts()[0][:N]), library=tones) == ()


@given(st.binary(max_size=4 * N))
@settings(max_examples=40)
def test_any_recording_can_be_heard(content: bytes) -> None:
    heard(np.frombuffer(content, np.uint8), library=library())


@pytest.mark.parametrize("code", [0x00, 0x7F, 0x80, 0xFF])
def test_held_codes_are_no_recording(code: int) -> None:
    assert heard(np.full(N, code, np.uint8), library=library()) == ()


def test_an_empty_library_knows_nothing() -> None:
    assert heard(sent(prompts()[0][:N]), library=library_of([])) == ()


def test_evidence_is_of_the_right_offset_and_needed_the_more_the_more_there_is() -> None:
    whole = constellation(Recording(sent(prompts()[2])).samples)
    part = constellation(Recording(sent(prompts()[2][24_000 : 24_000 + N])).samples)
    found = align(part, whole)
    assert found.begin == pytest.approx(3.0, abs=0.02)
    assert found.evidence > 40
    assert found.agreeing > 0.8 * found.peaks
    assert align(NOTHING, whole).evidence == align(part, NOTHING).evidence == 0
    assert needed(0) == needed(1) == EVIDENCE <= needed(100) < needed(100_000) < 1.7 * EVIDENCE


def test_peaks_that_agree_less_exactly_are_those_of_another_take() -> None:
    """As many agree, but two of three only in a bin beside the recording's."""
    rng = np.random.default_rng(4)
    sky = a_sky(rng)
    opening = opening_of(sky, start=100)
    lost = rng.random(len(opening)) > 0.4
    beside = np.where(rng.random(len(opening)) < 0.66, rng.choice([-1, 1], len(opening)), 0)

    def evidence(bins: np.ndarray) -> float:
        heard = np.where(lost, rng.integers(FIRST_BIN, END_BIN, len(opening)), bins)
        return align(Constellation(opening.frames, heard.astype(np.int32), opening.strong), sky).evidence

    assert evidence(opening.bins) > 2 * needed(1)
    assert evidence(opening.bins + beside) < evidence(opening.bins) / 2


@pytest.mark.parametrize("n", [0, 511, 512, 639, 640, 800, 16_000, 16_100, 70_000])
def test_a_sound_whose_spectrogram_is_there_has_the_same_peaks(n: int) -> None:
    recording = Recording(sent(prompts()[4][:n]))
    one, other = constellation(recording.samples), constellation_of(Sound(recording))
    assert np.array_equal(one.frames, other.frames)
    assert np.array_equal(one.bins, other.bins)
    assert np.array_equal(one.strong, other.strong)


def test_peaks_do_not_depend_on_level() -> None:
    opening = (prompts()[4][:N] * 32768).astype(np.int16)
    loud, soft = (constellation(Recording(encode_ulaw(opening // by)).samples) for by in (1, 4))
    assert align(loud, soft).agreeing > 0.6 * len(loud)


@pytest.mark.parametrize("hertz", [440.0, 1100.0, 2600.0])
def test_what_is_tones_is_called_tones_and_what_is_noise_noise(hertz: float) -> None:
    times = np.arange(N) / SAMPLE_RATE
    tone = constellation(Recording(sent(0.3 * np.sin(2 * np.pi * hertz * times))).samples)
    assert tone.lack.endswith("it is tones")
    noise = constellation(Recording(sent(0.1 * np.random.default_rng(1).standard_normal(N))).samples)
    assert noise.lack.endswith("it is steady noise")
