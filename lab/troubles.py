"""What goes wrong in a scenario: a process killed, a database blocked, a disk full.

`TROUBLES` are stepped like behaviours while the call lasts (`lab.worker`); `prepare` sets up before the call
what needs files or mounts, and `repair` undoes it after. Only children of the lab's own Asterisk are ended,
and the server of the scenario's own installation.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.phones import Phone

SMALL_DISK_BYTES = 16_384
LEFT_FREE_BYTES = 4_096
"""A quarter of a second of mu-law: less than the opening needs."""
KILL_AFTER_SECONDS = 1.0
HANG_SECONDS = 18.0
"""After the answer, when a server that hangs is let go on: past the dialplan's guard of 15 s."""
CONFIG, GOOD_CONFIG = "silentspam.yaml", "good.yaml"
RECORDINGS, AWAY = "recordings", "recordings-away"

SERVER_AWAY = "server_away"
OF_SERVERS = (SERVER_AWAY, "kill_server", "hang_server")
"""Troubles of the resident screener, which is started again."""
ROW_WAITS = frozenset({"block_database", "break_config"})
"""Troubles that keep the row out of the database until the call log is read."""


class TroubleError(Exception):
    """The trouble cannot be made on this machine: the scenario is skipped, with this reason."""


def prepare(trouble: str, folder: Path) -> None:
    """Make the trouble in a scenario's folder before its call. Raises TroubleError."""
    if trouble in ("block_database", "block_legs"):
        # A file where the folder should be: not even root can write below it.
        (folder / "blocked").write_text("in the way\n")
    elif trouble == "no_recordings":
        (folder / RECORDINGS).mkdir(exist_ok=True)
        (folder / RECORDINGS).rename(folder / AWAY)
        (folder / RECORDINGS).write_text("in the way\n")
    elif trouble == "small_disk":
        _mount_small_disk(folder / "small-disk")
    elif trouble == "break_config":
        (folder / CONFIG).rename(folder / GOOD_CONFIG)
        (folder / CONFIG).write_text("mode: [enforce\n")


def repair(trouble: str, folder: Path) -> None:
    """Undo the trouble after the call."""
    if trouble in ("block_database", "block_legs"):
        (folder / "blocked").unlink()
        (folder / "blocked").mkdir()
    elif trouble == "no_recordings":
        (folder / RECORDINGS).unlink()
        (folder / AWAY).rename(folder / RECORDINGS)
    elif trouble == "small_disk":
        subprocess.run(["umount", str(folder / "small-disk")], capture_output=True, check=False)
    elif trouble == "break_config":
        (folder / GOOD_CONFIG).rename(folder / CONFIG)


def _mount_small_disk(folder: Path) -> None:
    folder.mkdir()
    options = f"size={SMALL_DISK_BYTES},mode=0777"
    try:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "silentspam-lab", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise TroubleError(f"mount cannot be run: {error}") from error
    if done.returncode != 0:
        raise TroubleError(f"no small disk can be mounted here: {done.stderr.strip()}")
    with contextlib.suppress(OSError), (folder / "ballast").open("wb") as ballast:
        ballast.write(bytes(SMALL_DISK_BYTES - LEFT_FREE_BYTES))


def _none(caller: "Phone", asterisk_pid: int, config: Path) -> Iterator[None]:
    return
    yield


def _kill_agi(caller: "Phone", asterisk_pid: int, config: Path) -> Iterator[None]:
    """Kill the call's AGI process with SIGKILL while it records."""
    while caller.seconds_up() < KILL_AFTER_SECONDS:
        yield
    while True:
        for pid in _children(asterisk_pid):
            if f"--config={config}" in _command_line(pid):
                os.kill(pid, signal.SIGKILL)
                return
        yield


def _kill_server(caller: "Phone", asterisk_pid: int, config: Path) -> Iterator[None]:
    """Kill the installation's server with SIGKILL, all of it, while it records."""
    while caller.seconds_up() < KILL_AFTER_SECONDS:
        yield
    _signal_server(config, signal.SIGKILL)


def _hang_server(caller: "Phone", asterisk_pid: int, config: Path) -> Iterator[None]:
    """Stop all of the installation's server (SIGSTOP) while it records; let it go on past the guard."""
    while caller.seconds_up() < KILL_AFTER_SECONDS:
        yield
    _signal_server(config, signal.SIGSTOP)
    while caller.seconds_up() < HANG_SECONDS:
        yield
    _signal_server(config, signal.SIGCONT)


def _signal_server(config: Path, number: int) -> None:
    """Signal the supervisor first: nobody is left to notice."""
    for server in _servers(config):
        for pid in (server, *_children(server)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def _servers(config: Path) -> list[int]:
    """`silentspam serve` of this configuration."""
    pids = [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]
    return [pid for pid in pids if _command_line(pid)[-4:-1] == ["serve", "--config", str(config)]]


TROUBLES: dict[str, Callable[["Phone", int, Path], Iterator[None]]] = {
    "": _none,
    "kill_agi": _kill_agi,
    "block_database": _none,
    "block_legs": _none,
    "small_disk": _none,
    "break_config": _none,
    "no_recordings": _none,
    SERVER_AWAY: _none,
    "kill_server": _kill_server,
    "hang_server": _hang_server,
}


def _children(parent: int) -> list[int]:
    children: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            # The command's name, in brackets, may hold spaces: the fields are counted after it.
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                children.append(int(stat.parent.name))
    return children


def _command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []
