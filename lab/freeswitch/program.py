"""An installed FreeSWITCH 1.10 as the lab's own, on loopback.

It runs in the foreground with configuration, logs, database and all else in the work folder, from
`freeswitch.xml`; it is stopped by the process id it was started with. Options and signals: FreeSWITCH's
src/switch.c. Ready is what its event socket says, not a time.
"""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from lab.asterisk import ending_with_us
from lab.freeswitch.event_socket import EventSocket, EventSocketError
from lab.freeswitch.state import FreeSwitchError, active_channels, check_modules, is_running
from lab.priority import prefer_session

TEMPLATE = Path(__file__).with_name("freeswitch.xml")
PLACES = (Path("/usr/bin/freeswitch"), Path("/usr/local/freeswitch/bin/freeswitch"))
"""Of Debian's packages, and of `make install`."""
FOLDERS = ("conf", "log", "db", "run", "temp", "storage", "recordings", "scripts", "cache", "certs")
"""Each is an option of its own; conf, log and db go together."""
BOOT_SECONDS = 60.0
MODULES_SECONDS = 5.0
"""For modules that are still being loaded when the profile runs."""
STOP_SECONDS = 15.0
STEP_SECONDS = 0.1


def find_program(named: Path | None) -> Path:
    """The program that is named, or else installed. Raises FreeSwitchError."""
    if named is not None:
        if not os.access(named, os.X_OK) or named.is_dir():
            raise FreeSwitchError(f"--freeswitch {named}: no program that can be run")
        return named.absolute()
    on_path = shutil.which("freeswitch")
    for place in (*([Path(on_path)] if on_path else []), *PLACES):
        if os.access(place, os.X_OK):
            return place
    places = ", ".join(map(str, PLACES))
    raise FreeSwitchError(f"no FreeSWITCH on PATH or at {places}: name it with --freeswitch")


class FreeSwitch:
    """A FreeSWITCH of the lab's own; a context manager that starts and stops it.

    parts: the texts EXTENSIONS and USERS that the template leaves open; modules: their folder, None for
    FreeSWITCH's own; rtp: the first and the last port of media.
    """

    def __init__(
        self,
        work: Path,
        *,
        program: Path,
        modules: Path | None,
        sip: int,
        rtp: tuple[int, int],
        event_socket: EventSocket,
        parts: Mapping[str, str],
    ) -> None:
        self.work = work
        self.event_socket = event_socket
        self.log_file = work / "log" / "freeswitch.log"
        self._program = program
        self._modules = modules
        self._sip = sip
        self._rtp = rtp
        self._parts = parts
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the running FreeSWITCH."""
        if self._process is None:
            raise FreeSwitchError("FreeSWITCH is not running")
        return self._process.pid

    @property
    def sip(self) -> int:
        """The SIP port that callers call."""
        return self._sip

    def __enter__(self) -> "FreeSwitch":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Write the configuration, start it and wait until it takes calls. Raises FreeSwitchError."""
        self._check_ports()
        self.configure()
        with (self.work / "console").open("wb") as console:
            self._process = subprocess.Popen(
                [*ending_with_us(), *self.command()],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                cwd=self.work,
                # A group of its own: an interrupt at the terminal must not reach it before `stop`.
                start_new_session=True,
            )
        prefer_session(self._process.pid)
        try:
            self._await_ready()
        except FreeSwitchError:
            self.stop()
            raise

    def configure(self) -> None:
        """Write the work folder: the folders, and the configuration from the template."""
        for folder in FOLDERS:
            (self.work / folder).mkdir(parents=True, exist_ok=True)
        values = {
            "WORK": self.work,
            "EVENT_SOCKET": self.event_socket.port,
            "PASSWORD": self.event_socket.password,
            "SIP_PORT": self._sip,
            "RTP_START": self._rtp[0],
            "RTP_END": self._rtp[1],
        }
        names = {name: escape(str(value), {'"': "&quot;"}) for name, value in values.items()} | dict(
            self._parts
        )
        text = re.sub(
            r"@([A-Z_]+)@", lambda match: names.get(match[1], match[0]), TEMPLATE.read_text("utf-8")
        )
        (self.work / "conf" / "freeswitch.xml").write_text(text, encoding="utf-8")

    def command(self) -> list[str]:
        """The command line: no console, no fork, no NAT, and nothing outside the work folder."""
        words = [str(self._program), "-nc", "-nf", "-nonat"]
        for folder in FOLDERS:
            words += [f"-{folder}", str(self.work / folder)]
        return words + (["-mod", str(self._modules)] if self._modules else [])

    def stop(self) -> None:
        """Ask the process to stop, and kill it where it does not: this one, by its id, and no other."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def active_channels(self) -> int:
        """How many channels there are: 0 when every call is over. Raises FreeSwitchError."""
        return active_channels(self.event_socket)

    def _check_ports(self) -> None:
        for kind, port, what in (
            (socket.SOCK_DGRAM, self._sip, "--sip-port"),
            (socket.SOCK_STREAM, self._sip, "--sip-port"),
            (socket.SOCK_STREAM, self.event_socket.port, "--event-socket"),
        ):
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError as error:
                    raise FreeSwitchError(f"port {port} on 127.0.0.1: {error.strerror}: {what}") from error

    def _await_ready(self) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        said, runs = "nothing", False
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            try:
                said = self.event_socket.api("sofia status")
                if is_running(said):
                    if not runs:
                        runs, deadline = True, time.monotonic() + MODULES_SECONDS
                    check_modules(self.event_socket)
                    return
            except (EventSocketError, FreeSwitchError) as error:
                said = str(error)  # the socket, or a module, is not there yet
            time.sleep(STEP_SECONDS)
        raise FreeSwitchError(f"FreeSWITCH does not take calls: {said[-500:]}\n{self._last_words()}")

    def _last_words(self) -> str:
        files = (self.work / "console", self.log_file)
        return "\n".join(file.read_text(errors="replace").strip()[-1000:] for file in files if file.is_file())
