"""Processes that the supervisor ends, and one that does not end."""

import subprocess
import sys

import pytest

from silentspam.serve import children
from silentspam.serve.beat import Beat, pair
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


def test_a_listener_that_never_becomes_ready_is_started_ever_more_rarely_and_a_worker_is_not() -> None:
    listener = Child("listener", None, longest_pause=children.LONGEST_PAUSE_SECONDS)
    worker = Child("worker", None)
    pauses = []
    for _ in range(8):
        listener.forget()
        worker.forget()
        pauses.append(listener.pause)
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]
    assert worker.pause == children.RESTART_SECONDS
    listener.last = Beat(ready=True)
    listener.forget()
    assert listener.pause == children.RESTART_SECONDS


def test_a_listener_without_its_packages_says_in_one_line_what_to_install() -> None:
    code = (
        "import sys; sys.modules['scipy'] = sys.modules['scipy.special'] = None; import runpy; "
        "sys.argv = ['x', 'listener', sys.argv[1]]; runpy.run_module('silentspam.serve', run_name='__main__')"
    )
    ours, theirs = pair()
    with ours, theirs:
        command = [sys.executable, "-c", code, str(theirs.fileno())]
        done = subprocess.run(
            command, pass_fds=(theirs.fileno(),), capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "provenance.enabled" in line
    assert "pip install 'silentspam[training]'" in line
