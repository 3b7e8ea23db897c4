"""Real calls through real Asterisk: every call of the lab's tables, run once by its own command."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.product import REPOSITORY
from lab.scenarios import load_scenarios

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(900)]

SCENARIOS = [scenario.label for scenario in load_scenarios()]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    report = tmp_path_factory.mktemp("lab") / "outcomes.json"
    done = subprocess.run(
        [sys.executable, "-m", "lab", "--json", str(report)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    done.args = report
    return done


@pytest.fixture(scope="session")
def outcomes(run: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    report = Path(run.args)
    if not report.is_file():
        pytest.fail(f"the lab did not run: {run.stdout}{run.stderr}")
    return {outcome["scenario"]: outcome for outcome in json.loads(report.read_text())}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, outcomes: dict[str, dict[str, Any]]) -> None:
    outcome = outcomes[name]
    if outcome["skipped"]:
        pytest.skip(outcome["skipped"])
    assert not outcome["faults"]


def test_the_command_prints_the_table_and_its_exit_code_tells(
    run: subprocess.CompletedProcess[str], outcomes: dict[str, dict[str, Any]]
) -> None:
    for name in SCENARIOS:
        assert f"\n{name} " in run.stdout
    failed = any(outcome["faults"] for outcome in outcomes.values())
    assert run.returncode == (1 if failed else 0)
