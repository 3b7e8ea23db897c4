"""The announcements that `silentspam evaluate` knows: whatever can be read, and the rest is named."""

import wave
from pathlib import Path

import numpy as np
import pytest

from silentspam.audio import Recording, encode_ulaw, write_ulaw
from silentspam.cli.every_kind import _write_library
from silentspam.recordings.store import read
from silentspam.training.network import quantised
from tests.cli.test_recording_pieces import a_tune


def a_wav(path: Path, sound: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(quantised(sound).tobytes())


def test_what_recordings_add_reads_is_known_and_the_rest_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "announcements"
    folder.mkdir()
    write_ulaw(folder / "one.ulaw", Recording(encode_ulaw(quantised(a_tune(4)))))
    a_wav(folder / "one.wav", a_tune(4, seed=4))
    a_wav(folder / "tone.wav", 0.3 * np.sin(np.arange(32_000)))
    (folder / "junk.wav").write_bytes(b"junk")
    (folder / "text.ulaw").write_text("This is not a recording, although its name says that it is one.")
    assert _write_library(tmp_path / "library", folder) == 2
    shelf = read(tmp_path / "library").shelf  # type: ignore[union-attr]
    assert {one.recording_id for one in (shelf[0], shelf[1])} == {"one.ulaw", "one.wav"}
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in told] == ["silentspam evaluate"] * 3
    assert all(name in line for name, line in zip(("junk", "text", "tone"), told, strict=True))
    assert "it is tones" in told[2]


def test_without_announcements_none_is_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _write_library(tmp_path / "library", tmp_path / "announcements") == 0
    assert capsys.readouterr().err == ""
