"""What is audio and what another kind of file, where a name ends in .ulaw."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
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


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_floating_point_has_its_full_scale_at_one(tmp_path: Path, subtype: str) -> None:
    samples = 0.5 * np.sin(np.arange(OPENING) / 5)
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype=subtype)
    soundfile.write(tmp_path / "b.wav", samples, 8000, subtype="PCM_16")
    floating, whole = (read_recording(tmp_path / name).samples for name in ("a.wav", "b.wav"))
    np.testing.assert_allclose(floating, whole, atol=0.02)
    assert np.abs(floating).max() == pytest.approx(0.5, abs=0.02)


def test_an_overshoot_clips(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(OPENING, 1.5), 8000, subtype="FLOAT")
    assert read_recording(tmp_path / "a.wav").samples.min() > 0.9


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (np.nan, "not finite"),
        (np.inf, "not finite"),
        (-np.inf, "not finite"),
        (-1e30, "1e\\+30"),
        (32768, "limit"),
    ],
)
def test_samples_that_are_no_audio_are_refused_and_not_called_silence(
    tmp_path: Path, value: float, why: str
) -> None:
    samples = np.zeros(OPENING)
    samples[9000] = value
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="DOUBLE")
    with pytest.raises(AudioError, match=why):
        read_recording(tmp_path / "a.wav")
