"""`silentspam lines export` and `import`: the fraud database of one store for another."""

import argparse
import sys
from pathlib import Path
from typing import Any

from silentspam.cli.common import printable
from silentspam.errors import LineStoreError


def add_actions(actions: Any, action: Any) -> None:
    """Add these actions; `action` makes a parser with the options that all have."""
    out = action(actions, "export", "print the lines marked as fraud, for another store", run_export)
    out.add_argument("--all", action="store_true", help="every line, marked or not")
    taken = action(actions, "import", "take in the lines of such a file, all or none", run_import)
    taken.add_argument("file", type=Path, metavar="FILE", help="- for standard input")
    taken.add_argument("--prefix", default="", metavar="TEXT", help="goes before the name of each")
    taken.add_argument("--note", default="", metavar="TEXT", help="whose they are, for `lines list`")


def run_export(args: argparse.Namespace) -> int:
    """No list, called number or operator's name leaves the store."""
    from silentspam.cli.lines import store_of
    from silentspam.provenance.line_exchange import exported

    for line in exported(store_of(args), every=args.all):
        print(line.decode())
    return 0


def run_import(args: argparse.Namespace) -> int:
    """Say what was taken in."""
    from silentspam.cli.lines import store_of
    from silentspam.provenance.line_exchange import imported

    try:
        lines = (sys.stdin.buffer if str(args.file) == "-" else args.file.open("rb")).read().splitlines()
    except OSError as error:
        raise LineStoreError(f"{args.file}: {error.strerror or error}") from error
    try:
        names = imported(store_of(args), lines, prefix=args.prefix, note=args.note)
    except LineStoreError as error:
        raise LineStoreError(f"{args.file}: {error}") from error
    print(f"{len(names)} lines taken in: {printable(', '.join(names)) or 'none'}")
    return 0
