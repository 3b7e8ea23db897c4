"""`paths claims`: how often claims of a call's way are contradicted, truly and falsely."""

import argparse
from pathlib import Path
from typing import Any

from silentspam.cli.common import action
from silentspam.cli.path_counts import print_counts


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
    from silentspam.training.claim_study import study

    return print_counts(args, args.corpora, lambda folder, seconds: study(folder, seconds=seconds))
