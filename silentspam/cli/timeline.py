"""`silentspam timeline`: a day of calls, drawn from a corpus, to replay."""

import argparse
from pathlib import Path
from typing import Any

from silentspam.cli.common import at_least, verb_parser

EXAMPLES = """\
  silentspam simulate --out corpus-day --sources $(python -m lab.corpus_audio) --seed 21 \\
    --campaigns 5 --calls 1200 --ham 14000 --silence 0 --test-share 0.99999
  silentspam timeline --corpus corpus-day --calls 20000 --campaigns 5 --seed 1 --out day.csv
  silentspam replay --calls day.csv --recordings corpus-day

Of the corpus only what no training met is used (split test_unseen). Attacks begin at random hours and last
some; 10 to 30 % of the calls are theirs, each from a random number. People call most before noon and in the
afternoon, some of them again, and pass. The same corpus and seed give the same timeline."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "timeline", "draw a day of calls from a corpus, to replay", EXAMPLES)
    parser.add_argument("--corpus", type=Path, required=True, metavar="DIR", help="folder with labels.csv")
    parser.add_argument("--out", type=Path, required=True, metavar="CSV", help="where to write the timeline")
    for option, default, what in (
        ("--calls", 20_000, "calls in all"),
        ("--campaigns", 5, "attacks among them"),
        ("--seed", 1, "seed of all chance"),
    ):
        lowest = 1 if option == "--calls" else 0
        parser.add_argument(
            option, type=at_least(lowest), default=default, metavar="N", help=f"{what} ({default})"
        )
    parser.add_argument(
        "--fumble",
        type=_share,
        default=0.0,
        metavar="X",
        help="share of people who press no key when they are asked, 0…1 (0)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Draw the day and write it."""
    from silentspam.replay.day import Day, day_of_corpus
    from silentspam.replay.timeline import write_timeline

    day = Day(calls=args.calls, campaigns=args.campaigns, seed=args.seed, fumble=args.fumble)
    calls = day_of_corpus(day, args.corpus / "labels.csv")
    write_timeline(args.out, calls)
    spam = sum(bool(call.campaign) for call in calls)
    print(f"{len(calls)} calls in {args.out}, {spam} of {args.campaigns} campaigns")
    return 0


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share in 0…1")
    return share
