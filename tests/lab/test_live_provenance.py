"""Provenance on a real Asterisk: a live call is heard after 15 s, told of while it goes on, and left be."""

import dataclasses
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import debian, product
from lab.asterisk import Asterisk, root_folder
from lab.outcome import Outcome
from lab.runner import Lab
from lab.scenarios import Scenario, choose, load_scenarios
from silentspam.calllog.provenance import ProvenanceTable
from silentspam.calllog.sqlite import SqliteDatabase
from silentspam.errors import NoCallLogError

pytestmark = [pytest.mark.lab, pytest.mark.slow]

HEARD_SECONDS = 15.0
TALK_SECONDS = 24.0
"""Of the whole call with the agent: long enough for a busy machine to hear it while it goes on."""


def scenario(work: Path, **provenance: Any) -> Scenario:
    """A caller who speaks with the agent, to be listened to."""
    (talks,) = choose(load_scenarios(), ["caller-leg"])
    asterisk = [*debian.program_command(root_folder(), "usr/sbin/asterisk"), "-C"]
    keys = {
        "enabled": True,
        "seconds": HEARD_SECONDS,
        "folder": "{work}/provenance",
        "store": "{work}/lines.db",
        "claims": str(work.parent / "claims.yaml"),
        "asterisk": [*asterisk, str(work / "etc" / "asterisk.conf"), "-rx"],
        **provenance,
    }
    return dataclasses.replace(
        talks,
        speech="",
        caller=dataclasses.replace(talks.caller, seconds=TALK_SECONDS),
        config={"collection": {"legs": "{work}/legs"}, "provenance": keys},
    )


def claim_a_mobile(folder: Path, number: str) -> None:
    """The caller's number is a mobile's, says the file of claims; its audio is G.711 from end to end."""
    claims = {"numbers": [{"prefix": number, "type": "mobile", "country": "US"}]}
    (folder / "claims.yaml").write_text(yaml.safe_dump(claims))


@contextmanager
def listening(config: Path, log: Path) -> Iterator[None]:
    """`silentspam listen --watch 1`, as on an installation without a server."""
    command = [sys.executable, "-c", product.COMMAND_LINE, "listen", "--watch", "1", "--config", str(config)]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def await_row(database: Path, running: threading.Thread) -> dict[str, Any] | None:
    """The row of provenance of the only call, as soon as it is there; None when the calls are over first."""
    table = ProvenanceTable(SqliteDatabase(database))
    while running.is_alive():
        try:
            if rows := list(table.since(0.0)):
                return dict(rows[0])
        except NoCallLogError:
            pass
        time.sleep(0.2)
    return None


def variables(asterisk: Asterisk) -> dict[str, str]:
    """What the caller's channel has of ours."""
    channels = [line.split("!") for line in asterisk.cli("core show channels concise").splitlines()]
    (caller,) = (channel[0] for channel in channels if channel[1].startswith("silentspam"))
    found = {}
    for line in asterisk.cli(f"core show channel {caller}").splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and name.startswith("SILENTSPAM_"):
            found[name] = value
    return found


def test_a_live_call_is_heard_told_of_on_its_channel_and_recorded_no_longer(tmp_path: Path) -> None:
    work = tmp_path / "lab"
    talks = scenario(work)
    claim_a_mobile(tmp_path, talks.ani)
    outcomes: list[Outcome] = []
    with Lab(work, [talks]) as lab:
        folder = work / "calls" / talks.folder
        calls = threading.Thread(target=lambda: outcomes.extend(lab.run()))
        with listening(folder / "silentspam.yaml", tmp_path / "listen.log"):
            calls.start()
            row = await_row(folder / "calls.db", calls)
            assert row is not None, (tmp_path / "listen.log").read_text()
            live = lab.asterisk.active_channels()
            told = variables(lab.asterisk) if live else {}
            time.sleep(1.0)
            told |= variables(lab.asterisk) if lab.asterisk.active_channels() else {}
            calls.join()
    assert (row["basis"], row["seconds"], row["fault"]) == ("side", HEARD_SECONDS, None)
    assert row["signature"] is not None
    assert "claims cellular" in str(row["alerts"])
    assert live >= 2  # caller and agent were talking still
    assert told["SILENTSPAM_PROVENANCE_ALERT"] == "claim"
    assert float(told["SILENTSPAM_RISK"]) > 0.5
    assert not list((folder / "legs").iterdir())
    (outcome,) = outcomes
    assert not outcome.faults
    assert outcome.row is not None
    assert outcome.row["disposition"] == "BRIDGED"
    why = product.silentspam("calls", "why", row["call_id"], "--config", str(folder / "silentspam.yaml"))
    assert "ALERT claim: the number's type (mobile" in why
