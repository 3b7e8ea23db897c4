"""Files replaced as a whole: what is torn is told, what cannot be written leaves the one before."""

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam import framed


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int


@given(st.binary(max_size=200), st.integers(0, 2**40))
def test_a_file_comes_back_as_it_was(body: bytes, version: int) -> None:
    assert framed.unframed(framed.framed(Header(version), body), Header) == (Header(version), body)


@given(st.binary(min_size=1, max_size=60), st.data())
def test_a_file_that_lacks_or_changed_a_byte_is_torn(body: bytes, data: st.DataObject) -> None:
    whole = framed.framed(Header(1), body)
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = bytes([whole[at] ^ data.draw(st.integers(1, 255))])
    for torn in (whole[:at], whole[:at] + changed + whole[at + 1 :]):
        with pytest.raises(ValueError, match="torn"):
            framed.unframed(torn, Header)


def test_a_header_of_another_type_is_told() -> None:
    class Other(msgspec.Struct):
        name: str

    with pytest.raises(ValueError, match="no header"):
        framed.unframed(framed.framed(Other("x"), b""), Header)


def test_no_file_is_none_and_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    assert framed.read(tmp_path / "nothing") is None
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(OSError, match="not a plain file"):
            framed.read(path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_what_cannot_be_written_leaves_the_file_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "known"
    framed.replace(path, b"before")
    full = lambda **_: (os.open("/dev/full", os.O_WRONLY), str(tmp_path / ".partial"))  # noqa: E731
    monkeypatch.setattr(framed.tempfile, "mkstemp", full)
    with pytest.raises(OSError, match=r"No space|not permitted"):
        framed.replace(path, b"after")
    assert framed.read(path) == b"before"


def test_nothing_is_left_beside_what_was_replaced(tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        framed.replace(tmp_path / "known", content)
    assert [path.name for path in tmp_path.iterdir()] == ["known"]
    assert (tmp_path / "known").read_bytes() == b"two"
