"""/metrics for Prometheus, /healthz and /readyz for a load balancer: a small server in the supervisor.

Every answer is made from what the supervisor knows already; nothing is asked of a worker, and a client that
does not read or never ends its request is given up after `TIMEOUT_SECONDS`.
"""

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from silentspam import __version__

TIMEOUT_SECONDS = 5.0
CLIENTS = 32
"""Requests served at once; the next is closed unanswered."""

Page = Callable[[], tuple[int, str]]


def _cut(connection: socket.socket) -> None:
    """End a connection whose thread waits for it: one that sends a byte now and then would hold its place."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """Answers one request from the server's pages."""

    server: "_Server"
    server_version = f"silentspam/{__version__}"
    sys_version = ""
    timeout = TIMEOUT_SECONDS

    def do_GET(self) -> None:
        """The page, or for HEAD its head alone."""
        page = self.server.pages.get(self.path.partition("?")[0])
        status, text = page() if page else (404, "not here: /metrics, /healthz, /readyz\n")
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815  the library's name

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a load balancer asks every second."""


class _Server(ThreadingHTTPServer):
    """A thread a request, CLIENTS at most, each for TIMEOUT_SECONDS at most."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128  # the library's 5 make a client that knocks with others wait for a second

    def __init__(self, address: str, port: int, pages: Mapping[str, Page]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.pages = pages
        self._places = threading.Semaphore(CLIENTS)
        super().__init__((address, port), _Handler)

    def process_request(self, request: object, client_address: object) -> None:
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)  # type: ignore[arg-type]
            return
        try:
            super().process_request(request, client_address)  # type: ignore[arg-type]
        except RuntimeError:  # the system gives no more threads
            self._places.release()
            self.shutdown_request(request)  # type: ignore[arg-type]

    def process_request_thread(self, request: object, client_address: object) -> None:
        giving_up = threading.Timer(TIMEOUT_SECONDS, _cut, [request])
        giving_up.daemon = True
        try:
            giving_up.start()
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            giving_up.cancel()
            self._places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a client that went away is its own affair."""


def serve_pages(address: str, port: int, pages: Mapping[str, Page]) -> ThreadingHTTPServer:
    """Serve pages (path → status and text) in a thread; `shutdown` ends it.

    Raises OSError that names the address and its keys.
    """
    try:
        server = _Server(address, port, pages)
    except OSError as error:
        where = f"server.metrics_address {address}, server.metrics_port {port}"
        raise OSError(error.errno, f"{where}: {error.strerror}") from error
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server
