"""What the supervisor has checked is what its children read, whatever becomes of the file."""

from pathlib import Path

import pytest

from silentspam.call import Mode
from silentspam.config import load_config
from silentspam.errors import ConfigError
from silentspam.serve.kept import KeptConfig


def test_a_file_that_breaks_or_goes_leaves_what_was_kept(tmp_path: Path) -> None:
    file = tmp_path / "silentspam.yaml"
    file.write_text("mode: enforce\n")
    kept = KeptConfig(file)
    file.write_text("mode: [enforce\n")
    with pytest.raises(ConfigError):
        kept.renew()
    assert load_config(kept.path).mode is Mode.ENFORCE
    file.unlink()
    with pytest.raises(ConfigError):
        kept.renew()
    assert load_config(kept.path).mode is Mode.ENFORCE


def test_a_shorter_file_leaves_nothing_of_a_longer_one(tmp_path: Path) -> None:
    file = tmp_path / "silentspam.yaml"
    file.write_text("mode: enforce\n" + "# a remark\n" * 100)
    kept = KeptConfig(file)
    file.write_text("mode: shadow\n")
    assert kept.renew().mode is Mode.SHADOW
    assert kept.path is not None
    assert kept.path.read_text() == "mode: shadow\n"


def test_without_a_file_the_defaults_hold_and_nothing_is_inherited() -> None:
    kept = KeptConfig(None)
    assert (kept.path, kept.inherited) == (None, ())
    assert kept.renew() == load_config(None)
