"""The lab's scenarios for FreeSWITCH through the one that replays: a real one is nowhere to be had for CI.

They show that the tables, the installations, the faults and the rows fit together. What SIP, media and the
recorder of a real FreeSWITCH make of them is shown by `python -m lab --switch freeswitch` alone.
"""

from pathlib import Path

import pytest

from lab.freeswitch import table
from lab.scenarios import choose
from lab.troubles import OF_SERVERS
from tests.lab.replayed import run

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(600)]

CHOSEN = (
    "speaking-agent-ends",
    "dead-air-second-attempt",
    "dead-air-wrong-keys",
    "hangs-up-in-ivr",
    "hangs-up-while-recorded",
    "agent-busy",
    "agent-unreachable",
    "caller-leg-rejected",
    "blocked",
    "dnis-off",
    "server-away",
    "server-killed",
    "server-hangs",
    "recordings-missing",
)
"""One of each way that a call can go, and every fault; `python -m tests.lab.replayed` has them all."""


def test_every_fault_of_the_server_is_among_them() -> None:
    troubles = {scenario.trouble for scenario in choose(table.load(), CHOSEN)}
    assert {*OF_SERVERS, "no_recordings"} <= troubles


def test_calls_of_freeswitch_leave_the_rows_of_the_tables(tmp_path: Path) -> None:
    outcomes = run(tmp_path / "lab", CHOSEN)
    assert len(outcomes) == len(CHOSEN)
    assert {outcome.scenario.name: outcome.faults for outcome in outcomes if outcome.faults} == {}
    assert not any(outcome.skipped for outcome in outcomes)
