"""`silentspam train`: labelled openings to a model folder."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import add_config_option, at_least, configuration, table, verb_parser
from silentspam.cli.corpus import corpus_beside, openings_progress

if TYPE_CHECKING:
    from silentspam.card import ModelCard
    from silentspam.training.dataset import Labelled
    from silentspam.training.train import Trained, TrainParams

EXAMPLES = """\
  silentspam train --recordings corpus --labels corpus/labels.csv --out models/first
  silentspam train --recordings calls --labels labels.csv --out models/b --max-false-challenges 0.001
  silentspam train --recordings corpus calls --labels corpus/labels.csv attack.csv --out models/b --register
  silentspam train --recordings calls --labels labels.csv --out models/paper --features paper

Several folders go with as many CSVs: a corpus that knows many campaigns, and your own calls. The CSV has the
columns recording,label (spam or ham; SPAM of other kinds than dead air is left out), and may have kind,
campaign, source and split. Openings of one
campaign, or of one source, never stand on both sides of a fold; rows whose split begins with "test" are only
measured, not trained on. Digital silence is left out. The same data, seed and library versions give the same
bytes."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "train", "train a model on labelled recordings", EXAMPLES)
    parser.add_argument(
        "--recordings",
        type=Path,
        nargs="+",
        required=True,
        metavar="DIR",
        help="folders of raw mu-law recordings",
    )
    parser.add_argument(
        "--labels", type=Path, nargs="+", required=True, metavar="CSV", help="as many files of their labels"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model folder to write")
    for option, lowest, default, what in (
        ("--trees", 1, None, "trees (300; with --features paper 100)"),
        ("--leaves", 2, None, "leaves of a tree at most, which bounds the model's size (24; paper 200)"),
        ("--seed", 0, 1, "seed of all chance (1)"),
        ("--workers", 1, os.cpu_count() or 1, "processes (one a core); they change nothing but the time"),
    ):
        kind = at_least(lowest)
        parser.add_argument(option, type=kind, default=default, metavar="N", help=what)
    parser.add_argument(
        "--max-false-challenges",
        type=float,
        default=0.005,
        metavar="X",
        help="share of held-out people whom the card's own threshold may challenge (0.005); the card holds "
        "thresholds for other budgets too",
    )
    parser.add_argument(
        "--features",
        nargs="+",
        metavar="GROUP",
        help="groups of features (silentspam/features.py); or `paper`: a random forest on the top 3 bases of "
        "U, without known lines or calibration",
    )
    parser.add_argument(
        "--register", action="store_true", help="add the model to the registry as a candidate (`models add`)"
    )
    add_config_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train and write the model."""
    from silentspam.training.dataset import load_dataset, merged
    from silentspam.training.publish import check_place, write_model
    from silentspam.training.train import train
    from silentspam.training.trained_on import FILE_NAME, trained_on_file

    check_place(args.out)
    params = _params(args)
    corpora = [corpus_beside(labels) for labels in args.labels]
    parts = _parts(args)
    rows = merged(parts)
    _warn_of_nameless(rows)
    progress = openings_progress("features")
    dataset = load_dataset(rows, params.features, workers=args.workers, progress=progress)
    trained = train(dataset, params, corpus=_described(corpora))
    own = [row for part, corpus in zip(parts, corpora, strict=True) if not corpus for row in part]
    beside = _reference(trained) | ({FILE_NAME: trained_on_file(own)} if own else {})
    if trained.ground:
        beside |= trained.ground.files(trained.card.statement)
    model_id = write_model(args.out, trained.forest, trained.card, trained.lines, beside=beside)
    print(f"model {model_id} in {args.out}, threshold {trained.card.threshold:.3f}\n")
    print(_figures(trained.card))
    if args.register:
        from silentspam.cli.models import register

        registered = register(configuration(args), args.out, note="silentspam train --register")
        print(f"\ncandidate {registered}: silentspam models shadow {registered}")
    return 0


def _parts(args: argparse.Namespace) -> "list[tuple[Labelled, ...]]":
    from silentspam.training.dataset import LabelError, read_labels

    if len(args.recordings) != len(args.labels):
        raise LabelError(
            f"{len(args.recordings)} folders of --recordings, {len(args.labels)} files of --labels: "
            "as many are wanted"
        )
    alone = len(args.labels) == 1
    pairs = list(zip(args.labels, args.recordings, strict=True))
    parts = [read_labels(labels, recordings, for_training=alone) for labels, recordings in pairs]
    every = [read_labels(*pair, for_training=False, other_kinds=True) for pair in pairs]
    others = sum(map(len, every)) - sum(map(len, parts))
    if others:
        print(
            f"silentspam train: {others} openings of other kinds than dead air are left out", file=sys.stderr
        )
    return parts


def _warn_of_nameless(rows: "Sequence[Labelled]") -> None:
    spam = [row for row in rows if row.is_spam and not row.split.startswith("test")]
    nameless = sum(not row.campaign for row in spam)
    if nameless:
        print(
            f"silentspam train: {nameless} of {len(spam)} SPAM openings name no campaign. Each is taken for "
            "a line of its own, and calls of one attack may be held out against each other, which flatters "
            "the figures: name attacks in the column campaign (`labels export --campaign`)",
            file=sys.stderr,
        )


def _described(corpora: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What is known of how the openings were made, for the card; of several files the first that says so."""
    made = [corpus for corpus in corpora if corpus]
    if not made or len(corpora) == 1:
        return made[0] if made else {}
    others = f"{len(corpora) - len(made)} of {len(corpora)} files of labels are of recorded calls."
    return made[0] | {"statement": f"{made[0].get('statement', '')} {others}".strip()}


def _reference(trained: "Trained") -> dict[str, bytes]:
    """What drift is measured against; nothing where there are too few openings for it."""
    from silentspam.reports.calibration import Openings, training_reference
    from silentspam.reports.reference import DriftError

    dataset, card = trained.training, trained.card
    openings = Openings(dataset.vectors, trained.held_out.unseen, dataset.is_spam, dataset.groups)
    try:
        reference = training_reference(openings, card.feature_names, threshold=card.threshold)
    except DriftError as error:
        print(f"silentspam train: no reference for drift: {error}", file=sys.stderr)
        return {}
    return {"reference.json": reference.to_json()}


def _params(args: argparse.Namespace) -> "TrainParams":
    from silentspam.features import FeatureParams
    from silentspam.training.fitting import FitParams
    from silentspam.training.train import FEATURE_GROUPS, TrainParams, paper_params

    named = {"n_trees": args.trees, "leaves": args.leaves, "seed": args.seed, "workers": args.workers}
    settings = {name: setting for name, setting in named.items() if setting is not None}
    budget = args.max_false_challenges
    if args.features == ["paper"]:
        return replace(paper_params(**settings), max_false_challenge_rate=budget)
    features = FeatureParams(groups=tuple(args.features or FEATURE_GROUPS))
    return TrainParams(fit=FitParams(**settings), max_false_challenge_rate=budget, features=features)


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
