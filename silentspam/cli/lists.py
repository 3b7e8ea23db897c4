"""`silentspam lists`: numbers decided before any audio, and what called numbers have of their own."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli import list_dnis
from silentspam.cli.common import add_config_option, configuration, table, verb_parser
from silentspam.gate.terms import Listing

if TYPE_CHECKING:
    from silentspam.calllog.gate import ListedNumber

EXAMPLES = """\
  silentspam lists
  silentspam lists permit 2025550123 --note "the clinic"
  silentspam lists block +12025550199 --days 30
  silentspam lists safety 2025550100 --note "county dispatch"
  silentspam lists remove 2025550199
  silentspam lists import numbers.csv
  silentspam lists export > numbers.csv
  silentspam lists history
  silentspam lists dnis set 5550200 --mode shadow
  silentspam lists dnis set 5550300 --threshold 0.9 --agent PJSIP/sales
  silentspam lists publish

Numbers are compared exactly, but for the + of what favours a caller: list them as `silentspam calls` does."""

DEEDS = {
    "permit": (Listing.PERMITTED, "let calls from these numbers through unheard"),
    "block": (Listing.BLOCKED, "reject calls from these numbers unanswered (not in shadow or collect mode)"),
    "safety": (Listing.PUBLIC_SAFETY, "never screen or block these numbers: public safety"),
}


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "lists", "numbers that are decided before any audio", EXAMPLES)
    parser.add_argument("--format", choices=("table", "json"), default="table", help="how to print (table)")
    add_config_option(parser)
    parser.set_defaults(run=run_show)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    show = _action(actions, "show", "the lists (what `silentspam lists` does)", run_show)
    show.add_argument("--format", choices=("table", "json"), default=argparse.SUPPRESS, help="how to print")
    for name, (_, summary) in DEEDS.items():
        deed = _action(actions, name, summary, run_list)
        deed.add_argument("numbers", nargs="+", metavar="NUMBER")
        deed.add_argument("--days", type=list_dnis.days, metavar="D", help="for so many days (for good)")
        list_dnis.add_note(deed)
    remove = _action(actions, "remove", "take numbers from their list", run_remove)
    remove.add_argument("numbers", nargs="+", metavar="NUMBER")
    list_dnis.add_note(remove)
    taken = _action(actions, "import", "list the numbers of a CSV file: number,list,until,note", run_import)
    taken.add_argument("file", type=Path, metavar="CSV")
    list_dnis.add_note(taken)
    _action(actions, "export", "print the lists as such a file", run_export)
    _action(actions, "history", "what was done to the lists, by whom", run_history)
    _action(actions, "publish", "bring this server's file up to date with the call database", run_publish)
    list_dnis.add_actions(actions, _action)


def _action(
    actions: Any, name: str, summary: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}."
    )
    add_config_option(parser, default=argparse.SUPPRESS)  # else it would undo `lists --config FILE show`
    parser.set_defaults(run=run)
    return parser


def run_show(args: argparse.Namespace) -> int:
    """The lists, as a table or JSON."""
    from silentspam import assembly

    config = configuration(args)
    tables, now = assembly.gate_tables(config), time.time()
    listed, terms = tables.listed(), tables.terms()
    if args.format == "json":
        numbers = [list_dnis.document(one) for one in listed]
        called = [list_dnis.document(one) for one in terms]
        print(json.dumps({"numbers": numbers, "dnis": called}, indent=1, ensure_ascii=False))
        return 0
    heads = ("number", "list", "until", "note", "by", "since")
    print(table(heads, [_cells(one, now) for one in listed]) if listed else "no number is listed")
    if terms:
        print(f"\n{list_dnis.terms_table(terms)}")
    since = now - config.lines.trust_passed_hours * 3600
    passed = len(tables.published(passed_since=since).lists.passed)
    hours = config.lines.trust_passed_hours
    print(f"\n{passed} numbers passed a challenge within {hours:g} h, and are let through too")
    return 0


def _cells(one: "ListedNumber", now: float) -> tuple[str, ...]:
    from silentspam.explain import when

    until = "-" if one.expires_at is None else when(one.expires_at)
    expired = " (over)" if one.expires_at is not None and one.expires_at <= now else ""
    return (one.number, one.listing, until + expired, one.note, one.changed_by, when(one.changed_at))


def run_list(args: argparse.Namespace) -> int:
    """List numbers; all or none of them."""
    config, (listing, _) = configuration(args), DEEDS[args.action]
    expires_at = None if args.days is None else time.time() + args.days * 86400
    wanted = [(number, listing, expires_at, args.note) for number in args.numbers]
    for one in list_dnis.put(config, wanted):
        until = f" until {list_dnis.moment_of(expires_at)}" if expires_at is not None else ""
        print(f"{one.number} is {list_dnis.WORDS[listing]}{until}")
    return list_dnis.publish(config)


def run_remove(args: argparse.Namespace) -> int:
    """Exit code 1 when a number stands in no list."""
    from silentspam import assembly
    from silentspam.gate.numbers import normal

    config = configuration(args)
    tables, missing = assembly.gate_tables(config), 0
    for given in args.numbers:
        number = normal(given) or given
        if tables.remove(number, list_dnis.deed(number, "removed", args.note)):
            print(f"{number} stands in no list any more")
        else:
            print(f"silentspam lists remove: {number} stands in no list", file=sys.stderr)
            missing = 1
    return max(missing, list_dnis.publish(config))


def run_import(args: argparse.Namespace) -> int:
    """List what a file names; all of it or, where a line is wrong, nothing."""
    from silentspam.cli.list_csv import read

    config = configuration(args)
    listed = list_dnis.put(config, read(args.file, args.note))
    print(f"{len(listed)} numbers listed")
    return list_dnis.publish(config)


def run_export(args: argparse.Namespace) -> int:
    """The listed numbers as CSV, which `import` reads."""
    from silentspam import assembly
    from silentspam.cli.list_csv import write

    write(assembly.gate_tables(configuration(args)).listed(), sys.stdout)
    return 0


def run_history(args: argparse.Namespace) -> int:
    """Every deed, oldest first."""
    from silentspam import assembly
    from silentspam.explain import when

    deeds = assembly.gate_tables(configuration(args)).deeds()
    rows = [(when(deed.changed_at), deed.subject, deed.deed, deed.changed_by, deed.note) for deed in deeds]
    print(table(("when", "what", "deed", "by", "note"), rows) if rows else "nothing was done yet")
    return 0


def run_publish(args: argparse.Namespace) -> int:
    """For a further server of the call database; `serve` and `attacks follow` do it by themselves."""
    from silentspam import assembly

    config = configuration(args)
    written = assembly.publish_gate(config)
    print(f"{config.gate.folder}: {'brought up to date' if written else 'is up to date'}")
    return 0
