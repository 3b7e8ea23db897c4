"""The line that a command means: one that is named, or that of a call or a recording, which may be new."""

import argparse
import sys
from typing import TYPE_CHECKING

from silentspam.cli.common import configuration, printable
from silentspam.errors import CallLogError, ConfigError, LineError, LineStoreError, NoLineStoreError

if TYPE_CHECKING:
    from silentspam.provenance.fingerprint import Fingerprint
    from silentspam.provenance.line_store import LineStore


def check_words(args: argparse.Namespace) -> None:
    """Raise LineStoreError for what the store would refuse: a command that is refused enrols nothing."""
    from silentspam.provenance.stored_line import check_text

    for key in ("note", "why", "call"):
        check_text(getattr(args, key, None) or "", key)
    if args.action == "fraud" and not args.call:
        raise LineStoreError("--call is empty: a mark of fraud names the call that showed it")


def warn_unlogged(args: argparse.Namespace) -> None:
    """Say it where there is a call log, and it has no such call: an id may be misspelt."""
    from silentspam import assembly
    from silentspam.calllog.provenance import ProvenanceTable

    try:
        known = ProvenanceTable(assembly.database(configuration(args))).calls([args.call])
    except (ConfigError, CallLogError):
        return  # a store alone needs neither
    if not known:
        told = f"silentspam lines: the call log has no call {args.call} yet: `silentspam calls` lists them"
        print(printable(told), file=sys.stderr)


def line_named(args: argparse.Namespace, store: "LineStore") -> str:
    """The line's name; the call or recording is enrolled as one of its calls.

    Raises LineStoreError where the sound is another line's than the one that is named.
    """
    from silentspam.provenance.belonging import known_line, refuse_contradicted

    if args.line is not None and args.file is None and (args.action == "fraud" or args.call is None):
        return str(args.line)
    if args.call is None and args.file is None:
        raise LineStoreError("name a line, a call (--call ID) or a recording (--file FILE)")
    one = _print_of(args)
    known = known_line(store, one)
    if args.line is not None and known not in (None, args.line):
        raise LineStoreError(
            f"the call is of line {known}: leave {args.line} out, or enrol it there yourself"
        )
    name = known or args.line or _new_name(args, store)
    if known is None:
        refuse_contradicted(store, name, one)
    store.enrol(name, [one], call_id=args.call or "")
    return str(name)


def _new_name(args: argparse.Namespace, store: "LineStore") -> str:
    """A name for a line that is not known yet. Raises LineStoreError for one that another line has."""
    from silentspam.provenance.stored_line import LONGEST_NAME

    words = f"call {args.call[:8]}" if args.call else args.file.stem
    name = "".join(letter for letter in words if letter.isprintable()).strip()[:LONGEST_NAME].strip()
    if not name:
        raise LineStoreError(f"{args.file}: no line can be named so: give it a name (NAME)")
    try:
        taken = any(line.name == name for line in store.lines())
    except NoLineStoreError:
        taken = False
    if taken:
        raise LineStoreError(
            f"line {name} is known already, and this call is not told to be its: give the line a name (NAME)"
        )
    return name


def _print_of(args: argparse.Namespace) -> "Fingerprint":
    """The fingerprint of the recording, or what the worker kept of the call."""
    if args.file is not None:
        from silentspam.cli.line_matching import print_of_file

        return print_of_file(args, args.file)
    import msgspec

    from silentspam import assembly
    from silentspam.calllog.provenance import ProvenanceTable
    from silentspam.provenance.fingerprint import Fingerprint

    row = ProvenanceTable(assembly.database(configuration(args))).of_call(args.call)
    if row is None or row["fingerprint"] is None:
        raise LineError(
            f"call {args.call}: no fingerprint was kept of it (provenance.enabled, and `silentspam listen`): "
            "name its recording (--file FILE)"
        )
    try:
        return msgspec.json.decode(str(row["fingerprint"]), type=Fingerprint)
    except msgspec.MsgspecError as error:
        raise LineError(f"call {args.call}: its fingerprint is none: {error}") from error
