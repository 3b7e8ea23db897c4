"""One installation in a folder, with the real AGI scripts to run as processes and the rows they write.

A process is waited for by the end of its standard error, which the one that writes its row shares.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from silentspam import resources, variables
from silentspam.calllog.calls import CallTable
from silentspam.calllog.query import Filter
from silentspam.calllog.sqlite import SqliteDatabase
from tests.fakes import Switch, converse, running

SCRIPTS = resources.shipped("agi_scripts")


class Site:
    """One installation: a configuration, a call log, and the two scripts to run."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder = folder
        self.settings: dict[str, Any] = {
            "mode": "enforce",
            "call_log": {
                "database": str(folder / "calls.db"),
                "spool": str(folder / "spool"),
                "unlogged": str(folder / "unlogged.jsonl"),
            },
            "recording": {"folder": str(folder / "recordings")},
            "lines": {"folder": str(folder / "lines")},
            "gate": {"folder": str(folder / "gate")},
            "model": {"folder": str(model), "registry": str(folder / "registry")},
            "challenge": {"prompts": str(folder / "prompts")},
            "limits": {"screening_seconds": 600},  # a busy machine takes its time; no test waits for it
        }

    def command(self, script: str) -> list[str]:
        config = self.folder / "silentspam.yaml"
        if not os.path.lexists(config):
            config.write_text(yaml.safe_dump(self.settings))
        return [sys.executable, "-I", str(SCRIPTS / script), f"--config={config}"]

    def screen(self, switch: Switch) -> int:
        """A whole screening; returns the exit status when its row is written too."""
        return _run(self.command("silentspam.py"), switch)

    def end(self, switch: Switch) -> int:
        """The hangup handler of the same call."""
        switch.dead = True
        return _run(self.command("silentspam_ended.py"), switch)

    def rows(self) -> list[dict[str, Any]]:
        database = self.folder / "calls.db"
        return (
            [dict(row) for row in CallTable(SqliteDatabase(database, busy_seconds=60)).rows(Filter())]
            if database.exists()
            else []
        )

    def row(self) -> dict[str, Any]:
        (row,) = self.rows()
        return row

    def spooled(self) -> list[Path]:
        return sorted((self.folder / "spool").glob("*.json"))


def _run(command: list[str], switch: Switch) -> int:
    with running(command) as process:
        converse(process, switch)
        return ended_status(process)


def ended_status(process: subprocess.Popen[bytes]) -> int:
    """Wait for the process and for the one that logs; returns the exit status of the first."""
    complaint(process)
    return process.wait()


def complaint(process: subprocess.Popen[bytes]) -> str:
    """Everything the process and its logging half said on the console."""
    assert process.stderr
    return process.stderr.read().decode()


def action(switch: Switch) -> str:
    """What the dialplan will do: BRIDGE is preset, only a screener's own word makes it REJECT."""
    return switch.variables.get(variables.ACTION, "BRIDGE")
