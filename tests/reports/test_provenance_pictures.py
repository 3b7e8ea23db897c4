"""The picture of a call: made of whatever is heard, and wide enough to read."""

import struct

import numpy as np
import pytest

from silentspam.audio import Recording
from silentspam.provenance.concealment import ALGORITHMS
from silentspam.provenance.packet_loss import packet_loss
from silentspam.reports.page import png
from silentspam.reports.provenance_pictures import DPI, MOST_REASONS, MOST_SECONDS, call_figure, made_up
from tests.provenance.sounds import RATE, lost_begins, voice, with_gaps

CHANCES = {
    "codecs": {"g711": 0.9, "ilbc": 0.2},
    "networks": {},
    "concealment": {"any": 0.9, **dict.fromkeys(ALGORITHMS, 0.1)},
}


def _figure(recording, reasons=("no packet was lost",)):
    return call_figure(recording, packet_loss(recording), chances=CHANCES, reasons=reasons, title="a call")


def _texts(figure):
    return "\n".join(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))


def test_losses_levels_bars_and_reasons_are_in_a_picture_of_1200_pixels():
    codes = voice(6, seed=3)
    heard = with_gaps(codes, lost_begins(len(codes), 160, 0.05, seed=3), 160)
    figure = _figure(heard, ["5 % of the time was lost"])
    texts = _texts(figure)
    for expected in ("lost, silence played", "floor of the gaps", "losses that were told", "0.90"):
        assert expected in texts
    assert "networks: not told" in texts
    assert "• 5 % of the time was lost" in texts
    width, height = struct.unpack(">II", png(figure, dpi=DPI)[16:24])
    assert width == 1200
    assert height > 800


@pytest.mark.parametrize("n", [0, 40, 100, 1600])
def test_what_is_too_short_for_a_spectrogram_is_drawn_all_the_same(n):
    assert png(_figure(Recording(voice(1)[:n])), dpi=20)


def test_digital_silence_is_drawn():
    assert png(_figure(Recording(np.full(2 * RATE, 0xFF, dtype=np.uint8))), dpi=20)


def test_of_a_long_call_the_beginning_is_drawn_and_its_length_is_said():
    figure = _figure(Recording(np.tile(voice(20), 2)))
    assert f"the first {MOST_SECONDS:g} of 40 s" in _texts(figure)


def test_reasons_without_end_are_cut():
    texts = _texts(_figure(Recording(voice(1)), [f"reason {k}" for k in range(40)]))
    assert f"reason {MOST_REASONS - 2}" in texts
    assert f"reason {MOST_REASONS - 1}" not in texts
    assert "…" in texts


def test_frames_that_look_made_up_are_places_in_the_call():
    begins = made_up(Recording(voice(3)))
    assert ((begins >= 0) & (begins < 3)).all()
