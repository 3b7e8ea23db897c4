"""`silentspam simulate`: make a corpus of openings to train and test on."""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import at_least, verb_parser

if TYPE_CHECKING:
    from silentspam.training.kind_corpus import KindPlan
    from silentspam.training.payloads import Payloads
    from silentspam.training.simulate import Row

MIX = ("fax=611", "recording=87", "noise=32", "busy=5")
EXAMPLES = """\
  silentspam simulate --out corpus --sources $(python -m lab.corpus_audio) --seed 1
  silentspam simulate --out small --sources audio --campaigns 8 --calls 10 --ham 80 --kinds 0 --codecs gsm
  silentspam simulate --out even --sources $(python -m lab.noise_audio) --kinds 3200 --loud 3000 \\
      --mix fax=1 busy=1 recording=1 noise=1

The other kinds of SPAM (fax and busy signals, announcements that are played again, noise) have campaigns and
a network of their own, in the proportions of the paper's Table 2 unless --mix says otherwise: `silentspam
evaluate` measures them, `silentspam train` leaves them out. With --loud there are people in loud places too.
`python -m lab.corpus_audio` fetches licensed audio and codecs from Debian (about 250 MB, cached). The same
seed, sources and codecs give the same bytes. Dead air is synthetic: shaped noise, hum, clicks, comfort noise
and onsets through real codecs with losses; no recording of a real idle line is in it."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "simulate", "make a corpus of openings, SPAM and people", EXAMPLES)
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
        ("--kinds", 2000, "openings of the other kinds of SPAM"),
        ("--loud", 0, "openings of people in loud places (`python -m lab.noise_audio`)"),
        ("--seed", 1, "seed of all chance"),
    ):
        parser.add_argument(option, type=int, default=default, metavar="N", help=f"{what} ({default})")
    parser.add_argument(
        "--mix",
        nargs="+",
        default=MIX,
        metavar="KIND=N",
        help=f"proportions of the other kinds ({' '.join(MIX)}: Orife et al. 2018, Table 2)",
    )
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
    from silentspam.training.noise_places import find_places
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
    clips = find_clips(args.sources) + (find_places(args.sources) if args.loud else ())
    kinds, payloads = _kinds(args)
    count = write_corpus(
        args.out,
        plan,
        clips,
        codecs,
        kinds=kinds,
        payloads=payloads,
        workers=args.workers,
        progress=_progress,
    )
    print(f"{count} openings in {args.out}, labels in {args.out / 'labels.csv'}")
    return 0


def _kinds(args: argparse.Namespace) -> "tuple[KindPlan | None, Payloads | None]":
    """What is to be made of the other kinds; without the libraries that noise needs, the others of them."""
    from silentspam.call import VerdictKind
    from silentspam.training.kind_corpus import KindPlan
    from silentspam.training.libraries import CodecUnavailableError
    from silentspam.training.mixture import mixture_of
    from silentspam.training.payloads import Payloads

    if not args.kinds and not args.loud:
        return None, None
    mixture, payloads = dict(mixture_of(args.mix)), None
    if args.kinds and VerdictKind.CALLER_NOISE in mixture:
        try:
            payloads = Payloads(args.sources)
        except CodecUnavailableError as error:
            del mixture[VerdictKind.CALLER_NOISE]
            print(f"silentspam simulate: no campaigns of noise: {error}", file=sys.stderr)
    plan = KindPlan(
        openings_of_kinds=args.kinds if mixture else 0,
        mixture=mixture,
        calls=args.calls,
        loud=args.loud,
        seed=args.seed,
        test_share=args.test_share,
        seconds=args.seconds,
    )
    return plan, payloads


def _progress(rows: Iterable["Row | None"], total: int) -> Iterator["Row | None"]:
    from tqdm import tqdm

    yield from tqdm(rows, total=total, unit="opening", desc="simulate", file=sys.stderr)
