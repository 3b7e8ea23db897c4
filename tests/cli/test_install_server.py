"""`silentspam install --server`: a unit for this machine, which systemd can read."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from silentspam.cli.install_server import unit
from silentspam.config import Config
from silentspam.errors import SilentSpamError
from silentspam.sections import GateSection, ServerSection


@pytest.fixture
def options(tmp_path: Path, config_file: Path) -> list[object]:
    (tmp_path / "etc").mkdir()
    folders = [
        "--asterisk-etc",
        tmp_path / "etc",
        "--agi-dir",
        tmp_path / "agi",
        "--dialplan-dir",
        tmp_path / "etc",
    ]
    return [*folders, "--config", config_file, "--server", "--unit-dir", tmp_path / "units"]


def _values(text: str, key: str) -> list[str]:
    return re.findall(rf"(?m)^{key}=(.*)$", text)


def test_the_unit_runs_this_program_with_this_configuration(
    silentspam, tmp_path: Path, options: list[object], config_file: Path
) -> None:
    code, out, err = silentspam("install", *options, "--user", "daemon")
    assert code == 0, err
    assert "systemctl enable --now silentspam" in out
    text = (tmp_path / "units" / "silentspam.service").read_text()
    program = Path(sys.executable).parent / "silentspam"
    assert _values(text, "ExecStart") == [f"{program} serve --config {config_file}"]
    assert _values(text, "User") == ["daemon"]
    assert str(tmp_path / "recordings") in _values(text, "ReadWritePaths")[0].split()
    if shutil.which("systemd-analyze"):
        path = tmp_path / "units" / "silentspam.service"
        said = subprocess.run(
            ["systemd-analyze", "verify", path], capture_output=True, text=True, check=False
        )
        assert said.returncode == 0, said.stderr


def test_a_dry_run_writes_no_unit(silentspam, tmp_path: Path, options: list[object]) -> None:
    code, out, _ = silentspam("install", *options, "--dry-run")
    assert code == 0
    assert f"would write   {tmp_path}/units/silentspam.service" in out
    assert not (tmp_path / "units").exists()


def test_the_unit_of_the_defaults_is_the_shipped_one_but_for_the_program() -> None:
    text = unit(Config(), Path("/etc/silentspam/silentspam.yaml"), python=sys.executable, user="daemon")
    assert _values(text, "ReadWritePaths") == ["/var/lib/silentspam"]
    assert _values(text, "TimeoutStopSec") == ["165s"]


def test_a_longer_drain_has_a_longer_stop() -> None:
    config = Config(server=ServerSection(drain_seconds=600))
    text = unit(config, Path("/etc/x.yaml"), python=sys.executable, user="")
    assert _values(text, "TimeoutStopSec") == ["645s"]


@pytest.mark.parametrize("folder", ["/srv/two words", "/srv/100%"])
def test_a_path_that_systemd_would_read_otherwise_is_refused(folder: str) -> None:
    with pytest.raises(SilentSpamError, match="/srv/"):
        unit(Config(gate=GateSection(folder=folder)), Path("/etc/x.yaml"), python=sys.executable, user="")


def test_an_interpreter_without_the_program_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SilentSpamError, match="--python"):
        unit(Config(), Path("/etc/x.yaml"), python=str(tmp_path / "python3"), user="")
