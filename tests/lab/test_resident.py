"""Real calls through real Asterisk, screened by `silentspam serve`: what the scripts do, the server does."""

import subprocess
import sys

import pytest

from lab.product import REPOSITORY
from lab.scenarios import choose, load_scenarios

CHOSEN = (
    "speaking-caller-ends",
    "dead-air-second-attempt",
    "dead-air-no-key",
    "hangs-up-in-ivr",
    "hangs-up-while-recorded",
    "model-in-shadow",
    "queue-answers",
)
"""One of each way that a call can go; `python -m lab --server` has them all."""


def test_what_is_about_scripts_is_not_screened_by_the_server() -> None:
    left_out = {scenario.name for scenario in load_scenarios() if not scenario.can_be_resident}
    assert left_out == {"agi-killed", "agi-not-executable", "agi-missing", "scripts-missing", "config-broken"}
    assert all(scenario.can_be_resident for scenario in choose(load_scenarios(), CHOSEN))


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_calls_are_screened_over_fastagi_as_by_the_scripts() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lab", "--server", *CHOSEN],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(CHOSEN)} passed, 0 failed, 0 skipped" in done.stdout
