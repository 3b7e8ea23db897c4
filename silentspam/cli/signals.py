"""`silentspam signals`: how many tones of machines are found, and how many where there is none."""

import argparse
import errno
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import at_least, table, verb_parser

if TYPE_CHECKING:
    from silentspam.reports.signals import Document

EXAMPLES = """\
  silentspam signals --sources $(python -m lab.signal_audio)
  silentspam signals --sources $(python -m lab.signal_audio) --without 40000 --json signals.json

Signals are synthetic, through real codecs with 3 % of the packets lost; what they are put under is licensed
speech and ambience that training never met, and what has none is speech, places and music that no limit was
set on. Some minutes of one core for each ten openings of a case."""

CODECS = ("g711u", "g729a", "gsm", "ilbc30")


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "signals", "measure how well fax, busy and keys are heard", EXAMPLES)
    parser.add_argument(
        "--sources", type=Path, nargs="+", required=True, metavar="DIR", help="licensed audio, and codecs"
    )
    parser.add_argument("--codecs", nargs="+", default=CODECS, metavar="NAME", help=" ".join(CODECS))
    parser.add_argument("--openings", type=at_least(1), default=40, metavar="N", help="of each case (40)")
    parser.add_argument(
        "--without", type=at_least(0), default=6000, metavar="N", help="openings with no signal (6000)"
    )
    parser.add_argument("--seed", type=at_least(0), default=1, metavar="N", help="seed of all chance (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure, write what is asked for, and print the tables."""
    from silentspam.reports.page import write_whole
    from silentspam.reports.signals import (
        FALSE_HEADS,
        FOUND_HEADS,
        UNDER_HEADS,
        false_rows,
        found_rows,
        under_rows,
    )

    if args.json:
        _check_target(args.json)
    figures = _measure(args)
    if args.json:
        write_whole(args.json, (json.dumps(figures, indent=1, allow_nan=False) + "\n").encode())
    print(table(FOUND_HEADS, found_rows(figures)) + "\n")
    print(table(UNDER_HEADS, under_rows(figures)) + "\n")
    print(table(FALSE_HEADS, false_rows(figures)))
    return 0


def _check_target(path: Path) -> None:
    """Make its folder; raises ReportError where no file can be put there: before an hour's measurement."""
    from silentspam.reports.page import ReportError

    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise ReportError(f"--json {path}: {error.strerror or error}") from error


def _measure(args: argparse.Namespace) -> "Document":
    from silentspam.reports.signals import measure
    from silentspam.training.codecs import open_codec
    from silentspam.training.signal_sources import find_unheard
    from silentspam.training.sources import Split, find_clips

    clips = [clip for clip in find_clips(args.sources) if clip.split is Split.TEST]
    codecs = {name: open_codec(name, folders=args.sources) for name in args.codecs}
    return measure(
        clips,
        codecs,
        find_unheard(args.sources) if args.without else (),
        openings=args.openings,
        without=args.without,
        seed=args.seed,
        tell=lambda what: print(f"silentspam signals: {what}", file=sys.stderr),
    )
