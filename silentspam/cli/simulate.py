"""`silentspam simulate`: make a corpus of openings to train and test on."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from silentspam.training.simulate import Drawn

EPILOG = """examples:
  Fetch licensed audio and codecs once (about 220 MB, from Debian), then make a corpus:
    silentspam simulate --out corpus --sources $(python -m lab.corpus_audio) --seed 1
  A small one, over two codecs only:
    silentspam simulate --out small --sources audio/ --campaigns 8 --calls 10 --ham 80 --codecs g711u gsm

The same seed, sources and codecs give the same bytes. Dead air is synthetic: shaped noise, hum, clicks,
comfort noise and onsets through real codecs with losses. No recording of a real idle line is in it.
"""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "simulate",
        help="make a corpus of simulated openings",
        description="Make a corpus of openings: synthetic dead air and people, raw mu-law with labels.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write the corpus")
    parser.add_argument(
        "--sources", type=Path, nargs="+", required=True, metavar="DIR",
        help="folders of unpacked Debian packages: licensed audio, and codecs that the system lacks",
    )  # fmt: skip
    parser.add_argument(
        "--campaigns", type=int, default=40, metavar="N", help="dead-air campaigns [%(default)s]"
    )
    parser.add_argument("--calls", type=int, default=50, metavar="N", help="calls of each [%(default)s]")
    parser.add_argument("--ham", type=int, default=2000, metavar="N", help="openings of people [%(default)s]")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of all chance [%(default)s]")
    parser.add_argument(
        "--test-share", type=float, default=0.25, metavar="X", help="share kept for testing [%(default)s]"
    )
    parser.add_argument(
        "--seconds", type=float, default=2.0, metavar="S", help="length of an opening [%(default)s s]"
    )
    parser.add_argument("--codecs", nargs="+", metavar="NAME", help="codecs to use [all that are found]")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make the corpus. Returns 0, or 1 when it could not be made."""
    from silentspam.errors import SilentSpamError
    from silentspam.training.codecs import CODEC_NAMES, available_codecs, open_codec
    from silentspam.training.simulate import Plan, write_corpus
    from silentspam.training.sources import find_clips

    try:
        names = tuple(args.codecs or available_codecs(folders=args.sources))
        codecs = {name: open_codec(name, folders=args.sources) for name in names}
        absent = [name for name in CODEC_NAMES if name not in codecs]
        if absent and not args.codecs:
            print(f"silentspam simulate: these codecs are not here: {', '.join(absent)}", file=sys.stderr)
        plan = Plan(
            campaigns=args.campaigns,
            calls=args.calls,
            ham=args.ham,
            seed=args.seed,
            test_share=args.test_share,
            seconds=args.seconds,
        )
        count = write_corpus(args.out, plan, find_clips(args.sources), codecs, progress=_progress)
    except (SilentSpamError, OSError) as error:
        print(f"silentspam simulate: {error}", file=sys.stderr)
        return 1
    print(f"{count} openings in {args.out}, labels in {args.out / 'labels.csv'}")
    return 0


def _progress(openings: Iterable["Drawn"], total: int) -> Iterator["Drawn"]:
    from tqdm import tqdm

    yield from tqdm(openings, total=total, unit="opening", desc="simulate", file=sys.stderr)
