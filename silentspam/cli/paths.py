"""`silentspam paths`: calls whose paths through networks are known, for training and measuring provenance."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from silentspam.cli.common import action, at_least, verb_parser
from silentspam.cli.path_claims import add_claim_action
from silentspam.cli.path_counts import print_counts
from silentspam.cli.path_lines import add_line_actions

WORKERS = os.cpu_count() or 1
EXAMPLES = """\
  silentspam paths simulate --out calls --sources $(python -m lab.corpus_audio) --seed 1
  silentspam paths simulate --out calls --sources $(python -m lab.corpus_audio) --callers 16 --calls 10
  silentspam paths simulate --out any-order --sources $(python -m lab.corpus_audio) --unordered 1
  silentspam paths losses --recordings calls --seconds 15 5 2
  silentspam paths quality --sources $(python -m lab.corpus_audio) --recordings calls
  silentspam paths learn-concealment --recordings calls g711-calls --out concealment
  silentspam paths codecs calls any-order --seconds 15 5 2
  silentspam paths learn-codecs calls any-order --out codecs
  silentspam paths learn-codecs calls --without speex8 --out trial
  silentspam paths codecs calls --model trial --encodings speex8
  silentspam paths simulate --out voices --sources $(python -m lab.corpus_audio) --voices 0.18 --noisy 0.5
  silentspam paths learn-lines calls voices --out lines
  silentspam paths lines held-out --lines 16 500

Telephones, rooms and losses are synthetic, paths are drawn by chance; the codecs are real, and the speech is
licensed recordings."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "paths", "make calls whose paths through networks are known", EXAMPLES)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add_simulate(actions)
    _add_losses(actions)
    _add_codecs(actions)
    add_line_actions(actions)
    add_claim_action(actions)


def _add_simulate(actions: Any) -> None:
    made = action(actions, "simulate", "make calls through codecs and losses of every network", run_simulate)
    made.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write the calls")
    made.add_argument(
        "--sources", type=Path, nargs="+", required=True, metavar="DIR", help="unpacked audio and codecs"
    )
    made.add_argument(
        "--callers", type=at_least(1), default=2400, metavar="N", help="telephones with their paths (2400)"
    )
    made.add_argument("--calls", type=at_least(1), default=1, metavar="N", help="calls of each (1)")
    made.add_argument("--seconds", type=float, default=15.0, metavar="S", help="of each call (15)")
    made.add_argument(
        "--test-share", type=float, default=0.25, metavar="F", help="callers to test with, 0…1 (0.25)"
    )
    made.add_argument(
        "--unordered", type=float, default=0.0, metavar="F", help="callers with codecs in any order, 0…1 (0)"
    )
    made.add_argument(
        "--voices", type=float, default=0.0, metavar="F", help="how far speakers become others, 0…0.3 (0)"
    )
    made.add_argument(
        "--noisy", type=float, default=0.0, metavar="F", help="calls with noise behind the speech, 0…1 (0)"
    )
    made.add_argument(
        "--one-noise", action="store_true", help="all telephones and rooms share one noise spectrum"
    )
    made.add_argument("--codecs", nargs="+", metavar="LABEL", help="labels of the codecs to use (all)")
    made.add_argument("--seed", type=at_least(0), default=1, metavar="N", help="seed of all chance (1)")
    made.add_argument(
        "--workers", type=at_least(1), default=WORKERS, metavar="N", help="processes (one a core)"
    )


def _add_losses(actions: Any) -> None:
    counted = action(actions, "losses", "count how lost and concealed packets are found", run_losses)
    counted.add_argument(
        "--recordings", type=Path, nargs="+", required=True, metavar="DIR", help="of `paths simulate`"
    )
    counted.add_argument(
        "--seconds", type=float, nargs="+", default=[15.0], metavar="S", help="of each call (15)"
    )
    counted.add_argument("--json", action="store_true", help="print one object instead of lines")
    rated = action(actions, "quality", "measure how a rating falls with codecs and losses", run_quality)
    rated.add_argument(
        "--sources", type=Path, nargs="+", required=True, metavar="DIR", help="unpacked audio and codecs"
    )
    rated.add_argument(
        "--calls", type=at_least(2), default=20, metavar="N", help="through each chain and loss (20)"
    )
    rated.add_argument(
        "--recordings", type=Path, metavar="DIR", help="of `paths simulate`: what it adds there"
    )
    learnt = action(actions, "learn-concealment", "learn what concealment leaves", run_learn_concealment)
    learnt.add_argument(
        "--recordings", type=Path, nargs="+", required=True, metavar="DIR", help="of `paths simulate`"
    )
    learnt.add_argument(
        "--frames",
        type=Path,
        metavar="DIR",
        help="keep the trees of frames of these arrays, and learn to judge calls that they never met",
    )
    learnt.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write the arrays")
    learnt.add_argument("--seed", type=at_least(0), default=1, metavar="N", help="seed of all chance (1)")


def _add_codecs(actions: Any) -> None:
    told = action(actions, "codecs", "count how codecs and networks are told", run_codecs)
    told.add_argument("corpora", type=Path, nargs="+", metavar="CORPUS", help="of `paths simulate`")
    told.add_argument(
        "--seconds",
        type=float,
        nargs="+",
        default=[15.0, 5.0, 2.0],
        metavar="S",
        help="of each call (15 5 2)",
    )
    told.add_argument("--model", type=Path, metavar="DIR", help="of `paths learn-codecs` (the shipped one)")
    told.add_argument(
        "--encodings", nargs="+", default=[], metavar="NAME", help="count calls with one of these"
    )
    told.add_argument("--json", action="store_true", help="print one object instead of lines")
    learnt = action(actions, "learn-codecs", "learn codecs and networks", run_learn_codecs)
    learnt.add_argument("corpora", type=Path, nargs="+", metavar="CORPUS", help="of `paths simulate`")
    learnt.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write the arrays")
    learnt.add_argument(
        "--without", nargs="+", default=[], metavar="NAME", help="leave out calls with one of these encodings"
    )
    learnt.add_argument(
        "--seconds",
        type=float,
        nargs="+",
        default=[15.0, 5.0, 2.0],
        metavar="S",
        help="lengths of the piece of each call that is learnt from (15 5 2)",
    )
    learnt.add_argument("--seed", type=at_least(0), default=1, metavar="N", help="seed of all chance (1)")


def run_simulate(args: argparse.Namespace) -> int:
    """Make the calls."""
    from tqdm import tqdm

    from silentspam.training.path_corpus import CALLS, PathPlan, write_path_corpus
    from silentspam.training.paths import FAMILIES

    plan = PathPlan(
        sources=args.callers,
        calls=args.calls,
        seed=args.seed,
        folders=tuple(args.sources),
        seconds=args.seconds,
        test_share=args.test_share,
        unordered=args.unordered,
        voices=args.voices,
        noisy=args.noisy,
        one_noise=args.one_noise,
        families=tuple(args.codecs or FAMILIES),
    )
    made = write_path_corpus(args.out, plan, workers=args.workers)
    progress = tqdm(made, total=plan.sources * plan.calls, unit="call", file=sys.stderr, disable=None)
    count = sum(1 for _ in progress)
    print(f"{count} calls in {args.out}, the truth about them in {args.out / CALLS}")
    return 0


def run_losses(args: argparse.Namespace) -> int:
    """Count on the test split, and print shares with counts and intervals."""
    from silentspam.training.loss_study import study

    return print_counts(args, args.recordings, lambda folder, seconds: study(folder, seconds=seconds))


def run_quality(args: argparse.Namespace) -> int:
    """Rate, and print one object of means with their intervals."""
    import json

    from silentspam.training.quality_study import adds, falls

    found = {"falls": falls(args.sources, calls=args.calls)}
    print(json.dumps({**found, "adds": adds(args.recordings) if args.recordings else None}))
    return 0


def run_learn_concealment(args: argparse.Namespace) -> int:
    """Learn from the training split, and write arrays with their hashes."""
    from silentspam.provenance.concealment import load_model
    from silentspam.provenance.tree_sums import tree_files
    from silentspam.training.concealment_training import learn_calls, learn_concealment

    if args.frames:
        trees = learn_calls(args.recordings, load_model(args.frames).frames, seed=args.seed)
    else:
        trees = learn_concealment(args.recordings, seed=args.seed)
    _write(tree_files(trees), args.out)
    return 0


def run_codecs(args: argparse.Namespace) -> int:
    """Count on the test splits, and print shares with counts and intervals."""
    from silentspam.provenance.path_model import load_model
    from silentspam.training.path_study import study

    model = load_model(args.model) if args.model else None
    return print_counts(
        args,
        args.corpora,
        lambda folder, seconds: study(folder, seconds=seconds, model=model, encodings=args.encodings),
    )


def run_learn_codecs(args: argparse.Namespace) -> int:
    """Learn from the training splits, and write arrays with their hashes."""
    from silentspam.training.path_rows import read_rows
    from silentspam.training.path_training import learn_path_model

    rows = read_rows(args.corpora, seed=args.seed, without=args.without, lengths=args.seconds)
    _write(learn_path_model(rows, seed=args.seed).files(), args.out)
    return 0


def _write(files: dict[str, bytes], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / name).write_bytes(content)
    print(f"{len(files)} files in {out}")
