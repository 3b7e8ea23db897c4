"""`silentspam recorders`: whether Asterisk and FreeSWITCH, as they record a call, have it judged alike."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import at_least, table, verb_parser
from silentspam.cli.corpus import add_corpus_options, corpus_beside, openings_progress

if TYPE_CHECKING:
    from silentspam.training.recorder_study import Document

EXAMPLES = """\
  silentspam simulate --out heard --sources $(python -m lab.noise_audio) --seconds 2.12 \\
      --campaigns 100 --calls 16 --ham 3000 --loud 600 --silence 300 --kinds 800 \\
      --mix fax=1 busy=1 recording=1 noise=1 --test-share 0.99999 --seed 8
  silentspam recorders --recordings heard --labels heard/labels.csv --json recorders.json

What each recorder makes of what a caller sends was measured on Asterisk 22.10.1 and FreeSWITCH 1.10.12; here
it is done to the openings of a corpus. FreeSWITCH begins up to 0.1 s later: openings of 2.12 s (--seconds)
give it whole ones. Of a CSV with a column `split`, the rows whose split begins with "test" are measured."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "recorders", "compare verdicts on what each switch records", EXAMPLES)
    add_corpus_options(parser)
    parser.add_argument(
        "--model", type=Path, metavar="DIR", help="folder of the model (default: the one that ships)"
    )
    parser.add_argument(
        "--each",
        type=at_least(1),
        default=4,
        metavar="N",
        help="losses are measured on one opening in N (4)",
    )
    parser.add_argument("--seed", type=at_least(0), default=1, metavar="N", help="seed of all chance (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure, write what is asked for, and print the tables."""
    from silentspam.reports import recorders
    from silentspam.reports.page import write_whole

    figures = _measure(args)
    if args.json:
        write_whole(args.json, (json.dumps(figures, indent=1, allow_nan=False) + "\n").encode())
    for heads, rows in (
        (recorders.VERDICT_HEADS, recorders.verdict_rows(figures)),
        (recorders.SUM_HEADS, recorders.sum_rows(figures)),
        (recorders.LOSS_HEADS, recorders.loss_rows(figures)),
        (recorders.KNOWN_HEADS, recorders.known_rows(figures)),
        (recorders.PLACE_HEADS, recorders.place_rows(figures)),
        (recorders.FEATURE_HEADS, recorders.feature_rows(figures)),
        (recorders.CODE_HEADS, recorders.code_rows(figures)),
    ):
        print(table(heads, rows) + "\n")
    print(f"tolerance: {figures['verdicts']['tolerance']} of the probability of dead air")
    return 0


def _measure(args: argparse.Namespace) -> "Document":
    from silentspam import resources
    from silentspam.budget import LINE_SHARE
    from silentspam.cli.every_kind import whole_verdict
    from silentspam.config import Config
    from silentspam.lines.ground import load_reference
    from silentspam.model import load_model
    from silentspam.training import recorder_lines
    from silentspam.training.assessment import choose_splits
    from silentspam.training.dataset import read_labels
    from silentspam.training.recorder_study import study_verdicts

    folder, config = args.model or resources.shipped_model(), Config()
    model = load_model(folder)
    rows = choose_splits(read_labels(args.labels, args.recordings, for_training=False, other_kinds=True), ())
    reference = load_reference(folder)
    openings = recorder_lines.measure(rows, model, seed=args.seed)
    live_share = config.model.max_false_challenge_rate * LINE_SHARE
    with whole_verdict(model, config, announcements=args.labels.with_name("announcements")) as whole:
        verdicts = study_verdicts(
            rows, whole.judge, seed=args.seed, each=args.each, progress=openings_progress("verdicts")
        )
    return {
        "format": 1,
        "model": {"model_id": model.model_id, "statement": model.card.statement},
        "statement": str(corpus_beside(args.labels).get("statement", "")),
        "openings": len(rows),
        "each": args.each,
        "seed": args.seed,
        "verdicts": verdicts,
        "places": recorder_lines.study_places(openings, model, reference, live_share=live_share),
        "features": recorder_lines.study_features(openings, model),
        "codes": recorder_lines.study_codes(openings),
    }
