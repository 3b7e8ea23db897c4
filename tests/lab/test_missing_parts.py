"""What the dialplan needs most is not there: the AGI application, or our dialplan file itself."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from lab import asterisk, product
from lab.runner import Lab
from lab.scenarios import choose, load_scenarios

pytestmark = [pytest.mark.lab, pytest.mark.slow]


def test_without_the_agi_application_the_caller_is_bridged_and_leaves_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates = Path(shutil.copytree(asterisk.TEMPLATES, tmp_path / "templates"))
    modules = templates / "modules.conf"
    kept = [line for line in modules.read_text().splitlines() if "res_agi" not in line]
    modules.write_text("\n".join(kept) + "\n")
    monkeypatch.setattr(asterisk, "TEMPLATES", templates)
    with Lab(tmp_path / "lab", choose(load_scenarios(), ["scripts-missing"])) as lab:
        assert "0 modules loaded" in lab.asterisk.cli("module show like res_agi")
        (outcome,) = lab.run()
    assert not outcome.faults
    assert outcome.row is not None
    assert "AGISTATUS unknown" in str(outcome.row["failed_open_cause"])


def test_without_mixmonitor_the_caller_is_bridged_and_the_side_is_not_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates = Path(shutil.copytree(asterisk.TEMPLATES, tmp_path / "templates"))
    modules = templates / "modules.conf"
    kept = [line for line in modules.read_text().splitlines() if "app_mixmonitor" not in line]
    modules.write_text("\n".join(kept) + "\n")
    monkeypatch.setattr(asterisk, "TEMPLATES", templates)
    bridged_and_challenged = choose(load_scenarios(), ["caller-leg", "caller-leg-silent"])
    unmeasured = [dataclasses.replace(scenario, speech="") for scenario in bridged_and_challenged]
    with Lab(tmp_path / "lab", unmeasured) as lab:
        assert "0 modules loaded" in lab.asterisk.cli("module show like app_mixmonitor")
        outcomes = lab.run()
    assert [outcome.faults for outcome in outcomes] == [(), ()]
    assert not list((tmp_path / "lab" / "calls").glob("*/legs"))


def test_without_our_dialplan_file_the_admins_own_dial_still_reaches_the_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install = product.install

    def install_and_lose(work: Path, config: Path) -> Path:
        dialplan = install(work, config)
        dialplan.write_text("; lost\n")
        return dialplan

    monkeypatch.setattr(product, "install", install_and_lose)
    with Lab(tmp_path / "lab", choose(load_scenarios(), ["own-dial-agent-ends"])) as lab:
        (outcome,) = lab.run()
    assert outcome.observation is not None
    assert outcome.observation.agent_answered_at is not None
