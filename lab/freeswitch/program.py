"""An installed FreeSWITCH 1.10 for the lab: one of its own on loopback, or one that runs already.

The lab's own runs in the foreground with configuration, logs, database and all else in the work folder, from
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
from lab.priority import prefer_session

TEMPLATE = Path(__file__).with_name("freeswitch.xml")
PLACES = (Path("/usr/bin/freeswitch"), Path("/usr/local/freeswitch/bin/freeswitch"))
"""Of Debian's packages, and of `make install`."""
MODULES = (
    "mod_event_socket",
    "mod_sofia",
    "mod_commands",
    "mod_dptools",
    "mod_dialplan_xml",
    "mod_sndfile",
    "mod_tone_stream",
)
"""What the dialplan and the program need."""
FOLDERS = ("conf", "log", "db", "run", "temp", "storage", "recordings", "scripts", "cache", "certs")
"""Each is an option of its own; conf, log and db go together."""
PROFILE = "internal"
BOOT_SECONDS = 60.0
MODULES_SECONDS = 5.0
"""For modules that are still being loaded when the profile runs."""
STOP_SECONDS = 15.0
STEP_SECONDS = 0.1


class FreeSwitchError(Exception):
    """FreeSWITCH is not there, does not start, or refuses."""


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


class RunningFreeSwitch:
    """A FreeSWITCH that runs already; its dialplan has the lab's extensions as long as the lab needs them.

    dialplan: the file for them, in a folder that its XML dialplan includes; it must not be there. profile: of
    mod_sofia, which calls agents.
    """

    pid = 0

    def __init__(
        self, *, sip: int, event_socket: EventSocket, dialplan: Path, extensions: str, profile: str
    ) -> None:
        self.sip = sip
        self.event_socket = event_socket
        self.log_file = dialplan
        self._dialplan = dialplan
        self._extensions = extensions
        self._profile = profile
        self._written = False

    def start(self) -> None:
        """Write the extensions, and have them read. Raises FreeSwitchError, with nothing left of them."""
        check_modules(self.event_socket)
        if not is_running(_ask(self.event_socket, "sofia status"), self._profile):
            raise FreeSwitchError(f"--profile {self._profile}: mod_sofia has no such profile that runs")
        try:
            with self._dialplan.open("x", encoding="utf-8") as file:
                self._written = True
                file.write(f"<include>\n{self._extensions}\n</include>\n")
        except OSError as error:
            self.stop()
            raise FreeSwitchError(f"--dialplan {self._dialplan}: {error.strerror}") from error
        try:
            _reload(self.event_socket)
        except FreeSwitchError:
            self.stop()
            raise

    def stop(self) -> None:
        """Take them out again."""
        if self._written:
            self._written = False
            self._dialplan.unlink(missing_ok=True)
            _reload(self.event_socket)

    def active_channels(self) -> int:
        """How many channels there are, whoever's. Raises FreeSwitchError."""
        return active_channels(self.event_socket)


def is_running(status: str, profile: str = PROFILE) -> bool:
    """Whether `sofia status` says that a profile runs."""
    return bool(re.search(rf"^\s*{re.escape(profile)}\s+profile\s.*\bRUNNING\b", status, re.MULTILINE))


def check_modules(event_socket: EventSocket) -> None:
    """Whether all modules are loaded that are needed. Raises FreeSwitchError with those that are not."""
    missing = [module for module in MODULES if _ask(event_socket, f"module_exists {module}") != "true"]
    if missing:
        raise FreeSwitchError(f"FreeSWITCH has not loaded {', '.join(missing)}")


def active_channels(event_socket: EventSocket) -> int:
    """The sessions that `status` counts. Raises FreeSwitchError."""
    match = re.search(r"^(\d+) session\(s\) - peak", _ask(event_socket, "status"), re.MULTILINE)
    if match is None:
        raise FreeSwitchError("'status' gives no count of sessions")
    return int(match[1])


def _reload(event_socket: EventSocket) -> None:
    if not (said := _ask(event_socket, "reloadxml")).startswith("+OK"):
        raise FreeSwitchError(f"reloadxml: {said}")


def _ask(event_socket: EventSocket, command: str) -> str:
    try:
        return event_socket.api(command)
    except EventSocketError as error:
        raise FreeSwitchError(str(error)) from error
