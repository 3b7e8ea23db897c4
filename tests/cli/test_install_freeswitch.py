"""`silentspam install --switch freeswitch`: the dialplan, a configuration that serves it, and the unit."""

import os
import pwd
import stat
import sys
from pathlib import Path

import pytest

from silentspam import resources
from silentspam.cli import install, install_freeswitch
from silentspam.cli.freeswitch_files import dialplan_text, event_socket_settings
from silentspam.cli.install_freeswitch import FreeSwitchFiles
from silentspam.config import Config, load_config
from silentspam.errors import SilentSpamError
from silentspam.sections import CallLogSection

SOCKET = """<configuration name="event_socket.conf"><settings>
  <param name="listen-ip" value="{listen}"/>
  <!-- <param name="password" value="of-a-comment"/> -->
  <param name="listen-port" value="{port}"/>
  <param name="password" value="{password}"/>
</settings></configuration>
"""


def event_socket(
    etc: Path, *, listen: str = "127.0.0.1", port: int = 8021, password: str = "ClueCon"
) -> None:
    (etc / "autoload_configs").mkdir(exist_ok=True)
    text = SOCKET.format(listen=listen, port=port, password=password)
    (etc / "autoload_configs" / "event_socket.conf.xml").write_text(text)


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "freeswitch" / "dialplan" / "public").mkdir(parents=True)
    return tmp_path / "freeswitch"


@pytest.fixture
def options(tmp_path: Path, etc: Path, config_file: Path) -> list[object]:
    return ["--switch", "freeswitch", "--freeswitch-etc", etc, "--config", config_file]


def test_the_dialplan_comes_before_the_admins_files_and_folders_are_made(
    silentspam, tmp_path: Path, etc: Path, options: list[object]
) -> None:
    code, out, err = silentspam("install", *options)
    assert code == 0, err
    installed = etc / "dialplan" / "public" / "000_silentspam.xml"
    assert installed.read_text() == dialplan_text(load_config(tmp_path / "silentspam.yaml"))
    assert sorted(["00_inbound_did.xml", installed.name])[0] == installed.name
    assert (tmp_path / "recordings").is_dir()
    assert not (tmp_path / "agi").exists()
    assert "freeswitch.port: 8084" in out, "the configuration that was there does not serve FreeSWITCH yet"
    assert "reloadxml" in out


def test_a_dry_run_writes_nothing(silentspam, tmp_path: Path, etc: Path, options: list[object]) -> None:
    code, out, _ = silentspam("install", *options, "--dry-run")
    assert code == 0
    assert f"would write   {etc}/dialplan/public/000_silentspam.xml" in out
    assert not list((etc / "dialplan" / "public").iterdir())


def test_a_second_install_keeps_what_is_the_same_and_what_the_admin_changed_as_old(
    silentspam, etc: Path, options: list[object]
) -> None:
    silentspam("install", *options)
    path = etc / "dialplan" / "public" / "000_silentspam.xml"
    assert f"keep    {path}" in silentspam("install", *options)[1]
    path.write_text("<include/>")
    silentspam("install", *options)
    assert Path(f"{path}.old").read_text() == "<include/>"


def test_a_new_configuration_serves_freeswitch_with_its_own_event_socket(
    silentspam, tmp_path: Path, etc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_socket(etc, port=8022, password="a &quot;secret&quot; of ours")
    path = tmp_path / "new.yaml"
    shipped = (resources.shipped("config") / "silentspam.yaml").read_text()
    moved = shipped.replace("/var/lib/silentspam", str(tmp_path / "var"))
    monkeypatch.setattr(FreeSwitchFiles, "configured", _of_another_place(FreeSwitchFiles.configured, moved))
    code, _, err = silentspam("install", "--switch", "freeswitch", "--freeswitch-etc", etc, "--config", path)
    assert code == 0, err
    section = load_config(path).freeswitch
    assert (section.port, section.event_sockets) == (8084, ("127.0.0.1:8022",))
    assert section.password == 'a "secret" of ours'
    assert stat.S_IMODE(path.stat().st_mode) == 0o640, "it holds a password"
    assert len(path.read_text().splitlines()) == len(shipped.splitlines()), "every other line is there"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_group_of_freeswitchs_user_reads_the_configuration(
    silentspam, tmp_path: Path, etc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        FreeSwitchFiles, "configured", lambda files, _: f"call_log: {{spool: {tmp_path}/x}}\n"
    )
    monkeypatch.setattr(install, "_make_folders", lambda *_: None)
    path = tmp_path / "new.yaml"
    options = ["--switch", "freeswitch", "--freeswitch-etc", etc, "--config", path, "--user", "daemon"]
    assert silentspam("install", *options)[0] == 0
    status = path.stat()
    assert (status.st_uid, status.st_gid) == (os.geteuid(), pwd.getpwnam("daemon").pw_gid)


def test_a_unit_for_nobody_is_refused(
    silentspam, tmp_path: Path, options: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install_freeswitch, "freeswitch_user", lambda: "")
    code, _, err = silentspam("install", *options, "--server", "--unit-dir", tmp_path / "units")
    assert code == 1
    assert "--user" in err
    assert not (tmp_path / "units").exists()


def _of_another_place(configured, shipped: str):
    return lambda files, _: configured(files, shipped)


def test_an_event_socket_that_is_not_there_or_evaluated_leaves_the_defaults(
    tmp_path: Path, etc: Path
) -> None:
    assert event_socket_settings(etc) is None
    event_socket(etc, listen="::", password="$${event_password}")
    found = event_socket_settings(etc)
    assert found is not None
    assert (found.listen, found.is_loopback) == ("::", False)


def test_without_freeswitchs_folder_nothing_is_written(silentspam, tmp_path: Path, config_file: Path) -> None:
    code, _, err = silentspam("install", "--switch", "freeswitch", "--freeswitch-etc", tmp_path / "none")
    assert code == 1
    assert "--freeswitch-etc" in err
    assert "dialplan/public" in err
    assert not (tmp_path / "recordings").exists()


def test_the_note_of_unscreened_calls_goes_to_the_configured_file() -> None:
    config = Config(call_log=CallLogSection(unlogged="/srv/calls/lines.jsonl"))
    assert ">> /srv/calls/lines.jsonl" in dialplan_text(config).replace("&gt;", ">")
    assert CallLogSection().unlogged not in dialplan_text(config)


@pytest.mark.parametrize("path", ["/srv/two words", "/srv/$(id)", "/srv/a;b", "/srv/a'b", "relative"])
def test_a_file_that_a_shell_would_read_otherwise_is_refused(path: str) -> None:
    with pytest.raises(SilentSpamError, match=r"call_log\.unlogged"):
        dialplan_text(Config(call_log=CallLogSection(unlogged=path)))


def test_the_unit_runs_as_the_user_that_freeswitch_runs_as(
    silentspam, tmp_path: Path, options: list[object]
) -> None:
    if not os.access(Path(sys.executable).parent / "silentspam", os.X_OK):
        pytest.skip("the program is not installed beside the interpreter")
    name = pwd.getpwuid(os.geteuid()).pw_name
    units = tmp_path / "units"
    code, out, err = silentspam("install", *options, "--server", "--unit-dir", units, "--user", name)
    assert code == 0, err
    assert f"User={name}" in (units / "silentspam.service").read_text().splitlines()
    assert "systemctl enable --now silentspam" in out
    assert "extensions.conf" not in out
