"""`silentspam privacy`: what is stored of a caller's number, given out or erased at the caller's request."""

import argparse
import getpass
import glob
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import (
    add_config_option,
    add_key_option,
    configuration,
    openings_of,
    printable,
    table,
    verb_parser,
)
from silentspam.config import Config

if TYPE_CHECKING:
    from silentspam.calllog.database import Database
    from silentspam.retention.person import Person

EXAMPLES = """\
  silentspam privacy export +12025550143 --out caller --key calls.key
  silentspam privacy erase +12025550143             says what would be erased, and asks
  silentspam privacy erase +12025550143 --yes --listed remove
  silentspam privacy history

Who asks must be who owns the number: that is for you to know. What is in an export, what an erasure leaves,
and what to do on further servers: docs/privacy.md."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "privacy", "give out or erase what is stored of a number", EXAMPLES)
    add_config_option(parser)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    export = _action(actions, "export", "write everything that is stored of a number", run_export)
    export.add_argument("number", metavar="NUMBER")
    export.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    export.add_argument(
        "--presented",
        action="store_true",
        help="with recordings of calls that presented the number, and were billed to another",
    )
    add_key_option(export)
    erase = _action(actions, "erase", "erase a number, its callers' recordings and its hashes", run_erase)
    erase.add_argument("number", metavar="NUMBER")
    erase.add_argument("--yes", action="store_true", help="do not ask")
    erase.add_argument(
        "--listed",
        choices=("keep", "remove"),
        help="its entry in a list of numbers (asked for at a terminal, else kept)",
    )
    for action in (export, erase):
        action.add_argument("--note", default="", help="for the record, such as the request's file number")
    _action(actions, "history", "the requests that were answered; no numbers", run_history)


def _action(actions: Any, name: str, summary: str, run: Any) -> argparse.ArgumentParser:
    action: argparse.ArgumentParser = actions.add_parser(name, help=summary, description=summary)
    add_config_option(action, default=argparse.SUPPRESS)
    action.set_defaults(run=run)
    return action


def run_export(args: argparse.Namespace) -> int:
    """Exit code 1 when a recording is there and could not be read."""
    from silentspam.retention.erasure import Request, record
    from silentspam.retention.export import Export
    from silentspam.retention.person import person

    config, who = configuration(args), person(args.number)
    database = _with_all_rows(config)
    export = Export(out=args.out, openings=openings_of(args), sides=_legs(config), presented=args.presented)
    exported = export.run(database, who)
    for why in exported.left_out:
        print(f"silentspam privacy: left out: {printable(why)}", file=sys.stderr)
    request = Request(deed="EXPORT", by=getpass.getuser(), now=time.time(), note=args.note)
    with database.transaction(write=True) as connection:
        record(connection, request, calls=exported.calls, recordings=exported.recordings)
    print(
        f"{exported.calls} calls, {exported.recordings} recordings and {exported.listings} list entries "
        f"in {args.out}; README.txt there says what is in it"
    )
    if exported.withheld:
        print(
            f"{exported.withheld} recordings withheld: billed to other numbers (--presented)", file=sys.stderr
        )
    return 1 if exported.left_out else 0


def run_erase(args: argparse.Namespace) -> int:
    """Exit code 1 when something of the number is left that should not be: a call under way, a file."""
    from silentspam.retention.erasure import Request, erase, erase_listings
    from silentspam.retention.person import person

    config, who = configuration(args), person(args.number)
    database = _with_all_rows(config)
    listed = _say_what_there_is(database, who)
    if not (args.yes or _asked("Erase them")):
        print("nothing was erased (--yes erases without a terminal to ask at)", file=sys.stderr)
        return 1
    if listed and (args.listed or ("remove" if _asked("Erase the list entries too") else "keep")) == "remove":
        erase_listings(database, who)
        print(f"{listed} list entries erased")
    elif listed:
        print(f"{listed} list entries kept: a number that is listed has to be known (--listed remove)")
    request = Request(deed="ERASE", by=getpass.getuser(), now=time.time(), note=args.note)
    folders = [Path(config.recording.folder), *_legs(config)]
    erased = erase(database, who, request, folders=folders, elsewhere=partial(_forget_in_lines, config))
    print(
        f"{erased.calls} calls and {erased.recordings} recordings erased; {erased.lines} lines of dead air "
        "have forgotten the number"
    )
    _publish_lines(config)
    _publish_recordings(config, database)
    return _see_to_what_is_left(config, who, erased.under_way)


def run_history(args: argparse.Namespace) -> int:
    """Print who answered which request when."""
    from silentspam import assembly
    from silentspam.explain import when
    from silentspam.retention.erasure import records

    names = ("deed", "changed_by", "calls", "recordings", "note")
    rows = [
        (when(row["changed_at"]), *(str(row[name]) for name in names))
        for row in records(assembly.database(configuration(args)))
    ]
    print(table(("when", "what", "by", "calls", "recordings", "note"), rows))
    return 0


def _with_all_rows(config: Config) -> "Database":
    """The call database with every row that waited in files."""
    from silentspam import assembly
    from silentspam.calllog.query import Filter

    assembly.take_in_unlogged(config)
    assembly.call_log(config).rows(Filter(limit=0))
    return assembly.database(config)


def _forget_in_lines(config: Config, call_ids: Sequence[str]) -> None:
    """Calls that a known line was enrolled with are taken out of this machine's store of lines."""
    from silentspam.provenance.line_store import LineStore

    store = LineStore(Path(config.provenance.store), by=getpass.getuser())
    if store.path.exists() and (lines := store.erase(call_ids)):
        print(f"{', '.join(map(printable, lines))}: lines known by such calls are known by them no more")


def _legs(config: Config) -> list[Path]:
    """Callers' sides, and openings that wait to be analysed beside them."""
    from silentspam.listening.offering import OPENINGS
    from silentspam.training.legs import MEASURED

    legs = Path(config.collection.legs)
    return [legs, legs / MEASURED, Path(config.provenance.folder) / OPENINGS]


def _say_what_there_is(database: "Database", who: "Person") -> int:
    """Say how many calls there are; returns how many list entries."""
    from silentspam.retention.person import calls_of, listings_of

    with database.transaction(write=False) as connection:
        billed = [who.is_billed(row) for row in calls_of(connection, who)]
        listings = listings_of(connection, who)
    presented = len(billed) - sum(billed)
    print(
        f"{' or '.join(who.forms)}: {len(billed)} calls, {presented} of them only presented it; "
        f"list entries: {', '.join(str(row['listing']) for row in listings) or 'none'}"
    )
    return len(listings)


def _asked(question: str) -> bool:
    """Whether somebody at a terminal says yes; nobody there is no."""
    return sys.stdin.isatty() and input(f"{question}? [y/N] ").strip().lower() in ("y", "yes")


def _publish_lines(config: Config) -> None:
    """Replace this machine's snapshot of lines, which lists hashes of who passed a challenge lately."""
    from silentspam import assembly
    from silentspam.errors import SilentSpamError

    try:
        if config.lines.enabled and (basis := assembly.line_basis(config)):
            assembly.publish(config, assembly.lines(config).snapshot(basis, now=time.time()))
    except SilentSpamError as error:
        print(f"silentspam privacy: lines are published later: {printable(error)}", file=sys.stderr)


def _publish_recordings(config: Config, database: "Database") -> None:
    """Replace this machine's file of recordings, where a candidate of this caller's audio may have been."""
    from silentspam.calllog.recordings import RecordingTables
    from silentspam.errors import SilentSpamError
    from silentspam.librarian import Publisher

    try:
        Publisher(config.library_folder, RecordingTables(database)).publish()
    except SilentSpamError as error:
        print(f"silentspam privacy: recordings are published later: {printable(error)}", file=sys.stderr)


def _see_to_what_is_left(config: Config, who: "Person", under_way: int) -> int:
    """Erase the number from rows that were set aside, and say what still has it."""
    from silentspam.retention.waiting_rows import erase_lines, files_naming

    log = config.call_log
    unlogged, spool = Path(log.unlogged), Path(log.spool)
    waiting = [*spool.glob("*"), *unlogged.parent.glob(f"{glob.escape(unlogged.name)}*")]
    left = 0
    for path in files_naming(waiting, who):
        if path.suffix == ".unreadable":
            print(f"{erase_lines(path, who)} lines erased that nobody could read, in {path}")
        else:
            left += 1
            print(
                f"silentspam privacy: {path} still has the number: erase again when it is taken in",
                file=sys.stderr,
            )
    if under_way:
        print(f"silentspam privacy: {under_way} calls are under way: erase again later", file=sys.stderr)
    return 1 if left or under_way else 0
