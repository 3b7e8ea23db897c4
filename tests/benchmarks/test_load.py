"""The load on a real `silentspam serve`, in small; and what its figures are worked out from."""

import itertools
import os
from collections import Counter

import pytest

from benchmarks import load, proc, screenings
from benchmarks.agi_call import Caller
from benchmarks.callers import SHARES, mixed
from benchmarks.load import Memory, count_rows, quantiles
from benchmarks.screener import ScreenerError, serving, write_config
from benchmarks.screenings import Bench, growth, holds, limits
from benchmarks.sip_load import most_at_once
from silentspam.config import load_config
from tests.fakes import noise, tone

CALLS = 24


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """A run against a screener of its own, of callers whom the shipped model tells apart."""
    folder = tmp_path_factory.mktemp("load")
    loud, quiet = folder / "loud", folder / "quiet"
    loud.write_bytes(tone().codes.tobytes())
    quiet.write_bytes(noise(level=8).codes.tobytes())
    callers = itertools.cycle(
        (Caller(name="person", opening=loud), Caller(name="dead air", opening=quiet, challenged=True))
    )
    with serving(folder / "serve", {"server": {"workers": 1}}) as screener:
        assert {role: len(pids) for role, pids in screener.roles().items()} == {
            "supervisor": 1,
            "workers": 1,
            "clerk": 1,
        }
        return load.run(screener, callers, rate=40, calls=CALLS, pace=0.05)


def test_every_call_is_screened_right_and_its_row_is_whole(figures) -> None:
    assert figures["faults"] == {}
    assert figures["failed"] == 0
    assert figures["rows"] == {"rows": CALLS, "whole": CALLS, "failed_open": 0}
    assert figures["restarted"] == {}
    assert figures["callers"] == {"person": CALLS // 2, "dead air": CALLS // 2}
    assert 1 <= figures["open_most"] <= CALLS


def test_costs_and_waits_are_there(figures) -> None:
    assert set(figures["cpu_ms"]) == {"supervisor", "workers", "clerk"}
    assert figures["cpu_ms_in_all"] == pytest.approx(sum(figures["cpu_ms"].values()))
    for waits in figures["waits_ms"].values():
        assert 0 < waits["p50"] <= waits["p99"] <= waits["p100"]
    assert figures["peer"]["cpu_ms"] > 0
    assert screenings.tell("a run", figures, []) is True


def test_the_configuration_of_a_load_is_one_that_the_product_takes(tmp_path) -> None:
    path, server = write_config(tmp_path, {"server": {"workers": 3}})
    config = load_config(path)
    assert (config.server.workers, config.server.port) == (3, server["port"])
    assert config.challenge.attempts == 1


def test_a_screener_that_cannot_start_says_why(tmp_path) -> None:
    with (
        pytest.raises(ScreenerError, match=r"server\.workers"),
        serving(tmp_path, {"server": {"workers": 0}}),
    ):
        pass


def test_quantiles_are_by_nearest_rank_of_those_that_are_there() -> None:
    assert quantiles([None, *(n / 1000 for n in range(1, 201))]) == {"p50": 100, "p99": 198, "p100": 200}
    assert quantiles([None]) == {"p50": None, "p99": None, "p100": None}


def test_rows_of_a_database_that_is_not_there_are_none(tmp_path) -> None:
    assert count_rows(tmp_path / "calls.db") == {"rows": 0, "whole": 0, "failed_open": 0}


def test_callers_are_mixed_by_their_shares() -> None:
    callers = {name: [name] for name in SHARES}
    drawn = list(itertools.islice(mixed(callers, 1), 20_000))
    assert drawn == list(itertools.islice(mixed(callers, 1), 20_000))
    for name, share in SHARES.items():
        assert Counter(drawn)[name] / len(drawn) == pytest.approx(share, rel=0.25)
    assert sum(SHARES.values()) == pytest.approx(1)


def test_memory_is_watched_by_role(monkeypatch) -> None:
    monkeypatch.setattr(load, "MEMORY_SECONDS", 0.01)
    with Memory({"us": [os.getpid()], "gone": [2**22 + 1]}) as memory:
        while not memory.figures():
            pass
    figures = memory.figures()
    assert figures["by_role"]["us"] > 1
    assert figures["by_role"]["gone"] == 0
    assert figures["last"] == pytest.approx(figures["over_time"][-1][1], rel=0.5)
    limit = growth({"memory": {"settled": 100.0, "last": 106.0}})
    assert not holds(limit)
    assert holds(growth({"memory": {"settled": 100.0, "last": 104.0}}))


def test_a_process_and_its_children_are_a_family() -> None:
    assert proc.family(os.getpid())[0] == os.getpid()
    assert proc.usage(os.getpid()).cpu > 0
    assert proc.total_cpu([2**22 + 1]) == 0


def test_most_at_once() -> None:
    assert most_at_once([]) == 0
    assert most_at_once([(0, 2), (1, 3), (2, 4), (5, 6)]) == 2
    assert most_at_once([(0, 9), (1, 9), (2, 9)]) == 3


def _figures(rate: float, wait: float | None = 10.0) -> load.Figures:
    return {
        "rate": rate,
        "calls": 10,
        "failed": 0,
        "rows": {"whole": 10},
        "restarted": {},
        "waits_ms": {screenings.DECISION: {"p99": wait}},
        "cpu_ms_in_all": 4.0,
        "open_most": 900,
    }


def test_a_load_below_a_thousand_at_once_or_with_no_decision_misses_its_limits() -> None:
    assert all(map(holds, limits(_figures(100))))
    assert not all(map(holds, limits(_figures(100), in_progress=1000)))
    assert not all(map(holds, limits(_figures(100, wait=None))))
    assert not all(map(holds, limits(_figures(100) | {"restarted": {"workers": 1}})))


@pytest.mark.parametrize("highest", [90.0, 130.0, 260.0])
def test_the_search_ends_close_to_the_highest_rate(monkeypatch, highest) -> None:
    class Known(Bench):
        def __init__(self) -> None:
            """Nothing is run."""

        def run(self, rate: float, calls: int, *, pace: float = 1.0) -> load.Figures:
            return _figures(rate, wait=10.0 if rate <= highest else 500.0)

    found = list(Known().search(100.0, 30.0))
    assert len(found) <= screenings.SEARCH_RUNS
    best = max(figures["rate"] for figures, held in found if held)
    assert highest * 0.85 < best <= highest


def test_what_is_measured_can_be_written_down(monkeypatch, tmp_path, figures, capsys) -> None:
    """The whole command on runs that are known, and docs/capacity.md from what it writes."""
    from docs.capacity import main as write_capacity

    class Known(Bench):
        def __init__(self, work, workers: int) -> None:
            """Nothing is run."""

        def run(self, rate: float, calls: int, *, pace: float = 1.0) -> load.Figures:
            run = figures | {"rate": rate, "calls": calls, "pace": pace, "rows": {"whole": calls}}
            sizes = {"settled": 200.0, "last": 201.0, "over_time": [[1.0, 200.0], [2.0, 201.0]]}
            memory = {"by_role": dict.fromkeys(figures["cpu_ms"], 67.0), **sizes}
            wait = {"p50": 5.0, "p99": 20.0 if rate < 150 else 300.0, "p100": 400.0}
            waits = dict.fromkeys(figures["waits_ms"], wait)
            return run | {"memory": memory, "waits_ms": waits, "cpu_ms_in_all": 4.0, "open_most": 1020}

    monkeypatch.setattr(screenings, "Bench", Known)
    out = tmp_path / "figures"
    out.mkdir()
    asked = ["--soak", "1000", "--search", "5", "--json", str(out / "screenings.json")]
    assert screenings.main(asked) == 0
    printed = capsys.readouterr().out
    assert "MISSED" in printed
    assert "highest rate that holds: 14" in printed
    assert write_capacity(["--figures", str(out), "--out", str(tmp_path / "capacity.md")]) == 0
    text = (tmp_path / "capacity.md").read_text()
    assert (
        "calls a second** hold what callers notice, no fault and p99 within its limit, 1020 at once." in text
    )
    assert "**missed**" not in text
