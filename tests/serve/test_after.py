"""The clerk's chores before the first call, and with a call log that cannot be read."""

from pathlib import Path

import pytest

from silentspam.config import Config, load_config
from silentspam.errors import CallLogError
from silentspam.serve.after import AfterCalls


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


def test_a_new_installation_has_no_call_log_and_no_chore_fails(config: Config) -> None:
    chores = AfterCalls(config, print).chores()
    assert {name for name, _, _ in chores} == {"gate", "guard", "unlogged", "unended", "lines"}
    for _, _, work in chores:
        work()
    assert not Path(config.call_log.database).exists()


def test_a_call_log_that_cannot_be_read_is_a_failure(config: Config) -> None:
    Path(config.call_log.database).write_text("no database" * 100)
    for name, _, work in AfterCalls(config, print).chores():
        if name != "unlogged":
            with pytest.raises(CallLogError):
                work()
