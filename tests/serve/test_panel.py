"""Openings judged together: each gets its own verdict, and what one brings up costs no other."""

import math

import pytest

from silentspam.audio import Recording
from silentspam.config import Config, ModelSection
from silentspam.errors import ModelError
from silentspam.judging import judge_recording
from silentspam.serve import panel as panel_module
from silentspam.serve.hub import Hub
from silentspam.serve.panel import Panel
from silentspam.verdict import Verdict
from tests.fakes import noise, tone
from tests.serve.looping import turn_until
from tests.serve.resident import PATIENCE

MODEL = object()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel_module, "PATIENCE_SECONDS", PATIENCE)


class Bench:
    """A hub with a panel whose rounds are noted: an opening of n samples is judged to be n seconds long."""

    def __init__(self, *, quiet_seconds: float = math.inf) -> None:
        """quiet_seconds: as it is, openings never come one by one."""
        self.hub = Hub()
        self.rounds: list[int] = []
        self.panel = Panel(self.hub, self._judge_many, quiet_seconds=quiet_seconds)
        self.verdicts: dict[int, float | Exception] = {}

    def _judge_many(self, _: object, recordings: list[Recording], __: Config) -> list[Verdict]:
        self.rounds.append(len(recordings))
        lengths = [len(recording.codes) for recording in recordings]
        if 13 in lengths:
            raise ZeroDivisionError("thirteen")
        return [Verdict(kind=None, seconds=float(length)) for length in lengths]

    def come(self, length: int, config: Config | None = None) -> None:
        """A call whose opening has so many samples."""

        def call() -> None:
            opening = Recording(noise(level=4, seed=1).codes[:length])
            try:
                found = self.panel.judge(MODEL, opening, config or Config())  # type: ignore[arg-type]
                self.verdicts[length] = found.seconds
            except Exception as error:  # noqa: BLE001
                self.verdicts[length] = error

        self.hub.spawn(call)


def test_openings_of_one_moment_are_judged_together_and_each_gets_its_own() -> None:
    bench = Bench()
    for length in (1, 2, 3):
        bench.come(length)
    assert bench.rounds == []
    turn_until(bench.hub, lambda: len(bench.verdicts) == 3)
    assert (bench.verdicts, bench.rounds) == ({1: 1.0, 2: 2.0, 3: 3.0}, [3])


def test_an_opening_that_comes_alone_is_judged_at_once() -> None:
    bench = Bench(quiet_seconds=PATIENCE)
    bench.come(1)
    assert bench.verdicts == {1: 1.0}, "nothing had to be waited for"
    bench.come(2)
    bench.come(3)
    assert bench.rounds == [1], "who comes soon after waits for others"
    turn_until(bench.hub, lambda: len(bench.verdicts) == 3)
    assert bench.rounds == [1, 2]


def test_other_terms_are_another_round() -> None:
    bench = Bench()
    bench.come(1)
    bench.come(2, Config(model=ModelSection(threshold=0.9)))
    turn_until(bench.hub, lambda: len(bench.verdicts) == 2)
    assert bench.rounds == [1, 1]


def test_a_round_has_an_end_of_its_own_size() -> None:
    bench = Bench()
    for length in range(1, panel_module.AT_MOST + 2):
        bench.come(length)
    turn_until(bench.hub, lambda: len(bench.verdicts) == panel_module.AT_MOST + 1)
    assert sorted(bench.rounds) == [1, panel_module.AT_MOST]


def test_what_one_opening_brings_up_costs_no_other() -> None:
    bench = Bench()
    for length in (12, 13, 14):
        bench.come(length)
    turn_until(bench.hub, lambda: len(bench.verdicts) == 3)
    assert (bench.verdicts[12], bench.verdicts[14]) == (12.0, 14.0)
    assert isinstance(bench.verdicts[13], ZeroDivisionError)


def test_an_opening_whose_round_is_lost_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(panel_module, "PATIENCE_SECONDS", 0.05)
    bench = Bench()
    monkeypatch.setattr(bench.panel, "_decide", lambda *_: None)
    bench.come(1)
    bench.come(2)
    turn_until(bench.hub, lambda: len(bench.verdicts) == 2)
    assert all(isinstance(verdict, ModelError) for verdict in bench.verdicts.values())


def test_together_the_model_says_what_it_says_of_each_alone() -> None:
    from silentspam.judging import load_and_warm_up
    from silentspam.resources import shipped_model

    model, config, hub = load_and_warm_up(shipped_model()), Config(), Hub()
    openings = [noise(level=level, seed=level) for level in (4, 5, 6)] + [tone()]
    found: dict[int, Verdict] = {}
    panel = Panel(hub)

    def call(index: int) -> None:
        found[index] = panel.judge(model, openings[index], config)

    for index in range(len(openings)):
        hub.spawn(lambda index=index: call(index))  # type: ignore[misc]
    turn_until(hub, lambda: len(found) == len(openings))
    for index, opening in enumerate(openings):
        alone = judge_recording(model, opening, config)
        assert found[index].kind == alone.kind
        assert found[index].spam_probability == pytest.approx(alone.spam_probability, abs=1e-9)
