"""Two recorders of one call: what each leaves of its codes, and verdicts within the tolerance."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import docs.recorders
from silentspam import resources
from silentspam.audio import FRAME_LENGTH, Recording, decode_ulaw
from silentspam.call import VerdictKind
from silentspam.cli import main
from silentspam.config import Config
from silentspam.errors import SilentSpamError
from silentspam.judging import judge_recordings, listeners_for, settled
from silentspam.model import load_model
from silentspam.training.codecs import CodecUnavailableError, open_codec
from silentspam.training.dataset import read_labels
from silentspam.training.recorder_lines import measure
from silentspam.training.recorder_study import TOLERANCE, judged_of
from silentspam.training.recorder_ways import (
    CASES,
    by_asterisk,
    by_asterisk_later,
    by_freeswitch,
    by_freeswitch_gaps_left,
)
from silentspam.training.recorders import (
    FILL,
    FILL_PACKETS,
    FREESWITCH_PACKETS,
    LATE_PACKETS,
    MINUS_ZERO,
    PLUS_ZERO,
    Sent,
    Timing,
    all_arrived,
    asterisk_recorded,
    draw_timing,
    freeswitch_opening,
    freeswitch_recorded,
    zeros_alike,
)
from silentspam.training.simulate import Plan, Simulator
from silentspam.training.sources import find_clips

SENT_PACKETS = 106
timings = st.integers(0, 10_000).map(lambda seed: draw_timing(np.random.default_rng(seed)))
quiet_codes = st.sampled_from([0xFF, 0x7F, 0xFE, 0x7E, 0x00])
packets = st.sampled_from([bytes([code]) * FRAME_LENGTH for code in (MINUS_ZERO, PLUS_ZERO, 0xFE, 0x00)])


def sent_by(seed, *, lost=0.0):
    rng = np.random.default_rng(seed)
    codes = rng.choice(np.array([0xFF, 0x7F, 0xFE, 0x7E, 0xD0], np.uint8), SENT_PACKETS * FRAME_LENGTH)
    return Sent(codes, rng.random(SENT_PACKETS) >= lost)


def test_asterisk_keeps_every_code_that_arrives_and_closes_gaps():
    sent = sent_by(1, lost=0.3)
    recorded = asterisk_recorded(sent, 100)
    assert len(recorded) == sent.arrived[:100].sum() * FRAME_LENGTH
    np.testing.assert_array_equal(recorded, sent.packets[:100][sent.arrived[:100]].reshape(-1))


def test_a_caller_who_sends_nothing_is_no_byte_in_asterisk_and_all_fill_in_freeswitch():
    mute = Sent(sent_by(1).codes, np.zeros(SENT_PACKETS, dtype=bool))
    assert not len(asterisk_recorded(mute))
    recorded = freeswitch_recorded(mute, 103)
    assert len(recorded) == 103 * FRAME_LENGTH
    assert set(recorded) == {FILL}
    assert not len(freeswitch_opening(recorded, 2.0))


def test_freeswitch_has_one_zero_and_every_other_code_as_it_was_sent():
    codes = np.arange(256, dtype=np.uint8)
    heard = zeros_alike(codes)
    np.testing.assert_array_equal(np.flatnonzero(heard != codes), [0x7F])
    assert heard[0x7F] == PLUS_ZERO
    np.testing.assert_array_equal(decode_ulaw(heard), decode_ulaw(codes))


@pytest.mark.parametrize("fill_code", [0x7F, 0xFF])
@pytest.mark.parametrize("fill", FILL_PACKETS)
def test_the_cut_leaves_two_whole_seconds_of_the_caller(fill, fill_code):
    sent = sent_by(2)
    sent.codes[fill * FRAME_LENGTH] = 0xD0  # no zero, which could not be told from a fill of 0xFF
    for packets in FREESWITCH_PACKETS:
        recorded = freeswitch_recorded(sent, packets, fill=fill, fill_code=fill_code)
        opening = freeswitch_opening(recorded, 2.0)
        assert 2.0 * 8000 <= len(opening) <= 2.06 * 8000
        begin = fill * FRAME_LENGTH
        np.testing.assert_array_equal(opening, zeros_alike(sent.codes)[begin : begin + len(opening)])


@given(st.integers(0, 1_000_000), timings, st.lists(quiet_codes, max_size=700))
def test_the_cut_never_removes_what_is_not_fill(seed, timing, quiet):
    """Fill is 0x7F, which no code of a caller's is in FreeSWITCH's file: so not one of his codes is lost."""
    sent = sent_by(seed)
    begin = (timing.late + timing.fill) * FRAME_LENGTH
    sent.codes[begin : begin + len(quiet)] = quiet
    opening = by_freeswitch(sent, timing)
    np.testing.assert_array_equal(opening, zeros_alike(sent.codes)[begin : begin + len(opening)])


def test_silence_of_a_callers_right_behind_a_short_fill_stays():
    sent = sent_by(4)
    sent.codes[3 * FRAME_LENGTH : 6 * FRAME_LENGTH] = PLUS_ZERO
    opening = by_freeswitch(sent, Timing(freeswitch=104, fill=3))
    np.testing.assert_array_equal(opening, zeros_alike(sent.codes)[3 * FRAME_LENGTH : 104 * FRAME_LENGTH])


@given(st.lists(packets, max_size=110), st.binary(max_size=FRAME_LENGTH - 1), st.floats(0.1, 3.0))
def test_the_cut_of_anything_removes_packets_of_zeros_alone(recorded, rest, seconds):
    codes = np.frombuffer(b"".join([*recorded, rest]), dtype=np.uint8)
    opening, longest = freeswitch_opening(codes, seconds), round((seconds + 0.06) * 8000)
    assert len(opening) <= longest
    sounding, kept = (part[decode_ulaw(part) != 0] for part in (codes, opening))
    np.testing.assert_array_equal(kept, sounding[: len(kept)])
    if len(opening) < longest:
        assert len(kept) == len(sounding)
        assert np.sum(opening == PLUS_ZERO) >= np.sum(codes == PLUS_ZERO) - 4 * FRAME_LENGTH


@given(st.integers(0, 1_000_000), timings)
def test_freeswitch_and_an_asterisk_that_hears_the_same_stretch_differ_in_zeros_alone(seed, timing):
    sent = sent_by(seed)
    np.testing.assert_array_equal(
        by_freeswitch(sent, timing)[:16_000], zeros_alike(by_asterisk_later(sent, timing))
    )


@given(st.integers(0, 1_000_000), timings, st.sampled_from(sorted(CASES)))
def test_that_holds_whatever_is_lost_and_the_recording_is_up_to_three_packets_longer(seed, timing, case):
    sent = sent_by(seed)
    lost = Sent(sent.codes, CASES[case](SENT_PACKETS, np.random.default_rng(seed)))
    freeswitch, asterisk = by_freeswitch(lost, timing), by_asterisk_later(lost, timing)
    np.testing.assert_array_equal(freeswitch[: len(asterisk)], zeros_alike(asterisk))
    assert len(freeswitch) <= len(asterisk) + 3 * FRAME_LENGTH


@given(st.integers(0, 1_000_000), timings, st.sampled_from(sorted(CASES)))
def test_a_gap_that_is_left_is_fill_at_its_time(seed, timing, case):
    sent = sent_by(seed)
    lost = Sent(sent.codes, CASES[case](SENT_PACKETS, np.random.default_rng(seed)))
    left = by_freeswitch_gaps_left(lost, timing).reshape(-1, FRAME_LENGTH)
    heard = slice(timing.late + timing.fill, timing.late + timing.freeswitch)
    np.testing.assert_array_equal((left == FILL).all(axis=1), ~lost.arrived[heard])


def test_timings_are_those_that_were_measured():
    drawn = [draw_timing(np.random.default_rng(seed)) for seed in range(200)]
    assert {timing.fill for timing in drawn} == set(FILL_PACKETS)
    assert {timing.late for timing in drawn} == set(LATE_PACKETS)
    assert {timing.freeswitch for timing in drawn} == set(FREESWITCH_PACKETS)
    assert draw_timing(np.random.default_rng(5)) == draw_timing(np.random.default_rng(5))


@pytest.fixture(scope="module")
def model():
    return load_model(resources.shipped_model())


@pytest.fixture(scope="module")
def judge(model):
    config = Config()
    heard_by = listeners_for(config)

    def judge(recordings):
        verdicts = judge_recordings(model, recordings, config)
        return [
            settled(verdict, recording, model, heard_by, config)
            for verdict, recording in zip(verdicts, recordings, strict=True)
        ]

    return judge


def calls_through(names, audio_folder, codec_folders):
    """Seeded calls of dead air and of people, through these codecs, each with a timing."""
    try:
        codecs = {name: open_codec(name, folders=codec_folders) for name in names}
    except CodecUnavailableError as error:
        pytest.skip(str(error))
    plan = Plan(campaigns=8, calls=2, ham=20, silence=4, seconds=2.12, seed=5)
    openings = Simulator(plan, find_clips([audio_folder]), codecs).openings()
    return [
        (all_arrived(drawn.recording.codes), draw_timing(np.random.default_rng(number)))
        for number, drawn in enumerate(openings)
    ]


@pytest.mark.parametrize("names", [("g711u", "g711a"), ("gsm", "g729a", "ilbc30", "opus12")], ids="+".join)
def test_both_recorders_of_the_same_stretch_give_the_same_verdict(names, judge, audio_folder, codec_folders):
    """Exactly, where the caller never sends 0x7F; else within the tolerance, but for one opening in 20."""
    calls = calls_through(names, audio_folder, codec_folders)
    asterisk, freeswitch = (
        [judged_of(way, call) for call in calls] for way in (by_asterisk_later, by_freeswitch)
    )
    kinds, moved = Counter(), []
    for heard, one, two in zip(asterisk, judge(asterisk), judge(freeswitch), strict=True):
        kinds[one.kind] += 1
        if not (heard.codes == MINUS_ZERO).any():
            assert (two.kind, two.spam_probability) == (one.kind, one.spam_probability)
        elif one.spam_probability is not None:
            moved.append(abs(two.spam_probability - one.spam_probability))
            assert two.kind is one.kind or abs(one.spam_probability - one.threshold) <= moved[-1]
    assert kinds[VerdictKind.HAM] > 5
    assert kinds[VerdictKind.CALLER_SILENCE] > 2
    assert len(moved) > 2
    assert sum(each > TOLERANCE for each in moved) <= len(calls) / 20


def test_fill_at_the_start_is_no_digital_silence_of_the_callers(judge):
    rng = np.random.default_rng(0)
    loud = Recording(rng.integers(0x20, 0x60, SENT_PACKETS * FRAME_LENGTH).astype(np.uint8))
    for seed in range(20):
        call = (all_arrived(loud.codes), draw_timing(np.random.default_rng(seed)))
        for way in (by_asterisk, by_freeswitch):
            assert judged_of(way, call).digital_silence_share == 0.0


@pytest.fixture(scope="module")
def figures(small_corpus, tmp_path_factory):
    """What the command writes of a small corpus."""
    folder = tmp_path_factory.mktemp("recorders")
    lines = (small_corpus / "labels.csv").read_text().splitlines()
    (folder / "labels.csv").write_text("\n".join([lines[0], *lines[1::6]]) + "\n")
    options = ["--recordings", str(small_corpus), "--labels", str(folder / "labels.csv"), "--each", "8"]
    assert main(["recorders", *options, "--json", str(folder / "figures.json")]) == 0
    return folder / "figures.json"


def test_the_command_measures_a_corpus(figures):
    found = json.loads(figures.read_text())
    whole = found["verdicts"]["whole"][0]["classes"]["all"]
    assert whole["n"] == found["openings"]
    assert whole["same_kind"]["rate"] > 0.9
    assert {case["case"] for case in found["verdicts"]["losses"]} == set(CASES)
    assert len(found["places"]["known"]) == 9
    moved = {one["feature"] for part in found["features"] for one in part["most"] if part["unmoved"] > 100}
    assert "code_7F_share" in moved


def test_the_page_is_written_from_the_figures_and_twice_alike(figures, tmp_path):
    pages = [tmp_path / "first.md", tmp_path / "second.md"]
    for page in pages:
        assert docs.recorders.main([str(figures), "--out", str(page)]) == 0
    text = pages[0].read_text()
    assert text == pages[1].read_text()
    assert "## Lines known again" in text
    assert f"**The tolerance is {TOLERANCE} " in text


def test_figures_that_cannot_be_read_leave_the_page(tmp_path, capsys):
    (tmp_path / "figures.json").write_text("{}")
    (tmp_path / "page.md").write_text("as it was")
    assert docs.recorders.main([str(tmp_path / "figures.json"), "--out", str(tmp_path / "page.md")]) == 1
    assert "docs.recorders: KeyError" in capsys.readouterr().err
    assert (tmp_path / "page.md").read_text() == "as it was"


def test_openings_of_one_class_alone_are_refused(small_corpus, model):
    rows = read_labels(small_corpus / "labels.csv", small_corpus, for_training=False)
    with pytest.raises(SilentSpamError, match="dead air and people are needed"):
        measure([row for row in rows if row.is_spam][:20], model, seed=1)
