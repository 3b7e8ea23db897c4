"""The files that ship with the package are found, in a checkout and beside an installed wheel."""

import sysconfig
from pathlib import Path

import pytest

from silentspam import resources


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("agi_scripts", "silentspam.py"),
        ("agi_scripts", "silentspam_ended.py"),
        ("dialplan", "extensions_silentspam.conf"),
        ("dialplan", "freeswitch/silentspam.xml"),
        ("config", "silentspam.yaml"),
        ("ivr_prompts", "en/press-7.ulaw"),
        ("ivr_prompts", "en/press-7.wav"),
        ("systemd", "silentspam.service"),
        ("monitoring", "prometheus/silentspam.rules.yml"),
        ("monitoring", "grafana/silentspam.json"),
    ],
)
def test_a_shipped_file_is_found(name: str, file: str) -> None:
    assert (resources.shipped(name) / file).is_file()


def test_a_missing_folder_is_named_by_whoever_reads_it() -> None:
    assert not resources.shipped("no_such_folder").exists()


def test_beside_a_wheel_the_folders_are_found_below_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "site-packages" / "silentspam")
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path / "prefix"))
    folder = tmp_path / "prefix" / "share" / "silentspam" / "dialplan"
    folder.mkdir(parents=True)
    assert resources.shipped("dialplan") == folder


def test_the_shipped_model_lies_within_the_package() -> None:
    assert resources.shipped_model().parent.name == "models"
    assert (resources.shipped_model().parents[1] / "model.py").is_file()


def test_the_agi_scripts_can_be_run_by_asterisk() -> None:
    for script in resources.shipped("agi_scripts").glob("*.py"):
        assert script.stat().st_mode & 0o111, f"{script.name} is not executable"
        assert script.read_text().startswith("#!")
