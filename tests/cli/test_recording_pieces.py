"""A permit keeps all of a tune, in pieces: whoever joins it late is known, and nobody adds it twice."""

import json
from pathlib import Path

import numpy as np
import pytest

from silentspam.audio import SAMPLE_RATE, Recording, encode_ulaw, write_ulaw
from silentspam.cli.recording_pieces import named_by, pieces_of
from silentspam.training.network import quantised

SECONDS = 70


def a_tune(seconds: float, *, seed: int = 3) -> np.ndarray:
    """Synthetic: chords of three notes with four overtones each, a new one every fifth of a second."""
    rng = np.random.default_rng(seed)
    length = SAMPLE_RATE // 5
    times = np.arange(length) / SAMPLE_RATE
    chords = []
    for _ in range(int(5 * seconds)):
        notes = 220 * 2 ** (rng.integers(0, 24, 3) / 12)
        partials = np.outer(notes, np.arange(1, 5)).ravel()
        chords.append(np.sin(2 * np.pi * np.outer(partials, times)).sum(axis=0) * np.exp(-4 * times))
    return 0.02 * np.concatenate(chords)


@pytest.fixture
def tune() -> np.ndarray:
    return a_tune(SECONDS)


def written(path: Path, sound: np.ndarray) -> Path:
    write_ulaw(path, Recording(encode_ulaw(quantised(sound))))
    return path


@pytest.fixture
def song(tmp_path: Path, tune: np.ndarray) -> Path:
    return written(tmp_path / "song.ulaw", tune)


def cut(tmp_path: Path, tune: np.ndarray, second: float) -> Path:
    """Two seconds of it, 10 dB softer."""
    first = int(second * SAMPLE_RATE)
    return written(tmp_path / f"cut{second:g}.ulaw", 0.3 * tune[first : first + 2 * SAMPLE_RATE])


def listed(silentspam) -> list[dict]:
    return json.loads(silentspam("recordings", "list", "--format", "json")[1])


def played(silentspam, opening: Path) -> dict:
    return json.loads(silentspam("recordings", "match", "--format", "json", opening)[1])[0]["match"]


@pytest.mark.parametrize("confirmed_first", [True, False])
def test_who_joins_a_permitted_tune_late_is_let_be_also_where_that_was_confirmed(
    silentspam, song: Path, tune: np.ndarray, tmp_path: Path, confirmed_first: bool
) -> None:
    opening = cut(tmp_path, tune, 60)
    if confirmed_first:
        silentspam("recordings", "add", opening)
    code, out, err = silentspam("recordings", "add", song, "--permit", "--name", "cold day")
    assert (code, err) == (0, "")
    assert "12 pieces, seconds 0 to 70, permitted" in out
    assert out.count("covers") == confirmed_first
    found = played(silentspam, opening)
    assert found["standing"] == "PERMITTED"
    assert found["name"] in {"cold day, 54 to 62 s", "cold day, 60 to 68 s"}  # it lies whole in both
    late = played(silentspam, cut(tmp_path, tune, 47.3))
    assert (late["name"], late["standing"]) == ("cold day, 42 to 50 s", "PERMITTED")
    assert late["begin"] == pytest.approx(5.3, abs=0.05)


def test_a_tune_added_again_changes_nothing_and_its_name_takes_all_back(
    silentspam, song: Path, tune: np.ndarray, tmp_path: Path
) -> None:
    silentspam("recordings", "add", song, "--permit")
    before = listed(silentspam)
    code, out, err = silentspam("recordings", "add", song, "--permit")
    assert (code, out) == (1, "")
    assert "is known already: 12 pieces, permitted" in err
    assert listed(silentspam) == before
    code, out, _ = silentspam("recordings", "remove", "song", "--note", "nobody's any more")
    assert (code, out.count("is removed")) == (0, 12)
    assert {one["standing"] for one in listed(silentspam)} == {"REMOVED"}
    assert played(silentspam, cut(tmp_path, tune, 60))["standing"] == "REMOVED"
    code, _, err = silentspam("recordings", "add", song, "--permit")
    assert "`silentspam recordings permit song`" in err
    assert silentspam("recordings", "permit", "song")[1].count("is permitted") == 12
    assert len(listed(silentspam)) == 12
    assert silentspam("recordings", "calls", "song")[1].count("removed") == 12


def test_an_id_names_one_piece_and_what_is_missing_is_added_again(
    silentspam, song: Path, tune: np.ndarray, tmp_path: Path
) -> None:
    first = written(tmp_path / "first.ulaw", tune[: 8 * SAMPLE_RATE])
    assert "pieces" not in silentspam("recordings", "add", first, "--permit", "--name", "song")[1]
    _, out, _ = silentspam("recordings", "add", song, "--permit")
    assert "11 pieces" in out
    assert "1 pieces were permitted already" in out
    some = next(one for one in listed(silentspam) if one["name"] == "song, 36 to 44 s")
    assert silentspam("recordings", "remove", some["recording_id"])[1].count("is removed") == 1
    assert silentspam("recordings", "remove", "song")[1].count("is removed") == 12


def test_pieces_that_tell_nothing_are_left_out_and_said(silentspam, tmp_path: Path) -> None:
    sound = a_tune(20)
    sound[6 * SAMPLE_RATE : 14 * SAMPLE_RATE] = 0.0
    _, out, _ = silentspam("recordings", "add", written(tmp_path / "gap.ulaw", sound), "--permit")
    assert "2 pieces, seconds 0 to 20" in out
    assert "left out, they tell nothing: seconds 6 to 14" in out
    silent = written(tmp_path / "silent.ulaw", np.zeros(20 * SAMPLE_RATE))
    code, out, err = silentspam("recordings", "add", silent, "--permit")
    assert (code, out) == (1, "")
    assert "0 peaks" in err


def test_what_loops_is_not_added_twice(silentspam, tmp_path: Path) -> None:
    loop = written(tmp_path / "loop.ulaw", np.tile(a_tune(1), 30))
    assert silentspam("recordings", "add", loop, "--permit")[0] == 0
    count = len(listed(silentspam))
    assert "is known already" in silentspam("recordings", "add", loop, "--permit")[2]
    assert len(listed(silentspam)) == count


def test_of_what_spam_plays_the_first_eight_seconds_are_kept_and_that_is_said(silentspam, song: Path) -> None:
    _, out, _ = silentspam("recordings", "add", song)
    assert "covers seconds 0 to 8 of 70, confirmed" in out
    assert [one["name"] for one in listed(silentspam)] == ["song"]


@pytest.mark.parametrize("seconds", [0.0, 1.0, 7.9, 8.0, 8.1, 14.0, 14.1, 60.0])
def test_any_two_seconds_lie_whole_in_one_piece(seconds: float) -> None:
    sound = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
    places = [(one.begin, one.end) for one in pieces_of(sound, whole=True)]
    assert len(pieces_of(sound, whole=False)) == 1
    assert max(end for _, end in places) == pytest.approx(seconds)
    for start in np.arange(0.0, max(seconds - 2, 0.0), 0.05):
        assert any(begin <= start and start + 2 <= end for begin, end in places)


def test_the_name_of_a_piece_tells_its_file() -> None:
    assert named_by("cold day, 60 to 68 s") == "cold day"
    assert named_by("found in calls 1 and 2") == "found in calls 1 and 2"
