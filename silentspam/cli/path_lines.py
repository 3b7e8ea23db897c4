"""`paths learn-lines` and `paths lines`: the space in which lines are known again, and how well."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import action, at_least

if TYPE_CHECKING:
    from silentspam.provenance.line_space import LineSpace


def add_line_actions(actions: Any) -> None:
    """Add both to the actions of `silentspam paths`."""
    learnt = action(actions, "learn-lines", "learn in which space calls of one line lie together", run_learn)
    learnt.add_argument("corpora", type=Path, nargs="+", metavar="CORPUS", help="of `paths simulate`")
    learnt.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write the arrays")
    learnt.add_argument("--seed", type=at_least(0), default=1, metavar="N", help="seed of all chance (1)")

    counted = action(actions, "lines", "count how lines are known again", run_lines)
    counted.add_argument("corpora", type=Path, nargs="+", metavar="CORPUS", help="of `paths simulate`")
    counted.add_argument(
        "--seconds",
        type=float,
        nargs="+",
        default=[15.0],
        metavar="S",
        help="of each call (15)",
    )
    counted.add_argument(
        "--lines",
        type=at_least(1),
        nargs="+",
        default=[16],
        metavar="N",
        help="enrolled in the open set (16)",
    )
    counted.add_argument("--space", type=Path, metavar="DIR", help="in place of the shipped one")
    counted.add_argument(
        "--with-openings",
        action="store_true",
        help="what two seconds before anybody speaks tell beside it (line memory)",
    )
    counted.add_argument("--json", action="store_true", help="print one object a length instead of lines")


def run_learn(args: argparse.Namespace) -> int:
    """Learn from the training splits, and write arrays with their hashes."""
    from silentspam.provenance.line_space import space_files
    from silentspam.training.source_training import learn_space, read_sources
    from silentspam.training.sources import Split

    rows = read_sources(args.corpora, split=Split.TRAIN, seed=args.seed)
    said = f"{len(rows.sources)} calls of {len(set(rows.sources))} sources of `silentspam paths simulate`"
    files = space_files(learn_space(rows, learnt_from=said))
    args.out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (args.out / name).write_bytes(content)
    print(f"{len(files)} files in {args.out}, learnt from {said}")
    return 0


def run_lines(args: argparse.Namespace) -> int:
    """Count on the test splits, and print shares with counts and intervals."""
    import json

    from silentspam.provenance.line_space import load_space, shipped_space
    from silentspam.training.source_study import lines_of, study

    space = load_space(args.space) if args.space else shipped_space()
    if args.with_openings:
        return _with_openings(args, space)
    for seconds in args.seconds:
        counted = study(args.corpora, space, seconds=seconds, lines=args.lines)
        if args.json:
            print(json.dumps(counted, ensure_ascii=False))
        else:
            named = ", ".join(map(str, args.corpora))
            print(f"{named}, test split, {seconds:g} s a call; share, counts, 95 % interval over sources")
            print("\n".join(lines_of(counted)))
    return 0


def _with_openings(args: argparse.Namespace, space: "LineSpace") -> int:
    import json

    from silentspam.training.opening_study import lines_of, study

    for folder, seconds in ((folder, seconds) for folder in args.corpora for seconds in args.seconds):
        counted = study(folder, space, seconds=seconds)
        print(
            json.dumps(counted) if args.json else "\n".join([f"{folder}, {seconds:g} s", *lines_of(counted)])
        )
    return 0
