"""`silentspam train`: labelled openings to a model folder."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import at_least, table, verb_parser

if TYPE_CHECKING:
    from silentspam.model import ModelCard
    from silentspam.training.dataset import Labelled

EXAMPLES = """\
  silentspam train --recordings corpus --labels corpus/labels.csv --out models/first
  silentspam train --recordings calls --labels labels.csv --out models/b --max-false-challenges 0.001
  silentspam train --recordings calls --labels labels.csv --out models/paper --features paper

The CSV has the columns recording,label (spam or ham), and may have kind, campaign, source and split. Openings
of one campaign, or of one source, never stand on both sides of a fold; rows whose split begins with "test"
are only measured, not trained on. Digital silence is left out. The same data, seed and library versions give
the same bytes."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "train", "train a model on labelled recordings", EXAMPLES)
    parser.add_argument(
        "--recordings", type=Path, required=True, metavar="DIR", help="folder of the raw mu-law recordings"
    )
    parser.add_argument("--labels", type=Path, required=True, metavar="CSV", help="their labels")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model folder to write")
    for option, lowest, default, what in (
        ("--trees", 1, 100, "trees in the forest"),
        ("--leaves", 2, 200, "leaves of a tree at most, which bounds the model's size"),
        ("--seed", 0, 1, "seed of all chance"),
    ):
        kind = at_least(lowest)
        parser.add_argument(option, type=kind, default=default, metavar="N", help=f"{what} ({default})")
    parser.add_argument(
        "--max-false-challenges",
        type=float,
        default=0.01,
        metavar="X",
        help="share of held-out people whom the threshold may challenge (0.01)",
    )
    parser.add_argument(
        "--features",
        nargs="+",
        metavar="GROUP",
        help="groups of features (silentspam/features.py), or `paper`: the top 3 bases of U alone",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train and write the model."""
    from silentspam.features import FeatureParams
    from silentspam.training.dataset import load_dataset, read_labels
    from silentspam.training.publish import write_model
    from silentspam.training.train import FEATURE_GROUPS, PAPER_GROUPS, TrainParams, train

    groups = PAPER_GROUPS if args.features == ["paper"] else tuple(args.features or FEATURE_GROUPS)
    params = TrainParams(
        trees=args.trees,
        leaves=args.leaves,
        seed=args.seed,
        max_false_challenge_rate=args.max_false_challenges,
        features=FeatureParams(groups=groups),
    )
    rows = read_labels(args.labels, args.recordings)
    dataset = load_dataset(rows, params.features, progress=_progress)
    trained = train(dataset, params, corpus=_corpus_beside(args.labels))
    model_id = write_model(args.out, trained.forest, trained.card)
    print(f"model {model_id} in {args.out}, threshold {trained.card.threshold:.3f}\n")
    print(_figures(trained.card))
    return 0


def _corpus_beside(labels: Path) -> dict[str, Any]:
    """What `silentspam simulate` wrote of how it made these openings, if it made them."""
    from silentspam.training.dataset import LabelError

    path = labels.with_name("corpus.json")
    try:
        return dict(json.loads(path.read_text())) if path.is_file() else {}
    except ValueError as error:
        raise LabelError(f"{path}: {error}") from error


def _figures(card: "ModelCard") -> str:
    heads = ("openings", "recall", "95 %", "false challenges", "95 %")
    rows = [
        (name, *_cells(figures.get("recall")), *_cells(figures.get("false_challenges")))
        for name, figures in card.evaluation.items()
    ]
    return table(heads, rows)


def _cells(rate: dict[str, Any] | None) -> tuple[str, str]:
    if rate is None:
        return "-", ""
    low, high = rate["wilson95"]
    return f"{rate['rate']:.2%} ({rate['hits']} of {rate['n']})", f"{low:.2%} to {high:.2%}"


def _progress(rows: Iterable["Labelled"], total: int) -> Iterator["Labelled"]:
    from tqdm import tqdm

    yield from tqdm(rows, total=total, unit="opening", desc="features", file=sys.stderr)
