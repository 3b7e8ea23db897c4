"""`silentspam attacks`: the lines of dead air that line memory knows, and what an operator does to them."""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.calls import moment
from silentspam.cli.common import (
    add_config_option,
    add_key_option,
    at_least,
    configuration,
    table,
    verb_parser,
)
from silentspam.verdict import LineState

if TYPE_CHECKING:
    from silentspam.lines.deeds import Deed

EXAMPLES = """\
  silentspam attacks
  silentspam attacks --since 30d --state SUSPENDED
  silentspam attacks show 3f0c9c1e --html attack.html
  silentspam attacks suspend 3f0c9c1e --note "the clinic's trunk"
  silentspam attacks release 3f0c9c1e
  silentspam attacks follow
  silentspam attacks --format prometheus > /var/lib/node_exporter/silentspam.prom.new &&
    mv /var/lib/node_exporter/silentspam.prom.new /var/lib/node_exporter/silentspam.prom

LINE is a line's id, or its beginning where no other begins so. Times are UTC."""

SINCE = "7d"

DEEDS = {
    "suspend": "challenge nobody for a line, whatever the evidence, until it is released",
    "confirm": "challenge its calls, whatever the evidence, until it is released",
    "forget": "match the line no more; its calls can make a new one",
    "release": "let the evidence decide again",
}


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "attacks", "the lines of dead air that are known, and by hand", EXAMPLES)
    parser.add_argument(
        "--since",
        type=moment,
        metavar="TIME",
        help=f"lines heard from this time on: 2h, 7d, ISO 8601 ({SINCE})",
    )
    parser.add_argument("--state", choices=list(map(str, LineState)), metavar="STATE", help="only these")
    parser.add_argument("--all", action="store_true", help="every line, those that were merged too")
    parser.add_argument(
        "--format", choices=("table", "json", "prometheus"), default="table", help="how to print (table)"
    )
    add_config_option(parser)
    parser.set_defaults(run=run)
    actions = parser.add_subparsers(dest="action", metavar="show|suspend|confirm|forget|release|follow")
    _add_show(actions)
    for name, summary in DEEDS.items():
        deed = _action(actions, name, summary, run_deed)
        deed.add_argument("line", metavar="LINE")
        deed.add_argument("--note", default="", metavar="TEXT", help="why, for `attacks show`")
    follow = _action(
        actions, "follow", "learn, and keep this machine's lines up to date, until stopped", run_follow
    )
    follow.add_argument("--seconds", type=_seconds, default=1.0, metavar="S", help="look so often (1)")


def _add_show(actions: Any) -> None:
    show = _action(actions, "show", "everything about one line", run_show)
    show.add_argument("line", metavar="LINE")
    show.add_argument("--calls", type=at_least(0), default=20, metavar="N", help="list the newest N (20)")
    show.add_argument("--picture", type=Path, metavar="FILE", help="draw its openings: a PNG file")
    show.add_argument("--html", type=Path, metavar="FILE", help="write a page, with the picture")
    show.add_argument("--json", action="store_true", help="as JSON, instead of tables")
    add_key_option(show)


def _action(
    actions: Any, name: str, summary: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}."
    )
    add_config_option(parser, default=argparse.SUPPRESS)  # else it would undo `attacks --config FILE show`
    parser.set_defaults(run=run)
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.05 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0.05 to 3600")
    return seconds


def run(args: argparse.Namespace) -> int:
    """The lines, as a table, JSON or metrics."""
    from silentspam.cli import attack_views

    config = configuration(args)
    if args.format == "prometheus":
        print(attack_views.prometheus(config, now=time.time()), end="")
        return 0
    from silentspam.reports.attack_sections import attack_grid, document
    from silentspam.reports.attacks import wanted
    from silentspam.reports.figures import plain

    state = LineState(args.state) if args.state else None
    since = args.since if args.since is not None else moment(SINCE)
    every = attack_views.attacks(config, since=0.0 if args.all else since, now=time.time())
    found = wanted(every, since=since, state=state, everything=args.all)
    if args.format == "json":
        print(json.dumps(plain([document(one) for one in found]), indent=1, ensure_ascii=False))
        return 0
    grid = attack_grid(found, caption="")
    print(table(grid.heads, [list(map(str, row)) for row in grid.rows]) if found else "no such lines")
    attack_views.say_standing(config)
    return 0


def run_show(args: argparse.Namespace) -> int:
    """Everything about one line."""
    from silentspam.cli import attack_views

    return attack_views.show(args, configuration(args), now=time.time())


def run_deed(args: argparse.Namespace) -> int:
    """Do to a line what was asked; every server's next calls go by it."""
    from silentspam import assembly
    from silentspam.cli.attack_views import line_named
    from silentspam.errors import LineError
    from silentspam.lines.deeds import Deed, LineEvent
    from silentspam.registry.registry import current_user

    config, deed = configuration(args), Deed(args.action.upper())
    line = line_named(config, args.line)
    basis = assembly.line_basis(config)
    if basis is None:
        raise LineError("the active model knows no lines: train it again, or promote another")
    event = LineEvent(
        line_id=line.line_id, deed=deed, changed_at=time.time(), changed_by=current_user(), note=args.note
    )
    after = assembly.lines(config).change(
        basis, event, publish=lambda snapshot: assembly.publish(config, snapshot)
    )
    print(f"line {after.line_id} is {_told(deed, after.state)}")
    return 0


def _told(deed: "Deed", state: LineState) -> str:
    return {
        "SUSPEND": "suspended: nobody is challenged for it",
        "CONFIRM": "active: its calls are challenged",
        "FORGET": "forgotten: its calls are matched no more, and can make a new line",
        "RELEASE": f"{state.lower()} by its evidence",
    }[deed]


def run_follow(args: argparse.Namespace) -> int:
    """Learn what waits and publish what is new, until SIGTERM."""
    from silentspam.cli.attack_follower import follow

    return follow(configuration(args), seconds=args.seconds)
