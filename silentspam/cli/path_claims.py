"""`paths claims`: how often claims of a call's way are contradicted, truly and falsely."""

import argparse
from pathlib import Path
from typing import Any

from silentspam.cli.common import action


def add_claim_action(actions: Any) -> None:
    """Add it to the actions of `silentspam paths`."""
    counted = action(actions, "claims", "count alerts of true and of false caller IDs", run_claims)
    counted.add_argument("corpora", type=Path, nargs="+", metavar="CORPUS", help="of `paths simulate`")
    counted.add_argument(
        "--seconds", type=float, nargs="+", default=[15.0], metavar="S", help="of each call (15)"
    )
    counted.add_argument("--json", action="store_true", help="print one object instead of lines")


def run_claims(args: argparse.Namespace) -> int:
    """Count on the test splits, and print shares with counts and intervals."""
    import json

    from silentspam.training.claim_study import study

    counted = []
    for folder, seconds in ((folder, seconds) for folder in args.corpora for seconds in args.seconds):
        tally = study(folder, seconds=seconds)
        counted.append({"corpus": str(folder), "seconds": seconds, "counts": tally.rates()})
        if not args.json:
            print(f"{folder}, test split, {seconds:g} s a call; share, counts, 95 % interval (Wilson)")
            print("\n".join(tally.lines()), flush=True)
    if args.json:
        print(json.dumps(counted))
    return 0
