"""`silentspam train`: labelled openings to a model folder."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from silentspam.model import ModelCard
    from silentspam.training.dataset import Labelled

EPILOG = """examples:
  Train on a simulated corpus:
    silentspam train --recordings corpus/recordings --labels corpus/labels.csv --out models/first
  With more trees and a stricter budget of falsely challenged people:
    silentspam train --recordings calls --labels labels.csv --out models/b --trees 200 --max-false-challenges .001

The CSV has the columns recording,label (spam or ham), and may have kind, campaign, source and split. Openings of
one campaign, or of one source, never stand on both sides of a fold; rows whose split begins with "test" are only
measured, not trained on. Digital silence is left out. The same data and seed give the same bytes.
"""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "train",
        help="train a model on labelled openings",
        description="Train a spam model on labelled recordings (raw mu-law, 8 kHz) and write its folder.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--recordings", type=Path, required=True, metavar="DIR", help="folder of the recordings"
    )
    parser.add_argument("--labels", type=Path, required=True, metavar="CSV", help="their labels")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model folder to write")
    parser.add_argument(
        "--trees", type=int, default=100, metavar="N", help="trees in the forest [%(default)s]"
    )
    parser.add_argument(
        "--leaves", type=int, default=200, metavar="N", help="leaves of a tree at most [%(default)s]"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of all chance [%(default)s]")
    parser.add_argument(
        "--max-false-challenges", type=float, default=0.005, metavar="X",
        help="share of held-out people whom the threshold may challenge [%(default)s]",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train and write the model. Returns 0, or 1 when it could not be trained or written."""
    from silentspam.errors import SilentSpamError
    from silentspam.training.dataset import load_dataset, read_labels
    from silentspam.training.publish import write_model
    from silentspam.training.train import TrainParams, train

    try:
        params = TrainParams(
            trees=args.trees,
            leaves=args.leaves,
            seed=args.seed,
            max_false_challenge_rate=args.max_false_challenges,
        )
        rows = read_labels(args.labels, args.recordings)
        dataset = load_dataset(rows, params.features, progress=_progress)
        trained = train(dataset, params, corpus=_corpus_beside(args.labels))
        model_id = write_model(args.out, trained.forest, trained.card)
    except (SilentSpamError, OSError) as error:
        print(f"silentspam train: {error}", file=sys.stderr)
        return 1
    print(f"model {model_id} in {args.out}, threshold {trained.card.threshold:.3f}")
    _print_figures(trained.card)
    return 0


def _corpus_beside(labels: Path) -> dict[str, Any]:
    """What `silentspam simulate` wrote of how it made these openings, if it made them."""
    path = labels.with_name("corpus.json")
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def _print_figures(card: "ModelCard") -> None:
    print(f"{'openings':<18} {'recall':>24} {'false challenges':>24}")
    for name, figures in card.evaluation.items():
        cells = [_cell(figures.get(key)) for key in ("recall", "false_challenges")]
        print(f"{name:<18} {cells[0]:>24} {cells[1]:>24}")


def _cell(rate: dict[str, Any] | None) -> str:
    return f"{rate['rate']:.2%} ({rate['hits']} of {rate['n']})" if rate else "-"


def _progress(rows: Iterable["Labelled"], total: int) -> Iterator["Labelled"]:
    from tqdm import tqdm

    yield from tqdm(rows, total=total, unit="opening", desc="features", file=sys.stderr)
