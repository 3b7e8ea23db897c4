"""`silentspam lines-study`: what line memory finds after a few failed challenges, and whom it mistakes."""

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
    from silentspam.training.line_study import Document

WORKERS = os.cpu_count() or 1

EXAMPLES = """\
  silentspam simulate --out lines --sources $(python -m lab.corpus_audio) --campaigns 160 --calls 40 \\
      --ham 8000 --silence 0 --test-share 0.75 --seed 11
  silentspam lines-study --recordings lines --labels lines/labels.csv
  silentspam lines-study --recordings lines --labels lines/labels.csv --trained-on corpus --json lines.json

The corpus must be another than the model was trained on, with at least 24 campaigns of 20 calls; people are
measured whose split begins with "test", or all where none does. With --trained-on, the model's own corpus, a
space is also learnt without five codec families, the louder campaigns and the steepest spectra, and measured
on the campaigns that have one of these; and its campaigns are further lines active."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "lines-study", "measure line memory on campaigns never met", EXAMPLES)
    add_corpus_options(parser)
    parser.add_argument(
        "--model", type=Path, metavar="DIR", help="folder of the model (default: the one that ships)"
    )
    parser.add_argument(
        "--trained-on",
        type=Path,
        metavar="DIR",
        help="the corpus that the model was trained on, as `silentspam simulate` writes it",
    )
    for option, default, what in (
        ("--draws", 10, "draws of each campaign's first calls (10)"),
        ("--trials", 300, "windows in which a burst is looked for (300)"),
    ):
        parser.add_argument(option, type=at_least(1), default=default, metavar="N", help=what)
    parser.add_argument("--seed", type=at_least(0), default=1, metavar="N", help="seed of all chance (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure, write what is asked for, and print the tables."""
    from silentspam.reports.line_study import (
        ACTIVE_HEADS,
        BURST_HEADS,
        RECALL_HEADS,
        active_rows,
        burst_rows,
        recall_rows,
    )
    from silentspam.reports.page import write_whole

    figures = {**_measure(args), "statement": str(corpus_beside(args.labels).get("statement", ""))}
    if args.json:
        write_whole(args.json, (json.dumps(figures, indent=1, allow_nan=False) + "\n").encode())
    print(table(RECALL_HEADS, recall_rows(figures)) + "\n")
    print(table(ACTIVE_HEADS, active_rows(figures)) + "\n")
    print(table(BURST_HEADS, burst_rows(figures)))
    return 0


def _measure(args: argparse.Namespace) -> "Document":
    from silentspam import resources
    from silentspam.lines.ground import load_reference
    from silentspam.model import load_model
    from silentspam.training.dataset import load_dataset, read_labels, without_silence
    from silentspam.training.line_settings import another_range, same_range
    from silentspam.training.line_study import LineStudyParams, study_lines

    folder = args.model or resources.shipped_model()
    model = load_model(folder)
    progress = openings_progress("features")

    def openings(recordings: Path, labels: Path) -> Any:
        rows = read_labels(labels, recordings)
        return load_dataset(without_silence(rows), model.params, workers=WORKERS, progress=progress)

    measured = openings(args.recordings, args.labels)
    if measured.data_hash == model.card.data_hash:
        raise SilentSpamError(f"{args.labels}: model {model.model_id} was trained on it: name another corpus")
    settings = [same_range(model, load_reference(folder), measured)]
    trained_on = None
    if args.trained_on:
        labels = args.trained_on / "labels.csv"
        trained_on = openings(args.trained_on, labels)
        made, corpus = corpus_beside(labels), corpus_beside(args.labels)
        settings.append(another_range(trained_on, made, measured, corpus, seed=args.seed))
    figures = study_lines(
        measured,
        settings,
        LineStudyParams(draws=args.draws, trials=args.trials, seed=args.seed, live_share=_live_share()),
        further=trained_on,
        tell=lambda what: print(f"silentspam lines-study: {what}", file=sys.stderr),
    )
    return {**figures, "model": {"model_id": model.model_id, "statement": model.card.statement}}


def _live_share() -> float:
    """The share of people kept with the model whom the lines may challenge, with the budget as it ships."""
    from silentspam.budget import LINE_SHARE
    from silentspam.config import Config

    return Config().model.max_false_challenge_rate * LINE_SHARE
