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


def serve_pages(address: str, port: int, pages: Mapping[str, Page]) -> ThreadingHTTPServer:
    """Serve pages (path → status and text) in a thread; `shutdown` ends it. Raises OSError."""
    places = threading.Semaphore(CLIENTS)

    class Handler(BaseHTTPRequestHandler):
        server_version = f"silentspam/{__version__}"
        sys_version = ""
        timeout = TIMEOUT_SECONDS

        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
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

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        allow_reuse_address = True
        request_queue_size = 128  # the library's 5 make a client that knocks with others wait for a second

        def process_request(self, request: object, client_address: object) -> None:
            if not places.acquire(blocking=False):
                self.shutdown_request(request)  # type: ignore[arg-type]
                return
            super().process_request(request, client_address)  # type: ignore[arg-type]

        def process_request_thread(self, request: object, client_address: object) -> None:
            giving_up = threading.Timer(TIMEOUT_SECONDS, _cut, [request])
            giving_up.daemon = True
            giving_up.start()
            try:
                super().process_request_thread(request, client_address)  # type: ignore[arg-type]
            finally:
                giving_up.cancel()
                places.release()

        def handle_error(self, request: object, client_address: object) -> None:
            """Nothing: a client that went away is its own affair."""

    try:
        server = Server((address, port), Handler)
    except OSError as error:
        where = f"server.metrics_address {address}, server.metrics_port {port}"
        raise OSError(error.errno, f"{where}: {error.strerror}") from error
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server
