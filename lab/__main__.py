"""`python -m lab`: place real calls through a real switch, and print what became of each."""

import argparse
import functools
import importlib.util
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lab.asterisk import AsteriskError, root_folder
from lab.corpus_audio import fetch_codecs
from lab.debian import DebianError
from lab.exchange import Exchange
from lab.freeswitch import command
from lab.freeswitch import table as freeswitch_table
from lab.freeswitch.exchange import FreeSwitchExchange
from lab.freeswitch.state import FreeSwitchError
from lab.outcome import Outcome
from lab.ports import Ports, PortsError
from lab.product import ProductError
from lab.report import as_json, decision_times, percentile, reasons, table, unchallenged_delays
from lab.runner import Lab
from lab.scenarios import Scenario, ScenarioError, choose, load_scenarios
from lab.sounds import fetch_recordings

DECISION_LIMIT_MS = 30.0
DELAY_LIMIT_SECONDS = 2.2
OWN_MOUNTS = "SILENTSPAM_LAB_OWN_MOUNTS"
ASTERISK, FREESWITCH = "asterisk", "freeswitch"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the scenarios named; returns 0 where all passed, 1 where one did not, 2 where none could run."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        exchange = None if options.list or options.fetch else _exchange(options)
        every, reasons_left_out = _tables(options)
        wanted = choose(every, options.scenarios)
    except (FreeSwitchError, ScenarioError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2
    if options.list:
        _print_list(every, reasons_left_out)
        return 0
    if options.fetch:
        return _fetch()
    for name in dict.fromkeys(scenario.name for scenario in wanted if options.scenarios):
        if name in reasons_left_out:
            print(f"lab: {name} cannot be placed: {reasons_left_out[name]}", file=sys.stderr)
            return 2
    wanted = tuple(scenario for scenario in wanted if scenario.name not in reasons_left_out)
    if options.server:
        wanted = tuple(scenario for scenario in wanted if scenario.can_be_resident)
    if not _has_phones():
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that Asterisk is stopped on the way out
    if (status := _fetch()) != 0:
        return status
    if any(scenario.trouble == "small_disk" for scenario in wanted):
        enter_own_mounts(sys.argv[1:] if arguments is None else arguments)
    lab = functools.partial(Lab, resident=options.server or exchange is not None, exchange=exchange)
    return _run(wanted, lab, keep=options.keep, json_file=options.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument(
        "scenarios",
        nargs="*",
        metavar="SCENARIO",
        help="names, of a sequence the part before /; all where none is given",
    )
    parser.add_argument("--list", action="store_true", help="list the scenarios and end")
    parser.add_argument(
        "--switch",
        choices=(ASTERISK, FREESWITCH),
        default=ASTERISK,
        help="asterisk, which is fetched (the default), or a freeswitch that is installed here",
    )
    parser.add_argument(
        "--server",
        action="store_true",
        help="screen by `silentspam serve` over FastAGI; scenarios about the scripts are left out",
    )
    parser.add_argument("--fetch", action="store_true", help="fetch what the lab needs from Debian and end")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every outcome there as well")
    parser.add_argument("--keep", action="store_true", help="keep recordings and logs, whatever happened")
    command.add_arguments(parser)
    return parser


def _tables(options: argparse.Namespace) -> tuple[tuple[Scenario, ...], dict[str, str]]:
    """The scenarios of a switch, and why some of them cannot be placed there, by name."""
    if options.switch == ASTERISK:
        return load_scenarios(), {}
    every = freeswitch_table.load()
    return every, freeswitch_table.left_out(every, attached=options.attach)


def _exchange(options: argparse.Namespace) -> Callable[[Ports], Exchange] | None:
    """What makes the switch, None where it is Asterisk. Raises FreeSwitchError."""
    if options.switch == ASTERISK:
        if (option := command.given(options)) is not None:
            raise FreeSwitchError(f"{option}: only with --switch {FREESWITCH}")
        return None
    installed = command.installed(options)
    return lambda ports: FreeSwitchExchange(ports, installed)


def _print_list(every: Sequence[Scenario], reasons_left_out: Mapping[str, str]) -> None:
    width = max(len(scenario.label) for scenario in every)
    placed = [scenario for scenario in every if scenario.name not in reasons_left_out]
    print("\n".join(f"{scenario.label.ljust(width)}  {scenario.about}" for scenario in placed))
    if reasons_left_out:
        print("\nnot placed:")
    for name, reason in reasons_left_out.items():
        print(f"{name.ljust(width)}  {reason}")


def enter_own_mounts(arguments: Sequence[str], *, module: str = "lab") -> None:
    """Start again in a mount namespace of our own, so that the small disk is nobody else's."""
    unshare = shutil.which("unshare")
    if unshare is None or os.environ.get(OWN_MOUNTS):
        return
    ways = (["--mount"], ["--user", "--map-root-user", "--mount"])
    for way in ways if os.geteuid() == 0 else ways[1:]:
        if os.spawnl(os.P_WAIT, unshare, unshare, *way, "true") == 0:
            os.environ[OWN_MOUNTS] = "1"
            os.execl(unshare, unshare, *way, sys.executable, "-m", module, *arguments)


def _has_phones() -> bool:
    """Whether there is what callers and agents are made of; says so where there is not."""
    there = importlib.util.find_spec("pjsua2") is not None
    if not there:
        print("lab: no pjsua2 for callers and agents: pip install -e '.[lab]'", file=sys.stderr)
    return there


def _fetch() -> int:
    """Fetch what is not cached: before all else, as it needs the network and takes longest."""
    try:
        logging.info("packages: %s, %s and %s", root_folder(), fetch_recordings(), fetch_codecs())
    except DebianError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2
    return 0


def _run(
    scenarios: Sequence[Scenario], make: Callable[..., Lab], *, keep: bool, json_file: Path | None
) -> int:
    started = time.monotonic()
    work = Path(tempfile.mkdtemp(prefix="silentspam-lab-"))

    def tell(outcome: Outcome) -> None:
        word = "skipped" if outcome.skipped else "passed" if outcome.passed else "FAILED"
        print(f"{word}: {outcome.scenario.label} ({outcome.scenario.about})", flush=True)

    try:
        with make(work, scenarios) as lab:
            outcomes = lab.run(tell)
    except (AsteriskError, DebianError, FreeSwitchError, PortsError, ProductError) as error:
        print(f"lab: {error}\nlogs: {work}", file=sys.stderr)
        return 2
    if json_file is not None:
        json_file.write_text(as_json(outcomes), encoding="utf-8")
    print(f"\n{table(outcomes)}\n")
    if why := reasons(outcomes):
        print(f"{why}\n")
    _print_figures(outcomes, time.monotonic() - started)
    failed = any(outcome.faults for outcome in outcomes)
    if failed or keep:
        print(f"logs: {work}")
    else:
        shutil.rmtree(work)
    return 1 if failed else 0


def _print_figures(outcomes: Sequence[Outcome], seconds: float) -> None:
    times = decision_times(outcomes)
    if times:
        print(
            f"recording's end to decision: {percentile(times, 0.95):.1f} ms at the 95th percentile of "
            f"{len(times)} calls (limit {DECISION_LIMIT_MS:.0f} ms), {times[-1]:.1f} ms at most"
        )
    delays = unchallenged_delays(outcomes)
    if delays:
        print(
            f"answer to bridge, unchallenged: {percentile(delays, 0.5):.2f} s in the middle of {len(delays)} "
            f"calls (aim {DELAY_LIMIT_SECONDS} s), {delays[-1]:.2f} s at most"
        )
    passed = sum(outcome.passed for outcome in outcomes)
    skipped = sum(bool(outcome.skipped) for outcome in outcomes)
    print(f"{passed} passed, {len(outcomes) - passed - skipped} failed, {skipped} skipped in {seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
