"""`silentspam simulate`: make a corpus of openings to train and test on."""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import at_least, verb_parser

if TYPE_CHECKING:
    from silentspam.training.simulate import Row

EXAMPLES = """\
  silentspam simulate --out corpus --sources $(python -m lab.corpus_audio) --seed 1
  silentspam simulate --out small --sources audio --campaigns 8 --calls 10 --ham 80 --codecs g711u gsm

`python -m lab.corpus_audio` fetches licensed audio and codecs from Debian (about 250 MB, cached). The same
seed, sources and codecs give the same bytes. Dead air is synthetic: shaped noise, hum, clicks, comfort noise
and onsets through real codecs with losses; no recording of a real idle line is in it."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "simulate", "make a corpus of openings, dead air and people", EXAMPLES)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write the corpus")
    parser.add_argument(
        "--sources",
        type=Path,
        nargs="+",
        required=True,
        metavar="DIR",
        help="folders of unpacked Debian packages: licensed audio, and codecs that the system lacks",
    )
    for option, default, what in (
        ("--campaigns", 1000, "dead-air campaigns"),
        ("--calls", 8, "calls of each campaign"),
        ("--ham", 16_000, "openings of people"),
        ("--silence", 800, "openings with digital silence in them, to test with"),
        ("--seed", 1, "seed of all chance"),
    ):
        parser.add_argument(option, type=int, default=default, metavar="N", help=f"{what} ({default})")
    parser.add_argument("--test-share", type=float, default=0.25, metavar="X", help="kept for testing (0.25)")
    parser.add_argument(
        "--seconds", type=float, default=2.0, metavar="S", help="length of an opening (2.0 s)"
    )
    parser.add_argument(
        "--workers",
        type=at_least(1),
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes (one a core); any number makes the same corpus",
    )
    parser.add_argument("--codecs", nargs="+", metavar="NAME", help="codecs to use (all that are found)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make the corpus."""
    from silentspam.training.codecs import CODEC_NAMES, available_codecs, open_codec
    from silentspam.training.corpus import write_corpus
    from silentspam.training.simulate import Plan
    from silentspam.training.sources import find_clips

    plan = Plan(
        campaigns=args.campaigns,
        calls=args.calls,
        ham=args.ham,
        silence=args.silence,
        seed=args.seed,
        test_share=args.test_share,
        seconds=args.seconds,
    )
    names = tuple(args.codecs or available_codecs(folders=args.sources))
    absent = [name for name in CODEC_NAMES if name not in names]
    if absent and not args.codecs:
        print(f"silentspam simulate: these codecs are not here: {', '.join(absent)}", file=sys.stderr)
    codecs = {name: open_codec(name, folders=args.sources) for name in names}
    clips = find_clips(args.sources)
    count = write_corpus(args.out, plan, clips, codecs, workers=args.workers, progress=_progress)
    print(f"{count} openings in {args.out}, labels in {args.out / 'labels.csv'}")
    return 0


def _progress(rows: Iterable["Row | None"], total: int) -> Iterator["Row | None"]:
    from tqdm import tqdm

    yield from tqdm(rows, total=total, unit="opening", desc="simulate", file=sys.stderr)
