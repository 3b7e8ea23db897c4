"""What is audio and what another kind of file, where a name ends in .ulaw."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.audio_files import read_recording
from silentspam.errors import AudioError

OPENING = 16000


def read(folder: Path, content: bytes) -> bytes:
    path = folder / "a.ulaw"
    path.write_bytes(content)
    return read_recording(path).codes.tobytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audio")


@given(codes=st.lists(st.integers(0x60, 0x7E), min_size=1, max_size=20), seed=st.integers(0, 99))
def test_a_quiet_line_is_never_taken_for_text(folder: Path, codes: list[int], seed: int) -> None:
    """A line whose samples all lie below zero, as after an A-law leg: every code is a printable character."""
    line = np.random.default_rng(seed).choice(np.array(codes, np.uint8), OPENING).tobytes()
    assert read(folder, line) == line


@pytest.mark.parametrize("code", range(256))
def test_one_single_value_is_no_text(folder: Path, code: int) -> None:
    assert read(folder, bytes([code]) * OPENING) == bytes([code]) * OPENING


@pytest.mark.parametrize(
    "text",
    [
        "recording,label,kind\nham-000001.ulaw,ham,speech\n" * 200,
        "this is no recording, it is a letter to somebody",
        '{"trees": "boosted", "threshold": 0.9}',
        "Grüße aus dem Archiv\n".encode("ascii", "xmlcharrefreplace").decode() * 9,
        "#!/bin/sh\nset -e\nexec asterisk -f -U asterisk\n",
    ],
)
def test_text_named_as_audio_is_refused(folder: Path, text: str) -> None:
    with pytest.raises(AudioError, match="another kind of file"):
        read(folder, text.encode())
