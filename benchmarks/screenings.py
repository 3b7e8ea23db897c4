"""Whole screenings under load: `python -m benchmarks.screenings`, scripted peers against `silentspam serve`.

A thousand calls in progress at once, a hundred new ones a second, with recordings of two seconds and IVR
dialogues of ten in real time; the peers share the machine's cores with the screener. `--soak CALLS` lets the
same callers hurry, for the memory over many calls; `--search` looks for the highest rate that holds.
"""

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import load
from benchmarks.callers import make_callers, mixed
from benchmarks.load import Figures
from benchmarks.screener import ScreenerError, serving
from benchmarks.yardstick import verdict_ms
from lab.debian import DebianError

RATE, SECONDS = 100.0, 60.0
OPEN_CALLS = 1000
DECISION_MS = 100.0
CPU_MS = 5.0
GROWTH = 1.05
"""Of resident memory, from when it has settled to the end."""
SOAK_RATE, SOAK_PACE = 100.0, 0.05
"""In a soak a caller's two seconds of recording take a tenth of one."""
SEARCH_SECONDS, SEARCH_STEP, SEARCH_RUNS = 30.0, 1.25, 8
DECISION = "recording's end to decision"
DESCRIPTORS = 16_384
SEED = 1

Limit = tuple[str, float, str, float]
"""What was measured, the figure, `at most` or `at least`, and how much."""


def losses(figures: Figures) -> list[Limit]:
    """What no run may have."""
    return [
        ("calls with a fault", figures["failed"], "at most", 0),
        ("rows missing or torn", figures["calls"] - figures["rows"]["whole"], "at most", 0),
        ("processes restarted", sum(figures["restarted"].values()), "at most", 0),
    ]


def served(figures: Figures) -> list[Limit]:
    """What callers notice: what a rate has to hold that is called served."""
    wait = figures["waits_ms"][DECISION]["p99"]
    decided = (f"p99 from {DECISION} [ms]", float("inf") if wait is None else wait, "at most", DECISION_MS)
    return [*losses(figures), decided]


def limits(figures: Figures, *, in_progress: int = 0) -> list[Limit]:
    """What a run has to hold."""
    cpu: Limit = ("CPU of the screener a call [ms]", figures["cpu_ms_in_all"], "at most", CPU_MS)
    found = [*served(figures), cpu]
    if in_progress:
        found.append(("calls in progress at once", figures["open_most"], "at least", in_progress))
    return found


def growth(figures: Figures) -> Limit:
    """How much memory grew after it had settled."""
    memory = figures["memory"]
    return ("memory, last to settled", memory["last"] / memory["settled"], "at most", GROWTH)


def holds(limit: Limit) -> bool:
    """Whether a figure is within its limit."""
    _, figure, way, wanted = limit
    return figure <= wanted if way == "at most" else figure >= wanted


class Bench:
    """Runs, each against a screener of its own in a folder of its own."""

    def __init__(self, work: Path, workers: int) -> None:
        self._work = work
        self._settings: Mapping[str, Mapping[str, Any]] = {"server": {"workers": workers}}
        self._callers = make_callers(work / "sounds")
        self._runs = 0

    def run(self, rate: float, calls: int, *, pace: float = 1.0) -> Figures:
        """One run. Raises ScreenerError."""
        self._runs += 1
        folder = self._work / f"run-{self._runs}"
        folder.mkdir()
        with serving(folder, self._settings) as screener:
            figures = load.run(
                screener, mixed(self._callers, SEED), rate=rate, calls=calls, pace=pace, seed=SEED
            )
        openings = [caller.opening for kind in self._callers.values() for caller in kind]
        return {**figures, "verdict_ms": verdict_ms(openings)}

    def search(self, rate: float, seconds: float, *, held: float = 0.0) -> Iterator[tuple[Figures, bool]]:
        """Runs at rising rates until one does not hold, then half-way between; each with whether it held.

        held: a rate that is known to hold.
        """
        failed = 0.0
        for _ in range(SEARCH_RUNS):
            figures = self.run(rate, round(rate * seconds))
            good = all(map(holds, served(figures)))
            yield figures, good
            held, failed = (rate, failed) if good else (held, rate)
            rate = (held + failed) / 2 if failed else rate * SEARCH_STEP
            if failed and failed - held < failed / 16:
                return


def tell(title: str, figures: Figures, found: Sequence[Limit]) -> bool:
    """Print a run and its limits; whether all hold."""
    print(title)
    print(
        f"  {figures['calls']} calls at {figures['rate']:g} a second ({figures['arrivals']}), at most"
        f" {figures['open_most']} at once; {figures['seconds']:.0f} s"
    )
    for what, waits in figures["waits_ms"].items():
        print(f"  {what:<34} {' '.join(f'{name} {_ms(wait)}' for name, wait in waits.items())} ms")
    shares = ", ".join(f"{role} {cpu:.2f}" for role, cpu in figures["cpu_ms"].items())
    peers = figures["peer"]["cpu_ms"]
    print(f"  CPU a call {figures['cpu_ms_in_all']:.2f} ms ({shares}); the peers {peers:.2f}")
    if "verdict_ms" in figures:
        print(f"  dead air's verdict alone, in a loop just after: {figures['verdict_ms']:.2f} ms")
    print(f"  cores taken: screener {figures['cores']:.2f}, peers {figures['peer']['cores']:.2f}")
    if memory := figures["memory"]:
        sizes = ", ".join(f"{role} {size:.0f}" for role, size in memory["by_role"].items())
        print(f"  memory settled {memory['settled']:.0f} MB, last {memory['last']:.0f} MB ({sizes})")
    for fault, count in figures["faults"].items():
        print(f"  fault, {count} times: {fault}")
    for limit in found:
        what, figure, way, wanted = limit
        print(f"  {what}: {figure:.4g} (wanted: {way} {wanted:g}){'' if holds(limit) else '  MISSED'}")
    return all(map(holds, found))


def _ms(wait: float | None) -> str:
    return "–" if wait is None else f"{wait:.1f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 when a limit is missed, 2 when nothing could be measured."""
    options = _parser().parse_args(arguments)
    raise_descriptors()
    try:
        with work_folder(options.keep) as work:
            figures, good = _measure(Bench(work, options.workers), options)
    except (ScreenerError, DebianError) as error:
        print(f"benchmarks.screenings: {error}", file=sys.stderr)
        return 2
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0 if good else 1


def _measure(bench: Bench, options: argparse.Namespace) -> tuple[Figures, bool]:
    """What was asked for, in figures; whether all of it holds."""
    figures: Figures = {"made_at": time.strftime("%Y-%m-%d"), "cores": os.cpu_count()}
    good = [
        not options.rate or _at_rate(bench, options.rate, options.seconds, figures),
        not options.soak or _soak(bench, options.soak, figures),
    ]
    if options.search:
        _search(bench, options.search, figures)
    return figures, all(good)


def _at_rate(bench: Bench, rate: float, seconds: float, figures: Figures) -> bool:
    run = bench.run(rate, round(rate * seconds))
    found = limits(run, in_progress=OPEN_CALLS if rate >= RATE else 0)
    figures |= {"run": run, "limits": found}
    return tell("Whole screenings against scripted peers that take real time", run, found)


def _soak(bench: Bench, calls: int, figures: Figures) -> bool:
    run = bench.run(SOAK_RATE, calls, pace=SOAK_PACE)
    found = [*losses(run), growth(run)]
    figures |= {"soak": run, "soak_limits": found}
    return tell(f"A soak: {calls} calls in a hurry", run, found)


def _search(bench: Bench, seconds: float, figures: Figures) -> None:
    """Search from the rate of the run before on, where there was one and it held."""
    figures["search"] = searched = []
    rate, known = RATE, 0.0
    if (before := figures.get("run")) and all(map(holds, served(before))):
        searched.append({**before, "held": True})
        rate, known = before["rate"] * SEARCH_STEP, before["rate"]
    for run, held in bench.search(rate, seconds, held=known):
        searched.append({**run, "held": held})
        tell(f"{run['rate']:g} calls a second {'hold' if held else 'do not hold'}", run, served(run))
    best = max((run["rate"] for run in searched if run["held"]), default=0)
    print(f"highest rate that holds: {best:g} a second")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenings", description=__doc__)
    parser.add_argument(
        "--rate", type=float, default=RATE, metavar="N", help="calls a second; 0: no such run"
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help="of arrivals (60)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="of the screener (2)")
    parser.add_argument("--soak", type=int, default=0, metavar="CALLS", help="for the memory over so many")
    parser.add_argument(
        "--search",
        type=float,
        nargs="?",
        default=0.0,
        const=SEARCH_SECONDS,
        metavar="S",
        help="look for the highest rate, with runs of so long (30)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures for docs/capacity.md")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="a new folder for all files, which are kept")
    return parser


@contextmanager
def work_folder(keep: Path | None) -> Iterator[Path]:
    """A folder that is deleted afterwards, or the one to keep."""
    if keep is not None:
        keep.mkdir(parents=True)
        yield keep.resolve()
        return
    work = Path(tempfile.mkdtemp(prefix="silentspam-load-"))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def raise_descriptors() -> None:
    """A descriptor a call, here and in the screener that is started from here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(DESCRIPTORS, hard)), hard))


if __name__ == "__main__":
    sys.exit(main())
