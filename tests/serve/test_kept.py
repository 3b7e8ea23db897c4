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
    assert "remark" not in kept.path.read_text()
    assert load_config(kept.path) == load_config(file)


def test_what_only_a_start_can_change_stays_as_it_was_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "silentspam.yaml"
    file.write_text("mode: enforce\n")
    kept = KeptConfig(file)
    assert kept.held_back == ()
    file.write_text(
        f"mode: shadow\nserver: {{calls_per_worker: 7, allowed_clients: [192.0.2.0/24]}}\n"
        f"call_log: {{spool: {tmp_path / 'other'}, database: {tmp_path / 'calls.db'}}}\n"
    )
    for _ in range(2):
        in_force = kept.renew()
        assert kept.held_back == ("server.calls_per_worker", "server.allowed_clients", "call_log.spool")
        assert in_force == load_config(kept.path)
        assert in_force.server == load_config(None).server
        assert in_force.call_log.spool == load_config(None).call_log.spool
        assert (in_force.mode, in_force.call_log.database) == (Mode.SHADOW, str(tmp_path / "calls.db"))
    file.write_text("mode: shadow\n")
    kept.renew()
    assert kept.held_back == ()


def test_freeswitch_is_served_where_it_was_at_the_start_and_the_rest_of_its_keys_change(
    tmp_path: Path,
) -> None:
    file = tmp_path / "silentspam.yaml"
    file.write_text("freeswitch: {port: 8084}\n")
    kept = KeptConfig(file)
    file.write_text("freeswitch: {port: 8085, address: '::1', early_media: true, password: other}\n")
    section = kept.renew().freeswitch
    assert kept.held_back == ("freeswitch.address", "freeswitch.port")
    assert (section.port, section.address, section.early_media, section.password) == (
        8084,
        "127.0.0.1",
        True,
        "other",
    )


def test_every_value_comes_through(tmp_path: Path) -> None:
    file = tmp_path / "silentspam.yaml"
    file.write_text(
        "mode: 'collect'\nchallenge: {contact_number: '0800'}\nmodel: {max_false_challenge_rate: 1.0e-05}\n"
        f"recording: {{folder: '{tmp_path}/é: # [no]'}}\n"
    )
    kept = KeptConfig(file)
    assert load_config(kept.path) == load_config(file)


def test_without_a_file_the_defaults_hold_and_nothing_is_inherited() -> None:
    kept = KeptConfig(None)
    assert (kept.path, kept.inherited) == (None, ())
    assert kept.renew() == load_config(None)
