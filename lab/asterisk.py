"""A private Asterisk 22 on loopback, in a work folder of its own, from the templates in `lab/etc/`.

The program comes from Debian packages unpacked by `lab.debian`. It is stopped by the process id it was
started with, and ends with the lab where the kernel can see to that. AGI scripts are its children and run on
the host's Python.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab import debian
from lab.ports import Ports
from lab.priority import prefer_session

SUITE = "forky"
PACKAGES = ("asterisk", "asterisk-core-sounds-en-gsm", "asterisk-core-sounds-en-wav", "sip-tester")
TEMPLATES = Path(__file__).parent / "etc"
FOLDERS = ("etc", "var", "data", "agi-bin", "spool", "run", "log/cdr-csv")
BOOT_SECONDS = 30.0
STOP_SECONDS = 5.0


class AsteriskError(Exception):
    """Asterisk did not start, or a command failed."""


def root_folder() -> Path:
    """The root folder that Asterisk and SIPp are run from, fetched where it is not cached. DebianError."""
    return debian.fetch(PACKAGES, SUITE)


def sounds_folder(root: Path) -> Path:
    """The folder of Asterisk's own English prompts. Raises AsteriskError."""
    folders = sorted((root / "usr" / "share" / "asterisk" / "sounds").glob("en_US*"))
    if not folders:
        raise AsteriskError(f"{root} holds no English sounds")
    return folders[0]


def ending_with_us() -> list[str]:
    """A prefix that makes a process end when its parent is killed and cannot stop it any more."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


class Asterisk:
    """One Asterisk process; a context manager that starts and stops it.

    `parts` are the texts that the templates leave open (lab/switchboard.py), `dialplan` the file that is
    included, and `environment` is added to what the process, and so every AGI script, inherits.
    """

    def __init__(
        self,
        work: Path,
        ports: Ports,
        *,
        parts: Mapping[str, str],
        dialplan: Path,
        environment: Mapping[str, str] | None = None,
        root: Path | None = None,
        system_name: str = "lab",
    ) -> None:
        self.work = work
        self.ports = ports
        self.root = root or root_folder()
        self.environment = dict(environment or {})
        self.agi_folder = work / "agi-bin"
        self.log_file = work / "log" / "full"
        self._parts = {"SYSTEM_NAME": system_name, **parts}
        self._dialplan = dialplan
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the running Asterisk."""
        if self._process is None:
            raise AsteriskError("Asterisk is not running")
        return self._process.pid

    @property
    def sip(self) -> int:
        """The SIP port that callers call."""
        return self.ports.sip

    def __enter__(self) -> "Asterisk":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Write the configuration, start the process and wait until it has booted."""
        self.configure()
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with (self.work / "log" / "console").open("wb") as console:
            self._process = subprocess.Popen(
                # -p: round-robin, where it may; its AGI processes are ordinary ones all the same.
                [*ending_with_us(), *self._command("-f", "-n", "-p")],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                # A group of its own: an interrupt at the terminal must not reach it before `stop`.
                start_new_session=True,
            )
        prefer_session(self._process.pid)
        try:
            self._await_boot()
        except AsteriskError:
            self.stop()
            raise

    def configure(self) -> None:
        """Write the work folder: configuration from the templates, and links to the sounds."""
        for folder in FOLDERS:
            (self.work / folder).mkdir(parents=True, exist_ok=True)
        self._link_sounds()
        names = {
            "WORK": str(self.work),
            "MODULES": str(self._modules_folder()),
            "SIP_PORT": str(self.ports.sip),
            "RTP_START": str(self.ports.rtp[0]),
            "RTP_END": str(self.ports.rtp[1]),
            "DIALPLAN": str(self._dialplan),
            **self._parts,
        }
        for template in TEMPLATES.glob("*.conf"):
            text = re.sub(r"@([A-Z_]+)@", lambda match: names.get(match[1], match[0]), template.read_text())
            (self.work / "etc" / template.name).write_text(text)

    def cli(self, command: str, *, seconds: float = 10.0) -> str:
        """Run a console command and return what it prints. Raises AsteriskError."""
        try:
            done = subprocess.run(
                [*self._command("-rx", command)], capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise AsteriskError(f"no answer to {command!r} within {seconds} s") from error
        if done.returncode != 0:
            raise AsteriskError(f"{command!r} failed: {(done.stdout + done.stderr).strip()}")
        return done.stdout

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

    def kill(self) -> None:
        """SIGKILL, as when its machine loses its power: no call is ended, no handler runs."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def active_channels(self) -> int:
        """How many channels there are: 0 when every call is over."""
        match = re.search(r"^(\d+) active channel", self.cli("core show channels count"), re.MULTILINE)
        if match is None:
            raise AsteriskError("'core show channels count' gives no count")
        return int(match[1])

    def _command(self, *options: str) -> Sequence[str]:
        program = debian.program_command(self.root, "usr/sbin/asterisk")
        return [*program, "-C", str(self.work / "etc" / "asterisk.conf"), *options]

    def _modules_folder(self) -> Path:
        folders = sorted(self.root.glob("usr/lib/*/asterisk/modules"))
        if not folders:
            raise AsteriskError(f"{self.root} holds no Asterisk modules")
        return folders[0]

    def _link_sounds(self) -> None:
        # The packages' own scripts, which never run here, would make the link sounds/en.
        shared = self.root / "usr" / "share" / "asterisk"
        data = self.work / "data"
        (data / "sounds").mkdir(exist_ok=True)
        (data / "moh").mkdir(exist_ok=True)
        for entry in shared.iterdir():
            if entry.name not in ("sounds", "moh") and not (data / entry.name).is_symlink():
                (data / entry.name).symlink_to(entry)
        if not (data / "sounds" / "en").is_symlink():
            (data / "sounds" / "en").symlink_to(sounds_folder(self.root))

    def _await_boot(self) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                break
            try:
                self.cli("core waitfullybooted")
            except AsteriskError:
                time.sleep(0.05)  # the console's socket is not there yet
            else:
                return
        console = (self.work / "log" / "console").read_text(errors="replace").strip()
        raise AsteriskError(f"Asterisk did not boot within {BOOT_SECONDS:.0f} s: {console[-2000:]}")
