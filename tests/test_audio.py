"""Mu-law codes against the tables of ITU-T G.711, written out here from the Recommendation's own numbers."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.audio import (
    FLOOR_DBFS,
    FRAME_LENGTH,
    Recording,
    dbfs,
    decode_ulaw,
    encode_ulaw,
    read_ulaw,
    write_ulaw,
)
from silentspam.errors import AudioError
from tests.fakes import joined, noise, silence, tone

# ITU-T G.711, Table 2a: the decision values x(n) of the 128 positive codes, as 14-bit magnitudes.
DECISIONS = [
    0,
    *range(1, 32, 2),
    *range(35, 96, 4),
    *range(103, 224, 8),
    *range(239, 480, 16),
    *range(511, 992, 32),
    *range(1055, 2016, 64),
    *range(2143, 4064, 128),
    *range(4319, 7904, 256),
]
# Its output values y(n): 0, then the middle between two decision values (the last one is 8159).
OUTPUTS = [0, *((low + high) // 2 for low, high in zip(DECISIONS[1:], [*DECISIONS[2:], 8159], strict=True))]

CODES = np.arange(256, dtype=np.uint8)
ALL_SAMPLES = np.arange(-32768, 32768).astype(np.int16)


def code_of(sample: int) -> int:
    """The code of a 16-bit sample: sign and magnitude, the code's bits inverted (G.711, Table 2a, note 2)."""
    step = int(np.searchsorted(DECISIONS, abs(sample) / 4, side="right")) - 1
    return (0x7F if sample < 0 else 0xFF) - step


def output_of(code: int) -> int:
    """The 16-bit sample of a code."""
    return 4 * OUTPUTS[0xFF - code] if code & 0x80 else -4 * OUTPUTS[0x7F - code]


def test_the_reference_itself_has_the_recommendations_corners() -> None:
    assert (len(DECISIONS), len(OUTPUTS)) == (128, 128)
    assert (output_of(0x80), output_of(0x00), output_of(0xFE)) == (32124, -32124, 8)


def test_every_code_decodes_to_the_recommendations_output_value() -> None:
    decoded = decode_ulaw(np.arange(256, dtype=np.uint8))
    assert decoded.dtype == np.int16
    assert decoded.tolist() == [output_of(code) for code in range(256)]


def test_every_sample_encodes_to_the_code_of_its_decision_interval() -> None:
    steps = np.searchsorted(DECISIONS, np.abs(ALL_SAMPLES.astype(int)) / 4, side="right") - 1
    expected = np.where(ALL_SAMPLES < 0, 0x7F, 0xFF) - steps
    assert np.array_equal(encode_ulaw(ALL_SAMPLES), expected)
    assert [code_of(s) for s in (0, -1, 4, -32768, 32767)] == [0xFF, 0x7F, 0xFE, 0x00, 0x80]


def test_every_code_survives_a_round_trip_but_minus_zero() -> None:
    codes = np.arange(256, dtype=np.uint8)
    again = encode_ulaw(decode_ulaw(codes))
    assert np.flatnonzero(again != codes).tolist() == [0x7F]
    assert again[0x7F] == 0xFF


def test_samples_are_float32_within_one() -> None:
    samples = Recording(np.arange(256, dtype=np.uint8)).samples
    assert samples.dtype == np.float32
    assert np.array_equal(samples, np.array([output_of(c) for c in range(256)], np.float32) / 32768)


def test_an_empty_recording_is_a_recording() -> None:
    empty = Recording(np.zeros(0, np.uint8))
    assert (empty.seconds, empty.digital_silence_share, len(empty.samples)) == (0.0, 0.0, 0)
    assert len(empty.trimmed().codes) == 0
    assert len(empty.opening(2.0).codes) == 0


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("plus zero", [0xFF]),
        ("minus zero", [0x7F]),
        ("both zeros mixed", [0xFF, 0x7F]),
        ("the DC of +16 that GSM-FR leaves", [0xFD]),
        ("full scale held", [0x80]),
    ],
)
def test_one_value_held_is_digital_silence(name: str, codes: list[int]) -> None:
    recording = Recording(np.resize(np.array(codes, np.uint8), 1600))
    assert recording.digital_silence_share == 1.0
    assert len(recording.trimmed().codes) == 0


def test_the_quietest_line_there_is_is_not_digital_silence() -> None:
    codes = np.full(16000, 0xFF, np.uint8)
    codes[::17] = 0xFE
    assert Recording(codes).digital_silence_share == 0.0


def test_a_few_samples_off_zero_are_digital_silence_all_the_same() -> None:
    codes = np.full(16000, 0xFF, np.uint8)
    codes[80::FRAME_LENGTH] = 0xFE
    codes[90::FRAME_LENGTH] = 0x7E
    assert Recording(codes).digital_silence_share == 1.0
    codes[80] = 0xFD
    assert Recording(codes).digital_silence_share == 0.99


@pytest.mark.parametrize("gap_seconds", [0.02, 0.3])
def test_digital_silence_between_sounds_is_left_out_of_what_is_judged(gap_seconds: float) -> None:
    before, after = noise(0.5), noise(0.505, seed=1)
    sounding = joined(silence(0.4), before, silence(gap_seconds), after).sounding
    assert np.array_equal(sounding.codes, joined(before, after).codes)


def test_a_value_that_changes_from_frame_to_frame_is_still_digital_silence() -> None:
    assert joined(silence(0.02, 0xFF), silence(0.02, 0xFD)).digital_silence_share == 1.0


def test_leading_and_trailing_digital_silence_is_cut_and_the_gap_inside_stays() -> None:
    inside = joined(noise(0.5), silence(0.3), noise(0.5, seed=1))
    trimmed = joined(silence(0.4), inside, silence(0.6)).trimmed()
    assert np.array_equal(trimmed.codes, inside.codes)


def test_sound_in_the_last_part_of_a_frame_is_kept() -> None:
    recording = joined(silence(0.1), noise(0.105))
    assert np.array_equal(recording.trimmed().codes, noise(0.105).codes)


@given(st.binary(max_size=4000))
def test_trimming_never_adds_and_never_cuts_inside(raw: bytes) -> None:
    recording = Recording(np.frombuffer(raw, np.uint8))
    trimmed = recording.trimmed()
    assert trimmed.codes.tobytes() in raw
    assert np.array_equal(trimmed.trimmed().codes, trimmed.codes)
    assert not trimmed.silent_frames[:1].any()
    assert not trimmed.silent_frames[-1:].any()


def test_the_opening_is_what_came_first() -> None:
    recording = tone(2.02)
    assert np.array_equal(recording.opening(2.0).codes, recording.codes[:16000])
    assert np.array_equal(recording.opening(9.0).codes, recording.codes)


def test_levels_are_dbfs_and_have_a_floor() -> None:
    assert dbfs(1.0) == 0.0
    assert dbfs(0.5) == pytest.approx(-6.0206, abs=1e-4)
    assert [dbfs(0.0), dbfs(1e-30)] == [FLOOR_DBFS, FLOOR_DBFS]


@pytest.mark.parametrize("recording", [noise(), tone(), silence(1.0), noise(0.1, level=1), Recording(CODES)])
def test_levels_from_the_counts_of_codes_are_those_of_the_samples(recording: Recording) -> None:
    samples = recording.samples.astype(np.float64)
    assert recording.code_counts.sum() == len(recording.codes)
    assert recording.rms == np.sqrt((samples**2).mean())
    assert recording.peak == np.abs(samples).max()


def test_nothing_has_no_level() -> None:
    nothing = silence(0.0)
    assert (nothing.rms, nothing.peak) == (0.0, 0.0)


def test_a_file_comes_back_code_by_code(tmp_path: Path) -> None:
    codes = np.arange(256, dtype=np.uint8)
    write_ulaw(tmp_path / "a.ulaw", Recording(codes))
    assert np.array_equal(read_ulaw(tmp_path / "a.ulaw").codes, codes)


def test_an_empty_file_is_an_empty_recording(tmp_path: Path) -> None:
    (tmp_path / "a.ulaw").touch()
    assert read_ulaw(tmp_path / "a.ulaw").seconds == 0.0


def test_a_gigantic_file_is_read_no_further_than_asked(tmp_path: Path) -> None:
    with (tmp_path / "a.ulaw").open("wb") as file:
        file.truncate(1 << 40)
    assert read_ulaw(tmp_path / "a.ulaw", max_seconds=2.0).seconds == 2.0


def test_a_pipe_that_nobody_writes_to_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.ulaw")
    with pytest.raises(AudioError, match="not a regular file"):
        read_ulaw(tmp_path / "a.ulaw")


@pytest.mark.parametrize("what", ["missing", "folder", "below a file"])
def test_a_file_that_cannot_be_read_is_an_audio_error_that_names_it(tmp_path: Path, what: str) -> None:
    (tmp_path / "file").touch()
    path = {"missing": tmp_path / "no.ulaw", "folder": tmp_path, "below a file": tmp_path / "file" / "a.ulaw"}
    with pytest.raises(AudioError, match=str(path[what])):
        read_ulaw(path[what])


def test_a_file_that_cannot_be_written_is_an_audio_error(below_a_file: Path) -> None:
    with pytest.raises(AudioError, match="below"):
        write_ulaw(below_a_file, noise(0.1))


@given(
    st.lists(st.sampled_from([0xFF, 0x7F, 0xFE, 0x7E, 0xFD, 0x10, 0x90]), min_size=1, max_size=4), st.data()
)
def test_silent_frames_are_those_that_the_samples_say(codes: list[int], drawn: st.DataObject) -> None:
    off = drawn.draw(st.lists(st.integers(0, 159), max_size=12))
    frame = np.full(160, codes[0], dtype=np.uint8)
    frame[off] = drawn.draw(st.lists(st.sampled_from(codes), min_size=len(off), max_size=len(off)))
    linear = decode_ulaw(frame).astype(int)
    near = (np.abs(linear) <= 8).all() and np.count_nonzero(linear) <= 8
    silent = bool(near or len(set(linear.tolist())) == 1)
    assert Recording(frame).silent_frames.tolist() == [silent]
