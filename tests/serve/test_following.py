"""The follower and the disk that the active model lies on."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from silentspam import assembly
from silentspam.calllog.line_store import Basis
from silentspam.config import Config, load_config
from silentspam.errors import LineError, ModelError
from silentspam.serve import following
from silentspam.serve.following import Follower
from tests.serve.resident import PATIENCE


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model takes its time to be read on a busy machine; who hangs has a time of its own."""
    monkeypatch.setattr(following, "PATIENCE_SECONDS", PATIENCE)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """With the shipped model, and a call log that is there already."""
    path = tmp_path / "silentspam.yaml"
    path.write_text(
        f"model: {{registry: {tmp_path / 'registry'}}}\nlines: {{folder: {tmp_path / 'lines'}}}\n"
        f"call_log: {{database: {tmp_path / 'calls.db'}, spool: {tmp_path / 'spool'}}}\n"
    )
    config = load_config(path)
    with assembly.database(config).transaction(write=True):
        return config


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Set when the test is over, whatever has become of it."""
    event = threading.Event()
    yield event
    event.set()


def test_a_disk_that_hangs_is_waited_for_once_and_found_again(
    config: Config, released: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Config] = []

    def hang(config: Config) -> Basis | None:
        looks.append(config)
        released.wait()
        return found

    found = assembly.line_basis(config)
    monkeypatch.setattr(assembly, "line_basis", hang)
    monkeypatch.setattr(following, "PATIENCE_SECONDS", 0.01)
    follower = Follower(config)
    for _ in range(3):
        with pytest.raises(LineError, match="hang"):
            follower.follow()
    released.set()
    for thread in threading.enumerate():
        if thread.name == "active model":
            thread.join()
    monkeypatch.setattr(following, "PATIENCE_SECONDS", PATIENCE)
    for _ in range(3):
        follower.follow()
    assert len(looks) == 1


def test_a_model_that_cannot_be_read_is_told_and_tried_again(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_config: Config) -> Basis | None:
        raise ModelError("torn")

    follower = Follower(config)
    with monkeypatch.context() as patched:
        patched.setattr(assembly, "line_basis", broken)
        for _ in range(2):
            with pytest.raises(ModelError, match="torn"):
                follower.follow()
    follower.follow()
