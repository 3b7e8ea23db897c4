"""A real PostgreSQL server for tests and the lab, and the faults that one can have.

The server is Debian's own, of the machine's release, unpacked by `lab.debian` and never installed. PostgreSQL
refuses to run as root: then it runs as `nobody`, from a copy that every user can read. Each server has its
folder, its Unix socket and a loopback port; fsync is on, as it is by default.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.pq import PGconn, Ping

from lab.debian import DebianError, cache_folder, fetch

VERSIONS = {"bookworm": 15, "trixie": 17, "forky": 18}
"""The PostgreSQL of each Debian release."""

USER = "silentspam"
START_SECONDS = 60.0
STEP_SECONDS = 0.02
LEFT_OUT = ("libLLVM*", "libz3*", "llvmjit*", "bitcode", "perl*", "gconv")
"""The just-in-time compiler, and what only Debian's scripts need: most of the size."""

SETTINGS = {
    "jit": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "min_wal_size": "2MB",
    "max_wal_size": "64MB",
    "autovacuum_naptime": "1d",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


@dataclass(frozen=True)
class Programs:
    """Where the server's programs are, and who runs them."""

    bin: Path
    libraries: Path
    template: Path
    """A folder made by initdb, to be copied."""

    @property
    def environment(self) -> dict[str, str]:
        """What the programs are run with: their libraries, and nothing of the caller's."""
        return {
            "LD_LIBRARY_PATH": str(self.libraries),
            "LC_ALL": "C.UTF-8",
            "PATH": "/usr/bin:/bin",
            "TZ": "UTC",
        }


def programs() -> Programs:
    """The server's programs, fetched and prepared where they are not yet. Raises DebianError."""
    suite = _machine_suite()
    root = fetch([f"postgresql-{VERSIONS[suite]}"], suite)
    home = _home(root)
    found = Programs(
        bin=home / f"usr/lib/postgresql/{VERSIONS[suite]}/bin",
        libraries=next(home.glob("usr/lib/*/libpq.so.5")).parent,
        template=home / "template",
    )
    if not found.template.exists():
        _initialise(found, home)
    return found


class PostgresServer:
    """One server in a folder of its own: `start` it, `address` it, break it, `stop` it.

    Only processes that it started itself are signalled, by their id.
    """

    def __init__(self) -> None:
        self._programs = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="silentspam-pg-", dir="/tmp"))
        self.port = _free_port()
        self._server: subprocess.Popen[bytes] | None = None
        subprocess.run(["cp", "-a", str(self._programs.template), str(self.folder / "data")], check=True)
        (self.folder / "log").touch()
        if os.geteuid() == 0:
            owner = (self.folder / "data").stat()
            os.chown(self.folder, owner.st_uid, owner.st_gid)

    def __enter__(self) -> "PostgresServer":
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def address(self, database: str = "postgres", *, tcp: bool = False) -> str:
        """The connection string of a database: by the Unix socket, or by loopback."""
        host = "127.0.0.1" if tcp else self.folder
        return f"host={host} port={self.port} user={USER} dbname={database}"

    def create(self, database: str) -> None:
        """Make an empty database."""
        with psycopg.connect(self.address(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))

    def start(self) -> None:
        """Start the server and wait until it takes connections. Raises DebianError when it does not."""
        settings = SETTINGS | {"port": str(self.port), "listen_addresses": "127.0.0.1"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        options += ["-c", f"unix_socket_directories={self.folder}"]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [
                    *_as_user(),
                    str(self._programs.bin / "postgres"),
                    "-D",
                    str(self.folder / "data"),
                    *options,
                ],
                env=self._programs.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until the server takes connections, as pg_isready asks. Raises DebianError."""
        until = time.monotonic() + START_SECONDS
        while PGconn.ping(self.address().encode()) != Ping.OK:
            if self._server is None or self._server.poll() is not None or time.monotonic() > until:
                raise DebianError(f"PostgreSQL does not start: {self.log()[-2000:]}")
            time.sleep(STEP_SECONDS)

    def stop(self) -> None:
        """Stop as an operator does: sessions are cut off, all is written ("fast shutdown")."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL to every process of the server, as when the machine loses its power."""
        server, children = self._running(), self._children()
        server.kill()
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        server.wait(START_SECONDS)
        until = time.monotonic() + START_SECONDS
        while any(Path(f"/proc/{child}/cmdline").exists() for child in children):
            if time.monotonic() > until:
                raise DebianError(f"PostgreSQL's processes {children} outlive SIGKILL")
            time.sleep(STEP_SECONDS)

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Turn every connection away (pg_hba.conf: reject), and cut off those that are open."""
        rules = self.folder / "data" / "pg_hba.conf"
        before = rules.read_text()
        rules.write_text("local all all reject\nhost all all 0.0.0.0/0 reject\n")
        self._reload()
        self._cut_off()
        try:
            yield
        finally:
            rules.write_text(before)
            self._reload()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Stop every process of the server (SIGSTOP): the kernel takes connections, nobody answers."""
        stopped = [self._running().pid, *self._children()]
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in reversed(stopped):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)

    @contextmanager
    def locking(self, table: str, database: str) -> Iterator[None]:
        """Another session holds a table for itself: every statement on it waits."""
        with psycopg.connect(self.address(database)) as holder:
            statement = sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE")
            holder.execute(statement.format(sql.Identifier(table)))
            yield
            holder.rollback()

    @contextmanager
    def full(self, at_bytes: int = 2 << 20) -> Iterator[None]:
        """Let no file of new sessions grow beyond a size, as on a full disk (RLIMIT_FSIZE: EFBIG).

        Sessions that are open are cut off, so that their next ones have the limit.
        """
        limit = [*_as_user(), "prlimit", f"--pid={self._running().pid}"]
        subprocess.run([*limit, f"--fsize={at_bytes}:"], check=True)
        self._cut_off()
        try:
            yield
        finally:
            subprocess.run([*limit, "--fsize=unlimited:"], check=True)
            self._cut_off()

    def log(self) -> str:
        """What the server said."""
        return (self.folder / "log").read_text(errors="replace")

    def close(self) -> None:
        """Stop it, if it runs, and remove its folder."""
        if self._server is not None and self._server.poll() is None:
            self._end(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        server = self._running()
        server.send_signal(how)
        server.wait(START_SECONDS)

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._server is None or self._server.poll() is not None:
            raise DebianError("PostgreSQL is not running")
        return self._server

    def _children(self) -> list[int]:
        server = self._running().pid
        text = Path(f"/proc/{server}/task/{server}/children").read_text()
        return [int(word) for word in text.split()]

    def _reload(self) -> None:
        """Have the configuration read, and wait until it was."""
        said = self.log().count("received SIGHUP")
        self._running().send_signal(signal.SIGHUP)
        until = time.monotonic() + START_SECONDS
        while self.log().count("received SIGHUP") == said and time.monotonic() < until:
            time.sleep(STEP_SECONDS)

    def _cut_off(self) -> None:
        """End the sessions of clients (SIGTERM to their processes: pg_terminate_backend does the same)."""
        for child in self._children():
            with suppress(OSError):
                if f"postgres: {USER} ".encode() in Path(f"/proc/{child}/cmdline").read_bytes():
                    os.kill(child, signal.SIGTERM)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _machine_suite() -> str:
    words = dict(line.partition("=")[::2] for line in Path("/etc/os-release").read_text().splitlines())
    suite = words.get("VERSION_CODENAME", "").strip('"')
    if suite not in VERSIONS:
        raise DebianError(
            f"no PostgreSQL for this machine's release {suite!r}: only for {', '.join(VERSIONS)}"
        )
    return suite


def _home(root: Path) -> Path:
    """Where the programs run from: a copy that `nobody` can read when we are root, else the cache itself."""
    if os.geteuid() != 0:
        home = cache_folder() / "postgres"
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "usr").exists():
            (home / "usr").symlink_to(root / "usr")
        return home
    home = Path("/var/tmp") / f"silentspam-{root.parent.name}"
    if home.is_symlink() or (home.exists() and home.stat().st_uid != 0):
        raise DebianError(f"{home} belongs to somebody else: remove it")
    if not home.exists():
        with tempfile.TemporaryDirectory(prefix="silentspam-copying-", dir="/var/tmp") as scratch:
            Path(scratch).chmod(0o755)
            copy = Path(scratch) / "copy"
            ignored = shutil.ignore_patterns(*LEFT_OUT)
            for part in ("usr/lib", "usr/share/postgresql"):
                shutil.copytree(root / part, copy / part, symlinks=True, ignore=ignored)
            with suppress(OSError):
                copy.rename(home)  # another process may have been faster
    return home


def _initialise(found: Programs, home: Path) -> None:
    """Make the template with initdb; of many processes at once the first one wins."""
    with tempfile.TemporaryDirectory(
        prefix="silentspam-initdb-", dir=home if os.geteuid() else "/var/tmp"
    ) as scratch:
        made = Path(scratch) / "template"
        made.mkdir(mode=0o700)
        if os.geteuid() == 0:
            Path(scratch).chmod(0o755)
            shutil.chown(made, "nobody", "nogroup")
        command = [*_as_user(), str(found.bin / "initdb"), "-D", str(made), "-U", USER, "-A", "trust"]
        more = ["--encoding=UTF8", "--locale=C.UTF-8", "--wal-segsize=1", "--no-sync"]
        done = subprocess.run(
            [*command, *more], env=found.environment, cwd=scratch, capture_output=True, check=False
        )
        if done.returncode:
            raise DebianError(f"initdb failed: {done.stderr.decode(errors='replace')[-2000:]}")
        with suppress(OSError):
            made.rename(found.template)


def _as_user() -> list[str]:
    """Run as nobody when we are root; and end with us, however we end."""
    who = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *who, "--pdeathsig=QUIT"]
