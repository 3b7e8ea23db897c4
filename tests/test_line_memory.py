"""Line memory as calls live it: real AGI processes one after the other, each of which forgets everything.

The opening is synthetic dead air that the shipped model takes for a person's.
"""

import sqlite3
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from silentspam import resources
from silentspam.lines.snapshot import FILE_NAME, read_snapshot, write_snapshot
from tests.fakes import Switch, tone
from tests.installed import Site, action
from tests.lines.ground import a_ground
from tests.lines.openings import missed_by_the_model
from tests.lines.test_snapshot import a_snapshot


class Presser(Switch):
    """A caller who listens, and presses what is asked."""

    def reply(self, command: str) -> bytes:
        if "press-" in command:
            self.keys = deque([command.split("press-")[1][0]])
        return super().reply(command)


class Calls:
    """Calls to one installation, each from a number of its own unless it is given."""

    def __init__(self, folder: Path) -> None:
        self.site = Site(folder, resources.shipped_model())
        self.site.settings["lines"] |= {"exploration_share": 0.0, "suspended_share": 0.0}
        self.count = 0

    def dead_air(self, caller: type[Switch] = Switch, *, ani: str = "") -> dict[str, Any]:
        """One call on the line; returns its row."""
        return self.call(missed_by_the_model(self.count).codes.tobytes(), caller, ani=ani)

    def call(self, opening: bytes, caller: type[Switch] = Switch, *, ani: str = "") -> dict[str, Any]:
        self.count += 1
        switch = caller(opening=opening)
        switch.variables["CALLERID(ANI)"] = ani or f"202555{self.count:04d}"
        assert self.site.screen(switch) == 0
        row = max(self.site.rows(), key=lambda found: found["started_at"])
        assert row["decision"] == action(switch)
        return row

    @property
    def snapshot_file(self) -> Path:
        return self.site.folder / "lines" / FILE_NAME


@pytest.fixture
def calls(tmp_path: Path) -> Calls:
    return Calls(tmp_path)


def test_a_campaign_that_the_model_misses_is_found_by_its_fourth_call(calls: Calls) -> None:
    missed = [calls.dead_air() for _ in range(3)]
    assert {row["decision"] for row in missed} == {"BRIDGE"}
    assert all(row["spam_probability"] < row["threshold"] for row in missed)
    asked = calls.dead_air()
    assert (asked["challenge_cause"], asked["disposition"]) == ("BURST", "REJECTED_CALLER_SILENCE")
    assert asked["line_state"] == "CANDIDATE"
    for _ in range(2):
        known = calls.dead_air()
        assert (known["challenge_cause"], known["disposition"]) == ("LINE", "REJECTED_CALLER_SILENCE")
        assert (known["line_id"], known["line_state"]) == (asked["line_id"], "ACTIVE")
        assert known["line_score"] >= known["line_threshold"]
        assert "challenges failed" in known["reasons"]
    speech = calls.call(tone().codes.tobytes())
    assert (speech["decision"], speech["line_id"]) == ("BRIDGE", None)


def test_a_person_on_the_line_passes_and_is_not_asked_again(calls: Calls) -> None:
    for _ in range(12):
        calls.dead_air()
    person = calls.dead_air(Presser, ani="2025550999")
    assert (person["challenge_cause"], person["challenge_result"]) == ("LINE", "PASSED")
    assert person["decision"] == "BRIDGE"
    again = calls.dead_air(ani="2025550999")
    assert (again["decision"], again["challenge_cause"], again["challenged_at"]) == ("BRIDGE", None, None)
    assert calls.dead_air()["challenge_cause"] == "LINE"


def test_a_line_that_people_call_on_is_left_alone_after_the_first_of_them(calls: Calls) -> None:
    for _ in range(3):
        calls.dead_air()
    assert calls.dead_air(Presser)["challenge_result"] == "PASSED"
    rest = [calls.dead_air() for _ in range(3)]
    assert {(row["decision"], row["line_state"]) for row in rest} == {("BRIDGE", "SUSPENDED")}


def tear(calls: Calls) -> None:
    content = calls.snapshot_file.read_bytes()
    calls.snapshot_file.write_bytes(content[: len(content) // 2])


def of_another_model(calls: Calls) -> None:
    write_snapshot(calls.snapshot_file.parent, a_snapshot(space_id=a_ground().space_id))


def empty(calls: Calls) -> None:
    calls.snapshot_file.write_bytes(b"")


def a_folder(calls: Calls) -> None:
    calls.snapshot_file.unlink()
    calls.snapshot_file.mkdir()


def unreadable(calls: Calls) -> None:
    """A link to itself: not even root can read it."""
    calls.snapshot_file.unlink()
    calls.snapshot_file.symlink_to(FILE_NAME)


@pytest.mark.parametrize("break_it", [tear, of_another_model, empty, a_folder, unreadable])
def test_with_a_snapshot_that_is_no_use_the_model_alone_judges(
    calls: Calls, break_it: Callable[[Calls], None]
) -> None:
    for _ in range(4):
        calls.dead_air()
    break_it(calls)
    row = calls.dead_air()
    assert (row["decision"], row["failed_open"], row["line_id"]) == ("BRIDGE", 0, None)
    assert "lines were not asked" in row["reasons"]
    assert row["spam_probability"] is not None


def test_a_torn_snapshot_is_whole_again_after_the_next_call(calls: Calls) -> None:
    for _ in range(4):
        calls.dead_air()
    tear(calls)
    calls.dead_air()
    assert calls.dead_air()["challenge_cause"] == "LINE"


def test_lines_that_cannot_be_learnt_cost_no_row_and_are_learnt_later(calls: Calls) -> None:
    calls.dead_air()
    with sqlite3.connect(calls.site.folder / "calls.db") as database:
        database.execute("ALTER TABLE lines RENAME TO hidden")
    calls.dead_air()
    assert len(calls.site.rows()) == 2
    with sqlite3.connect(calls.site.folder / "calls.db") as database:
        database.execute("ALTER TABLE hidden RENAME TO lines")
    calls.dead_air()
    assert calls.dead_air()["challenge_cause"] == "BURST"


def test_a_folder_of_lines_that_cannot_be_written_costs_no_row(calls: Calls) -> None:
    (calls.site.folder / "lines").write_text("a file")
    rows = [calls.dead_air() for _ in range(4)]
    assert {row["decision"] for row in rows} == {"BRIDGE"}
    assert {row["failed_open"] for row in rows} == {0}
    (calls.site.folder / "lines").unlink()
    calls.dead_air()
    assert calls.dead_air()["challenge_cause"] == "BURST"


def test_without_line_memory_no_line_is_asked_or_learnt(calls: Calls) -> None:
    calls.site.settings["lines"]["enabled"] = False
    assert {calls.dead_air()["line_id"] for _ in range(5)} == {None}
    assert not calls.snapshot_file.exists()
    with sqlite3.connect(calls.site.folder / "calls.db") as database:
        assert database.execute("SELECT COUNT(*) FROM line_queue").fetchone() == (0,)


def test_in_shadow_lines_are_seen_and_nobody_is_challenged(calls: Calls) -> None:
    calls.site.settings["mode"] = "shadow"
    rows = [calls.dead_air() for _ in range(5)]
    assert {row["decision"] for row in rows} == {"BRIDGE"}
    assert [row["line_state"] for row in rows] == [None] * 3 + ["CANDIDATE"] * 2
    assert rows[-1]["verdict"] == "CALLER_SILENCE"
    snapshot = read_snapshot(calls.site.folder / "lines")
    assert snapshot is not None
    assert len(snapshot.lines) == 1
