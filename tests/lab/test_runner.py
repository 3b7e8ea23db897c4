"""What failed on a machine that was late is placed once more, and only that; a sequence as a whole."""

from pathlib import Path

import pytest

from lab.outcome import BUSY_SECONDS, Outcome, Story
from lab.report import reasons
from lab.runner import Lab
from lab.scenarios import Scenario, choose, load_scenarios
from lab.worker import Observation
from silentspam.config import load_config


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

    def _furnish(self, story: Story) -> Story:
        return story


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


def test_a_sequence_is_placed_again_as_a_whole_and_ends_with_the_call_that_fails(tmp_path: Path) -> None:
    calls = choose(load_scenarios(), ["company-trunk"])
    good: tuple[tuple[str, ...], float] = ((), 0.0)
    script = [good, (("no row",), 0.5), good, good, good, (("no row",), 0.0)]
    lab = Scripted(tmp_path, script)
    lab.scenarios = calls
    outcomes = lab.run()
    assert [placed.place for placed in lab.placed] == [1, 2, 1, 2, 3, 4]
    assert [placed.attempt for placed in lab.placed] == [0, 0, 1, 1, 1, 1]
    assert [outcome.scenario for outcome in outcomes] == list(calls)
    assert [bool(outcome.placed_again) for outcome in outcomes] == [False, True, *[False] * 4]
    assert [outcome.passed for outcome in outcomes] == [True] * 3 + [False] * 3
    assert all(outcome.skipped for outcome in outcomes[4:])


def test_a_second_attempt_shares_nothing_with_any_first_call() -> None:
    firsts = load_scenarios()
    again = [scenario.again() for scenario in firsts]
    for name in ("ani", "extension", "folder"):
        assert not {getattr(call, name) for call in firsts} & {getattr(call, name) for call in again}


def test_an_installation_is_one_scenarios_alone(tmp_path: Path) -> None:
    """Two that shared a call log or a folder of lines would learn from each other's calls."""
    names = ("speaking-caller-ends", "dead-air-no-key", "company-trunk")
    lab = Scripted(tmp_path, [])
    lab._names = {"quick_prompts": str(tmp_path / "quick-prompts")}
    stories = [choose(load_scenarios(), [name]) for name in names]
    configs = []
    for story in stories:
        Lab._furnish(lab, story)
        assert len({lab._config(scenario) for scenario in story}) == 1
        configs.append(load_config(lab._config(story[0])))
    folders = [(config.call_log.database, config.lines.folder, config.gate.folder) for config in configs]
    written = [path for of_one in folders for path in of_one]
    assert len(set(written)) == 3 * len(names)
    assert all(path.startswith(str(tmp_path)) for path in written)
    assert all(config.lines.enabled for config in configs)
