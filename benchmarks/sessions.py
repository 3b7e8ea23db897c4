"""FastAGI sessions a second: `python -m benchmarks.sessions`, ratios within one run.

A trivial dialogue of six commands at 32 clients, against what an admin would use instead, on the same machine
with the same client, in interleaved rounds. Beside the rate stands what a session costs the server in CPU
time: on a busy machine that is the steadier figure. The client's own CPU is shown, since a client that is
busy all the time would be what is measured.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import proc
from benchmarks.agi_clients import hold
from benchmarks.agi_servers import COMMANDS, OURS, SERVERS

CLIENTS = 32
ROUNDS = 5
ROUND_SECONDS = 2.0
WARMING_SECONDS = 0.3
STOP_SECONDS = 60.0
BUSY_CLIENT = 0.9
"""Share of a core from which on the client would be what is measured."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """One round of one server: sessions a second, CPU time of the server and of the client a session [s], and
    the share of a core that the client took."""

    rate: float
    server_cpu: float
    client_cpu: float
    client_share: float


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The rounds of one server, by their medians; the client's share of a core at its most."""

    name: str
    rate: float
    server_cpu: float
    client_share: float
    rounds: Sequence[Rate]


def compare(names: Sequence[str], *, rounds: int = ROUNDS, seconds: float = ROUND_SECONDS) -> list[Standing]:
    """Each server in turn, round by round, so that all meet the same machine.

    Raises Stalled or RuntimeError when one does not serve.
    """
    found: dict[str, list[Rate]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names if turn % 2 == 0 else reversed(names):
            found[name].append(_measure(name, seconds))
    return [_standing(name, rates) for name, rates in found.items()]


def _standing(name: str, rates: Sequence[Rate]) -> Standing:
    return Standing(
        name=name,
        rate=statistics.median(rate.rate for rate in rates),
        server_cpu=statistics.median(rate.server_cpu for rate in rates),
        client_share=max(rate.client_share for rate in rates),
        rounds=rates,
    )


def _measure(name: str, seconds: float) -> Rate:
    with _running(name) as (pid, port):
        address, n_commands = ("127.0.0.1", port), len(COMMANDS)
        hold(address, clients=CLIENTS, seconds=WARMING_SECONDS, commands=n_commands)
        pids = proc.family(pid)
        before = proc.total_cpu(pids)
        held = hold(address, clients=CLIENTS, seconds=seconds, commands=n_commands)
        spent = proc.total_cpu(pids) - before
    if held.broken or not held.sessions:
        raise RuntimeError(f"{name}: {held.broken} sessions of {held.broken + held.sessions} broke off")
    return Rate(
        rate=held.rate,
        server_cpu=spent / held.sessions,
        client_cpu=held.cpu / held.sessions,
        client_share=held.cpu / held.seconds,
    )


@contextmanager
def _running(name: str) -> Iterator[tuple[int, int]]:
    """A server's process id and port, while it runs."""
    command = [sys.executable, "-m", "benchmarks.agi_servers", name]
    process = subprocess.Popen(
        command,
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        port = process.stdout.readline() if process.stdout else ""
        if not port.strip().isdecimal():
            raise RuntimeError(f"{name} did not start: exit status {process.wait(STOP_SECONDS)}")
        yield process.pid, int(port)
        process.communicate(timeout=STOP_SECONDS)
    finally:
        process.kill()
        process.wait()


def report(standings: Sequence[Standing]) -> bool:
    """Print the figures and ratios; whether ours is ahead of each peer, measured by a client at leisure."""
    print(f"FastAGI sessions a second: {len(COMMANDS)} commands each, {CLIENTS} clients, one machine for all")
    for one in standings:
        print(
            f"  {one.name:<24} {one.rate:6.0f} a second  {one.server_cpu * 1e6:5.0f} µs CPU each;"
            f" the client: {one.client_share:.2f} of a core"
        )
    ours = [one for one in standings if one.name in OURS]
    peers = [one for one in standings if one.name not in OURS]
    for one in ours:
        for peer in peers:
            print(f"  ratio {one.rate / peer.rate:.2f} of {one.name} to {peer.name} (wanted: above 1)")
    idle = all(one.client_share < BUSY_CLIENT for one in standings)
    best = max((one.rate for one in ours), default=0.0)
    return idle and all(best > peer.rate for peer in peers)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 when a peer is ahead of us."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sessions", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"({ROUNDS})")
    parser.add_argument("--seconds", type=float, default=ROUND_SECONDS, metavar="S", help="of each round")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures for docs/capacity.md")
    options = parser.parse_args(arguments)
    standings = compare(list(SERVERS), rounds=options.rounds, seconds=options.seconds)
    good = report(standings)
    if options.json:
        figures = {
            "made_at": time.strftime("%Y-%m-%d"),
            "clients": CLIENTS,
            "commands": len(COMMANDS),
            "ours": [one.name for one in standings if one.name in OURS],
            "servers": [asdict(one) for one in standings],
        }
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
