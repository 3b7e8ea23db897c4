"""`silentspam compare`: the paper's classifiers, our own, energy and Asterisk's AMD() side by side."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import at_least, table, verb_parser
from silentspam.cli.corpus import add_corpus_options, corpus_beside, openings_progress
from silentspam.errors import SilentSpamError
from silentspam.reports.cells import spread

if TYPE_CHECKING:
    from silentspam.training.comparison import Document

WORKERS = os.cpu_count() or 1

EXAMPLES = """\
  silentspam compare --recordings corpus --labels corpus/labels.csv --html compare.html
  silentspam compare --recordings corpus --labels corpus/labels.csv --quick --openings 1000
  python -m lab.amd --recordings corpus --labels corpus/labels.csv --openings 40 --json amd.json
  silentspam compare --recordings corpus --labels corpus/labels.csv --amd amd.json --json compare.json

Table 1 and Figures 2 to 4 of Orife et al. 2018 on your recordings. The paper's stratified shuffle split puts
calls of one campaign on both sides; the grouped split beside it holds campaigns and people apart. Everything
is from one seed."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "compare", "compare classifiers as the paper did", EXAMPLES)
    add_corpus_options(parser)
    parser.add_argument(
        "--openings",
        type=at_least(0),
        default=3000,
        metavar="N",
        help="take so many of them by chance, 0 for all (3000: a few minutes)",
    )
    parser.add_argument("--seed", type=at_least(0), default=1, metavar="N", help="seed of all chance (1)")
    parser.add_argument("--quick", action="store_true", help="fewer splits and settings")
    parser.add_argument("--amd", type=Path, metavar="FILE", help="what `python -m lab.amd --json` wrote")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a report with pictures there")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare, write what is asked for, and print Table 1."""
    from silentspam.reports.page import write_page, write_whole

    amd = _read_amd(args.amd) if args.amd else None
    figures = {
        **_compare(args),
        "statement": str(corpus_beside(args.labels).get("statement", "")),
        "amd": amd,
    }
    if args.json:
        write_whole(args.json, (json.dumps(figures, indent=1, allow_nan=False) + "\n").encode())
    if args.html:
        from silentspam.reports.comparison import comparison_page

        write_page(args.html, comparison_page(figures))
    print(_text(figures))
    return 0


def _compare(args: argparse.Namespace) -> "Document":
    from silentspam.features import feature_names
    from silentspam.training.comparison import PAPER_FEATURES, CompareParams, compare, sample
    from silentspam.training.dataset import load_dataset, read_labels, without_silence
    from silentspam.training.differences import differences
    from silentspam.training.fitting import FitParams
    from silentspam.training.train import TrainParams
    from silentspam.training.trainers import default_fit

    rows = without_silence(read_labels(args.labels, args.recordings))
    rows = sample(rows, args.openings, args.seed)
    params = CompareParams(seed=args.seed)
    ours = TrainParams(fit=FitParams(seed=args.seed, workers=WORKERS))
    dataset = load_dataset(rows, ours.features, workers=WORKERS, progress=openings_progress("our features"))
    figures = compare(
        load_dataset(rows, PAPER_FEATURES, workers=WORKERS, progress=openings_progress("paper's features")),
        dataset,
        default_fit(ours.fit),
        params.quick() if args.quick else params,
        tell=lambda what: print(f"silentspam compare: {what}", file=sys.stderr),
    )
    return figures | {"differences": differences(dataset, feature_names(ours.features))}


def _read_amd(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SilentSpamError(f"{path}: {error}") from error


def _text(figures: "Document") -> str:
    openings = figures["openings"]
    heads = ("classifier", "setting", "split", "precision", "recall", "accuracy", "recall at 0.5 %", "at 1 %")
    rows = [
        (
            line["method"],
            f"{line['setting']:g}",
            line["split"],
            *(spread(line[name]) for name in ("precision", "recall", "accuracy")),
            *(spread(line[name]) for name in ("recall_at_0.005", "recall_at_0.01")),
        )
        for line in figures["table"]
    ]
    return (
        f"{openings['spam']} dead-air calls of {openings['campaigns']} campaigns, {openings['ham']} people; "
        f"mean and standard deviation over {figures['params']['splits']} splits\n\n{table(heads, rows)}"
    )
