"""What of a result still holds: nothing twice, nothing stale, nothing of another model."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from silentspam.archive import ScanError
from silentspam.archive.listing import Listed, Stamp
from silentspam.archive.parquet import read_rows, to_table, write_part
from silentspam.archive.plan import Chunk, Plan, Questions
from silentspam.archive.results import Results
from silentspam.archive.worker import Row


def listed(*names: str, changed: int = 0) -> list[Listed]:
    return [Listed(Stamp("/a", name, 16_000, changed), f"/a/{name}") for name in names]


def written(folder: Path, plan: Plan, recordings: list[Listed], failed: frozenset[str] = frozenset()) -> Path:
    folder.mkdir(exist_ok=True)
    rows = [
        Row(one.stamp, error="bad") if one.stamp.recording in failed else Row(one.stamp, kind="HAM")
        for one in recordings
    ]
    path = Results(folder, plan).path(Chunk(tuple(recordings)))
    write_part(path, to_table(rows, plan, []))
    return path


def names(folder: Path) -> list[str]:
    paths = sorted(folder.glob("part-*.parquet"))
    return sorted(name for path in paths for name in read_rows(path)["recording"].to_pylist())


def test_what_holds_is_left_alone(tmp_path: Path, plan: Plan) -> None:
    path = written(tmp_path, plan, listed("a", "b"))
    before = path.stat().st_mtime_ns
    done = Results(tmp_path, plan).reconcile(listed("a", "b", "c"))
    assert done.stamps == {one.stamp for one in listed("a", "b")}
    assert path.stat().st_mtime_ns == before


def test_what_changed_or_went_is_taken_out_and_the_rest_stays(tmp_path: Path, plan: Plan) -> None:
    written(tmp_path, plan, listed("a", "b", "c"))
    done = Results(tmp_path, plan).reconcile([*listed("a"), *listed("b", changed=1)])
    assert {stamp.recording for stamp in done.stamps} == {"a"}
    assert names(tmp_path) == ["a"]


def test_a_recording_in_two_files_is_counted_once(tmp_path: Path, plan: Plan) -> None:
    """As after another --chunk, or a scan that was killed between writing a file and removing the old one."""
    written(tmp_path, plan, listed("a", "b", "c"))
    written(tmp_path, plan, listed("b", "c", "d"))
    done = Results(tmp_path, plan).reconcile(listed("a", "b", "c", "d"))
    assert len(done.stamps) == 4
    assert names(tmp_path) == ["a", "b", "c", "d"]


def test_errors_hold_unless_they_shall_be_tried_again(tmp_path: Path, plan: Plan) -> None:
    written(tmp_path, plan, listed("a", "b"), failed=frozenset("b"))
    results = Results(tmp_path, plan)
    assert results.reconcile(listed("a", "b")).failed == {one.stamp for one in listed("b")}
    assert len(results.reconcile(listed("a", "b"), retry_errors=True).stamps) == 1
    assert names(tmp_path) == ["a"]


def test_another_scans_result_is_refused_by_what_differs_and_replaced_when_told(
    tmp_path: Path, plan: Plan
) -> None:
    other = replace(plan, questions=Questions(threshold=0.9))
    assert other.key != plan.key
    written(tmp_path, other, listed("a"))
    with pytest.raises(ScanError, match=r"threshold 0.9 \(now None\)"):
        Results(tmp_path, plan).reconcile(listed("a"))
    assert names(tmp_path) == ["a"]
    assert not Results(tmp_path, plan).reconcile(listed("a"), replace=True).stamps
    assert names(tmp_path) == []


def test_a_damaged_file_is_named(tmp_path: Path, plan: Plan) -> None:
    path = written(tmp_path, plan, listed("a"))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ScanError, match=path.name):
        Results(tmp_path, plan).reconcile(listed("a"))


def test_what_a_killed_scan_left_behind_is_no_result_and_is_cleared(tmp_path: Path, plan: Plan) -> None:
    (tmp_path / ".part-0123.parquet.99").write_bytes(b"half")
    assert not Results(tmp_path, plan).reconcile(listed("a")).stamps
    assert not os.listdir(tmp_path)


def test_two_scans_do_not_write_to_one_folder(tmp_path: Path, plan: Plan) -> None:
    results = Results(tmp_path / "new", plan)
    with results.locked(), pytest.raises(ScanError, match="another scan"), results.locked():
        pass
    with results.locked():
        pass


def test_a_folder_that_cannot_be_made_is_an_error(below_a_file: Path, plan: Plan) -> None:
    with pytest.raises(ScanError, match="below"), Results(below_a_file, plan).locked():
        pass
