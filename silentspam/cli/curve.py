"""`silentspam curve`: how many labelled calls of an attack find the rest of it."""

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import at_least, table, verb_parser
from silentspam.cli.corpus import add_corpus_options, corpus_beside, openings_progress

if TYPE_CHECKING:
    from silentspam.training.learning_curve import Document

WORKERS = os.cpu_count() or 1

EXAMPLES = """\
  silentspam simulate --out attacks --sources $(python -m lab.corpus_audio) --campaigns 12 --calls 80 \\
      --ham 0 --seed 77
  silentspam curve --recordings corpus --labels corpus/labels.csv --attacks attacks --html curve.html

Trains on the openings of CSV whose split does not begin with "test", and on 0, 5, 10, 20 and 50 calls of one
campaign of the attacks; measures on the campaign's other calls, at a threshold that challenges a nominal
share of the people held out in CSV, and says which share that really was. A model is trained for every
campaign and number: that takes minutes."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "curve", "measure how fast an attack is learnt", EXAMPLES)
    add_corpus_options(parser)
    parser.add_argument(
        "--attacks",
        type=Path,
        required=True,
        metavar="DIR",
        help="a corpus, as `silentspam simulate` writes it, of campaigns with at least 70 calls",
    )
    parser.add_argument("--campaigns", type=at_least(1), default=12, metavar="N", help="at most (12)")
    parser.add_argument("--rate", type=float, default=0.005, metavar="X", help="false challenges (0.005)")
    parser.add_argument("--seed", type=at_least(0), default=1, metavar="N", help="seed of all chance (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a report with pictures there")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure, write what is asked for, and print the curve."""
    from silentspam.reports.page import write_page, write_whole

    figures = {**_measure(args), "statement": str(corpus_beside(args.labels).get("statement", ""))}
    if args.json:
        write_whole(args.json, (json.dumps(figures, indent=1, allow_nan=False) + "\n").encode())
    if args.html:
        from silentspam.reports.studies import curve_page

        write_page(args.html, curve_page(figures))
    from silentspam.reports.studies import CURVE_HEADS, curve_rows

    print(table(CURVE_HEADS, curve_rows(figures)))
    return 0


def _measure(args: argparse.Namespace) -> "Document":
    import numpy as np

    from silentspam.training.dataset import load_dataset, read_labels, without_silence
    from silentspam.training.fitting import FitParams
    from silentspam.training.learning_curve import CurveParams, learning_curve
    from silentspam.training.train import TEST_PREFIX, TrainParams
    from silentspam.training.trainers import RepeatedFit

    params = TrainParams(fit=FitParams(seed=args.seed, workers=WORKERS))
    base = [
        row
        for row in without_silence(read_labels(args.labels, args.recordings))
        if not (row.is_spam and row.split.startswith(TEST_PREFIX))
    ]
    attacks = [
        # Another corpus counts its campaigns from 0 as well.
        replace(row, campaign=f"attack/{row.group}", recording=f"attack/{row.recording}")
        for row in read_labels(args.attacks / "labels.csv", args.attacks, for_training=False)
        if row.is_spam
    ]
    progress = openings_progress("features")
    dataset = load_dataset([*base, *attacks], params.features, workers=WORKERS, progress=progress)
    is_attack = np.array([row.campaign.startswith("attack/") for row in dataset.rows])
    return learning_curve(
        dataset.where(~is_attack),
        dataset.where(is_attack),
        RepeatedFit(params.fit),
        CurveParams(campaigns=args.campaigns, rate=args.rate, seed=args.seed),
        tell=lambda what: print(f"silentspam curve: {what}", file=sys.stderr),
    )
