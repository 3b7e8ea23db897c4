"""How each fault of the lab is made and undone: one function a fault, run while calls come.

Each is given the farm and how long the fault lasts [s], and returns when it is over and undone. Only what the
lab itself started is harmed, by process id.
"""

import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psycopg

from lab.farm import Farm
from lab.postgres import PostgresServer
from lab.server import Server
from lab.troubles import TroubleError

SMALL_DISK_BYTES = 8 << 20
HALF_OPEN = 10_000
"""Connections of one client that says half a greeting."""
SLOW_SECONDS = 5.0
"""How long a slow database takes for a statement."""
FULL_BYTES = 2 << 20
HOUR = 3600

Injection = Callable[[Farm, float], None]
Postgres = Callable[[Farm, float, PostgresServer], None]


def screener_killed(farm: Farm, seconds: float) -> None:
    """SIGKILL to all of a screener; started again after a while, as systemd would."""
    farm.screeners[0].kill()
    time.sleep(seconds)
    farm.screeners[0].start()


def supervisor_killed(farm: Farm, seconds: float) -> None:
    """SIGKILL to the supervisor alone; a new one is started when its port is free."""
    farm.screeners[0].kill_supervisor()
    time.sleep(seconds)
    farm.screeners[0].kill()
    farm.screeners[0].start()


def worker_killed(farm: Farm, seconds: float) -> None:
    """SIGKILL to one of two workers, the one with more calls."""
    screener = farm.screeners[0]
    screener.signal(_busiest(screener), signal.SIGKILL)
    time.sleep(seconds)


def _busiest(screener: Server) -> int:
    """The worker with the most open files: a call is a connection."""
    return max(screener.roles()["worker"], key=lambda pid: len(os.listdir(f"/proc/{pid}/fd")))


def clerk_killed(farm: Farm, seconds: float) -> None:
    """SIGKILL to the clerk."""
    screener = farm.screeners[0]
    screener.signal(screener.roles()["clerk"][0], signal.SIGKILL)
    time.sleep(seconds)


def worker_hangs(farm: Farm, seconds: float) -> None:
    """SIGSTOP to one of two workers, the one with more calls."""
    screener = farm.screeners[0]
    screener.signal(_busiest(screener), signal.SIGSTOP)
    time.sleep(seconds)


def supervisor_hangs(farm: Farm, seconds: float) -> None:
    """SIGSTOP to the supervisor, and SIGCONT."""
    screener = farm.screeners[0]
    screener.signal(screener.pid, signal.SIGSTOP)
    time.sleep(seconds)
    screener.signal(screener.pid, signal.SIGCONT)


def screener_hangs(farm: Farm, seconds: float) -> None:
    """SIGSTOP to all of a screener; after a while it is killed and started, as systemd's watchdog would."""
    farm.screeners[0].freeze()
    time.sleep(seconds)
    farm.screeners[0].kill()
    farm.screeners[0].start()


def screener_drained(farm: Farm, seconds: float) -> None:
    """SIGTERM to one of two screeners."""
    farm.screeners[0].stop()
    time.sleep(seconds)
    farm.screeners[0].start()


def connections_cut(farm: Farm, seconds: float) -> None:
    """Every connection to the screeners cut, again and again."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for backend in farm.backends():
            if farm.balancer is not None:
                farm.balancer.cut(backend.name)
        time.sleep(1.0)


def sqlite_locked(farm: Farm, seconds: float) -> None:
    """Another process holds the database for itself."""
    with closing(sqlite3.connect(farm.work / "calls.db", timeout=30.0, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        holder.execute("ROLLBACK")


def disk_full(farm: Farm, seconds: float) -> None:
    """Not a byte is left where openings are recorded."""
    with small_disk(farm) as folder:
        with suppress(OSError), (folder / "ballast").open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))
        time.sleep(seconds)
        (folder / "ballast").unlink()


def disk_read_only(farm: Farm, seconds: float) -> None:
    """The recordings' disk is mounted read-only, as a kernel does after errors."""
    with small_disk(farm) as folder:
        _mount("-o", "remount,ro", str(folder))
        time.sleep(seconds)
        _mount("-o", "remount,rw", str(folder))


@contextmanager
def small_disk(farm: Farm) -> Iterator[Path]:
    """A disk of its own over the recordings' folder. Raises TroubleError where none can be mounted."""
    folder = farm.recordings
    _mount("-t", "tmpfs", "-o", f"size={SMALL_DISK_BYTES},mode=0777", "silentspam-lab", str(folder))
    try:
        yield folder
        time.sleep(3.0)  # so that no opening of a call is on the disk that goes
    finally:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise TroubleError(f"mount {' '.join(arguments)}: {done.stderr.strip()}")


def clock_back(farm: Farm, seconds: float) -> None:
    """The wall clock of Asterisk and the screener goes back an hour at once, and stays there."""
    (farm.work / "clock").write_text(f"-{HOUR}\n")
    time.sleep(seconds)


def model_is_garbage(farm: Farm, seconds: float) -> None:
    """Every file of the model's folder is overwritten, and put back."""
    folder, kept = farm.work / "model", farm.work / "model-kept"
    shutil.copytree(folder, kept)
    for path in folder.iterdir():
        path.write_bytes(os.urandom(4096))
    time.sleep(seconds)
    for path in kept.iterdir():
        shutil.copyfile(path, folder / path.name)


def yaml_broken(farm: Farm, seconds: float) -> None:
    """The YAML is broken and reloaded; a worker dies meanwhile, and has to start all the same."""
    screener, config = farm.screeners[0], farm.config()
    good = config.read_text()
    config.write_text("mode: [enforce\n")
    screener.signal(screener.pid, signal.SIGHUP)
    time.sleep(1.0)
    for pid in screener.roles()["worker"]:
        screener.signal(pid, signal.SIGKILL)
    time.sleep(seconds)
    config.write_text(good)
    screener.signal(screener.pid, signal.SIGHUP)


def descriptors_exhausted(farm: Farm, seconds: float) -> None:
    """Ten thousand connections that say half a greeting; the screener may have 1,024 descriptors."""
    screener = farm.screeners[0]
    for pid in (screener.pid, *screener.roles()["worker"]):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (1024, 1024))
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    address = ("127.0.0.1", farm.backends()[0].port)
    until = time.monotonic() + seconds
    with ExitStack() as stack:
        opened = 0
        while time.monotonic() < until:
            if opened < HALF_OPEN:
                opened += _open_some(stack, address)
            else:
                time.sleep(0.1)
        print(f"opened {opened} connections")


def _open_some(stack: ExitStack, address: tuple[str, int]) -> int:
    """A hundred more connections, each with half a greeting; how many were taken."""
    taken = 0
    for _ in range(100):
        with suppress(OSError):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            with suppress(BlockingIOError):
                client.connect(address)
            with suppress(OSError):
                client.send(b"agi_network: yes\nagi_ch")
            taken += 1
    return taken


def switch_killed(farm: Farm, seconds: float) -> None:
    """SIGKILL to Asterisk, with calls in every stage; started again."""
    switch = farm.switches[0]
    switch.kill()
    time.sleep(seconds)
    switch.start()


def switch_stopped(farm: Farm, seconds: float) -> None:
    """SIGTERM to Asterisk, as an operator who restarts it does not wait."""
    switch = farm.switches[0]
    switch.stop()
    time.sleep(seconds)
    switch.start()


def postgres_stopped(farm: Farm, seconds: float, server: PostgresServer) -> None:
    """PostgreSQL is stopped, and started again."""
    server.stop()
    time.sleep(seconds)
    server.start()


def postgres_killed(farm: Farm, seconds: float, server: PostgresServer) -> None:
    """SIGKILL to every process of PostgreSQL, as when its machine loses its power."""
    server.kill()
    time.sleep(seconds)
    server.start()


def postgres_restarted(farm: Farm, seconds: float, server: PostgresServer) -> None:
    """PostgreSQL is restarted."""
    server.restart()
    time.sleep(seconds)


def postgres_refuses(farm: Farm, seconds: float, server: PostgresServer) -> None:
    """PostgreSQL turns every connection away."""
    with server.refusing():
        time.sleep(seconds)


def postgres_hangs(farm: Farm, seconds: float, server: PostgresServer) -> None:
    """PostgreSQL takes connections and answers nobody (SIGSTOP)."""
    with server.hanging():
        time.sleep(seconds)


def postgres_slow(farm: Farm, seconds: float, server: PostgresServer) -> None:
    """A statement on the calls takes five seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with server.locking("calls", "postgres"):
            time.sleep(SLOW_SECONDS)
        time.sleep(0.05)


def postgres_full(farm: Farm, seconds: float, server: PostgresServer) -> None:
    """The table of calls cannot grow any more: the disk is full.

    PostgreSQL's own log of changes lies in files of 1 MiB, made beforehand: the limit is above that, and
    rows of no call fill the table up to it.
    """
    with psycopg.connect(server.address(tcp=True), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO calls (call_id, ended_at, reasons) SELECT 'filler ' || n, 0, "
            "(SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 60)) "
            f"FROM generate_series(1, {FULL_BYTES // 1900}) AS n"
        )
        connection.execute("CHECKPOINT")
    with server.full(at_bytes=FULL_BYTES):
        time.sleep(seconds)
