"""The systemd units: what systemd itself says of them, and that they agree with what the server needs."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path
from typing import get_type_hints

import pytest

from silentspam import resources
from silentspam.cli import VERBS
from silentspam.config import DEFAULT_PATH, Config
from silentspam.installation import folders
from silentspam.listening.service import CLOSING_SECONDS
from silentspam.sections import ProvenanceSection, ServerSection
from silentspam.serve.calls import FLOOD
from silentspam.serve.front import GREETINGS
from silentspam.serve.http import CLIENTS
from silentspam.serve.protocols import LEAVING
from silentspam.serve.supervisor import CLERK_LEAVES_SECONDS
from tests.serve.resident import WORKER_THREADS

UNIT = resources.shipped("systemd") / "silentspam.service"
LISTEN = resources.shipped("systemd") / "silentspam-listen.service"
DROP_IN = resources.shipped("systemd") / "several-servers.conf"
ANALYZE = shutil.which("systemd-analyze")
EXPOSURE = "20"
"""Tenths: systemd calls up to 2.0 OK; 9.6 is a unit that says nothing."""

needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze on this machine")


class Unit:
    """A unit file: every value of a key, in order."""

    def __init__(self, path: Path) -> None:
        self.values: dict[str, list[str]] = {}
        for line in path.read_text().splitlines():
            if "=" in line and not line.startswith("#"):
                key, _, value = line.partition("=")
                self.values.setdefault(key, []).append(value)

    def one(self, key: str) -> str:
        (value,) = self.values[key]
        return value

    def seconds(self, key: str) -> float:
        return float(self.one(key).removesuffix("s"))


SERVICE = Unit(UNIT)


def analyze(*arguments: object) -> str:
    assert ANALYZE is not None
    done = subprocess.run([ANALYZE, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs_systemd
def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    """With a program and a user that this machine has; the drop-in is read with it."""
    text = UNIT.read_text().replace("/opt/silentspam/bin/silentspam", "/bin/true")
    (tmp_path / UNIT.name).write_text(re.sub(r"(?m)^(User|Group)=.*$", r"\1=daemon", text))
    (tmp_path / f"{UNIT.name}.d").mkdir()
    shutil.copy(DROP_IN, tmp_path / f"{UNIT.name}.d")
    said = analyze("verify", tmp_path / UNIT.name)
    assert "silentspam" not in said, said


@needs_systemd
def test_systemd_finds_no_fault_with_the_listener_of_its_own(tmp_path: Path) -> None:
    text = LISTEN.read_text().replace("/opt/silentspam/bin/silentspam", "/bin/true")
    (tmp_path / LISTEN.name).write_text(re.sub(r"(?m)^User=.*$", "User=daemon", text))
    said = analyze("verify", tmp_path / LISTEN.name)
    assert "silentspam" not in said, said


def test_the_listener_of_its_own_runs_the_verb_with_time_for_what_it_has_to_tell() -> None:
    unit = Unit(LISTEN)
    assert unit.one("ExecStart").split()[1:3] == ["listen", "--watch"]
    assert unit.seconds("TimeoutStopSec") > CLOSING_SECONDS
    section = ProvenanceSection()
    for folder in (section.folder, section.store, Config().collection.legs):
        assert Path(folder).is_relative_to(unit.one("ReadWritePaths"))


@needs_systemd
def test_little_is_left_that_the_service_could_do() -> None:
    said = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", UNIT)
    assert "Overall exposure level" in said


def test_the_sections_are_those_of_a_service() -> None:
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.read(UNIT)
    assert parser.sections() == ["Unit", "Service", "Install"]


def test_it_starts_the_server_with_the_usual_configuration_and_reloads_by_sighup() -> None:
    _, verb, *options = SERVICE.one("ExecStart").split()
    assert verb in VERBS
    assert options == ["--config", str(DEFAULT_PATH)]
    assert SERVICE.one("ExecReload") == "/bin/kill -HUP $MAINPID"
    assert SERVICE.one("Type") == "notify"


def test_it_leaves_running_calls_their_time() -> None:
    drain = ServerSection().drain_seconds
    assert SERVICE.one("KillMode") == "mixed"
    assert SERVICE.seconds("TimeoutStopSec") > drain + 10 + CLERK_LEAVES_SECONDS


def test_it_may_write_every_folder_that_calls_write_to_and_no_model() -> None:
    writable = Path(SERVICE.one("ReadWritePaths"))
    config = Config()
    for folder in (*folders(config), Path(config.gate.folder), Path(config.collection.legs)):
        assert folder.is_relative_to(writable)
    assert SERVICE.one("ReadOnlyPaths").removeprefix("-") == config.model.registry
    assert not DEFAULT_PATH.is_relative_to(writable)
    assert SERVICE.one("ProtectSystem") == "strict"


def most(key: str) -> int:
    """The largest value that a key of `server` may have."""
    hint = get_type_hints(ServerSection, include_extras=True)[key]
    (limits,) = hint.__metadata__
    return int(limits.le)


def test_it_has_descriptors_for_as_many_calls_as_a_worker_may_take() -> None:
    """A worker's calls, ends of calls, greetings of both switches and who is sent on, and as many again for
    files that are open a moment."""
    connections = most("calls_per_worker") + FLOOD + 2 * (GREETINGS + LEAVING)
    assert int(SERVICE.one("LimitNOFILE")) > 2 * connections


def test_it_has_threads_for_as_many_processes_as_there_may_be() -> None:
    """However many the calls. The supervisor's loop, log and pages; clerk: loop, log and beat; a worker: loop
    and log, and rows, a model and a reload now and then (tests/serve/test_server.py)."""
    supervisor, clerk = 3 + 2 * CLIENTS, 3
    assert int(SERVICE.one("TasksMax")) > supervisor + clerk + most("workers") * WORKER_THREADS


def test_nobody_but_loopback_reaches_it_until_somebody_says_so() -> None:
    assert SERVICE.one("IPAddressDeny") == "any"
    assert SERVICE.one("IPAddressAllow") == "localhost"
    assert all(Unit(DROP_IN).values["IPAddressAllow"])
