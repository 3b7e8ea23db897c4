"""A call is placed once more where it failed on a machine that was late, and only there."""

from pathlib import Path

import pytest

from lab.report import reasons
from lab.runner import BUSY_SECONDS, Lab, Outcome
from lab.scenarios import Scenario, choose, load_scenarios
from lab.worker import Observation


class Scripted(Lab):
    """A lab whose calls end as the script says: (faults, late [s]), one for each that is placed."""

    def __init__(self, work: Path, script: list[tuple[tuple[str, ...], float]]) -> None:
        super().__init__(work, ())
        self._ports.release()
        self.script = script
        self.placed: list[Scenario] = []

    def _place(self, scenario: Scenario) -> Outcome:
        faults, late = self.script[len(self.placed)]
        self.placed.append(scenario)
        return Outcome(scenario=scenario, observation=Observation(late_seconds=late), faults=faults)

    def _furnish(self, scenario: Scenario) -> Scenario:
        return scenario


@pytest.mark.parametrize(
    ("script", "calls", "faults"),
    [
        ([((), 9.0)], 1, ()),
        ([(("no row",), BUSY_SECONDS / 2)], 1, ("no row",)),
        ([(("no row",), BUSY_SECONDS), ((), 0.0)], 2, ()),
        ([(("no row",), 0.5), (("no end",), 0.5)], 2, ("no end",)),
    ],
)
def test_a_call_is_placed_again_only_if_it_failed_on_a_late_machine(
    tmp_path: Path, script: list[tuple[tuple[str, ...], float]], calls: int, faults: tuple[str, ...]
) -> None:
    (scenario,) = choose(load_scenarios(), ["dead-air-no-key"])
    lab = Scripted(tmp_path, script)
    lab.scenarios = (scenario,)
    (outcome,) = lab.run()
    assert (len(lab.placed), outcome.faults, outcome.scenario) == (calls, faults, scenario)
    assert bool(outcome.placed_again) == (calls == 2)


def test_the_report_says_why_a_call_was_placed_again(tmp_path: Path) -> None:
    (scenario,) = choose(load_scenarios(), ["dead-air-no-key"])
    lab = Scripted(tmp_path, [(("no row",), 0.25), ((), 0.0)])
    lab.scenarios = (scenario,)
    assert reasons(lab.run()) == "dead-air-no-key: placed again: the machine was busy, 250 ms late (no row)"


def test_a_second_attempt_shares_nothing_with_any_first_call() -> None:
    firsts = load_scenarios()
    everyone = (*firsts, *(scenario.again() for scenario in firsts))
    for name in ("ani", "extension", "folder"):
        assert len({getattr(scenario, name) for scenario in everyone}) == len(everyone)
