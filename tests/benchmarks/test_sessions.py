"""The benchmark of sessions: every server holds the dialogue, what breaks off is seen, ratios are printed."""

import socketserver
import threading

import pytest

from benchmarks.agi_clients import Stalled, hold
from benchmarks.agi_servers import COMMANDS, OURS, SERVERS
from benchmarks.sessions import Rate, Standing, compare, report


@pytest.mark.parametrize("name", SERVERS)
def test_every_server_holds_the_dialogue(name) -> None:
    (standing,) = compare([name], rounds=1, seconds=0.3)
    assert standing.name == name
    assert standing.rate > 0
    assert 0 < standing.client_share <= 1.1
    assert len(standing.rounds) == 1


class _Short(socketserver.StreamRequestHandler):
    """Ends each session after one command."""

    def handle(self) -> None:
        while self.rfile.readline() != b"\n":
            pass
        self.wfile.write(b"ANSWER\n")
        self.rfile.readline()


class _Mute(socketserver.StreamRequestHandler):
    """Says nothing."""

    def handle(self) -> None:
        self.rfile.read()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients leave in the middle."""


@pytest.fixture
def serve():
    servers = []

    def start(handler):
        server = _Server(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        servers.append(server)
        return server.server_address

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_session_that_breaks_off_counts_as_broken(serve) -> None:
    held = hold(serve(_Short), clients=2, seconds=0.1, commands=len(COMMANDS))
    assert held.sessions == 0
    assert held.broken > 0


def test_a_server_that_says_nothing_is_not_waited_for_without_end(serve, monkeypatch) -> None:
    monkeypatch.setattr("benchmarks.agi_clients.STALLED_SECONDS", 0.1)
    with pytest.raises(Stalled):
        hold(serve(_Mute), clients=2, seconds=60.0, commands=1)


def _standing(name: str, rate: float, client_share: float = 0.3) -> Standing:
    one = Rate(rate=rate, server_cpu=0.001, client_cpu=0.0002, client_share=client_share)
    return Standing(name=name, rate=rate, server_cpu=0.001, client_share=client_share, rounds=(one,))


@pytest.mark.parametrize(
    ("ours", "client_share", "good"), [(3000, 0.3, True), (1500, 0.3, False), (3000, 1.0, False)]
)
def test_ours_has_to_be_ahead_of_each_and_the_client_at_leisure(ours, client_share, good, capsys) -> None:
    standings = [
        _standing(OURS[0], ours, client_share),
        _standing("pystrix", 1000),
        _standing("asyncio", 2000),
    ]
    assert report(standings) is good
    printed = capsys.readouterr().out
    assert f"ratio {ours / 1000:.2f} of {OURS[0]} to pystrix" in printed
    assert f"ratio {ours / 2000:.2f} of {OURS[0]} to asyncio" in printed
