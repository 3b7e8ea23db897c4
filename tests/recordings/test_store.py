"""The library's file: whole or of no use, never half of one; and the one before stays in force."""

import hashlib
import os
import threading
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silentspam.errors import LibraryError
from silentspam.kinds.constellation import NOTHING, Constellation
from silentspam.kinds.listening import Sources, listeners
from silentspam.kinds.standing import Standing
from silentspam.recordings import reading, store
from silentspam.recordings.library import KnownRecording, library_of
from silentspam.recordings.packing import packed, unpacked
from silentspam.recordings.reading import LibraryFile, RecordingListener
from tests.recordings.skies import a_sky, known, opening_of
from tests.serve.resident import PATIENCE, eventually

KNOWN = known(5)


def a_file(recordings: list[KnownRecording] = KNOWN, fingerprint: str = "1") -> bytes:
    return store.encode(recordings, fingerprint=fingerprint, made_at=1_800_000_000.0)


def test_a_library_comes_back_and_matches_as_it_did(tmp_path: Path) -> None:
    assert store.read(tmp_path) is None
    store.write(tmp_path / "new", a_file())
    found = store.read(tmp_path / "new")
    assert found is not None
    assert os.listdir(tmp_path / "new") == [store.FILE_NAME]
    assert (found.header.n_recordings, found.header.fingerprint) == (5, "1")
    for row, one in enumerate(KNOWN):
        opening = opening_of(one.constellation, start=100 + row)
        match = found.match(opening)
        assert match is not None
        assert match == library_of(KNOWN).match(opening)
        assert (match.recording_id, match.name, match.standing) == (one.recording_id, one.name, one.standing)
        assert match.begin == pytest.approx((100 + row) * 0.016, abs=0.02)


def test_an_empty_library_can_be_stored(tmp_path: Path) -> None:
    store.write(tmp_path, a_file([]))
    found = store.read(tmp_path)
    assert found is not None
    assert found.match(opening_of(KNOWN[0].constellation, start=0)) is None


@pytest.mark.parametrize("cut", [0, 1, 64, 100, 400, 5000, -66, -65, -8, -1])
@pytest.mark.parametrize("whole", [True, False])
def test_a_torn_last_write_is_noticed_by_its_ends_alone(cut: int, whole: bool) -> None:
    with pytest.raises(LibraryError):
        store.decode(a_file()[:cut], whole=whole)


def test_a_file_with_a_hole_is_noticed(tmp_path: Path) -> None:
    """What a loss of power leaves where the file's length came to the disk before its bytes."""
    content = bytearray(a_file())
    content[2000:4000] = bytes(2000)
    (tmp_path / store.FILE_NAME).write_bytes(content)
    with pytest.raises(LibraryError, match="not those of its SHA-256"):
        store.read(tmp_path, whole=False)


@given(st.integers(0, 30_000), st.integers(0, 255))
@settings(max_examples=100)
def test_a_changed_byte_is_found_and_where_nobody_looks_hurts_nobody(place: int, byte: int) -> None:
    whole = a_file()
    content = bytearray(whole)
    content[place % len(content)] = byte
    if bytes(content) == whole:
        return
    with pytest.raises(LibraryError):
        store.decode(bytes(content))
    with suppress(LibraryError):
        store.decode(bytes(content), whole=False).match(opening_of(KNOWN[0].constellation, start=50))


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_with_a_reason(content: bytes) -> None:
    with pytest.raises(LibraryError, match="library of recordings"):
        store.decode(content)
    digest = hashlib.sha256(content).hexdigest().encode()
    with pytest.raises(LibraryError, match="library of recordings"):
        store.decode(digest + b"\n" + content + b"\n" + digest)


def test_another_format_is_refused() -> None:
    rest = a_file()[65:-65].replace(b'"format":1', b'"format":9')
    digest = hashlib.sha256(rest).hexdigest().encode()
    with pytest.raises(LibraryError, match="format 9, this version reads 1"):
        store.decode(digest + b"\n" + rest + b"\n" + digest)


@pytest.mark.parametrize("part", ["n_recordings", "n_codes", "n_places", "n_peaks"])
@pytest.mark.parametrize("count", [-(2**63), -1, 0, 2**31, 2**62, 2**63 - 1, 2**64])
def test_counts_that_cannot_be_are_refused_whatever_the_hash(part: str, count: int, tmp_path: Path) -> None:
    head, rest = a_file()[65:-65].split(b"\n", 1)
    lying = msgspec.json.decode(head) | {part: count}
    content = store._aligned(msgspec.json.encode(lying)) + rest
    digest = hashlib.sha256(content).hexdigest().encode()
    (tmp_path / store.FILE_NAME).write_bytes(digest + b"\n" + content + b"\n" + digest)
    with pytest.raises(LibraryError, match="library of recordings"):
        store.read(tmp_path)


def test_a_torn_file_leaves_the_library_before_it_in_force(tmp_path: Path) -> None:
    reader = LibraryFile(tmp_path)
    opening = opening_of(KNOWN[2].constellation, start=30)
    assert reader.match(opening) is None
    store.write(tmp_path, a_file())
    assert reader.match(opening) is not None
    (tmp_path / "torn").write_bytes(a_file(known(3, seed=9))[:-1000])
    os.replace(tmp_path / "torn", tmp_path / store.FILE_NAME)
    assert reader.match(opening) is not None
    assert "torn" in str(reader.fault)
    store.write(tmp_path, a_file(known(3, seed=9)))
    assert reader.match(opening) is None
    assert reader.fault is None


def test_a_folder_that_cannot_be_written_names_the_key(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LibraryError, match=r"recordings\.folder"):
        store.write(tmp_path / "file" / "recordings", a_file())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_writes_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12346)
    store.write(tmp_path, a_file())
    status = (tmp_path / store.FILE_NAME).stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (12345, 12346, 0o640)


def test_a_constellation_comes_back_from_its_bytes() -> None:
    sky = a_sky(np.random.default_rng(3))
    for one in (sky, NOTHING):
        found = unpacked(packed(one))
        assert np.array_equal(found.frames, one.frames)
        assert np.array_equal(found.bins, one.bins)
        assert np.array_equal(found.strong, one.strong)


@pytest.mark.parametrize("content", [b"", b"\2", b"\1\0", packed(a_sky(np.random.default_rng(3)))[:-1]])
def test_other_bytes_are_no_constellation(content: bytes) -> None:
    with pytest.raises(LibraryError, match="no constellation"):
        unpacked(content)


def test_peaks_out_of_order_are_refused() -> None:
    sky = a_sky(np.random.default_rng(3))
    with pytest.raises(LibraryError, match="out of order"):
        unpacked(packed(Constellation(sky.frames[::-1], sky.bins, sky.strong)))


def test_every_standing_can_be_stored(tmp_path: Path) -> None:
    recordings = [known(1, seed=n, standing=standing)[0] for n, standing in enumerate(Standing)]
    store.write(tmp_path, a_file(recordings))
    found = store.read(tmp_path)
    assert found is not None
    assert [found.shelf[row].standing for row in range(len(Standing))] == list(Standing)


def test_a_server_goes_on_with_the_library_before_while_a_newer_one_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    store.write(tmp_path, a_file())
    reader = LibraryFile(tmp_path, resident=True)
    before = reader.look(wait=PATIENCE)
    assert before is not None
    monkeypatch.setattr(reading, "read", lambda folder, **_: let_go.wait(PATIENCE) and store.read(folder))
    store.write(tmp_path, a_file(known(3, seed=9)))
    for _ in range(3):
        assert reader.look() is before
    let_go.set()
    eventually(lambda: reader.look() is not before)
    assert reader.match(opening_of(known(3, seed=9)[1].constellation, start=30)) is not None


def test_a_server_hashes_a_large_file_and_a_process_of_one_call_its_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "WHOLE_BELOW", 100)
    content = bytearray(a_file())
    content[-1000] ^= 1
    (tmp_path / store.FILE_NAME).write_bytes(content)
    resident = LibraryFile(tmp_path, resident=True)
    assert resident.look(wait=PATIENCE) is None
    assert "SHA-256" in str(resident.fault)
    assert LibraryFile(tmp_path).look() is not None


def test_a_pipe_in_the_files_place_keeps_no_call_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / store.FILE_NAME)
    with pytest.raises(LibraryError, match="not a plain file"):
        store.read(tmp_path)


def test_a_server_looks_between_calls(tmp_path: Path) -> None:
    hearers = listeners(Sources(recordings=tmp_path, resident=True))
    store.write(tmp_path, a_file())
    hearers.look()
    (listener,) = [one for one in hearers._listeners.values() if isinstance(one, RecordingListener)]
    eventually(lambda: listener.library._library is not None)


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("cut", [True, False])
def test_a_file_overwritten_in_its_place_ends_no_process_and_the_copy_stays_in_force(
    tmp_path: Path, kept: bool, cut: bool
) -> None:
    """`truncate` and `cp` onto it: a mapped file would raise SIGBUS, which ends this test too."""
    store.write(tmp_path, a_file(known(40)))
    reader = LibraryFile(tmp_path, kept=kept)
    opening = opening_of(known(40)[39].constellation, start=30)
    assert reader.match(opening) is not None
    path = tmp_path / store.FILE_NAME
    if cut:
        os.truncate(path, 4096)
    else:
        path.write_bytes(a_file()[:5000])
    assert reader.match(opening) is not None
    assert reader.fault is not None


@pytest.mark.parametrize(("most", "is_mapped"), [(10, True), (10**6, False)])
def test_only_files_that_are_too_large_to_copy_are_mapped(tmp_path: Path, most: int, is_mapped: bool) -> None:
    store.write(tmp_path, a_file())
    content = store._content(tmp_path / store.FILE_NAME, most)
    assert isinstance(content, bytes) is not is_mapped
    assert bytes(content) == a_file()
