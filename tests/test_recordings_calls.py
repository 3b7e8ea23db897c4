"""Recordings as calls live them: real AGI processes, each of which forgets all, and the command line."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from silentspam import resources
from silentspam.cli import main
from silentspam.recordings import store
from tests.fakes import Switch
from tests.installed import Site, action
from tests.recordings.sounds import N, prompts, sent

CODECS = ("g711u", "gsm", "ilbc20")


class Calls:
    """Calls to one installation, each from a number of its own."""

    def __init__(self, folder: Path) -> None:
        self.site = Site(folder, resources.shipped_model())
        self.site.settings["lines"] |= {"exploration_share": 0.0, "suspended_share": 0.0}
        self.count = 0

    def plays(self, prompt: int, codec: str = "g711u") -> dict[str, Any]:
        """A call that opens with a prompt, later in it each time; returns its row."""
        self.count += 1
        begin = 400 * self.count
        switch = Switch(opening=sent(prompts()[prompt][begin : begin + N], codec).tobytes())
        switch.variables["CALLERID(ANI)"] = f"202555{self.count:04d}"
        assert self.site.screen(switch) == 0
        row = max(self.site.rows(), key=lambda found: found["started_at"])
        assert row["decision"] == action(switch)
        return row

    def silentspam(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
        assert main([*arguments, "--config", str(self.site.folder / "silentspam.yaml")]) == 0
        return capsys.readouterr().out


@pytest.fixture
def calls(tmp_path: Path) -> Calls:
    return Calls(tmp_path)


def test_a_replay_becomes_a_candidate_and_when_an_operator_confirms_it_the_next_call_is_asked(
    calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    for codec in CODECS:
        row = calls.plays(0, codec)
        assert (row["verdict"], row["challenge_cause"]) == ("HAM", None)
    (found,) = json.loads(calls.silentspam(capsys, "recordings", "list", "--format", "json"))
    assert (found["standing"], found["tally"]["numbers"]) == ("CANDIDATE", 3)
    row = calls.plays(0)
    assert row["verdict"] == "HAM"
    assert "candidate recording" in str(row["reasons"])
    calls.silentspam(capsys, "recordings", "confirm", found["recording_id"][:8])
    row = calls.plays(0, "gsm")
    assert (row["verdict"], row["disposition"]) == ("CALLER_RECORDING", "REJECTED_CALLER_RECORDING")
    why = calls.silentspam(capsys, "calls", "why", row["call_id"])
    named = f"{found['recording_id'][:8]} '{found['name']}' from its second"
    assert f"because: plays the confirmed recording {named}" in why
    assert f"it plays recording {named}" in why
    assert "which is CONFIRMED now" in why
    calls.silentspam(capsys, "recordings", "permit", found["recording_id"][:8])
    assert calls.plays(0)["verdict"] == "HAM"


def test_recordings_that_cannot_be_learnt_from_cost_no_row(calls: Calls) -> None:
    (calls.site.folder / "library").write_text("in the way of the folder")
    calls.plays(0)
    database = sqlite3.connect(calls.site.folder / "calls.db")
    database.execute("DROP TABLE recent_openings")
    database.commit()
    assert calls.plays(0)["decision"] == "BRIDGE"
    assert len(calls.site.rows()) == 2


def test_a_torn_file_is_no_use_to_calls_and_written_anew_after_the_next(calls: Calls, tmp_path: Path) -> None:
    for codec in CODECS:
        calls.plays(0, codec)
    path = calls.site.folder / "library" / store.FILE_NAME
    path.write_bytes(path.read_bytes()[:-20])
    row = calls.plays(1)
    assert (row["verdict"], row["failed_open"]) == ("HAM", 0)
    assert store.read(path.parent) is not None
