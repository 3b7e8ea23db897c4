"""The pages for Prometheus and load balancers, asked by the standard library's client and by hostile ones."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from silentspam.serve import http as served
from silentspam.serve.http import serve_pages
from tests.serve.resident import PATIENCE, eventually


@contextmanager
def serving(*, timeout: float = 5 * PATIENCE) -> Iterator[int]:
    """The port of a server that gives a client up after so many seconds."""
    pages = {
        "/metrics": lambda: (200, "a 1.0\n"),
        "/readyz": lambda: (503, "not ready\n"),
        "/broken": lambda: (200, [][0]),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(served, "TIMEOUT_SECONDS", timeout)
        patch.setattr(served._Handler, "timeout", timeout)
        server = serve_pages("127.0.0.1", 0, pages)
        yield server.server_address[1]
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving() as port:
        yield port


def ask(port: int, method: str, path: str) -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body, answer.headers


def opened(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def _is_given_up(client: socket.socket) -> bool:
    """Send one more byte of a header: a client that does so for ever is given up all the same."""
    client.settimeout(0.05)
    try:
        client.sendall(b"x")
        return client.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_a_page_is_served_with_its_status_and_prometheus_s_type(port: int) -> None:
    status, body, headers = ask(port, "GET", "/metrics?name=x")
    assert (status, body) == (200, "a 1.0\n")
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert ask(port, "GET", "/readyz")[:2] == (503, "not ready\n")


def test_a_balancer_that_asks_for_the_head_gets_no_body(port: int) -> None:
    with opened(port) as client:
        client.sendall(b"HEAD /metrics HTTP/1.0\r\n\r\n")
        head, _, body = client.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200")
    assert b"Content-Length: 6" in head
    assert body == b""


@pytest.mark.parametrize("path", ["/", "/metrics/", "/../etc/passwd", "/%2e%2e/metrics"])
def test_there_is_nothing_else(port: int, path: str) -> None:
    assert ask(port, "GET", path)[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE", "\x1b[2J"[1:]])
def test_no_other_method_is_served(port: int, method: str) -> None:
    assert ask(port, method, "/metrics")[0] == 501


def test_the_answer_does_not_tell_which_python_runs(port: int) -> None:
    assert "Python" not in ask(port, "GET", "/metrics")[2]["Server"]


def test_a_page_that_fails_costs_its_own_request_alone(port: int) -> None:
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        ask(port, "GET", "/broken")
    assert ask(port, "GET", "/metrics")[0] == 200


def _is_served(port: int) -> bool:
    """Whether there is a place: whoever sees its connection end is not yet sure that it is free again."""
    with suppress(http.client.HTTPException, ConnectionError):
        return ask(port, "GET", "/metrics")[0] == 200
    return False


def test_clients_that_never_end_their_request_are_given_up_also_if_they_trickle() -> None:
    with serving(timeout=1.0) as port:
        clients = [opened(port) for _ in range(served.CLIENTS)]
        for client in clients:
            with suppress(ConnectionError):  # given up by now: a busy machine takes its time
                client.sendall(b"GET /metrics HTTP/1.0\r\nX-Slow: ")
        eventually(lambda: _is_given_up(clients[0]))
        for client in clients[1:]:
            with suppress(ConnectionError):
                while client.recv(1024):
                    pass
        for client in clients:
            client.close()
        eventually(lambda: _is_served(port))


def test_more_clients_than_there_are_places_are_closed_at_once() -> None:
    with serving() as port:
        held = [opened(port) for _ in range(served.CLIENTS + 8)]
        for client in held[served.CLIENTS :]:
            assert client.recv(1) == b""
        for client in held:
            client.close()
