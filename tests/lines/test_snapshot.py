"""The file that calls are judged with: whole or of no use, never half of one."""

import hashlib
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silentspam.budget import Credit
from silentspam.errors import LineError
from silentspam.lines.known import KnownLines
from silentspam.lines.snapshot import (
    FILE_NAME,
    KnownLine,
    Snapshot,
    decode,
    encode,
    read_snapshot,
    write_snapshot,
)
from silentspam.verdict import LineState
from tests.lines.ground import N_DIMS, a_ground, line_calls, people

GROUND = a_ground()


def a_snapshot(n_lines: int = 3, *, version: int = 1, space_id: str = GROUND.space_id) -> Snapshot:
    return Snapshot(
        space_id=space_id,
        version=version,
        made_at=1_800_000_000.0,
        threshold=-20.0,
        credit=Credit(7.5),
        kind_credits={"CALLER_FAX": Credit(0.25)},
        told=tuple(
            msgspec.json.encode(KnownLine(line_id=f"line {n}", state=LineState.ACTIVE, evidence="ä\n"))
            for n in range(n_lines)
        ),
        terms=KnownLines(
            GROUND.space,
            np.array([line_calls(3, n).mean(axis=0) for n in range(n_lines)], "<f4").reshape(-1, N_DIMS),
            np.full(n_lines, 3, np.int32),
        ).terms,
        trusted=frozenset({1, 2**63 - 1}),
    )


def test_a_snapshot_comes_back_as_it_was_written(tmp_path: Path) -> None:
    assert read_snapshot(tmp_path) is None
    for n_lines in (0, 1, 1000):
        snapshot = a_snapshot(n_lines)
        write_snapshot(tmp_path / "new", snapshot)
        found = read_snapshot(tmp_path / "new")
        assert found is not None
        assert (found.lines, found.trusted) == (snapshot.lines, snapshot.trusted)
        assert (found.credit, found.kind_credits) == (snapshot.credit, snapshot.kind_credits)
        assert np.allclose(found.terms.weights, snapshot.terms.weights, rtol=1e-6)
        assert np.allclose(found.terms.constants, snapshot.terms.constants, rtol=1e-6)
        assert np.array_equal(found.terms.counts, snapshot.terms.counts)
        assert os.listdir(tmp_path / "new") == [FILE_NAME]


@pytest.mark.parametrize("cut", [0, 1, 50, 400, -8, -1])
def test_a_torn_snapshot_is_refused(cut: int) -> None:
    content = encode(a_snapshot())
    with pytest.raises(LineError):
        decode(content[:cut])


@given(st.integers(0, 10_000), st.integers(0, 255))
@settings(max_examples=200)
def test_a_changed_byte_is_found(place: int, byte: int) -> None:
    content = bytearray(encode(a_snapshot()))
    content[place % len(content)] = byte
    if bytes(content) != encode(a_snapshot()):
        with pytest.raises(LineError, match="torn"):
            decode(bytes(content))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_a_reason(content: bytes) -> None:
    with pytest.raises(LineError, match="snapshot of lines"):
        decode(content)


@pytest.mark.parametrize("told", [b"{}", b'{"line_id": "\xe0"}', b"\xe0", b"[" * 5000, b""])
def test_a_line_that_is_told_in_another_way_is_refused_when_it_is_told(told: bytes) -> None:
    snapshot = decode(encode(replace(a_snapshot(1), told=(told or b"null",))))
    with pytest.raises(LineError, match="another version"):
        print(snapshot.lines)


def test_lines_of_another_model_say_nothing() -> None:
    with pytest.raises(LineError, match="space other, the model's is"):
        a_snapshot(space_id="other").match(GROUND, line_calls(1)[0])


def test_another_format_is_refused() -> None:
    rest = encode(a_snapshot()).partition(b"\n")[2].replace(b'"format":1', b'"format":9')
    content = hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest
    with pytest.raises(LineError, match="format 9, this version reads 1"):
        decode(content)


def test_the_likest_line_is_matched_and_a_person_none() -> None:
    snapshot = a_snapshot()
    for line in range(3):
        match = snapshot.match(GROUND, line_calls(5, line)[4])
        assert match is not None
        assert match.line_id == f"line {line}"
        assert match.score >= match.threshold == -20.0
    assert snapshot.match(GROUND, people(1, seed=11)[0]) is None
    assert a_snapshot(0).match(GROUND, line_calls(1)[0]) is None


def test_a_folder_that_cannot_be_written_names_the_key(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LineError, match=r"lines\.folder"):
        write_snapshot(tmp_path / "file" / "lines", a_snapshot())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_writes_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12346)
    write_snapshot(tmp_path, a_snapshot())
    status = (tmp_path / FILE_NAME).stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (12345, 12346, 0o640)


def test_a_full_disk_leaves_the_snapshot_that_was_there() -> None:
    """A limit on file size, which is to a writer what a full disk is."""
    with tempfile.TemporaryDirectory() as folder:
        write_snapshot(Path(folder), a_snapshot(1, version=1))
        code = (
            "import resource, signal, sys; from pathlib import Path\n"
            "from tests.lines.test_snapshot import a_snapshot\n"
            "from silentspam.lines.snapshot import write_snapshot\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
            "write_snapshot(Path(sys.argv[1]), a_snapshot(1000, version=2))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, folder], check=False, capture_output=True, text=True, timeout=60
        )
        assert "LineError" in done.stderr
        assert os.listdir(folder) == [FILE_NAME]
        found = read_snapshot(Path(folder))
        assert found is not None
        assert found.version == 1


def test_a_reader_never_meets_half_a_snapshot(tmp_path: Path) -> None:
    write_snapshot(tmp_path, a_snapshot(500, version=0))
    over = threading.Event()

    def write() -> None:
        for version in range(1, 60):
            write_snapshot(tmp_path, a_snapshot(2 if version % 2 else 500, version=version))
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while not over.is_set():
        found = read_snapshot(tmp_path)
        assert found is not None
        assert len(found.lines) == (2 if found.version % 2 else 500)
        seen.append(found.version)
    writer.join()
    assert seen == sorted(seen)
