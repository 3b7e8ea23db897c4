"""What becomes of the opening of a real call under each policy and each fault: the AGI script as process."""

import stat
from pathlib import Path
from typing import Any

import pytest

from silentspam.audio import read_ulaw
from silentspam.retention.keys import write_key_pair
from silentspam.retention.openings import openings
from silentspam.retention.rules import in_sample
from tests.fakes import Switch, converse, noise, running, tone
from tests.installed import Site, action, complaint

DEAD_AIR, SPEECH = noise().codes.tobytes(), tone().codes.tobytes()


@pytest.fixture
def site(tmp_path: Path, model_folder: Path) -> Site:
    return Site(tmp_path, model_folder)


def screened(site: Site, opening: bytes, **retention: Any) -> str:
    """One whole call; returns what was said on Asterisk's console."""
    site.settings["retention"] = retention
    switch = Switch(opening=opening)
    with running(site.command("silentspam.py")) as process:
        converse(process, switch)
        said = complaint(process)
        assert process.wait() == 0
    assert action(switch) == ("BRIDGE" if opening is SPEECH else "REJECT")
    return said


def left(site: Site) -> list[str]:
    return sorted(path.name for path in (site.folder / "recordings").iterdir())


@pytest.mark.parametrize(
    ("policy", "opening", "kept"),
    [
        ("all", SPEECH, True),
        ("challenged", SPEECH, False),
        ("challenged", DEAD_AIR, True),
        ("none", SPEECH, False),
        ("none", DEAD_AIR, False),
    ],
)
def test_the_policy_decides_and_the_row_says_what_became_of_the_opening(
    site: Site, policy: str, opening: bytes, kept: bool
) -> None:
    assert screened(site, opening, recordings=policy) == ""
    row = site.row()
    recording = Path(row["recording"])
    assert recording.name == f"{row['call_id']}.ulaw"
    assert left(site) == ([recording.name] if kept else [])
    assert (row["recording_deleted_at"] is None) is kept
    assert row["verdict"] is not None
    if kept:
        assert stat.S_IMODE(recording.stat().st_mode) == 0o640
        assert stat.S_IMODE(recording.parent.stat().st_mode) & 0o007 == 0
    else:
        assert row["recording_deleted_at"] >= row["screened_at"]


def test_who_was_rejected_unasked_may_ask_why(site: Site) -> None:
    """With the shipped model: nobody is rejected unasked by one that knows no lines, and keeps no budget."""
    del site.settings["model"]["folder"]
    site.settings |= {"kinds": {"silence": {"treatment": "reject"}}, "collection": {"asked_share": 0}}
    assert screened(site, noise(level=4).codes.tobytes(), recordings="challenged") == ""
    assert site.row()["disposition"] == "REJECTED_CALLER_SILENCE"
    assert site.row()["challenged_at"] is None
    assert left(site) == [Path(site.row()["recording"]).name]


def test_a_sample_is_what_the_lot_of_each_call_says(site: Site) -> None:
    for _ in range(6):
        screened(site, SPEECH, recordings="sample", sample_share=0.5)
    drawn = {row["call_id"] for row in site.rows() if in_sample(row["call_id"], 0.5)}
    assert left(site) == sorted(f"{call_id}.ulaw" for call_id in drawn)
    kept = {row["call_id"] for row in site.rows() if row["recording_deleted_at"] is None}
    assert kept == drawn


def test_an_opening_is_sealed_when_its_call_is_over(site: Site) -> None:
    public, private = write_key_pair(site.folder / "calls")
    assert screened(site, DEAD_AIR, encrypt_to=str(public)) == ""
    row = site.row()
    assert left(site) == [f"{row['call_id']}.ulaw.sealed"]
    assert row["recording_deleted_at"] is None
    assert openings([private]).read(Path(row["recording"])).codes.tobytes() == DEAD_AIR


def test_without_its_key_an_opening_stays_in_plain_and_it_is_said(site: Site) -> None:
    said = screened(site, DEAD_AIR, encrypt_to=str(site.folder / "nowhere.pub"))
    assert "nowhere.pub: No such file" in said
    assert read_ulaw(Path(site.row()["recording"])).codes.tobytes() == DEAD_AIR


def test_a_row_that_cannot_be_written_anywhere_keeps_its_opening(site: Site) -> None:
    (site.folder / "file").touch()
    site.settings["call_log"] |= {
        "database": str(site.folder / "file" / "calls.db"),
        "spool": str(site.folder / "file" / "spool"),
    }
    assert "row not written" in screened(site, DEAD_AIR, recordings="none")
    assert len(left(site)) == 1


def test_a_row_that_waits_in_the_spool_waits_with_the_note_of_its_deletion(site: Site) -> None:
    (site.folder / "file").touch()
    site.settings["call_log"]["database"] = str(site.folder / "file" / "calls.db")
    screened(site, DEAD_AIR, recordings="none")
    assert left(site) == []
    assert len(site.spooled()) == 2
    assert any("recording_deleted_at" in path.read_text() for path in site.spooled())
