"""The spectrogram in characters: it fits a terminal, and tells silence, dead air and speech apart."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silentspam import resources
from silentspam.audio import Recording, read_ulaw
from silentspam.cli.terminal_picture import COLUMNS, LINES, SHADES, draw
from tests.fakes import joined, noise, silence, tone


def darkness(recording: Recording) -> float:
    """Mean shade, 0 for blank."""
    picture = "".join(line.split("|")[1] for line in draw(recording) if "|" in line)
    return sum(SHADES.index(character) for character in picture) / len(picture)


def test_it_fits_a_terminal_and_has_axes() -> None:
    lines = draw(noise(2.0))
    assert len(lines) == LINES + 1
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("4 kHz |")
    assert lines[-1].endswith("2.00 s")


def test_digital_silence_is_blank_dead_air_is_not_and_speech_is_darkest() -> None:
    speech = read_ulaw(resources.shipped("ivr_prompts") / "en" / "press-7.ulaw").opening(2.0)
    assert darkness(silence(2.0)) == 0.0
    assert 0.5 < darkness(noise(2.0, level=8.0)) < darkness(speech)


def test_time_runs_to_the_right_and_frequency_upwards() -> None:
    late = draw(joined(silence(1.0), noise(1.0)))
    assert all(line.split("|")[1][: COLUMNS // 2 - 2].isspace() for line in late[:-1])
    low = draw(tone(2.0, hz=100.0))
    assert max(range(LINES), key=lambda n: low[n].count(SHADES[-1])) == LINES - 1


@settings(max_examples=30)
@given(codes=st.binary(max_size=4000))
def test_any_recording_gives_a_picture_or_says_why_not(codes: bytes) -> None:
    import numpy as np

    lines = draw(Recording(np.frombuffer(codes, dtype=np.uint8)))
    assert len(lines) in (1, LINES + 1)


@pytest.mark.parametrize("seconds", [0.0, 0.001])
def test_too_little_audio_is_said(seconds: float) -> None:
    assert "too little" in draw(noise(seconds))[0]
