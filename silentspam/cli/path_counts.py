"""What the studies of `silentspam paths` count, printed for people or as one JSON document."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from silentspam.training.loss_study import Tally


def print_counts(
    args: argparse.Namespace, corpora: Sequence[Path], study: Callable[[Path, float], "Tally"]
) -> int:
    """Count each corpus at each of `args.seconds`; shares stand with counts and intervals. Exit code 0."""
    import json

    counted = []
    for folder, seconds in ((folder, seconds) for folder in corpora for seconds in args.seconds):
        tally = study(folder, seconds)
        counted.append({"corpus": str(folder), "seconds": seconds, "counts": tally.rates()})
        if not args.json:
            print(f"{folder}, test split, {seconds:g} s a call; share, counts, 95 % interval (Wilson)")
            print("\n".join(tally.lines()), flush=True)
    if args.json:
        print(json.dumps(counted))
    return 0
