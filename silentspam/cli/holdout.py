"""`silentspam holdout`: what a model makes of codecs, noises, levels, voices and places it never met."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import at_least, table, verb_parser
from silentspam.cli.corpus import add_corpus_options, corpus_beside, openings_progress
from silentspam.errors import SilentSpamError

if TYPE_CHECKING:
    from silentspam.training.learning_curve import Document

WORKERS = os.cpu_count() or 1

EXAMPLES = """\
  silentspam holdout --recordings corpus --labels corpus/labels.csv --html holdout.html
  silentspam holdout --recordings corpus --labels corpus/labels.csv --only codec "dead air"

Trains without each codec family, kind of dead air, range of a campaign's level, kind of people, speaker and
place, one after the other, and measures on just these. What can be held out comes from the CSV's columns and
from the corpus.json that `silentspam simulate` writes. A model is trained for each: that takes minutes."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "holdout", "train without a kind of call, and measure on it", EXAMPLES)
    add_corpus_options(parser)
    parser.add_argument("--only", nargs="+", metavar="DIMENSION", help="hold out by these alone")
    parser.add_argument("--rate", type=float, default=0.01, metavar="X", help="false challenges (0.01)")
    parser.add_argument("--seed", type=at_least(0), default=1, metavar="N", help="seed of all chance (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a report with pictures there")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure, write what is asked for, and print the lines."""
    from silentspam.reports.page import write_page, write_whole
    from silentspam.reports.studies import (
        HOLDOUT_HEADS,
        SUMMARY_HEADS,
        holdout_page,
        holdout_rows,
        summary_rows,
    )

    corpus = corpus_beside(args.labels)
    figures = {**_measure(args, corpus), "statement": str(corpus.get("statement", ""))}
    if args.json:
        write_whole(args.json, (json.dumps(figures, indent=1, allow_nan=False) + "\n").encode())
    if args.html:
        write_page(args.html, holdout_page(figures))
    print(table(HOLDOUT_HEADS, holdout_rows(figures)) + "\n")
    print(table(SUMMARY_HEADS, summary_rows(figures)))
    if figures["too_few"]:
        print(f"silentspam holdout: too few openings for {', '.join(figures['too_few'])}", file=sys.stderr)
    return 0


def _measure(args: argparse.Namespace, corpus: dict[str, Any]) -> "Document":
    from silentspam.training.dataset import load_dataset, read_labels, without_silence
    from silentspam.training.fitting import FitParams
    from silentspam.training.holdout import hold_out, hold_outs
    from silentspam.training.train import TrainParams
    from silentspam.training.trainers import RepeatedFit

    params = TrainParams(fit=FitParams(seed=args.seed, workers=WORKERS))
    rows = without_silence(read_labels(args.labels, args.recordings))
    dataset = load_dataset(rows, params.features, workers=WORKERS, progress=openings_progress("features"))
    kinds = hold_outs(dataset.rows, corpus)
    there = list(dict.fromkeys(kind.dimension for kind in kinds))
    unknown = sorted(set(args.only or ()) - set(there))
    if unknown:
        raise SilentSpamError(f"nothing to hold out by {', '.join(unknown)}: there are {', '.join(there)}")
    return hold_out(
        dataset,
        [kind for kind in kinds if not args.only or kind.dimension in args.only],
        RepeatedFit(params.fit),
        rate=args.rate,
        tell=lambda what: print(f"silentspam holdout: {what}", file=sys.stderr),
    )
