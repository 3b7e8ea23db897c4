"""Processes that the supervisor ends, and one that does not end."""

import subprocess
import sys

import pytest

from silentspam.serve import children
from silentspam.serve.children import Child
from tests.serve.resident import PATIENCE


def test_a_killed_process_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "KILL_SECONDS", PATIENCE)
    child = Child("worker", None)
    child.process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert child.kill()
    assert not child.is_running


def test_one_that_a_disk_holds_in_the_kernel_does_not_hold_the_supervisor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SIGKILL has no effect on it: here it is not sent, as nothing can be made to hang so."""
    monkeypatch.setattr(children, "KILL_SECONDS", 0.05)
    child = Child("worker", None)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    child.process = process
    monkeypatch.setattr(child, "signal", lambda _: None)
    try:
        assert not child.kill()
        assert child.is_running
        child.forget()
        assert child.process is None, "another can be started in its place"
    finally:
        process.kill()
        process.wait()
