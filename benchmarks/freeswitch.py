"""Sessions over FreeSWITCH's event socket, two hundred of them at once: `python -m benchmarks.freeswitch`.

`silentspam serve` with one worker against the replaying FreeSWITCH of the tests, which is none: it says what
a recorded one said, in its time, and its own work is in another process. Half of the callers are people, who
are to be bridged, half dead air, of whom a few press the key that is asked for. First SESSIONS come all at
once: no call or row may be lost; then some a second, for what each waits; then LOAD of them, for what they
cost, and as many over FastAGI in the same run, with people and dead air in the shares of `callers`.
Milliseconds of CPU are this machine's at that moment; the ratio to dead air's verdict alone says more.

`--json FILE` writes the figures. Exit code 1 where an aim is missed.
"""

import argparse
import json
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from benchmarks import load, proc
from benchmarks.callers import PERSON, SPAMMER, make_callers, mixed
from benchmarks.load import quantiles, wait_for_rows
from benchmarks.screener import Screener, serving
from benchmarks.yardstick import verdict_ms
from lab.debian import DebianError
from lab.product import database_of
from tests.freeswitch.callers import RIGHT, Caller, Heard, Outcome
from tests.freeswitch.replaying import PASSWORD, Replaying
from tests.serve.resident import free_port

SESSIONS, LOAD, SEED = 200, 1200, 1
AT_ONCE, STEADY, LOADED = 100.0, 8.0, 50.0
"""New calls a second. Each lasts 2.5 s or more: at AT_ONCE all SESSIONS are in progress at once."""
CPU_MS, DECISION_MS, DELAY_SECONDS = 10.0, 50.0, 2.3
SHORTEST, LONGEST = 2.0, 2.08
"""Of an opening [s]."""
PASSES = 50
"""Few, as the budget of false challenges would spare dead air after many."""
PATIENCE = 120.0

Figures = dict[str, Any]
Aim = tuple[str, float, str, float]


def callers(openings: dict[str, list[Any]], first_number: int, count: int = SESSIONS) -> list[Caller]:
    """People and dead air in turn, each of a number of its own; one of PASSES presses the key."""
    codes = {kind: [one.opening.read_bytes() * 2 for one in openings[kind]] for kind in (PERSON, SPAMMER)}
    found = []
    for number in range(count):
        kind = SPAMMER if number % 2 else PERSON
        pressed = ((1.5, RIGHT),) if number % PASSES == 1 else ()
        opening = codes[kind][number % len(codes[kind])]
        ani = str(first_number + number)  # who passed once is bridged unheard the next time
        found.append(Caller(opening=opening, answers=pressed, name=kind, number=ani))
    return found


@contextmanager
def switched(folder: Path) -> Iterator[tuple[Screener, Replaying]]:
    """A screener of one worker, and the switch that asks it."""
    port = free_port()
    with Replaying(("127.0.0.1", port)) as switch:
        section = {"port": port, "event_sockets": [f"127.0.0.1:{switch.event_port}"], "password": PASSWORD}
        with serving(folder, {"freeswitch": section, "server": {"workers": 1}}) as screener:
            switch.wait_for_listeners()
            yield screener, switch


def place(switch: Replaying, calls: Sequence[Caller], rate: float) -> list[Outcome]:
    """Have them come in, so many a second, and wait for their ends."""
    begun, outcomes = time.monotonic(), []
    for number, caller in enumerate(calls):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        outcomes.append(switch.call(caller))
    return [outcome.wait(PATIENCE) for outcome in outcomes]


def over_event_socket(folder: Path, openings: dict[str, list[Any]]) -> Figures:
    """All runs, one after the other on one server."""
    with switched(folder) as (screener, switch):
        crowd = one_run(screener, switch, callers(openings, 5_550_000), AT_ONCE, before=0)
        steady = one_run(screener, switch, callers(openings, 5_560_000), STEADY, before=SESSIONS)
        many = callers(openings, 5_570_000, LOAD)
        load = one_run(screener, switch, many, LOADED, before=2 * SESSIONS)
        failures = len(switch.failures)
    return {"at once": crowd, "steady": steady, "load": load, "replay's own failures": failures}


def one_run(
    screener: Screener, switch: Replaying, calls: Sequence[Caller], rate: float, *, before: int
) -> Figures:
    """What callers noticed, what the rows say, and what it cost; before: calls that had come."""
    spent = -proc.total_cpu(proc.family(screener.pid))
    outcomes = place(switch, calls, rate)
    rows = wait_for_rows(screener.config, before + len(calls))
    spent += proc.total_cpu(proc.family(screener.pid))
    numbers = {caller.number for caller in calls}
    found = [row for row in _rows(database_of(screener.config)) if row["ani"] in numbers]
    told = list(zip(outcomes, calls, strict=True))
    bridged = [_rings(outcome) for outcome, caller in told if caller.name == PERSON]
    lengths = [row["recorded_seconds"] for row in found]
    return {
        "calls": len(calls),
        "rate": rate,
        "another way": sum(
            outcome.reached_agent != (caller.name == PERSON or bool(caller.answers))
            for outcome, caller in told
        ),
        "rows": rows["whole"] - before,
        "failed_open": sum(row["failed_open"] for row in found),
        "cpu_ms": 1000 * spent / len(calls),
        "decision_ms": quantiles(
            row["screened_at"] - row["recorded_at"] for row in found if row["challenged_at"] is None
        ),
        "recorded_seconds": [min(lengths), max(lengths)],
        "delay_seconds": statistics.median(bridged),
        "longest_delay_seconds": max(bridged),
    }


def _rings(outcome: Outcome) -> float:
    """When the agent's telephone began to ring, from the call's arrival [s]."""
    times = outcome.heard(Heard.AGENT_RINGS)
    return times[0][0] if times else float("inf")


def _rows(database: Path) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute("SELECT * FROM calls").fetchall()


def over_fastagi(folder: Path, openings: dict[str, list[Any]]) -> float:
    """CPU a call of the same server [ms]."""
    with serving(folder, {"server": {"workers": 1}}) as screener:
        figures = load.run(screener, mixed(openings, SEED), rate=LOADED, calls=LOAD)
    return float(figures["cpu_ms_in_all"])


def aims(figures: Figures) -> list[Aim]:
    """What was measured, the figure, how it is to be, and how much."""
    steady = figures["steady"]
    shortest, longest = steady["recorded_seconds"]
    found: list[Aim] = []
    for run in ("at once", "steady", "load"):
        one = figures[run]
        found += [
            (f"{run}: calls that went another way", one["another way"], "at most", 0),
            (f"{run}: rows missing or torn", one["calls"] - one["rows"], "at most", 0),
            (f"{run}: calls that failed open", one["failed_open"], "at most", 0),
        ]
    return [
        *found,
        ("CPU of the screener a call [ms]", figures["load"]["cpu_ms"], "at most", CPU_MS),
        ("p99 from recording's end to decision [ms]", steady["decision_ms"]["p99"], "at most", DECISION_MS),
        ("shortest opening [s]", shortest, "at least", SHORTEST),
        ("longest opening [s]", longest, "at most", LONGEST),
        ("arrival to the agent's telephone, median [s]", steady["delay_seconds"], "at most", DELAY_SECONDS),
    ]


def holds(aim: Aim) -> bool:
    """Whether a figure is as it is to be."""
    _, figure, way, wanted = aim
    return figure <= wanted if way == "at most" else figure >= wanted


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 where an aim is missed, 2 where nothing could be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.freeswitch", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args(arguments)
    work = Path(tempfile.mkdtemp(prefix="silentspam-event-socket-"))
    try:
        openings = make_callers(work / "sounds")
        for name in ("event-socket", "fastagi"):
            (work / name).mkdir()
        figures = over_event_socket(work / "event-socket", openings)
        figures["fastagi_cpu_ms"] = over_fastagi(work / "fastagi", openings)
        figures["verdict_ms"] = verdict_ms([one.opening for one in openings[SPAMMER]])
    except DebianError as error:
        print(f"benchmarks.freeswitch: {error}", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return report(figures)


def report(figures: Figures) -> int:
    """Print the figures beside their aims; the exit code."""
    print(
        f"{SESSIONS} sessions at once, {SESSIONS} at {STEADY:g} a second, {LOAD} at {LOADED:g} a second; one "
        "worker, FreeSWITCH is replayed"
    )
    found = aims(figures)
    for aim in found:
        name, figure, way, wanted = aim
        print(f"  {name:<46} {figure:9.3f} ({way} {wanted:g}{'' if holds(aim) else ': missed'})")
    cpu, verdict = figures["load"]["cpu_ms"], figures["verdict_ms"]
    print(f"  CPU a call to dead air's verdict ({verdict:.2f} ms)    {cpu / verdict:9.1f}")
    other = figures["fastagi_cpu_ms"]
    print(f"  CPU a call over FastAGI ({other:.2f} ms) to it       {other / cpu:9.2f}")
    return 0 if all(map(holds, found)) else 1


if __name__ == "__main__":
    sys.exit(main())
