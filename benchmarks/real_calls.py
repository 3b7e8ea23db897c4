"""Real calls with audio, screened by `silentspam serve`: `python -m benchmarks.real_calls`.

Asterisk, SIPp and the screener share the machine. Two hundred calls at once, every one of which has to end as
it should; `--search` looks for the highest number at which that holds.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import sip_load
from benchmarks.load import Figures
from benchmarks.screener import ScreenerError, serving
from benchmarks.screenings import Limit, holds, raise_descriptors, work_folder
from lab.asterisk import AsteriskError
from lab.debian import DebianError
from lab.ports import PortsError
from lab.sounds import make_sounds

AT_ONCE = 200
SECONDS = 40.0
SEARCH_STEP, SEARCH_RUNS = 50, 8


def limits(figures: Figures, *, at_once: int) -> list[Limit]:
    """What a run has to hold."""
    return [
        ("calls at once", figures["open_most"], "at least", at_once),
        ("calls with a fault, or failed open", figures["failed"], "at most", 0),
        ("rows missing or torn", figures["calls"] - figures["rows"]["whole"], "at most", 0),
        ("SIPp's failures", sum(code != 0 for code in figures["sipp"].values()), "at most", 0),
        ("processes restarted", figures["restarted"], "at most", 0),
    ]


class Bench:
    """Runs, each with an Asterisk and a screener of its own."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._sounds = make_sounds(work / "sounds")
        self._runs = 0

    def run(self, at_once: int, seconds: float) -> Figures:
        """One run. Raises ScreenerError, AsteriskError, PortsError, DebianError."""
        self._runs += 1
        folder = self._work / f"run-{self._runs}"
        folder.mkdir()
        with (
            serving(folder) as screener,
            sip_load.exchange(folder, screener) as (asterisk, ports),
        ):
            return sip_load.run(asterisk, ports, screener, self._sounds, at_once=at_once, seconds=seconds)

    def search(self, at_once: int, seconds: float) -> Iterator[tuple[Figures, bool]]:
        """Ever more calls at once, until they do not hold."""
        for _ in range(SEARCH_RUNS):
            figures = self.run(at_once, seconds)
            good = all(map(holds, limits(figures, at_once=at_once)))
            yield figures, good
            if not good:
                return
            at_once += SEARCH_STEP


def tell(title: str, figures: Figures, found: Sequence[Limit]) -> bool:
    """Print a run and its limits; whether all hold."""
    print(title)
    outcomes = ", ".join(f"{name} {count}" for name, count in sorted(figures["dispositions"].items()))
    print(f"  {figures['calls']} calls at {figures['rate']:.1f} a second: {outcomes}")
    for what, waits in figures["waits_ms"].items():
        print(f"  {what:<34} {' '.join(f'{name} {wait:.1f}' for name, wait in waits.items() if wait)} ms")
    ours, asterisks = figures["cpu_ms_in_all"], figures["asterisk_cpu_ms"]
    print(f"  CPU a call: screener {ours:.2f} ms, Asterisk {asterisks:.1f} ms")
    for fault, count in figures["faults"].items():
        print(f"  fault, {count} times: {fault}")
    for limit in found:
        what, figure, way, wanted = limit
        print(f"  {what}: {figure:g} (wanted: {way} {wanted:g}){'' if holds(limit) else '  MISSED'}")
    return all(map(holds, found))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 when a limit is missed, 2 when no call could be placed."""
    options = _parser().parse_args(arguments)
    raise_descriptors()
    try:
        with work_folder(options.keep) as work:
            figures, good = _measure(Bench(work), options)
    except (ScreenerError, AsteriskError, DebianError, PortsError) as error:
        print(f"benchmarks.real_calls: {error}", file=sys.stderr)
        return 2
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0 if good else 1


def _measure(bench: Bench, options: argparse.Namespace) -> tuple[Figures, bool]:
    run = bench.run(options.at_once, options.seconds)
    found = limits(run, at_once=options.at_once)
    good = tell("Real calls with audio through Asterisk", run, found)
    figures: Figures = {
        "made_at": time.strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "run": run,
        "limits": found,
    }
    if options.search and good:
        figures["search"] = searched = []
        for one, held in bench.search(options.at_once + SEARCH_STEP, options.seconds):
            searched.append({"held": held, **one})
            wanted = one["wanted_at_once"]
            tell(f"{wanted} at once {'hold' if held else 'do not hold'}", one, limits(one, at_once=wanted))
        best = max((one["wanted_at_once"] for one in searched if one["held"]), default=options.at_once)
        print(f"highest number of calls at once that holds: {best}")
    return figures, good


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_calls", description=__doc__)
    parser.add_argument("--at-once", type=int, default=AT_ONCE, metavar="N", help="calls open at once (200)")
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help="for so long (40)")
    parser.add_argument("--search", action="store_true", help="look for the highest number that holds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures for docs/capacity.md")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="a new folder for all files, which are kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
