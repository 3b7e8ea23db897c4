"""What is said of a call by a trunk is held against what its border carried, packet by packet."""

import json
from pathlib import Path

import numpy as np
import pytest

from lab import trunk_study
from lab.audio import write_wav
from lab.trunk_study import CALLS, CODECS, Carried, aligned, beside, conditions, main, said_of


def call(lost: tuple[int, ...], packets: int = 300) -> Carried:
    return Carried(
        codec="gsm",
        buffered=False,
        sends="speech",
        share=0.05,
        leg="legs/one.ulaw",
        packets=packets,
        lost=lost,
        agent_heard=0.9,
    )


def said(lost: list[list[float]], seconds: float = 4.0) -> dict[str, object]:
    return {
        "path": "one.ulaw",
        "seconds": seconds,
        "lost": lost,
        "loss_rate": 0.05,
        "packet_ms": 20,
        "concealed_rate": 0.0,
        "concealment": {"any": 0.2},
        "codecs": {"gsm_fr": 0.9},
        "networks": {"cellular": 0.9, "voip": 0.1},
        "last_codec": "gsm_fr",
    }


def test_the_recorded_stretch_is_found_by_what_it_lost() -> None:
    lost = (10, 103, 120, 121, 190, 280)
    seen = np.zeros(200, dtype=bool)
    seen[[3, 20, 21, 90]] = True  # the first packet recorded was number 100
    assert np.flatnonzero(aligned(call(lost), seen)).tolist() == [3, 20, 21, 90, 180]


def test_a_recorder_that_left_packets_out_is_followed() -> None:
    lost = (103, 120, 121, 150, 190, 203, 215, 240, 261)
    seen = np.zeros(170, dtype=bool)
    seen[[3, 20, 21, 50, 81, 94, 106, 131, 152]] = True  # nine packets fewer from the fifth loss on
    assert np.flatnonzero(aligned(call(lost), seen)).tolist() == np.flatnonzero(seen).tolist()


def test_where_nothing_was_seen_it_is_the_end_of_the_call() -> None:
    truth = aligned(call((5, 299)), np.zeros(200, dtype=bool))
    assert np.flatnonzero(truth).tolist() == [199]


def test_seen_and_lost_are_counted_a_frame_early_or_late() -> None:
    figures = said_of(
        call((103, 120, 190, 250)), said([[0.06, 0.02], [0.42, 0.02], [3.0, 0.02], [3.2, 0.04]])
    )
    assert (figures["lost_packets"], figures["seen_packets"], figures["found_packets"]) == (4, 5, 3)
    assert figures["family"] == "gsm_fr"
    assert "lost" not in figures


def test_beside_is_one_frame_on_each_side_and_never_beyond() -> None:
    assert beside(np.array([True, False, False, False, True])).tolist() == [True, True, False, True, True]
    assert beside(np.zeros(0, dtype=bool)).tolist() == []


def test_every_codec_comes_with_loss_and_without() -> None:
    sorts = list(conditions(0.05))
    for codec in CODECS:
        assert (codec, False, 0.0, 1) in sorts
        assert (codec, False, 0.05, 1) in sorts
    assert len(set(sorts)) == len(sorts)


def test_sides_that_were_kept_are_asked_about_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = call((103, 120))
    (tmp_path / CALLS).write_text(json.dumps([kept.__dict__ | {"lost": list(kept.lost)}]))
    answer = said([[0.06, 0.02]]) | {"path": str(tmp_path / kept.leg)}
    monkeypatch.setattr(trunk_study, "silentspam", lambda *_, **__: json.dumps(answer) + "\n")
    assert main(["--again", str(tmp_path), "--json", str(tmp_path / "figures.json")]) == 0
    printed = capsys.readouterr().out
    assert "gsm    -       90%          2     1     1      0" in printed
    assert "2 packets lost, 1 seen, 1 of them lost" in printed
    assert "last codec: 1 of 1 right" in printed
    assert json.loads((tmp_path / "figures.json").read_text())[0]["found_packets"] == 1


def test_what_the_agent_heard_is_the_share_of_its_frames(tmp_path: Path) -> None:
    assert trunk_study._agent_heard(tmp_path) == 0.0
    frames = np.zeros((10, 160), dtype=np.int16)
    frames[:4] = 16
    frames[6:] = 17
    write_wav(tmp_path / "agent-1-heard.wav", frames.reshape(-1))
    assert trunk_study._agent_heard(tmp_path) == 0.4


def test_a_folder_that_holds_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--again", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err
