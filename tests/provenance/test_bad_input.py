"""What is no side of a call with speech on it: something is said of each, nothing is claimed of most.

Mixed sides cannot be told from one: two people at once are one sound. That is said in docs/provenance.md.
"""

import json
import struct
import tracemalloc

import msgspec
import numpy as np
import pytest
import soundfile

from silentspam.audio import Codes, Recording, encode_ulaw, write_ulaw
from silentspam.cli import main
from silentspam.provenance import concealment, features, quality, tones
from silentspam.provenance.analysis import analyse, examine
from silentspam.training import signals
from tests.provenance.sounds import RATE, lost_begins, voice, with_gaps

AT = np.arange(15 * RATE) / RATE


def _encoded(samples: np.ndarray) -> Codes:
    return encode_ulaw(np.clip(np.round(samples), -32768, 32767).astype(np.int16))


def _sum(*hz: float) -> np.ndarray:
    return np.asarray(sum(np.sin(2 * np.pi * one * AT) for one in hz))


def _noise(rms: float) -> np.ndarray:
    return np.random.default_rng(0).normal(size=len(AT)) * rms


TONES = {
    "a tone": _encoded(8000 * _sum(1000)),
    "fax": _encoded(5000 * _sum(1100) * (AT % 3.5 < 0.5)),
    "answer of a fax": _encoded(8000 * signals.answer_tone(len(AT), 0.0, np.random.default_rng(0))),
    "keys": _encoded(4000 * _sum(697, 1209) * (AT % 0.2 < 0.1)),
    "busy": _encoded(4000 * _sum(425) * (AT % 1.0 < 0.5)),
    "a chord": _encoded(3000 * _sum(262, 330, 392, 523)),
}
STEADY = {
    "bytes by chance": np.random.default_rng(1).integers(0, 256, len(AT)).astype(np.uint8),
    "noise of -40 dBFS": _encoded(_noise(330)),
    "2 s of noise": _encoded(_noise(330))[: 2 * RATE],
}
SILENCE = {
    "digital silence": np.full(len(AT), 0xFF, dtype=np.uint8),
    "digital silence below zero": np.full(len(AT), 0x7F, dtype=np.uint8),
    "noise of -72 dBFS": _encoded(_noise(8.2)),
}
SHORT = {"nothing": np.zeros(0, dtype=np.uint8), "one code": voice(1)[:1], "0.2 s": voice(0.2)}
SOUNDS = {
    "clipped at the codec's end": voice(15, level=60000.0),
    "clipped before": _encoded(np.clip(Recording(voice(15)).linear * 30.0, -8000, 8000)),
    "one loud code": np.zeros(len(AT), dtype=np.uint8),
    "both sides mixed": _encoded(
        Recording(voice(15, 1)).linear.astype(float) + Recording(voice(15, 2)).linear
    ),
}


@pytest.fixture(autouse=True)
def _unrated(monkeypatch: pytest.MonkeyPatch) -> None:
    """What quality says of all this is its own test's."""
    monkeypatch.setattr(quality, "PACKAGES", ("a_package_nobody_has",))


def _probabilities(told: dict) -> list[float]:
    return [*told["codecs"].values(), *told["networks"].values(), *told["concealment"].values()]


@pytest.mark.parametrize("name", [*TONES, *STEADY, *SILENCE, *SHORT, *SOUNDS])
def test_figures_are_finite_nothing_is_lost_and_something_is_said(name):
    codes = {**TONES, **STEADY, **SILENCE, **SHORT, **SOUNDS}[name]
    told = json.loads(msgspec.json.encode(analyse(Recording(codes))))
    assert told["lost"] == []
    assert told["reasons"]
    assert all(0 <= one <= 1 for one in _probabilities(told))
    assert 0 <= told["concealed_rate"] <= 1


@pytest.mark.parametrize("name", TONES)
def test_of_tones_alone_no_codec_no_concealment_and_no_line_is_told(name):
    found = examine(Recording(TONES[name]))
    assert found.fingerprint is None
    assert found.told is None
    assert found.analysis.concealment["any"] == 0
    assert any("few tones" in reason for reason in found.analysis.reasons)


@pytest.mark.parametrize("name", SILENCE)
def test_of_silence_no_codec_and_no_concealment_is_told(name):
    found = examine(Recording(SILENCE[name]))
    assert found.told is None
    assert found.analysis.concealment["any"] < 0.5
    assert any("nobody speaks" in reason for reason in found.analysis.reasons)


@pytest.mark.parametrize("name", STEADY)
def test_of_steady_noise_no_codec_and_no_network_is_told(name):
    found = examine(Recording(STEADY[name]))
    assert found.told is None
    assert any("steady noise" in reason for reason in found.analysis.reasons)


@pytest.mark.parametrize("name", SHORT)
def test_what_is_too_short_says_so(name):
    found = examine(Recording(SHORT[name]))
    assert found.fingerprint is None
    assert any("codecs are not told by it" in reason for reason in found.analysis.reasons)


def test_of_no_audio_nothing_else_is_said():
    first, *others = analyse(Recording(SHORT["nothing"])).reasons
    assert first.startswith("no audio")
    assert not any("no packet was lost" in reason for reason in others)


def test_what_is_no_few_tones():
    assert not tones.tones_alone(Recording(voice(15)))
    assert not tones.tones_alone(Recording(voice(2)))
    assert not tones.tones_alone(Recording(SILENCE["digital silence"]))
    assert not tones.tones_alone(Recording(voice(0.05)))


def test_of_a_long_call_all_losses_are_found_and_its_first_minute_is_measured(monkeypatch):
    """An hour is this ten times: what it needs of memory is bounded by the minute, not by the call."""
    heard, looked_at = np.tile(voice(15), 24), []
    for module, name in ((concealment, "frame_vectors"), (features, "residual")):
        original = getattr(module, name)

        def measured(samples, original=original):
            looked_at.append(len(samples))
            return original(samples)

        monkeypatch.setattr(module, name, measured)
    lossy = with_gaps(heard, lost_begins(len(heard), 160, 0.02, seed=1), 160)
    tracemalloc.start()
    found = analyse(lossy)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.lost[-1][0] > 350
    assert any("by the first 60 s, losses by all 360 s" in reason for reason in found.reasons)
    assert looked_at
    assert max(looked_at) <= 60 * RATE
    assert peak < 150e6


def test_an_hour_is_read_and_no_more(tmp_path, monkeypatch):
    from silentspam.provenance import analysis

    lengths = []

    def told(recording):
        lengths.append(recording.seconds)
        return examine(recording.opening(1.0))

    monkeypatch.setattr(analysis, "examine", told)
    write_ulaw(tmp_path / "long.ulaw", Recording(np.zeros(3700 * RATE, dtype=np.uint8)))
    assert main(["provenance", str(tmp_path)]) == 0
    assert lengths == [3600.0]


def _wav(path, rate: int = RATE, channels: int = 1) -> None:
    samples = Recording(voice(2)).linear
    soundfile.write(path, np.stack([samples] * channels, axis=1), rate, subtype="PCM_16")


@pytest.mark.parametrize(
    ("rate", "channels", "said"),
    [(RATE, 2, "8000 Hz with 2 channels"), (16000, 1, "16000 Hz with 1 channels")],
)
def test_what_is_not_8_khz_mono_is_refused_with_a_remedy(tmp_path, capsys, rate, channels, said):
    _wav(tmp_path / "call.wav", rate, channels)
    assert main(["provenance", str(tmp_path / "call.wav")]) == 1
    complaint = capsys.readouterr().err
    assert said in complaint
    assert "convert it first" in complaint


@pytest.mark.parametrize("kept", [44, 45, 1000, 30_001])
def test_of_a_wav_that_was_cut_off_is_told_what_is_there(tmp_path, capsys, kept):
    _wav(tmp_path / "whole.wav")
    (tmp_path / "cut.wav").write_bytes((tmp_path / "whole.wav").read_bytes()[:kept])
    assert main(["provenance", "--format", "jsonl", str(tmp_path / "cut.wav")]) == 0
    assert json.loads(capsys.readouterr().out)["seconds"] == pytest.approx((kept - 44) // 2 / RATE, abs=1e-3)


def test_a_wav_without_audio_costs_only_itself(tmp_path, capsys):
    (tmp_path / "bad.wav").write_bytes(b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt ")
    write_ulaw(tmp_path / "good.ulaw", Recording(voice(2)))
    assert main(["provenance", "--format", "jsonl", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert "bad.wav" in captured.err
    assert len(captured.out.splitlines()) == 1


def test_each_of_several_calls_is_drawn_into_a_picture_of_its_own(tmp_path):
    for name in "ab":
        write_ulaw(tmp_path / f"{name}.ulaw", Recording(voice(1)))
    assert main(["provenance", str(tmp_path), "--plot", str(tmp_path / "call.png")]) == 0
    assert {path.name for path in tmp_path.glob("*.png")} == {"call-1.png", "call-2.png"}


def test_one_call_is_drawn_into_the_file_that_is_named(tmp_path):
    write_ulaw(tmp_path / "a.ulaw", Recording(SHORT["0.2 s"]))
    assert main(["provenance", str(tmp_path / "a.ulaw"), "--plot", str(tmp_path / "call.png")]) == 0
    assert (tmp_path / "call.png").read_bytes()[1:4] == b"PNG"


def test_a_picture_that_cannot_be_written_is_said(tmp_path, capsys):
    write_ulaw(tmp_path / "a.ulaw", Recording(voice(1)))
    (tmp_path / "file").write_bytes(b"")
    assert main(["provenance", str(tmp_path / "a.ulaw"), "--plot", str(tmp_path / "file" / "call.png")]) == 1
    assert "call.png" in capsys.readouterr().err
