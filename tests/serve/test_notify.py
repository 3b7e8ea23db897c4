"""Word to systemd, heard by a socket as systemd's is; and nothing at all where no service manager listens."""

import socket
import uuid
from pathlib import Path

import pytest

from silentspam.serve.notify import notify


def _listening(address: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
    listener.settimeout(60)
    return listener


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_the_service_manager_hears_every_assignment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    address = str(tmp_path / "notify") if kind == "path" else f"@silentspam-{uuid.uuid4()}"
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    with _listening(address) as listener:
        notify("READY=1", "STATUS=serving with 2 workers")
        assert listener.recv(1024) == b"READY=1\nSTATUS=serving with 2 workers"


@pytest.mark.parametrize(
    "address", ["", "relative/path", "/no/such/socket", "@nobody-listens-here", "/" + "x" * 200]
)
def test_without_a_service_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify("READY=1")


def test_a_variable_that_is_not_set_is_no_service_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("WATCHDOG=1")
