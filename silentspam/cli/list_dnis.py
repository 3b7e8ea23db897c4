"""What `silentspam lists` shares: checked changes of the lists, and its action `dnis`."""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import configuration, table
from silentspam.gate.terms import DnisMode, DnisTerms, Listing

if TYPE_CHECKING:
    from silentspam.calllog.gate import ListedNumber, ListEvent
    from silentspam.config import Config

WORDS = {Listing.PERMITTED: "permitted", Listing.BLOCKED: "blocked", Listing.PUBLIC_SAFETY: "public safety"}

Wanted = tuple[str, Listing, float | None, str]
"""A number as it was given, its list, when it expires [s since the epoch], and a note."""

Action = Callable[[Any, str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]


def add_note(parser: argparse.ArgumentParser) -> None:
    """`--note TEXT`, kept with the change."""
    parser.add_argument("--note", default="", metavar="TEXT", help="why, for `lists history`")


def days(text: str) -> float:
    """An argument type: a number of days."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= 36500:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days above 0, up to 36500")
    return number


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return number


def _rate(text: str) -> float:
    number = _share(text)
    if not 0 < number <= 0.5:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0, up to 0.5")
    return number


def moment_of(seconds: float) -> str:
    """A time as ISO 8601, which `import` reads."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def document(value: Any) -> dict[str, Any]:
    """A listing, or terms, as plain JSON."""
    names = getattr(value, "__struct_fields__", None) or value.__dataclass_fields__
    return {name: getattr(value, name) for name in names}


def deed(subject: str, what: str, note: str) -> "ListEvent":
    """A change as history keeps it: now, by whoever runs the command."""
    from silentspam.calllog.gate import ListEvent
    from silentspam.gate.listing import note as checked
    from silentspam.registry.registry import current_user

    return ListEvent(
        subject=subject, deed=what, changed_at=time.time(), changed_by=current_user(), note=checked(note)
    )


def put(config: "Config", wanted: Iterable[Wanted]) -> list["ListedNumber"]:
    """List numbers in one transaction. Raises GateError before anything is changed."""
    from silentspam import assembly
    from silentspam.calllog.gate import ListedNumber
    from silentspam.gate.listing import listable
    from silentspam.gate.rules import without_plus

    emergency = without_plus(config.gate.emergency_numbers)
    listed, deeds = [], []
    for given, listing, expires_at, note in wanted:
        number = listable(given, listing, emergency=emergency)
        until = "" if expires_at is None else f" until {moment_of(expires_at)}"
        done = deed(number, WORDS[listing] + until, note)
        deeds.append(done)
        listed.append(
            ListedNumber(
                number=number,
                listing=listing,
                expires_at=expires_at,
                note=done.note,
                changed_by=done.changed_by,
                changed_at=done.changed_at,
            )
        )
    assembly.gate_tables(config).put(listed, deeds)
    return listed


def publish(config: "Config") -> int:
    """Put what was changed in force on this machine; returns the exit code."""
    from silentspam import assembly
    from silentspam.errors import GateError

    try:
        assembly.publish_gate(config)
    except GateError as error:
        print(f"silentspam lists: kept, but not in force on this machine: {error}", file=sys.stderr)
        return 1
    return 0


def add_actions(actions: Any, action: Action) -> None:
    """`lists dnis show`, `set` and `unset`."""
    dnis = action(actions, "dnis", "what called numbers have of their own: show, set, unset", run_show)
    of_dnis = dnis.add_subparsers(dest="dnis_action", metavar="show|set|unset")
    action(of_dnis, "show", "every called number that has something of its own", run_show)
    put_terms = action(of_dnis, "set", "give a called number terms, in place of those it had", run_set)
    put_terms.add_argument("dnis", metavar="NUMBER")
    put_terms.add_argument(
        "--mode",
        type=str.upper,
        choices=list(map(str, DnisMode)),
        help="screen: with effect, also where `mode` is shadow; shadow: without; off: not at all",
    )
    put_terms.add_argument("--threshold", type=_share, metavar="P", help="as model.threshold")
    put_terms.add_argument("--rate", type=_rate, metavar="R", help="as model.max_false_challenge_rate")
    put_terms.add_argument("--agent", default="", metavar="DIAL", help="for silentspam-dial: PJSIP/sales")
    add_note(put_terms)
    unset = action(of_dnis, "unset", "treat a called number as the configuration says again", run_unset)
    unset.add_argument("dnis", metavar="NUMBER")
    add_note(unset)


def terms_table(terms: Sequence[DnisTerms]) -> str:
    """Called numbers with what they have of their own."""
    heads = ("called", "mode", "threshold", "rate", "agent")
    return table(heads, [[one.dnis, *_cells(one)] for one in terms])


def _cells(one: DnisTerms) -> list[str]:
    values = (one.mode, one.threshold, one.max_false_challenge_rate, one.agent or None)
    return ["-" if value is None else str(value) for value in values]


def run_show(args: argparse.Namespace) -> int:
    """Called numbers with terms."""
    from silentspam import assembly

    terms = assembly.gate_tables(configuration(args)).terms()
    print(terms_table(terms) if terms else "no called number has anything of its own")
    return 0


def run_set(args: argparse.Namespace) -> int:
    """Give a called number terms."""
    from silentspam import assembly
    from silentspam.errors import GateError
    from silentspam.gate.listing import agent, called

    config = configuration(args)
    terms = DnisTerms(
        dnis=called(args.dnis),
        mode=DnisMode(args.mode) if args.mode else None,
        threshold=args.threshold,
        max_false_challenge_rate=args.rate,
        agent=agent(args.agent) if args.agent else "",
    )
    if terms == DnisTerms(dnis=terms.dnis):
        raise GateError("nothing to set: name --mode, --threshold, --rate or --agent, or use `unset`")
    heads = ("mode", "threshold", "rate", "agent")
    said = " ".join(f"{head}={cell}" for head, cell in zip(heads, _cells(terms), strict=True) if cell != "-")
    assembly.gate_tables(config).set_terms(terms, deed(f"dnis {terms.dnis}", said, args.note))
    print(f"calls to {terms.dnis}: {said}")
    return publish(config)


def run_unset(args: argparse.Namespace) -> int:
    """Exit code 1 when the number has no terms."""
    from silentspam import assembly
    from silentspam.gate.listing import called

    config, dnis = configuration(args), called(args.dnis)
    if not assembly.gate_tables(config).unset_terms(dnis, deed(f"dnis {dnis}", "unset", args.note)):
        print(f"silentspam lists dnis unset: {dnis} has nothing of its own", file=sys.stderr)
        return 1
    print(f"calls to {dnis}: as configured")
    return publish(config)
