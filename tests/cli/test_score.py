"""`silentspam score`: good, bad and hostile files."""

import json
import os
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from silentspam.audio import encode_ulaw, write_ulaw
from silentspam.errors import AudioError
from tests.fakes import noise, silence, tone
from tests.kinds.signalling import burst, heard

FIELDS = (
    "kind",
    "spam_probability",
    "threshold",
    "model_id",
    "digital_silence_share",
    "seconds",
    "reasons",
    "kind_probabilities",
)


def mulaw_wav(codes: bytes) -> bytes:
    """A WAV of format 7 (mu-law, RFC 2361) with a chunk of odd length before the data."""
    fmt = b"\x07\x00\x01\x00" + (8000).to_bytes(4, "little") * 2 + b"\x01\x00\x08\x00\x00\x00"
    chunks = b"fmt " + len(fmt).to_bytes(4, "little") + fmt + b"LIST\x03\x00\x00\x00abc\x00"
    chunks += b"data" + len(codes).to_bytes(4, "little") + codes + b"\x00" * (len(codes) % 2)
    return b"RIFF" + (4 + len(chunks)).to_bytes(4, "little") + b"WAVE" + chunks


def pcm_wav(path: Path, samples: np.ndarray, *, rate: int = 8000, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def test_one_json_object_a_recording(silentspam, tmp_path: Path) -> None:
    write_ulaw(tmp_path / "a.ulaw", noise())
    write_ulaw(tmp_path / "b.ulaw", tone())
    code, out, err = silentspam("score", "--format", "jsonl", tmp_path / "a.ulaw", tmp_path / "b.ulaw")
    lines = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert [line["kind"] for line in lines] == ["CALLER_SILENCE", "HAM"]
    assert set(lines[0]) == {"path", *FIELDS}
    assert lines[0]["spam_probability"] == pytest.approx(0.9)
    assert lines[0]["seconds"] == 2.0


def test_every_kind_is_told(silentspam, tmp_path: Path) -> None:
    write_ulaw(tmp_path / "fax.ulaw", heard(burst([1100], 0.7, 1.2)).recording)
    _, out, _ = silentspam("score", "--format", "jsonl", tmp_path / "fax.ulaw")
    told = json.loads(out)
    assert told["kind"] == "CALLER_FAX"
    assert told["spam_probability"] == told["kind_probabilities"]["CALLER_FAX"]
    assert any("fax CNG" in reason for reason in told["reasons"])


def test_only_the_opening_is_judged(silentspam, tmp_path: Path) -> None:
    long = np.concatenate([noise().codes, tone(60).codes])
    (tmp_path / "long.ulaw").write_bytes(long.tobytes())
    _, out, _ = silentspam("score", "--format", "jsonl", tmp_path / "long.ulaw")
    assert json.loads(out)["kind"] == "CALLER_SILENCE"
    assert json.loads(out)["seconds"] == 2.0


def test_a_folder_is_searched_and_shown_as_a_table(silentspam, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write_ulaw(tmp_path / "deep" / "a.ulaw", silence(2.0))
    code, out, _ = silentspam("score", tmp_path / "deep")
    assert code == 0
    assert "INCONCLUSIVE" in out
    assert "digital silence" in out


@pytest.mark.parametrize("name", [b"a\nFAKE HAM\x1b[31m.ulaw", b"no-utf8-\xff.ulaw", b"c1-\xc2\x9b2J.ulaw"])
def test_a_hostile_name_cannot_steer_the_terminal(silentspam, tmp_path: Path, name: bytes) -> None:
    folder = tmp_path / "some"
    folder.mkdir()
    good, bad = Path(os.fsdecode(os.fsencode(folder) + b"/" + name)), folder / "b\x1b[2J.ulaw"
    write_ulaw(good, noise())
    bad.symlink_to("gone")
    code, out, err = silentspam("score", folder)
    assert code == 1
    assert len(out.splitlines()) == 2
    assert all(character.isprintable() for character in (out + err).replace("\n", ""))
    _, out, _ = silentspam("score", "--format", "jsonl", folder)
    assert out.isascii()
    assert json.loads(out)["path"] == str(good)
    assert all(map(str.isprintable, silentspam("score", bad, "--model", folder / "\x1b[2J")[2].splitlines()))


def test_a_mulaw_wav_keeps_its_codes(silentspam, tmp_path: Path) -> None:
    from silentspam.audio_files import read_recording

    codes = bytes([0x7F, 0xFF] * 8000 + [0x12])
    (tmp_path / "a.wav").write_bytes(mulaw_wav(codes))
    assert read_recording(tmp_path / "a.wav").codes.tobytes() == codes


def test_a_pcm_wav_is_encoded(tmp_path: Path) -> None:
    from silentspam.audio_files import read_recording

    samples = np.arange(-16000, 16000, 2, dtype=np.int16)
    recording = read_recording(pcm_wav(tmp_path / "a.wav", samples))
    assert np.array_equal(recording.codes, encode_ulaw(samples))


def test_a_telephone_wav_needs_no_soundfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from silentspam.audio_files import read_recording

    monkeypatch.setitem(sys.modules, "soundfile", None)
    (tmp_path / "mulaw.wav").write_bytes(mulaw_wav(b"\x12" * 100))
    assert len(read_recording(tmp_path / "mulaw.wav").codes) == 100
    assert len(read_recording(pcm_wav(tmp_path / "pcm.wav", np.zeros(100))).codes) == 100
    with pytest.raises(AudioError, match="soundfile"):
        read_recording(pcm_wav(tmp_path / "wide.wav", np.zeros(100), rate=16000))


def test_what_is_no_file_is_refused_and_not_waited_for(silentspam, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ulaw")
    code, _, err = silentspam("score", tmp_path / "pipe.ulaw")
    assert code == 1
    assert "not a regular file" in err


def test_an_empty_file_is_no_media(silentspam, tmp_path: Path) -> None:
    (tmp_path / "empty.ulaw").write_bytes(b"")
    code, out, _ = silentspam("score", "--format", "jsonl", tmp_path / "empty.ulaw")
    assert code == 0
    assert json.loads(out)["kind"] == "INCONCLUSIVE"
    assert json.loads(out)["spam_probability"] is None


def test_a_gigantic_file_is_read_no_further_than_its_opening(silentspam, tmp_path: Path) -> None:
    path = tmp_path / "huge.ulaw"
    write_ulaw(path, noise())
    with path.open("r+b") as file:
        file.truncate(1 << 40)
    code, out, _ = silentspam("score", "--format", "jsonl", path)
    assert code == 0
    assert json.loads(out)["kind"] == "CALLER_SILENCE"


BAD_FILES = {
    "text.ulaw": b"this is no recording, it is a letter to somebody",
    "riff.ulaw": mulaw_wav(b"\xff" * 100),
    "truncated.wav": mulaw_wav(b"\xff" * 100)[:20],
    "noise.wav": bytes(range(256)) * 8,
    "empty.wav": b"",
}


@pytest.mark.parametrize("name", [*BAD_FILES, "missing.ulaw", "stereo.wav", "wideband.wav"])
def test_a_bad_file_is_named_and_the_others_are_judged(silentspam, tmp_path: Path, name: str) -> None:
    write_ulaw(tmp_path / "good.ulaw", noise())
    if name in BAD_FILES:
        (tmp_path / name).write_bytes(BAD_FILES[name])
    pcm_wav(tmp_path / "stereo.wav", np.zeros(3200), channels=2)
    pcm_wav(tmp_path / "wideband.wav", np.zeros(3200), rate=16000)
    code, out, err = silentspam("score", "--format", "jsonl", tmp_path / name, tmp_path / "good.ulaw")
    assert code == 1
    assert name in err
    assert [json.loads(line)["path"] for line in out.splitlines()] == [str(tmp_path / "good.ulaw")]


def test_another_model_brings_its_own_threshold(silentspam, tmp_path: Path, model_folder: Path) -> None:
    write_ulaw(tmp_path / "a.ulaw", noise())
    _, out, _ = silentspam("score", "--format", "jsonl", "--model", model_folder, tmp_path / "a.ulaw")
    assert json.loads(out)["threshold"] == 0.6


def test_a_missing_model_is_an_error(silentspam, tmp_path: Path) -> None:
    code, _, err = silentspam("score", "--model", tmp_path / "none", tmp_path / "a.ulaw")
    assert code == 1
    assert str(tmp_path / "none") in err


def test_a_plot_is_drawn_for_one_recording(silentspam, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    write_ulaw(tmp_path / "a.ulaw", noise())
    code, _, _ = silentspam("score", "--plot", tmp_path / "a.png", tmp_path / "a.ulaw")
    assert code == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert silentspam("score", "--plot", tmp_path / "a.png", tmp_path / "a.ulaw", tmp_path / "a.ulaw")[0] == 2
