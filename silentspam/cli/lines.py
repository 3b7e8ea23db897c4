"""`silentspam lines`: lines known by their provenance, how they are listed, and the fraud database.

The store is one file beside the call log. Whoever only has recordings needs no configuration: `--store PATH`.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli import line_calls, line_matching, line_sharing
from silentspam.cli.common import add_config_option, add_key_option, configuration, table, verb_parser

if TYPE_CHECKING:
    from silentspam.provenance.line_store import LineStore
    from silentspam.provenance.stored_line import StoredLine

EXAMPLES = """\
  silentspam lines enrol --name clinic monday.ulaw tuesday.ulaw
  silentspam lines identify --format jsonl calls/*.ulaw
  silentspam lines verify --name clinic today.ulaw
  silentspam lines forwarded --name clinic callee.ulaw
  silentspam lines permit clinic --called 5550100
  silentspam lines block --call 0f8b7c9e-58e4-4a3c-a3d1-6d1a6f4f2f10 --note "no such bank"
  silentspam lines fraud gang --call 0f8b7c9e-58e4-4a3c-a3d1-6d1a6f4f2f10 --why "asked for card numbers"
  silentspam lines export > fraud.jsonl
  silentspam lines import fraud.jsonl --prefix "other bank: "
  silentspam lines list

One side of a call a file: the caller's, or the callee's of a call that you placed. An example of each use
stands in docs/provenance-uses.md."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "lines", "lines known by the sound of their calls", EXAMPLES)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    line_matching.add_actions(actions, _action)
    line_calls.add_actions(actions, _action)
    clear = _action(actions, "clear", "take a line out of the fraud database", run_clear)
    clear.add_argument("line", metavar="NAME")
    clear.add_argument("--note", default="", metavar="TEXT", help="why, for `lines history`")
    shown = _action(actions, "list", "every line that is known", run_list)
    shown.add_argument("--format", choices=("table", "jsonl"), default="table", help="how to print (table)")
    past = _action(actions, "history", "what was done to lines, by whom", run_history)
    past.add_argument("line", nargs="?", metavar="NAME", help="only to this one")
    line_sharing.add_actions(actions, _action)


def _action(
    actions: Any, name: str, summary: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}."
    )
    parser.add_argument(
        "--store", type=Path, metavar="PATH", help="file of the lines (default: provenance.store)"
    )
    add_config_option(parser)
    add_key_option(parser)
    parser.set_defaults(run=run)
    return parser


def store_of(args: argparse.Namespace) -> "LineStore":
    """The store that the options name. Raises ConfigError where only the configuration does and cannot."""
    from silentspam.provenance.line_store import LineStore
    from silentspam.registry.registry import current_user

    path = args.store or Path(configuration(args).provenance.store)
    return LineStore(path, by=current_user())


def run_clear(args: argparse.Namespace) -> int:
    """Say how the line stands then."""
    store = store_of(args)
    marked = store.line(args.line).fraud
    told = standing(store.clear_fraud(args.line, note=args.note))
    print(told if marked else f"{told}: it was not marked as fraud")
    return 0


def run_list(args: argparse.Namespace) -> int:
    """The lines, as a table or JSON lines."""
    import msgspec

    from silentspam.explain import when

    lines = store_of(args).lines()
    if args.format == "jsonl":
        for line in lines:
            print(msgspec.json.encode(line).decode())
        return 0
    rows = [
        (line.name, str(line.calls), listed(line), frauds(line), line.note, when(line.created_at))
        for line in lines
    ]
    heads = ("line", "calls", "listed", "fraud", "note", "since")
    print(table(heads, rows) if rows else "no line is known")
    return 0


def run_history(args: argparse.Namespace) -> int:
    """Every deed, oldest first."""
    from silentspam.explain import when

    rows = [
        (when(one.at), one.name, one.deed, ", ".join(one.called) or "-", one.call_id or "-", one.by, one.note)
        for one in store_of(args).history(args.line)
    ]
    heads = ("when", "line", "deed", "called", "call", "by", "note")
    print(table(heads, rows) if rows else "nothing was done")
    return 0


def numbers(given: list[str]) -> list[str]:
    """Called numbers, or extensions, as `silentspam lists dnis` takes them. Raises GateError for none."""
    from silentspam.gate.listing import called

    return [called(number) for number in given]


def listed(line: "StoredLine") -> str:
    """How a line is listed, in words."""
    words = [f"{kind} for {called}" if called else f"{kind}" for called, kind in line.listings.items()]
    return ", ".join(sorted(words)) or "-"


def frauds(line: "StoredLine") -> str:
    """Why a line is marked as fraud, in words."""
    return "; ".join(f"call {mark.call_id}: {mark.why}" for mark in line.frauds) or "-"


def standing(line: "StoredLine") -> str:
    """One line of text for how a line stands."""
    from silentspam.cli.common import printable

    marked = ", marked as fraud" if line.fraud else ""
    how = listed(line) if line.listings else "in no list"
    return printable(f"line {line.name} is {how}{marked}; calls known of it: {line.calls}")
