"""`silentspam check` and the resident server: a real one, one that turns us away, and none at all."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from silentspam.cli import doctor_server
from silentspam.cli.doctor import FAULT, GOOD, WARNING, Finding
from silentspam.cli.doctor_server import server
from silentspam.config import Config
from silentspam.sections import CallLogSection, ServerSection
from silentspam.serve.http import serve_pages


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of these tests answers when it has its turn."""
    monkeypatch.setattr(doctor_server, "SECONDS", 60.0)


def _dialplan(folder: Path, text: str) -> Path:
    (folder / "extensions.conf").write_text(text)
    return folder


def _both(port: int) -> str:
    return (
        f"[globals]\nSILENTSPAM_AGI=agi://127.0.0.1:{port}/screen\n"
        f"SILENTSPAM_AGI_ENDED => agi://127.0.0.1:{port}/ended\n"
    )


def _config(metrics_port: int = 0) -> Config:
    return Config(server=ServerSection(metrics_port=metrics_port))


def _marks(findings: Iterator[Finding]) -> list[str]:
    return [finding.mark for finding in findings]


@contextmanager
def _listening(*, turn_away: bool) -> Iterator[int]:
    """A server as far as the doctor sees it: it waits for a greeting, or closes at once."""
    held: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            if turn_away:
                connection.close()
            else:
                held.append(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    for connection in held:
        connection.close()


@pytest.mark.parametrize(
    "text", ["", "; SILENTSPAM_AGI=agi://127.0.0.1/screen\n", "exten => s,1,AGI(agi://x/y)\n"]
)
def test_where_no_server_is_asked_there_is_nothing_to_say(tmp_path: Path, text: str) -> None:
    assert list(server(_config(), _dialplan(tmp_path, text))) == []


def test_a_server_that_serves_and_is_ready_is_good(tmp_path: Path) -> None:
    pages = serve_pages("127.0.0.1", 0, {"/readyz": lambda: (200, "ready\n")})
    with _listening(turn_away=False) as port:
        found = list(server(_config(pages.server_address[1]), _dialplan(tmp_path, _both(port))))
    pages.shutdown()
    pages.server_close()
    assert [finding.mark for finding in found] == [GOOD, GOOD]
    assert f"127.0.0.1:{port}" in found[0].text


def test_a_server_that_is_not_ready_is_worth_a_look(tmp_path: Path) -> None:
    pages = serve_pages("127.0.0.1", 0, {"/readyz": lambda: (503, "not ready\n")})
    with _listening(turn_away=False) as port:
        marks = _marks(server(_config(pages.server_address[1]), _dialplan(tmp_path, _both(port))))
    pages.shutdown()
    pages.server_close()
    assert marks == [GOOD, WARNING]


def test_the_check_tries_the_server_too(silentspam, tmp_path: Path) -> None:
    with _listening(turn_away=False) as port:
        options = ("--asterisk-etc", tmp_path, "--dialplan-dir", _dialplan(tmp_path, _both(port)))
        assert f"ok    server 127.0.0.1:{port}: takes connections" in silentspam("check", *options)[1]


def test_nobody_listening_is_a_fault(tmp_path: Path) -> None:
    with socket.socket() as taken:  # and not listening
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        (found,) = server(_config(), _dialplan(tmp_path, _both(port)))
    assert found.mark == FAULT
    assert "no call is screened" in found.text


def test_a_server_that_does_not_allow_us_is_a_fault_with_the_address_to_add(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_server, "TURNED_AWAY_SECONDS", 60.0)
    with _listening(turn_away=True) as port:
        (found,) = server(_config(), _dialplan(tmp_path, _both(port)))
    assert found.mark == FAULT
    assert "add 127.0.0.1 to server.allowed_clients" in found.remedy


def test_paths_that_were_mixed_up_are_faults(tmp_path: Path) -> None:
    text = (
        "[s]\nexten => s,1,Set(SILENTSPAM_AGI=hagi://screen.example/ended)\n"
        "same => n,Set(SILENTSPAM_AGI_ENDED=hagi://screen.example/)\n"
    )
    assert _marks(server(_config(), _dialplan(tmp_path, text))) == [FAULT, FAULT, WARNING]


def test_a_server_without_a_hangup_handler_of_its_own_is_worth_a_word(tmp_path: Path) -> None:
    with _listening(turn_away=False) as port:
        text = f"exten => s,1,Set(SILENTSPAM_AGI=agi://localhost:{port}/screen)\n"
        found = list(server(_config(), _dialplan(tmp_path, text)))
    assert [finding.mark for finding in found] == [WARNING, GOOD]
    assert "SILENTSPAM_AGI_ENDED" in found[0].remedy


@pytest.mark.parametrize(
    ("text", "postgres", "advised"),
    [
        ("[options]\n;systemname = pbx\n", "postgresql:///calls", True),
        ("[options]\nsystemname =\n", "postgresql:///calls", True),
        ("[options]\nsystemname => pbx-1 ; ours\n", "postgresql:///calls", False),
        ("[options]\n", None, False),
    ],
)
def test_asterisks_that_share_a_call_log_are_to_have_names(
    tmp_path: Path, text: str, postgres: str | None, advised: bool
) -> None:
    (tmp_path / "asterisk.conf").write_text(text)
    config = Config(call_log=CallLogSection(postgres=postgres))
    found = [finding.text for finding in server(config, tmp_path)]
    assert all("no systemname" in one for one in found)
    assert bool(found) is advised
