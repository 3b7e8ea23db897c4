"""`silentspam noise`: openings of noise and of people in loud places, trees that tell them apart, figures."""

import argparse
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import action, at_least, table, verb_parser
from silentspam.cli.corpus import add_corpus_options, corpus_beside, openings_progress

if TYPE_CHECKING:
    from silentspam.training.dataset import Dataset

WORKERS = os.cpu_count() or 1
WORST = 12
EXAMPLES = """\
  silentspam noise simulate --out noise-corpus --sources $(python -m lab.noise_audio) --seed 1
  silentspam noise train --recordings noise-corpus --labels noise-corpus/labels.csv --out noise-model
  silentspam noise evaluate --noise noise-model --recordings noise-corpus --labels noise-corpus/labels.csv

The noise is synthetic, or a real decoder's given what it cannot read; streets, trains, crowds and voices are
licensed recordings. In the labels, spam means noise. What is too quiet to be noise is in no figure."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "noise", "tell machines' noise from people in loud places", EXAMPLES)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = action(actions, "simulate", "make openings of noise, and of people in loud places", run_simulate)
    made.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write the corpus")
    made.add_argument(
        "--sources", type=Path, nargs="+", required=True, metavar="DIR", help="unpacked audio and codecs"
    )
    for option, default, what in (
        ("--campaigns", 1000, "campaigns of noise"),
        ("--calls", 3, "calls of each campaign"),
        ("--ham", 14000, "openings of people"),
        ("--rooms", 400, "synthetic rooms, to test with"),
        ("--seed", 1, "seed of all chance"),
    ):
        made.add_argument(option, type=at_least(0), default=default, metavar="N", help=f"{what} ({default})")
    made.add_argument("--codecs", nargs="+", metavar="NAME", help="codecs to use (all that are found)")
    _add_workers(made)
    trained = action(actions, "train", "train on such a corpus", run_train)
    add_corpus_options(trained)
    trained.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    trained.add_argument("--seed", type=at_least(0), default=1, metavar="N", help="seed of all chance (1)")
    _add_workers(trained)
    measured = action(actions, "evaluate", "measure on the test splits of such a corpus", run_evaluate)
    add_corpus_options(measured)
    measured.add_argument("--noise", type=Path, required=True, metavar="DIR", help="what `train` wrote")
    measured.add_argument("--json", action="store_true", help="print every figure as JSON")
    _add_workers(measured)


def _add_workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--workers", type=at_least(1), default=WORKERS, metavar="N", help="processes (one a core)"
    )


def run_simulate(args: argparse.Namespace) -> int:
    """Make the corpus."""
    from silentspam.training.codecs import available_codecs, open_codec
    from silentspam.training.corpus import check_free, write_openings
    from silentspam.training.noise_corpus import NoiseSimulator, description
    from silentspam.training.noise_places import find_places
    from silentspam.training.payloads import Payloads
    from silentspam.training.simulate import Plan
    from silentspam.training.sources import find_clips

    check_free(args.out)
    plan = Plan(campaigns=args.campaigns, calls=args.calls, ham=args.ham, silence=args.rooms, seed=args.seed)
    names = tuple(args.codecs or available_codecs(folders=args.sources))
    codecs = {name: open_codec(name, folders=args.sources) for name in names}
    clips = (*find_clips(args.sources), *find_places(args.sources))
    simulator = NoiseSimulator(plan, clips, codecs, Payloads(args.sources))
    described = description(simulator, clips)
    count = write_openings(
        args.out, simulator, described, workers=args.workers, progress=openings_progress("simulate")
    )
    print(f"{count} openings in {args.out}, labels in {args.out / 'labels.csv'}")
    return 0


def run_train(args: argparse.Namespace) -> int:
    """Train, write the files, and print the figures of what was held out."""
    from dataclasses import replace

    from silentspam.kinds.noise import noise_files
    from silentspam.training.noise_folder import write_noise
    from silentspam.training.noise_training import NoiseParams, train_noise

    params = NoiseParams()
    params = replace(params, fit=replace(params.fit, seed=args.seed, workers=args.workers))
    trained = train_noise(_dataset(args, params.features), params, corpus=corpus_beside(args.labels))
    write_noise(args.out, noise_files(trained.trees, trained.card))
    print(f"noise model in {args.out}\n\n{figures_text(trained.card.evaluation)}")
    return 0


def run_evaluate(args: argparse.Namespace) -> int:
    """Measure what `train` wrote, or a model folder that knows noise, on the test splits of a corpus."""
    from silentspam.training.noise_folder import read_noise
    from silentspam.training.noise_training import measure

    model = read_noise(args.noise)
    figures = measure(_dataset(args, model.params), model)
    print(json.dumps(figures, indent=1) if args.json else figures_text(figures))
    return 0


def _dataset(args: argparse.Namespace, features: Any) -> "Dataset":
    from silentspam.training.dataset import read_labels
    from silentspam.training.noise_features import load_noise_dataset

    rows = read_labels(args.labels, args.recordings)
    return load_noise_dataset(rows, features, workers=args.workers, progress=openings_progress("features"))


def figures_text(splits: dict[str, Any]) -> str:
    """Tables of every split: budgets; and at BUDGET families, kinds of people, and the worst sources."""
    return "\n\n".join(_split_text(name, figures) for name, figures in splits.items())


def _split_text(name: str, figures: dict[str, Any]) -> str:
    from silentspam.training.noise_training import BUDGET

    budgets = [
        (f"{one['budget']:.2%}", *_cells(one["recall"]), *_cells(one["false_challenges"]))
        for one in figures["budgets"]
    ]
    at_rates = [(f"{float(rate):.2%}", *_cells(one)) for rate, one in figures["recall_at"].items()]
    campaigns = figures["campaigns"]
    found = (
        f"at {BUDGET:.1%}: of {campaigns['campaigns']} campaigns {campaigns['whole']} found whole, "
        f"{len(campaigns['missed'])} not at all"
    )
    worst = sorted(figures["sources"].items(), key=lambda item: (-item[1]["rate"], item[0]))[:WORST]
    parts = (
        ("", ("budget", "recall", "95 %", "false challenges", "95 %"), budgets),
        ("with the threshold by these very people:\n", ("at most", "recall", "95 %"), at_rates),
        (f"{found}\n", ("family", "found", "95 %"), _lines(figures["families"].items())),
        ("", ("people", "challenged", "95 %"), _lines(figures["people"].items())),
        ("the worst sources of people:\n", ("source", "challenged", "95 %"), _lines(worst)),
    )
    shown = [head + table(heads, rows) for head, heads, rows in parts if rows]
    return f"{name}\n" + "\n\n".join(shown)


def _lines(rates: Iterable[tuple[str, dict[str, Any]]]) -> list[tuple[str, ...]]:
    return [(name, *_cells(rate)) for name, rate in rates]


def _cells(rate: dict[str, Any]) -> tuple[str, str]:
    if not rate["n"]:
        return "-", ""
    low, high = rate["wilson95"]
    return f"{rate['rate']:.2%} ({rate['hits']} of {rate['n']})", f"{low:.2%} to {high:.2%}"
