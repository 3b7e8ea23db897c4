"""`silentspam provenance`: one object a file, a table for people, and a word for what is no audio."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from silentspam.audio import Recording, write_ulaw
from silentspam.cli import main
from silentspam.training.codecs.g711 import G711, encode_mu_law
from silentspam.training.network import Loss
from silentspam.training.paths import Hop, Network
from tests.provenance.sounds import RATE, lost_begins, voice, with_gaps


def _run(*arguments: object) -> int:
    return main(["provenance", *map(str, arguments)])


@pytest.fixture(scope="module")
def lossy():
    codes = voice(15, seed=3)
    return with_gaps(codes, lost_begins(len(codes), 160, 0.05, seed=3), 160)


def test_each_file_is_one_object_with_what_was_lost_of_it(tmp_path, lossy, capsys) -> None:
    write_ulaw(tmp_path / "a.ulaw", lossy)
    write_ulaw(tmp_path / "b.ulaw", Recording(voice(15, seed=4)))
    assert _run("--format", "jsonl", tmp_path) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["path"].endswith("a.ulaw")
    assert first["seconds"] == 15.0
    assert first["packet_ms"] == 20
    assert 0.03 < first["loss_rate"] < 0.08
    assert all(length == pytest.approx(0.02) or length > 0.02 for _, length in first["lost"])
    assert first["noise"]["floor_dbfs"] < -40
    assert first["fingerprint_version"] == 1
    assert set(first["concealment"]) == {"any", "g711", "gsm_fr", "ilbc", "speex", "g729"}
    assert 0 <= first["concealed_rate"] <= 1
    assert (second["lost"], second["loss_rate"], second["packet_ms"]) == ([], 0.0, None)


def test_people_get_a_table_with_reasons(tmp_path, lossy, capsys) -> None:
    write_ulaw(tmp_path / "a.ulaw", lossy)
    assert _run(tmp_path / "a.ulaw") == 0
    out = capsys.readouterr().out
    assert "packets of 20 ms" in out
    assert "a.ulaw" in out


@pytest.mark.parametrize("codes", [np.full(4 * RATE, 0xFF), np.full(1600, 0xFE), np.zeros(0), np.zeros(400)])
def test_what_tells_nothing_says_why(tmp_path, codes, capsys) -> None:
    write_ulaw(tmp_path / "a.ulaw", Recording(codes.astype(np.uint8)))
    assert _run("--format", "jsonl", tmp_path / "a.ulaw") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["lost"] == []
    assert any("no spectral clarity" in reason or "not told" in reason for reason in told["reasons"])


def test_a_pitch_that_is_repeated_where_packets_were_lost_is_told(tmp_path, capsys) -> None:
    codes = voice(15, seed=5)
    samples = Recording(codes).linear
    hop = Hop(network=Network.VOIP, codec="g711u", packet_ms=20, loss=Loss(share=0.08))
    heard, lost = hop.carry(samples, {"g711u": G711("g711u")}, np.random.default_rng(2))
    write_ulaw(tmp_path / "a.ulaw", Recording(encode_mu_law(heard)))
    assert _run("--format", "jsonl", tmp_path / "a.ulaw") == 0
    told = json.loads(capsys.readouterr().out)
    assert len(lost.begins) > 30
    assert told["concealment"]["any"] > 0.5
    assert told["concealed_rate"] == pytest.approx(0.08, abs=0.05)
    assert any("concealed losses" in reason for reason in told["reasons"])


def test_a_file_that_is_no_audio_costs_only_itself(tmp_path, lossy, capsys) -> None:
    write_ulaw(tmp_path / "good.ulaw", lossy)
    (tmp_path / "bad.wav").write_bytes(b"RIFF\0\0")
    assert _run("--format", "jsonl", tmp_path) == 1
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 1
    assert "bad.wav" in captured.err


def test_a_name_that_is_no_text_ends_no_batch(tmp_path, capsys) -> None:
    for name in (b"bad\xff\xfe.ulaw", b"good.ulaw"):
        write_ulaw(Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)), Recording(voice(1)))
    assert _run("--format", "jsonl", tmp_path) == 0
    told = [json.loads(line)["path"] for line in capsys.readouterr().out.splitlines()]
    assert [path.rpartition("/")[2] for path in told] == ["bad\\xff\\xfe.ulaw", "good.ulaw"]
    assert _run(tmp_path) == 0
    assert "bad\\udcff\\udcfe.ulaw" in capsys.readouterr().out


def test_a_folder_without_recordings_is_refused(tmp_path, capsys) -> None:
    assert _run(tmp_path) == 1
    assert "no recordings" in capsys.readouterr().err
