"""Concealment is seen by what it repeats, and not where nothing was lost."""

import numpy as np
import pytest

from silentspam.audio import Recording, decode_ulaw, encode_ulaw
from silentspam.provenance import analysis
from silentspam.provenance.codecs import PathTold
from silentspam.provenance.concealment import ALGORITHMS, Concealment, concealment, shipped_model
from silentspam.provenance.frame_traces import NAMES, frame_vectors
from silentspam.provenance.repetition import repeated_codes, repetition
from silentspam.training.codecs.concealment import WaveformReplication
from tests.provenance.sounds import RATE, lost_begins, voice


def _replicated(codes: np.ndarray, begins: list[int], length: int, phase: int) -> np.ndarray:
    """The call with the packets that begin there concealed by G.711 Appendix I."""
    samples, decoder = decode_ulaw(codes), WaveformReplication()
    parts = [decoder.receive(samples[:phase])]
    for at in range(phase, len(samples), length):
        packet = samples[at : at + length]
        parts.append(decoder.conceal(len(packet)) if at in begins else decoder.receive(packet))
    return encode_ulaw(np.concatenate(parts))


def test_waveform_replication_repeats_the_very_codes():
    codes = voice(4, level=3000.0)
    begins = lost_begins(len(codes), 160, 0.1, seed=1, phase=80)
    heard = _replicated(codes, begins, 160, phase=80)
    first = np.zeros(len(codes) // 80, dtype=bool)
    first[[at // 80 for at in begins]] = True
    same = repeated_codes(heard)
    assert np.median(same[first]) > 0.95
    assert np.median(same[~first]) < 0.5
    repeats = repetition(decode_ulaw(heard).astype(float)).correlation
    assert np.median(repeats[first]) > 0.999


def test_vectors_are_named_and_finite():
    vectors = frame_vectors(voice(3))
    assert vectors.shape == (300, len(NAMES))
    assert np.isfinite(vectors).all()


def test_many_concealed_packets_are_seen_and_none_where_none_was_lost():
    clean = voice(15, seed=2, level=3000.0)
    begins = lost_begins(len(clean), 160, 0.1, seed=2, phase=80)
    concealed, untouched = (
        concealment(Recording(_replicated(clean, begins, 160, 80))),
        concealment(Recording(clean)),
    )
    assert concealed.probability > untouched.probability
    assert concealed.rate > untouched.rate
    assert set(concealed.algorithms) == set(ALGORITHMS)


def test_the_shipped_arrays_are_what_their_hashes_say():
    model = shipped_model()
    assert len(model.frames.base) == 1
    assert len(model.calls.base) == 2 + len(ALGORITHMS)


@pytest.mark.parametrize(
    "codes",
    [
        np.zeros(0, dtype=np.uint8),
        np.full(79, 0xFF, dtype=np.uint8),
        np.full(5 * RATE, 0xFF, dtype=np.uint8),
        encode_ulaw((8000 * np.sin(np.arange(5 * RATE) * 0.4)).astype(np.int16)),
        voice(0.2),
        voice(5, level=60000.0),
    ],
    ids=["empty", "less than a frame", "silence", "tone", "short", "clipped"],
)
def test_bad_input_gives_figures_all_the_same(codes):
    told = concealment(Recording(codes))
    assert 0 <= told.probability <= 1
    assert 0 <= told.rate <= 1
    assert told.packets >= 0


def test_of_minutes_packets_are_counted_of_the_first_alone():
    clean = voice(15, seed=2, level=3000.0)
    heard = _replicated(clean, lost_begins(len(clean), 160, 0.1, seed=2, phase=80), 160, 80)
    call = Recording(np.tile(heard, 5))
    told = concealment(call, packet_ms=20)
    assert told.any
    assert told.packets == round(told.rate * 3000)
    assert any("packets of the first 60 s" in reason for reason in analysis.analyse(call).reasons)


@pytest.mark.parametrize(("last", "says"), [("g729", True), ("speex", False)])
def test_of_g729_it_is_said_that_concealment_is_hardly_heard(monkeypatch, last, says):
    some = Concealment(probability=0.8, rate=0.05, packets=20, algorithms=dict.fromkeys(ALGORITHMS, 0.1))
    told = PathTold(
        codecs={last: 1.0}, networks={"voip": 1.0}, last={last: 1.0}, signature=("voip",), reasons=()
    )
    monkeypatch.setattr(analysis, "concealment", lambda *_args, **_settings: some)
    monkeypatch.setattr(analysis, "path_told", lambda *_args, **_settings: told)
    reasons = analysis.analyse(Recording(voice(2))).reasons
    assert any("perhaps concealed losses with probability 0.80" in reason for reason in reasons)
    assert any("hardly heard" in reason for reason in reasons) is says
