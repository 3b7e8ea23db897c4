"""`python -m lab.faults`: every fault of docs/faults.md, made under a steady stream of real calls.

Each fault has a farm of its own. People have to reach an agent, dead air is rejected or, when the screening
fails, put through; and every call has one row, with its end. `--json` writes what docs/faults.py prints.
"""

import argparse
import json
import logging
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lab import __main__ as lab_main
from lab import debian
from lab import injections as harm
from lab.asterisk import AsteriskError
from lab.farm import Farm, Plan
from lab.fault_results import Result, judge, table
from lab.models import SHIPPED
from lab.ports import PortsError
from lab.postgres import PostgresServer
from lab.product import ProductError
from lab.sounds import DEAD_AIR, SPEECH
from lab.troubles import TroubleError

RATES = {SPEECH: 2.0, DEAD_AIR: 0.3}
BEFORE_SECONDS, AFTER_SECONDS = 4.0, 6.0
CHALLENGE = {"attempts": 1, "key_seconds": 2, "contact_number": ""}
"""Short, so that dead air is not what a run waits for."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault, how long it lasts [s], and shorter in a short run; what the farm must have for it.

    kills_calls: it ends calls by itself, as Asterisk's death does: they are told apart from lost ones.
    """

    name: str
    about: str
    make: Callable[..., None]
    lasts: float
    short: float
    postgres: bool = False
    screeners: int = 1
    switches: int = 1
    balanced: bool = False
    kills_calls: bool = False
    needs_mounts: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)
    prepare: Callable[[Path], Mapping[str, str]] = lambda _work: {}


def _own_model(work: Path) -> Mapping[str, str]:
    shutil.copytree(SHIPPED, work / "model")
    return {}


def _own_clock(work: Path) -> Mapping[str, str]:
    """Asterisk and screener read the wall clock through libfaketime; the monotonic one stays the kernel's."""
    root = debian.fetch(["libfaketime"], "bookworm", closure=False)
    (work / "clock").write_text("+0\n")
    return {
        "LD_PRELOAD": str(next(root.glob("usr/lib/*/faketime/libfaketimeMT.so.1"))),
        "FAKETIME_TIMESTAMP_FILE": str(work / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


def _several(name: str, about: str, make: harm.Injection, lasts: float, short: float) -> Fault:
    """A fault of two Asterisk and two screeners behind HAProxy, over one PostgreSQL."""
    return Fault(
        name=name, about=about, make=make, lasts=lasts, short=short,
        postgres=True, screeners=2, switches=2, balanced=True,
    )  # fmt: skip


def _of_postgres(name: str, about: str, make: harm.Postgres, lasts: float, short: float) -> Fault:
    return Fault(name=name, about=about, make=make, lasts=lasts, short=short, postgres=True)


FAULTS: tuple[Fault, ...] = (
    Fault(name="screener-killed", about="screener killed with SIGKILL, started again",
          make=harm.screener_killed, lasts=5, short=2),
    Fault(name="supervisor-killed", about="supervisor alone killed with SIGKILL, started again",
          make=harm.supervisor_killed, lasts=5, short=2),
    Fault(name="worker-killed", about="one of two workers killed with SIGKILL",
          make=harm.worker_killed, lasts=5, short=3),
    Fault(name="clerk-killed", about="the clerk killed with SIGKILL",
          make=harm.clerk_killed, lasts=5, short=3),
    Fault(name="worker-hangs", about="one of two workers hangs (SIGSTOP)",
          make=harm.worker_hangs, lasts=10, short=7),
    Fault(name="supervisor-hangs", about="the supervisor hangs (SIGSTOP) for a while",
          make=harm.supervisor_hangs, lasts=10, short=4),
    Fault(name="screener-hangs", about="all of the only screener hangs (SIGSTOP), then is started again",
          make=harm.screener_hangs, lasts=18, short=4),
    Fault(name="connections-cut", about="every connection cut in mid-dialogue, each second",
          make=harm.connections_cut, lasts=10, short=4, balanced=True),
    _several("one-screener-killed", "one of two screeners behind HAProxy killed with SIGKILL",
             harm.screener_killed, 6, 3),
    _several("one-screener-hangs", "one of two screeners behind HAProxy hangs (SIGSTOP)",
             harm.screener_hangs, 8, 4),
    _several("one-screener-drained", "one of two screeners behind HAProxy drained (SIGTERM)",
             harm.screener_drained, 4, 2),
    _of_postgres("postgres-stopped", "PostgreSQL stopped, started again", harm.postgres_stopped, 15, 4),
    _of_postgres("postgres-killed", "PostgreSQL killed with SIGKILL, started again",
                 harm.postgres_killed, 10, 4),
    _of_postgres("postgres-restarted", "PostgreSQL restarted", harm.postgres_restarted, 4, 3),
    _of_postgres("postgres-refuses", "PostgreSQL refuses connections", harm.postgres_refuses, 10, 4),
    _of_postgres("postgres-hangs", "PostgreSQL answers nobody (SIGSTOP)", harm.postgres_hangs, 15, 5),
    _of_postgres("postgres-slow", "PostgreSQL takes 5 s a statement", harm.postgres_slow, 15, 5),
    _of_postgres("postgres-full", "PostgreSQL's disk is full", harm.postgres_full, 10, 4),
    Fault(name="sqlite-locked", about="SQLite locked by another process for 60 s",
          make=harm.sqlite_locked, lasts=60, short=4),
    Fault(name="disk-full", about="the recordings' disk is full",
          make=harm.disk_full, lasts=8, short=3, needs_mounts=True),
    Fault(name="disk-read-only", about="the recordings' disk is read-only",
          make=harm.disk_read_only, lasts=8, short=3, needs_mounts=True),
    Fault(name="clock-back", about="the clock steps back an hour",
          make=harm.clock_back, lasts=25, short=25, prepare=_own_clock),
    Fault(name="model-garbage", about="the model folder replaced by garbage during calls",
          make=harm.model_is_garbage, lasts=8, short=4, prepare=_own_model,
          changes={"model": {"folder": "{work}/model"}}),
    Fault(name="yaml-broken", about="YAML broken, then reloaded, and both workers killed meanwhile",
          make=harm.yaml_broken, lasts=8, short=4),
    Fault(name="descriptors", about="10,000 half-open connections, 1,024 file descriptors",
          make=harm.descriptors_exhausted, lasts=10, short=4),
    Fault(name="switch-killed", about="Asterisk killed with SIGKILL in mid-call, started again",
          make=harm.switch_killed, lasts=2, short=1, kills_calls=True),
    Fault(name="switch-stopped", about="Asterisk restarted in mid-call",
          make=harm.switch_stopped, lasts=2, short=1, kills_calls=True),
)  # fmt: skip
"""Every fault. The first column is what `python -m lab.faults NAME` takes."""

SHORT = ("screener-killed", "one-screener-hangs", "switch-killed")
"""What `make test` runs: those that need real Asterisk most."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when nothing was lost, 1 when a call or a row was, 2 when a fault could not be made."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    known = {fault.name: fault for fault in FAULTS}
    if unknown := [name for name in options.faults if name not in known]:
        print(f"lab.faults: no fault {unknown[0]!r}: --list shows them", file=sys.stderr)
        return 2
    names = options.faults or (SHORT if options.short else tuple(known))
    if options.list:
        width = max(map(len, known))
        print("\n".join(f"{name.ljust(width)}  {known[name].about}" for name in known))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if any(known[name].needs_mounts for name in names):
        lab_main.enter_own_mounts(sys.argv[1:] if arguments is None else arguments, module="lab.faults")
    results = []
    for name in names:
        result = run(known[name], short=options.short, keep=options.keep)
        results.append(result)
        print(f"{result.word}: {name} ({known[name].about}): {result.in_short}", flush=True)
    print(f"\n{table(results)}")
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(one) for one in results], indent=1) + "\n")
    return max((result.exit_code for result in results), default=0)


def run(fault: Fault, *, short: bool, keep: bool) -> Result:
    """Make one fault under load, and judge what became of calls and rows."""
    work = Path(tempfile.mkdtemp(prefix=f"silentspam-{fault.name}-"))
    lasts = fault.short if short else fault.lasts
    try:
        result = _run(fault, work, lasts)
    except (AsteriskError, PortsError, ProductError, debian.DebianError, TroubleError, OSError) as error:
        result = Result(name=fault.name, about=fault.about, not_made=f"{type(error).__name__}: {error}")
    if result.passed and not keep:
        shutil.rmtree(work, ignore_errors=True)
    else:
        print(f"logs: {work}", file=sys.stderr)
    return result


def _run(fault: Fault, work: Path, lasts: float) -> Result:
    environment = fault.prepare(work)
    with ExitStack() as stack:
        server = stack.enter_context(PostgresServer()) if fault.postgres else None
        plan = Plan(
            switches=fault.switches,
            screeners=fault.screeners,
            balanced=fault.balanced,
            postgres=server.address(tcp=True) if server else "",
            changes={"challenge": CHALLENGE, **fault.changes},
            environment=environment,
        )
        farm = stack.enter_context(Farm(work, plan))
        stream = farm.stream(rates=RATES, seconds=BEFORE_SECONDS + lasts + AFTER_SECONDS)
        with stream:
            time.sleep(BEFORE_SECONDS)
            given = (farm, lasts, server) if server and not fault.balanced else (farm, lasts)
            began, said = time.time(), [len(list(screener.events())) for screener in farm.screeners]
            # In the main thread: what it starts ends with the thread that started it (PR_SET_PDEATHSIG).
            fault.make(*given)
            over = time.time()
            fates = stream.finish()
        rows = farm.wait_for_rows({fate.number for fate in fates if not fault.kills_calls or fate.answered})
        events = [
            event
            for screener, before in zip(farm.screeners, said, strict=True)
            for event in list(screener.events())[before:]
        ]
        return judge(
            fault.name, fault.about, fates, rows, events, fault=(began, over), kills_calls=fault.kills_calls
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.faults", description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="names; all where none is given")
    parser.add_argument("--list", action="store_true", help="list the faults and end")
    parser.add_argument("--short", action="store_true", help="a few faults, and each for a shorter time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results for docs/faults.py")
    parser.add_argument("--keep", action="store_true", help="keep every log")
    return parser


if __name__ == "__main__":
    sys.exit(main())
