"""Lost packets by drop, floor and rise of the energy: found where they are, and nowhere else."""

import numpy as np
import pytest

from silentspam.audio import Recording, encode_ulaw
from silentspam.provenance.packet_loss import Filling, packet_loss
from silentspam.provenance.silent_gaps import is_cadence
from tests.provenance.sounds import RATE, lost_begins, voice, with_gaps


def _found(recording: Recording) -> np.ndarray:
    found = np.zeros(len(recording.codes), dtype=bool)
    for span in packet_loss(recording).spans:
        found[span.begin : span.begin + span.length] = True
    return found


@pytest.mark.parametrize("packet_ms", [10, 20, 30])
def test_packets_lost_as_silence_are_found_to_the_sample(packet_ms):
    length = packet_ms * 8
    codes = voice(15)
    begins = lost_begins(len(codes), length, 0.05, seed=packet_ms)
    recording = with_gaps(codes, begins, length)
    found = _found(recording)
    lost = np.zeros_like(found)
    for at in begins:
        lost[at : at + length] = True
    assert (found & lost).sum() > 0.95 * lost.sum()
    assert (found & ~lost).sum() == 0
    told = packet_loss(recording)
    assert told.packet_ms == packet_ms
    assert told.rate == pytest.approx(lost.mean(), abs=0.003)
    assert 1.0 <= told.burstiness < 1.5
    assert {span.filling for span in told.spans} == {Filling.SILENCE}


@pytest.mark.parametrize("packet_ms", [10, 20, 30])
def test_noise_in_place_of_packets_is_found_by_its_level(packet_ms):
    length = packet_ms * 8
    codes = voice(15, seed=1)
    begins = lost_begins(len(codes), length, 0.05, seed=packet_ms)
    recording = with_gaps(codes, begins, length, noise=40.0)
    found, lost = _found(recording), np.zeros(len(codes), dtype=bool)
    for at in begins:
        lost[at : at + length] = True
    assert (found & lost).sum() > 0.6 * lost.sum()
    assert (found & ~lost).sum() < 0.1 * lost.sum()
    assert packet_loss(recording).packet_ms == packet_ms


def test_bursts_are_measured_in_packets():
    codes = voice(10)
    begins = [at + k * 160 for at in range(37, 70000, 160 * 25) for k in range(3)]
    begins += range(37 + 1600, 70000, 160 * 25)
    begins += range(37 + 2400, 70000, 160 * 25)
    told = packet_loss(with_gaps(codes, sorted(begins), 160))
    assert told.packet_ms == 20
    assert told.burstiness == pytest.approx(5 / 3, abs=0.1)


def test_pauses_of_digital_silence_are_no_losses():
    codes = voice(15, room=0.0)
    rng = np.random.default_rng(3)
    for at in rng.integers(0, len(codes) - 4000, 20):
        codes[at : at + rng.integers(500, 4000)] = 0xFF
    assert packet_loss(Recording(codes)).spans == ()


@pytest.mark.parametrize("room", [0.0, 3.0, 20.0, 100.0])
def test_a_call_without_loss_has_none(room):
    assert packet_loss(Recording(voice(15, room=room))).spans == ()


def _tone() -> np.ndarray:
    return encode_ulaw((8000 * np.sin(np.arange(5 * RATE) * 0.4)).astype(np.int16))


@pytest.mark.parametrize(
    "codes",
    [
        np.zeros(0, dtype=np.uint8),
        np.full(5 * RATE, 0xFF, dtype=np.uint8),
        _tone(),
        voice(0.2),
        voice(5, level=60000.0),
        np.full(50, 0x7F, dtype=np.uint8),
    ],
    ids=["empty", "silence", "tone", "short", "clipped", "few samples"],
)
def test_what_is_no_call_has_no_losses(codes):
    told = packet_loss(Recording(codes))
    assert (told.spans, told.packet_ms, told.rate, told.burstiness) == ((), None, 0.0, 0.0)


def test_an_hour_is_looked_at_piece_by_piece():
    codes = voice(60)
    begins = lost_begins(len(codes), 160, 0.02, seed=4)
    piece = with_gaps(codes, begins, 160).codes
    hour = packet_loss(Recording(np.tile(piece, 60)))
    assert hour.packet_ms == 20
    assert len(hour.spans) > 55 * 0.9 * len(packet_loss(Recording(piece)).spans)


@pytest.mark.parametrize("pause_ms", [40, 50, 60, 100])
def test_the_pauses_between_keys_are_no_losses(pause_ms):
    at, period = np.arange(15 * RATE), 8 * (60 + pause_ms)
    sounds = at % period < 8 * 60
    tones = sum(np.sin(2 * np.pi * hz * at / RATE) for hz in (697, 1209)) * 4000 * sounds
    assert packet_loss(Recording(encode_ulaw(np.round(tones).astype(np.int16)))).spans == ()


def test_silences_are_a_cadence_by_their_length_or_their_interval():
    rng = np.random.default_rng(0)
    begins = np.cumsum(rng.integers(8, 40, 20))
    assert is_cadence(np.stack([begins, begins + 5], axis=1))
    assert not is_cadence(np.stack([begins, begins + 2], axis=1))
    assert is_cadence(np.array([(k * 10, k * 10 + 4) for k in range(9)]))
    assert not is_cadence(np.array([(k * 10, k * 10 + 4) for k in range(4)]))
