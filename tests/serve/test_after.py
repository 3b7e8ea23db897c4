"""The clerk's chores before the first call, and with a call log that cannot be read."""

from pathlib import Path

import pytest

from silentspam.config import Config, load_config
from silentspam.errors import CallLogError
from silentspam.serve import after, following
from silentspam.serve.after import AfterCalls, Unhurried
from tests.serve.resident import PATIENCE


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """With the shipped model, as it is installed: it knows lines."""
    path = tmp_path / "silentspam.yaml"
    path.write_text(
        f"model: {{registry: {tmp_path / 'registry'}}}\n"
        f"lines: {{folder: {tmp_path / 'lines'}}}\ngate: {{folder: {tmp_path / 'gate'}}}\n"
        f"call_log: {{database: {tmp_path / 'calls.db'}, spool: {tmp_path / 'spool'}, "
        f"unlogged: {tmp_path / 'unlogged'}}}\n"
    )
    return load_config(path)


def test_a_new_installation_has_no_call_log_and_no_chore_fails(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "PATIENCE_SECONDS", PATIENCE)
    chores = AfterCalls(config, print).chores()
    assert {name for name, _, _ in chores} == {"gate", "guard", "unlogged", "unended", "lines"}
    for _, _, work in chores:
        work()
    assert not Path(config.call_log.database).exists()


def test_a_call_log_that_cannot_be_read_is_a_failure(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PATIENCE_SECONDS", PATIENCE)
    Path(config.call_log.database).write_text("no database" * 100)
    for name, _, work in AfterCalls(config, print).chores():
        if name != "unlogged":
            with pytest.raises(CallLogError):
                work()


class Clock:
    """Stands in for `time`: both of its clocks go on by what is worked."""

    def __init__(self) -> None:
        self.now = 1000.0

    def work(self) -> None:
        self.now += 1.0

    def monotonic(self) -> float:
        return self.now

    thread_time = monotonic


def test_work_that_took_long_rests_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(after, "time", clock)
    work = Unhurried(clock.work)
    work()
    clock.now += after.REST - 0.1
    work()
    assert clock.now == pytest.approx(1000.0 + 1.0 + after.REST - 0.1)
    clock.now += 0.2
    work()
    assert clock.now == pytest.approx(1000.0 + 2.0 + after.REST + 0.1)


def test_work_that_failed_rests_too(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(after, "time", clock)

    def fail() -> None:
        clock.work()
        raise CallLogError("database is locked")

    work = Unhurried(fail)
    with pytest.raises(CallLogError):
        work()
    work()
