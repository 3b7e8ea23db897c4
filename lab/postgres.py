"""A real PostgreSQL server for tests and the lab, and the faults that one can have.

The server is Debian's own, of the machine's release, unpacked by `lab.debian` and never installed. Each has
its folder, its Unix socket and a loopback port; fsync is on, as it is by default.
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
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.pq import PGconn, Ping

from lab.debian import DebianError
from lab.postgres_programs import USER, as_user, programs

START_SECONDS = 60.0
STEP_SECONDS = 0.02
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


class PostgresServer:
    """One server in a folder of its own: `start` it, `address` it, break it, `stop` it.

    Only processes that it started itself are signalled, by their id.
    """

    def __init__(self) -> None:
        self._programs = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="silentspam-pg-", dir="/tmp"))
        self._reserved = _reserved_port()
        self.port = int(self._reserved.getsockname()[1])
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
                    *as_user(),
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
        limit = [*as_user(), "prlimit", f"--pid={self._running().pid}"]
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
        self._reserved.close()
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


def _reserved_port() -> socket.socket:
    """A port that nobody else is given while this is open, also between two starts of the server.

    The server can listen on it, since it reuses addresses too.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    return holder
