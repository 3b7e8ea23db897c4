"""The picture of a line: its numbers are those of the recordings, and any openings can be drawn."""

import numpy as np
import pytest

from silentspam.audio import SAMPLE_RATE, Recording, encode_ulaw
from silentspam.errors import SilentSpamError
from silentspam.reports.line_pictures import STFT, line_figure, power, steps
from silentspam.reports.page import png
from tests.fakes import joined, noise, silence, tone


def test_a_full_scale_sine_has_power_1_at_its_frequency() -> None:
    t = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    sine = Recording(encode_ulaw((32000 * np.sin(2 * np.pi * 1000 * t)).astype(np.int16)))
    found = power(sine)
    at = int(found.argmax())
    assert at * SAMPLE_RATE / STFT.window_length == 1000
    assert found[at] == pytest.approx((32000 / 32768) ** 2, rel=0.02)


def test_steps_count_from_the_two_zeros() -> None:
    codes = np.array([0xFF, 0xFE, 0x80, 0x7F, 0x7E, 0x00], np.uint8)
    assert steps(codes).tolist() == [0, 1, 127, -1, -2, -128]


def test_a_picture_is_the_same_bytes_and_takes_any_openings() -> None:
    calls = [
        noise(),
        noise(1.2),
        joined(silence(0.5), noise(1.0)),
        silence(2.0),
        Recording(np.zeros(0, np.uint8)),
    ]
    first, again = (png(line_figure(calls, title="a line")) for _ in range(2))
    assert first == again
    assert first.startswith(b"\x89PNG")
    assert png(line_figure([tone()])) != first


def test_nothing_to_draw_is_said() -> None:
    for calls in ([], [silence(2.0)]):
        with pytest.raises(SilentSpamError, match=f"none of {len(calls)} recordings"):
            line_figure(calls)
