"""`silentspam lines permit`, `block`, `unlist`, `forget`, `fraud`: by a line's name, or a call just had.

A call's line is looked up by the fingerprint that the worker kept of it, else by a recording. Its two seconds
of opening go to line memory as well: who is blocked is challenged at the next call's beginning, and who is
permitted is not, until the line is unlisted or forgotten. Line memory is of all called numbers: a listing for
some of them leaves it alone.
"""

import argparse
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import configuration, printable
from silentspam.cli.line_of_call import check_words, line_named, warn_unlogged
from silentspam.errors import LineError, SilentSpamError

if TYPE_CHECKING:
    from silentspam.calllog.line_store import Basis
    from silentspam.config import Config
    from silentspam.lines.deeds import Deed, LineEvent

DEEDS = {
    "permit": "want the calls of a line; what is known of its openings challenges nobody",
    "block": "want none of a line; openings like its call's are challenged",
}

CALLED = "only where this number is called; once for each number (all)"


def add_actions(actions: Any, action: Any) -> None:
    """Add these actions; `action` makes a parser with the options that all have."""
    for name, summary in DEEDS.items():
        deed = action(actions, name, summary, run_list)
        deed.add_argument(
            "line", nargs="?", metavar="NAME", help="a line; with a call, how to name a new one"
        )
        deed.add_argument("--called", action="append", default=[], metavar="NUMBER", help=CALLED)
        deed.add_argument("--call", metavar="ID", help="the line of this call")
        deed.add_argument("--file", type=Path, metavar="FILE", help="the line of this recording")
        deed.add_argument("--note", default="", metavar="TEXT", help="why, for `lines list`")
        deed.add_argument("--no-memory", action="store_true", help="leave line memory as it is")
    for name, summary, run in (
        ("unlist", "permit or block a line no more", run_unlist),
        ("forget", "delete a line and all that is kept of it", run_forget),
    ):
        undone = action(actions, name, summary, run)
        undone.add_argument("line", metavar="NAME")
        undone.add_argument("--note", default="", metavar="TEXT", help="why, for `lines history`")
        undone.add_argument("--no-memory", action="store_true", help="leave line memory as it is")
        if name == "unlist":
            undone.add_argument("--called", action="append", default=[], metavar="NUMBER", help=CALLED)
    fraud = action(actions, "fraud", "mark a line in the fraud database", run_fraud)
    fraud.add_argument("line", nargs="?", metavar="NAME", help="a line; without it, that of the call")
    fraud.add_argument("--call", required=True, metavar="ID", help="the call that showed it")
    fraud.add_argument("--file", type=Path, metavar="FILE", help="its recording")
    fraud.add_argument("--why", required=True, metavar="TEXT", help="what happened")


def run_list(args: argparse.Namespace) -> int:
    """Say how the line stands then, and what line memory makes of the call."""
    from silentspam.cli.lines import numbers, standing, store_of

    check_words(args)
    called, store = numbers(args.called), store_of(args)
    name = line_named(args, store)
    listing = store.permit if args.action == "permit" else store.block
    print(standing(listing(name, called, call_id=args.call or "", note=args.note)))
    if args.no_memory or args.called:
        return 0
    for call_id in [args.call] if args.call else store.calls_of(name)[:1]:
        _say(_taught, args, call_id)
    return 0


def run_unlist(args: argparse.Namespace) -> int:
    """Say how the line stands then; line memory lets the evidence decide again."""
    from silentspam.cli.lines import numbers, standing, store_of

    store, called = store_of(args), numbers(args.called)
    before = store.line(args.line).listings
    after = store.unlist(args.line, called, note=args.note)
    print(standing(after) + (": it was in none of these" if after.listings == before else ""))
    if not args.called:
        _release(args, store.calls_of(args.line))
    return 0


def run_forget(args: argparse.Namespace) -> int:
    """Nothing is left of the line but that it was forgotten."""
    from silentspam.cli.lines import store_of

    store = store_of(args)
    calls = store.calls_of(args.line)
    store.forget(args.line, note=args.note)
    print(f"line {args.line} is forgotten")
    _release(args, calls)
    return 0


def _release(args: argparse.Namespace, calls: Sequence[str]) -> None:
    for call_id in () if args.no_memory else calls:
        _say(_untaught, args, call_id)


def run_fraud(args: argparse.Namespace) -> int:
    """Say how the line stands then."""
    from silentspam.cli.lines import standing, store_of

    check_words(args)
    store = store_of(args)
    warn_unlogged(args)
    print(standing(store.mark_fraud(line_named(args, store), args.call, args.why)))
    return 0


def _say(deed: Callable[[argparse.Namespace, str], str], args: argparse.Namespace, call_id: str) -> None:
    """Do a deed to line memory; what hinders it is said, and the listing stands."""
    try:
        if told := deed(args, call_id):
            print(told)
    except SilentSpamError as error:
        print(f"silentspam lines: line memory stays as it is: {printable(error)}", file=sys.stderr)


def _taught(args: argparse.Namespace, call_id: str) -> str:
    from silentspam import assembly
    from silentspam.calllog.lines_by_call import settle_call
    from silentspam.lines.deeds import Deed

    config, deed = configuration(args), Deed.CONFIRM if args.action == "block" else Deed.SUSPEND
    settled = settle_call(
        assembly.database(config),
        _basis(config),
        call_id,
        _event(deed, args.note),
        publish=partial(assembly.publish, config),
    )
    if settled.line is None:
        return (
            f"line memory: the opening of call {call_id} is like other callers' (likeness "
            f"{settled.likeness:.1f}, {settled.threshold:.1f} are needed): only longer audio knows it again"
        )
    told = "its calls are challenged" if deed is Deed.CONFIRM else "nobody is challenged for it"
    return f"line memory: line {settled.line.line_id} is {settled.line.state}: {told}"


def _untaught(args: argparse.Namespace, call_id: str) -> str:
    from silentspam import assembly
    from silentspam.calllog.lines_by_call import release_call
    from silentspam.lines.deeds import Deed

    config = configuration(args)
    line = release_call(
        assembly.database(config),
        _basis(config),
        call_id,
        _event(Deed.RELEASE, args.note),
        publish=partial(assembly.publish, config),
    )
    return "" if line is None else f"line memory: line {line.line_id} is {line.state} by its evidence"


def _basis(config: "Config") -> "Basis":
    from silentspam import assembly

    basis = assembly.line_basis(config)
    if basis is None:
        raise LineError("the active model knows no lines")
    return basis


def _event(deed: "Deed", note: str) -> "LineEvent":
    """A deed of now, of a line that has its id if it has to be made."""
    from silentspam.lines.deeds import LineEvent
    from silentspam.registry.registry import current_user

    return LineEvent(
        line_id=str(uuid.uuid4()), deed=deed, changed_at=time.time(), changed_by=current_user(), note=note
    )
