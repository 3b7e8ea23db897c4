"""`silentspam recordings`: what it adds, finds, changes and refuses."""

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from silentspam.audio import Recording, write_ulaw
from silentspam.recordings import store
from tests.recordings.sounds import N, prompts, sent


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three prompts of seven seconds."""
    paths = []
    for row in range(3):
        paths.append(tmp_path / f"prompt{row}.ulaw")
        write_ulaw(paths[-1], Recording(sent(prompts()[row][:56_000])))
    return paths


@pytest.fixture
def opening(tmp_path: Path) -> Path:
    """Two seconds of the second one, through a codec."""
    path = tmp_path / "opening.ulaw"
    write_ulaw(path, Recording(sent(0.4 * prompts()[1][20_000 : 20_000 + N], "gsm")))
    return path


def listed(silentspam) -> list[dict]:
    return json.loads(silentspam("recordings", "list", "--format", "json")[1])


def test_a_recording_that_is_added_is_matched_and_in_force(silentspam, files, opening, tmp_path) -> None:
    assert silentspam("recordings")[:2] == (0, "no recording is known\n")
    code, out, err = silentspam("recordings", "add", *files, "--note", "June\nline")
    assert (code, err) == (0, "")
    assert out.count("confirmed") == 3
    assert {one["name"] for one in listed(silentspam)} == {"prompt0", "prompt1", "prompt2"}
    assert {one["note"] for one in listed(silentspam)} == {"Juneline"}
    (found,) = json.loads(silentspam("recordings", "match", "--format", "json", opening)[1])
    assert found["match"]["name"] == "prompt1"
    assert found["match"]["begin"] == pytest.approx(2.5, abs=0.05)
    assert "prompt1" in silentspam("recordings", "match", opening)[1]
    library = store.read(tmp_path / "library")
    assert library is not None
    assert len(library.shelf) == 3


def test_what_is_known_already_is_refused(silentspam, files, opening) -> None:
    silentspam("recordings", "add", files[1])
    code, out, err = silentspam("recordings", "add", files[0], opening)
    assert (code, out) == (1, "")
    assert "is known already" in err
    assert len(listed(silentspam)) == 1


def test_a_permit_says_what_it_covers_and_a_confirmation_what_makes_it_idle(
    silentspam, files, opening
) -> None:
    assert silentspam("recordings", "add", opening, "--name", "found")[0] == 0
    code, out, _ = silentspam("recordings", "add", files[1], files[0], "--permit")
    assert (code, out.count("covers")) == (0, 1)
    (found,) = [one["recording_id"][:8] for one in listed(silentspam) if one["name"] == "found"]
    assert f"  covers {found} 'found', confirmed: calls that play what both have are let be" in out
    (permit,) = [one["recording_id"][:8] for one in listed(silentspam) if one["name"] == "prompt1"]
    code, out, _ = silentspam("recordings", "confirm", found)
    assert f"but is covered by {permit} 'prompt1', permitted" in out
    (match,) = json.loads(silentspam("recordings", "match", "--format", "json", opening)[1])
    assert match["match"]["standing"] == "PERMITTED"
    silentspam("recordings", "remove", permit)
    assert "covered" not in silentspam("recordings", "confirm", found)[1]
    assert f"covers {found}" in silentspam("recordings", "permit", permit)[1]


@pytest.mark.parametrize("deed", ["confirm", "permit", "remove"])
def test_a_deed_is_kept_with_its_note(silentspam, files, tmp_path, deed: str) -> None:
    silentspam("recordings", "add", files[0], "--permit")
    (one,) = listed(silentspam)
    assert one["standing"] == "PERMITTED"
    code, _, err = silentspam("recordings", deed, one["recording_id"][:8], "--note", "why")
    assert (code, err) == (0, "")
    (after,) = listed(silentspam)
    assert after["standing"].startswith(deed.upper()[:6])
    assert after["note"] == "why"
    assert "why" in silentspam("recordings", "calls", one["recording_id"])[1]
    shelf = store.read(tmp_path / "library").shelf  # type: ignore[union-attr]
    assert shelf[0].standing == after["standing"]


def test_what_cannot_be_known_again_is_refused_and_nothing_with_it(silentspam, files, tmp_path) -> None:
    tone = tmp_path / "tone.ulaw"
    write_ulaw(tone, Recording(sent(0.3 * np.sin(np.arange(N)))))
    code, out, err = silentspam("recordings", "add", files[0], tone)
    assert (code, out) == (1, "")
    assert "needed" in err
    assert listed(silentspam) == []
    assert silentspam("recordings", "add", tmp_path / "missing.wav")[0] == 1
    assert silentspam("recordings", "match", tmp_path / "missing.wav", tone)[0] == 1


@pytest.mark.parametrize("deed", ["confirm", "permit", "remove", "calls"])
@pytest.mark.parametrize(("given", "told"), [("", "an id, or the start of one"), ("zz", "0 recordings have")])
def test_an_id_that_names_none_is_refused(silentspam, files, deed: str, given: str, told: str) -> None:
    silentspam("recordings", "add", files[0])
    code, out, err = silentspam("recordings", deed, given)
    assert (code, out) == (1, "")
    assert told in err
    assert {one["standing"] for one in listed(silentspam)} == {"CONFIRMED"}


def test_every_file_that_is_no_use_is_named_with_its_own_reason(silentspam, files, tmp_path) -> None:
    rng = np.random.default_rng(1)
    sounds = {
        "tone": 0.3 * np.sin(np.arange(N)),
        "noise": 0.1 * rng.standard_normal(N),
        "silence": np.zeros(N),
    }
    for name, sound in sounds.items():
        write_ulaw(tmp_path / f"{name}.ulaw", Recording(sent(sound)))
    given = [files[0], *(tmp_path / f"{name}.ulaw" for name in sounds), tmp_path / "missing.wav"]
    code, out, err = silentspam("recordings", "add", *given)
    assert (code, out) == (1, "")
    told = dict(zip(("tone", "noise", "silence", "missing"), err.splitlines(), strict=True))
    assert all(name in line for name, line in told.items())
    assert "steady noise" in told["noise"]
    assert "0 peaks" in told["silence"]
    assert listed(silentspam) == []


def test_the_list_can_be_narrowed_and_published_elsewhere(silentspam, files, tmp_path) -> None:
    silentspam("recordings", "add", *files)
    assert "no recording" in silentspam("recordings", "list", "--standing", "candidate")[1]
    assert "up to date" in silentspam("recordings", "publish")[1]
    (tmp_path / "library" / store.FILE_NAME).unlink()
    assert "brought up to date" in silentspam("recordings", "publish")[1]


def test_publish_names_what_it_leaves_out(silentspam, files, tmp_path) -> None:
    silentspam("recordings", "add", files[0])
    with sqlite3.connect(tmp_path / "log" / "calls.db") as connection:
        connection.execute("UPDATE recordings SET peaks = 'junk'")
    code, _, err = silentspam("recordings", "publish")
    assert code == 1
    assert "'prompt0' is left out: its peaks cannot be read" in err
