"""The trivial dialogue of `benchmarks.agi_servers` on the server of `silentspam serve`, without a screening.

The front that accepts, the loop, the streams with their deadlines and the session are the product's own,
put together as a worker does it; only what is said is another. Workers share one listening socket.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from silentspam import variables
from silentspam.agi.session import AgiSession
from silentspam.config import Config
from silentspam.serve.calls import Calls
from silentspam.serve.front import Front
from silentspam.serve.hub import Hub, Link
from silentspam.serve.protocols import split_greeting
from silentspam.serve.stream import SocketStream

WORKERS = Config().server.workers
TURN_SECONDS = 0.25
BACKLOG = 1024
CALL_ID = "6f1c9a52-3f0e-4d0b-8a86-2f6c1b0d9e11"


def talk(link: Link, received: bytes, _full: bool) -> None:
    """The six commands, each through the methods that a screening uses."""
    config = Config()
    greeting, received = split_greeting(received)
    stream = SocketStream(
        link,
        received=received,
        reply_seconds=config.server.reply_seconds,
        deadline=time.monotonic() + config.limits.screening_seconds,
    )
    session = AgiSession(stream, stream, greeting=greeting, ends_with_call=False)
    session.get_variable("CALLERID(ANI)")
    session.set_variable(variables.CALL_ID, CALL_ID)
    session.answer()
    session.play_tones("ring")
    session.set_variable(variables.SCREENED, "1")
    session.set_variable(variables.ACTION, "BRIDGE")


def serve(workers: int, say: Callable[[int], None]) -> None:
    """So many workers on one port, which `say` is told, until standard input ends."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    pids = [_start_worker(listener) for _ in range(workers)]
    say(listener.getsockname()[1])
    sys.stdin.read()
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


def _start_worker(listener: socket.socket) -> int:
    if pid := os.fork():
        return pid
    section = Config().server
    hub = Hub()
    calls = Calls(hub, limit=section.calls_per_worker, refused=_ignore, failed=_ignore)

    def take(connection: socket.socket, received: bytes) -> None:
        calls.take(connection, received, serve=talk, ends=False)

    front = Front(
        hub,
        listener,
        allowed=section.allowed_clients,
        greeting_seconds=section.greeting_seconds,
        take=take,
        refused=_ignore,
    )
    while True:
        front.turn(TURN_SECONDS)


def _ignore(_: object) -> None:
    """The client counts what breaks off."""
