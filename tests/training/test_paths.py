"""Paths of calls: hops lose what they say, concealed or not; a corpus tells the truth, each time the same."""

import json

import numpy as np
import pytest

from silentspam.cli import main
from silentspam.errors import AudioError
from silentspam.training.codecs.g711 import G711
from silentspam.training.network import Loss
from silentspam.training.path_corpus import CALLS, PathPlan, PathSimulator, read_path_corpus, recording_of
from silentspam.training.path_drawing import FAMILIES_OF, IN_ORDER, Talk, draw_path
from silentspam.training.paths import FAMILIES, Fill, Hop, Network, Path
from silentspam.training.sources import Split, find_clips

CODECS = {"g711u": G711("g711u"), "g711a": G711("g711a")}
SPEECH = (6000 * np.sin(np.arange(24000) * 0.17)).astype(np.int16)


def _hop(fill: Fill, *, share: float = 0.2, packet_ms: int = 30) -> Hop:
    return Hop(network=Network.VOIP, codec="g711u", packet_ms=packet_ms, loss=Loss(share=share), fill=fill)


def _carried(fill: Fill, **more):
    return _hop(fill, **more).carry(SPEECH, CODECS, np.random.default_rng(1))


@pytest.mark.parametrize("packet_ms", [10, 20, 30])
def test_silence_stands_exactly_where_packets_were_lost(packet_ms) -> None:
    heard, lost = _carried(Fill.SILENCE, packet_ms=packet_ms)
    gone = np.zeros(len(SPEECH), bool)
    for begin in lost.begins:
        gone[begin : begin + lost.length] = True
    assert lost.length == 8 * packet_ms
    assert 0.1 < gone.mean() < 0.3
    assert not heard[gone].any()
    assert np.abs(heard[~gone] - SPEECH[~gone]).max() < 300


def test_noise_and_concealment_fill_the_same_gaps() -> None:
    _, silent = _carried(Fill.SILENCE)
    noisy, lost = _carried(Fill.NOISE)
    concealed, _ = _carried(Fill.CONCEALED)
    gap = slice(lost.begins[0], lost.begins[0] + lost.length)
    assert lost.begins == silent.begins
    assert 5 < np.std(noisy[gap]) < 80
    assert np.std(concealed[gap]) > 1000


def test_a_hop_without_loss_gives_what_its_codec_gives() -> None:
    heard, lost = _carried(Fill.CONCEALED, share=0.0)
    assert lost.begins == ()
    assert np.array_equal(heard, CODECS["g711u"].transmit(SPEECH, np.zeros(150, bool)))


def test_a_path_names_its_networks_and_its_labels_once() -> None:
    first, second = _hop(Fill.SILENCE), Hop(network=Network.PSTN, codec="g711a", packet_ms=20)
    path = Path(hops=(first, second))
    codes, lost = path.send(SPEECH, CODECS, np.random.default_rng(1))
    assert path.families == ("g711",)
    assert path.name == "voip:g711u+pstn:g711a"
    assert len(lost) == 2
    assert lost[1].begins == ()
    assert codes.shape == SPEECH.shape


def test_networks_follow_each_other_in_order_or_codecs_in_any() -> None:
    rng = np.random.default_rng(2)
    ordered = [draw_path(rng, tuple(FAMILIES)) for _ in range(100)]
    assert {tuple(hop.network for hop in path.hops) for path in ordered} == set(IN_ORDER)
    assert all(hop.family in FAMILIES_OF[hop.network] for path in ordered for hop in path.hops)
    shuffled = [draw_path(rng, ("gsm_fr", "speex", "g711"), ordered=False) for _ in range(40)]
    assert {path.hops[0].codec for path in shuffled} >= {"gsm", "speex4", "speex8"}
    assert all(len(path.families) == len(path.hops) for path in shuffled)


def _simulate(out, audio_folder, *more: str) -> int:
    size = ["--callers", "4", "--calls", "2", "--seconds", "3", "--seed", "7"]
    size += ["--test-share", "0.5", "--codecs", "g711"]
    return main(["paths", "simulate", "--out", str(out), "--sources", str(audio_folder), *size, *more])


def test_a_corpus_tells_what_became_of_each_call(audio_folder, tmp_path, capsys) -> None:
    assert _simulate(tmp_path / "one", audio_folder, "--workers", "1") == 0
    assert "8 calls" in capsys.readouterr().out
    assert _simulate(tmp_path / "two", audio_folder, "--workers", "2") == 0
    calls = read_path_corpus(tmp_path / "one")
    assert calls == read_path_corpus(tmp_path / "two")
    for call in calls:
        codes = recording_of(tmp_path / "one", call).codes
        assert np.array_equal(codes, recording_of(tmp_path / "two", call).codes)
        assert len(codes) == 24000
        assert set(call.codecs) == {"g711"}
        assert len(call.lost) == len(call.networks) == len(call.packet_ms)
    speakers = {split: {call.speaker for call in calls if call.split == split} for split in ("train", "test")}
    assert not speakers["train"] & speakers["test"]
    assert [call.source for call in calls] == [f"{n:05d}" for n in (0, 0, 1, 1, 2, 2, 3, 3)]


def _pitches(audio_folder, voices: float) -> set[int]:
    """Of calls by one speaker, whose licensed speech is a tone of one frequency [10 Hz]."""
    talk = Talk(find_clips((audio_folder,)), Split.TRAIN, voices=voices)
    rng = np.random.default_rng(4)
    calls = [talk.draw(4.0, "carlo", rng) for _ in range(6)]
    assert {len(call) for call in calls} == {32000}
    return {int(np.abs(np.fft.rfft(call)).argmax() / 4 / 10) for call in calls}


def test_other_voices_are_higher_and_lower_and_speak_as_long(audio_folder) -> None:
    own, others = _pitches(audio_folder, 0.0), _pitches(audio_folder, 0.2)
    assert max(own) - min(own) <= 2
    assert max(others) > max(own)
    assert min(others) < min(own)


def test_noise_behind_speech_is_not_heard_between_clips(audio_folder) -> None:
    clips = find_clips((audio_folder,))
    plain, noisy = (
        Talk(clips, Split.TRAIN, noisy=share).draw(8.0, "carlo", np.random.default_rng(1))
        for share in (0.0, 1.0)
    )
    assert np.array_equal(plain == 0, noisy == 0)
    assert not np.array_equal(plain, noisy)
    assert (noisy == 0).any()


def test_all_sources_may_share_the_spectrum_of_their_noise(audio_folder) -> None:
    plan = PathPlan(sources=3, calls=1, seed=2, folders=(), one_noise=True)
    telephones = [PathSimulator(plan, find_clips((audio_folder,)), {}).source(n).telephone for n in range(3)]
    assert len({one.room for one in telephones} | {one.handset.shape for one in telephones}) == 1
    assert len({one.room_dbfs for one in telephones}) == 3


def test_a_corpus_is_not_written_over_another_one(audio_folder, tmp_path, capsys) -> None:
    (tmp_path / CALLS).write_text("")
    assert _simulate(tmp_path, audio_folder) == 1
    assert CALLS in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"calls": 0}, "nothing to make"),
        ({"seconds": 0.1}, "seconds is 0.1"),
        ({"test_share": 1.5}, "test_share is 1.5"),
        ({"unordered": -1}, "unordered is -1"),
        ({"noisy": 2}, "noisy is 2: it must lie in 0…1"),
        ({"voices": 0.5}, "voices is 0.5: it must lie in 0…0.3"),
        ({"families": ("g711", "g722")}, "g722"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(wrong, named) -> None:
    with pytest.raises(AudioError, match=named):
        PathPlan(**{"sources": 1, "calls": 1, "seed": 1, "folders": (), **wrong})


@pytest.mark.parametrize("line", ["{", json.dumps({"recording": "a"}), "[]"])
def test_a_row_that_tells_nothing_is_refused_with_its_number(tmp_path, line) -> None:
    (tmp_path / CALLS).write_text(f"{line}\n")
    with pytest.raises(AudioError, match="line 1"):
        read_path_corpus(tmp_path)


def test_a_folder_without_a_corpus_is_named(tmp_path) -> None:
    with pytest.raises(AudioError, match=CALLS):
        read_path_corpus(tmp_path)
