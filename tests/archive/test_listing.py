"""Which recordings an archive holds: every one, and each once."""

import io
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from silentspam.archive import ScanError
from silentspam.archive.listing import Listing, list_archives


def names(listing: Listing) -> list[str]:
    return [listed.stamp.recording for listed in listing.recordings]


def a_file(path: Path, content: bytes = b"\xff") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_recordings_of_all_folders_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b/2.ulaw", "b/1.WAV", "a/z.ulaw", "top.ul", "b/notes.txt"):
        a_file(tmp_path / name)
    assert names(list_archives([tmp_path])) == ["a/z.ulaw", "b/1.WAV", "b/2.ulaw", "top.ul"]


def test_a_symbolic_link_is_another_name_not_another_recording(tmp_path: Path) -> None:
    a_file(tmp_path / "real" / "call.ulaw")
    (tmp_path / "a-link.ulaw").symlink_to(tmp_path / "real" / "call.ulaw")
    (tmp_path / "a-folder").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "around").symlink_to(tmp_path)
    listing = list_archives([tmp_path])
    assert names(listing) == ["real/call.ulaw"]
    assert listing.aliases == 1


def test_a_link_out_of_the_archive_leads_to_its_recordings(tmp_path: Path) -> None:
    a_file(tmp_path / "elsewhere" / "deep" / "call.ulaw")
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "linked").symlink_to(tmp_path / "elsewhere")
    assert names(list_archives([tmp_path / "archive"])) == ["linked/deep/call.ulaw"]


def test_archives_that_overlap_count_each_recording_once(tmp_path: Path) -> None:
    a_file(tmp_path / "a" / "call.ulaw")
    listing = list_archives([tmp_path, tmp_path / "a", tmp_path / "a" / "call.ulaw"])
    assert names(listing) == ["a/call.ulaw"]
    assert listing.aliases == 2


def test_hard_links_are_recordings_of_their_own(tmp_path: Path) -> None:
    os.link(a_file(tmp_path / "one.ulaw"), tmp_path / "two.ulaw")
    assert names(list_archives([tmp_path])) == ["one.ulaw", "two.ulaw"]


def test_what_cannot_be_opened_is_listed_with_its_fault(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "dangling.ulaw").symlink_to(tmp_path / "gone")
    faults = {one.stamp.recording: one.fault for one in list_archives([tmp_path]).recordings}
    assert faults == {"pipe.wav": "not a regular file", "dangling.ulaw": "No such file or directory"}


def test_a_link_in_a_circle_is_a_recording_with_a_fault_and_ends_nothing(tmp_path: Path) -> None:
    a_file(tmp_path / "good.ulaw")
    (tmp_path / "loop.ulaw").symlink_to("loop.ulaw")
    (tmp_path / "there.ulaw").symlink_to("back.ulaw")
    (tmp_path / "back.ulaw").symlink_to("there.ulaw")
    (tmp_path / "around").symlink_to("around")
    (tmp_path / "long.ulaw").symlink_to("x" * 300)
    listing = list_archives([tmp_path])
    faults = {listed.stamp.recording: listed.fault for listed in listing.recordings}
    assert list(faults) == ["back.ulaw", "good.ulaw", "long.ulaw", "loop.ulaw", "there.ulaw"]
    assert not faults.pop("good.ulaw")
    assert "File name too long" in faults.pop("long.ulaw")
    assert all("symbolic links" in fault for fault in faults.values())


def test_a_folder_that_cannot_be_listed_is_named_and_the_others_are(tmp_path: Path) -> None:
    """Too deep for the system to name: a fault that even root meets."""
    a_file(tmp_path / "good.ulaw")
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=here)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    listing = list_archives([tmp_path])
    assert names(listing) == ["good.ulaw"]
    assert [fault.endswith("File name too long") for fault in listing.unreadable] == [True]


def test_a_name_that_is_no_text_is_written_as_one(tmp_path: Path) -> None:
    a_file(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.ulaw")))
    listing = list_archives([tmp_path])
    assert names(listing) == ["caf\\udce9.ulaw"]
    assert Path(listing.recordings[0].path).exists()


def test_a_changed_recording_has_another_stamp(tmp_path: Path) -> None:
    path = a_file(tmp_path / "call.ulaw")
    before = list_archives([tmp_path]).recordings[0].stamp
    os.utime(path, ns=(0, before.modified_ns + 1))
    assert list_archives([tmp_path]).recordings[0].stamp != before


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_list_names_recordings_below_its_own_folder_or_another(tmp_path: Path, suffix: str) -> None:
    a_file(tmp_path / "calls" / "a.ulaw")
    path = tmp_path / f"list.{suffix}"
    write_list(path, ["calls/a.ulaw", "calls/./a.ulaw", "calls/gone.ulaw"])
    listing = list_archives([path])
    assert names(listing) == ["calls/a.ulaw", "calls/gone.ulaw"]
    assert [bool(one.fault) for one in listing.recordings] == [False, True]
    assert listing.aliases == 1
    assert listing.recordings[0].stamp.archive == str(path)
    write_list(path, ["a.ulaw"])
    assert not list_archives([path], below=tmp_path / "calls").recordings[0].fault


def write_list(path: Path, recordings: list[str]) -> None:
    if path.suffix == ".csv":
        path.write_text("label,recording\n" + "".join(f"spam,{name}\n" for name in recordings))
    else:
        pq.write_table(pa.table({"recording": recordings}), path)


def garbled_list() -> bytes:
    """A Parquet file whose columns' names are no UTF-8."""
    buffer = io.BytesIO()
    pq.write_table(pa.table({"recording": ["a.ulaw"]}), buffer)
    return buffer.getvalue().replace(b"recording", b"\xf2ecording")


BAD_LISTS = {
    "no_column.csv": b"label\nspam\n",
    "empty_row.csv": b'recording\n\n,\n""\n',
    "no_text.csv": b"recording\n\xff\xfe\n",
    "nothing.csv": b"",
    "no.parquet": b"recording\na.ulaw\n",
    "garbled.parquet": garbled_list(),
}


@pytest.mark.parametrize("name", [*BAD_LISTS, "missing.csv", "missing_folder"])
def test_a_bad_list_is_an_error_that_names_it(tmp_path: Path, name: str) -> None:
    if name in BAD_LISTS:
        (tmp_path / name).write_bytes(BAD_LISTS[name])
    with pytest.raises(ScanError, match=name):
        list_archives([tmp_path / name])
