"""FastAGI servers that hold a trivial dialogue of six commands: `python -m benchmarks.agi_servers NAME`.

Each prints the port it listens on and serves until its standard input ends. The dialogue is the same for
all: the next command is sent when the reply to the last one has been read and looked at. `socketserver` and
`asyncio` are what one writes with the standard library alone, without deadlines or limits; `pystrix` is the
library of that name, as its documentation has it.
"""

import asyncio
import os
import socketserver
import sys
import threading
from collections.abc import Callable
from typing import Any

COMMANDS = (
    'GET VARIABLE "CALLERID(ANI)"',
    'SET VARIABLE "SILENTSPAM_CALL_ID" "6f1c9a52-3f0e-4d0b-8a86-2f6c1b0d9e11"',
    "ANSWER",
    'EXEC Playtones "ring"',
    'SET VARIABLE "SILENTSPAM_SCREENED" "1"',
    'SET VARIABLE "SILENTSPAM_ACTION" "BRIDGE"',
)
"""What a screening says that records nothing; `ours` says the same by the methods of its session."""
LINES = [command.encode() + b"\n" for command in COMMANDS]
GOOD = b"200 "


class _Refused(Exception):
    """The client did not answer as Asterisk does."""


class _Threads(socketserver.ThreadingTCPServer):
    """A thread a session."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while self.rfile.readline() not in (b"\n", b""):
            pass
        for line in LINES:
            self.wfile.write(line)
            if not self.rfile.readline().startswith(GOOD):
                raise _Refused


def serve_socketserver() -> None:
    """socketserver.ThreadingTCPServer."""
    with _Threads(("127.0.0.1", 0), _Handler) as server:
        _serve_until_told(server.server_address[1], server.serve_forever, server.shutdown)


def serve_pystrix() -> None:
    """pystrix's FastAGIServer, which is a socketserver of threads too."""
    from pystrix.agi import core
    from pystrix.agi.fastagi import FastAGIServer

    def script(agi: Any, *_: object) -> None:
        agi.execute(core.GetVariable("CALLERID(ANI)"))
        agi.execute(core.SetVariable("SILENTSPAM_CALL_ID", "6f1c9a52-3f0e-4d0b-8a86-2f6c1b0d9e11"))
        agi.execute(core.Answer())
        agi.execute(core.Exec("Playtones", ("ring",)))
        agi.execute(core.SetVariable("SILENTSPAM_SCREENED", "1"))
        agi.execute(core.SetVariable("SILENTSPAM_ACTION", "BRIDGE"))

    with FastAGIServer("127.0.0.1", 0) as server:
        server.register_script_handler(None, script)
        _serve_until_told(server.server_address[1], server.serve_forever, server.shutdown)


def serve_asyncio() -> None:
    """asyncio's streams, bare."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline() not in (b"\n", b""):
            pass
        for line in LINES:
            writer.write(line)
            if not (await reader.readline()).startswith(GOOD):
                raise _Refused
        writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(script, "127.0.0.1", 0, backlog=128)
        _say(server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        server.close()

    asyncio.run(serve())


def serve_ours(workers: int | None = None) -> None:
    """The server of `silentspam serve`, with as many workers as it has by default."""
    from benchmarks.agi_ours import WORKERS, serve

    serve(workers or WORKERS, _say)


def _serve_until_told(port: int, serve: Callable[[], None], stop: Callable[[], None]) -> None:
    thread = threading.Thread(target=serve)
    thread.start()
    _say(port)
    sys.stdin.read()
    stop()
    thread.join()


def _say(port: int) -> None:
    print(port, flush=True)


OURS = ("silentspam", "silentspam, one worker")
"""Servers of the table that are our own."""

SERVERS: dict[str, Callable[[], None]] = {
    OURS[0]: serve_ours,
    OURS[1]: lambda: serve_ours(1),
    "socketserver": serve_socketserver,
    "pystrix": serve_pystrix,
    "asyncio": serve_asyncio,
}


def main() -> int:
    """Serve by the name given."""
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115  sessions that the client leaves at the end are no news
    SERVERS[sys.argv[1]]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
