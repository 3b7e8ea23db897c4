"""`silentspam evaluate`: how a model does on labelled recordings, with the intervals of every figure."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import table, verb_parser
from silentspam.cli.corpus import add_corpus_options, corpus_beside, openings_progress

if TYPE_CHECKING:
    from silentspam.training.assessment import Document

WORST = 10
ANNOUNCEMENTS = "announcements"
EXAMPLES = """\
  silentspam evaluate --model silentspam/models/default --recordings corpus --labels corpus/labels.csv
  silentspam evaluate --model models/first --recordings calls --labels labels.csv --html report.html
  silentspam evaluate --model models/first --recordings corpus --labels corpus/labels.csv \\
      --split test_unseen --json > figures.json

Of a CSV with a column `split`, the rows whose split begins with "test" are measured unless --split says
otherwise: a model flatters itself on what it was trained on. Digital silence is counted apart and not judged.
Recall at a rate of false challenges takes the threshold from the very people evaluated, and says where there
are too few of them; the first table is at the card's own threshold.

The last three tables are of every kind of SPAM: each opening is judged as a call is, at the thresholds of
--config (without it, of the defaults); the recordings in the folder `announcements` beside the CSV are known,
whatever `recordings add` reads; what is left out of them is named on stderr.
The label says the kind: ham, spam for dead air, or its name as in CALLER_FAX."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "evaluate", "measure a model on labelled recordings", EXAMPLES)
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="the model folder")
    add_corpus_options(parser)
    parser.add_argument("--split", nargs="+", default=[], metavar="NAME", help="splits to measure on")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="configuration whose thresholds judge (its defaults)"
    )
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a report with pictures there")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    from silentspam.cli.every_kind import all_kinds
    from silentspam.config import Config, load_config
    from silentspam.model import load_model
    from silentspam.training.assessment import assess, choose_splits
    from silentspam.training.dataset import read_labels
    from silentspam.training.scoring import score

    config = load_config(args.config) if args.config else Config()
    model = load_model(args.model)
    every = read_labels(args.labels, args.recordings, for_training=False, other_kinds=True)
    rows = choose_splits(every, args.split)
    statement = str(corpus_beside(args.labels).get("statement", ""))
    dead_air = [row for row in rows if not row.is_other]
    figures = assess(model, score(model, dead_air, progress=openings_progress("judge")), statement=statement)
    figures["kinds"] = all_kinds(model, rows, config, announcements=args.labels.with_name(ANNOUNCEMENTS))
    for kind, n in figures["kinds"]["unheard"].items():
        print(f"silentspam evaluate: nobody listened for {kind} in {n} openings", file=sys.stderr)
    if args.html:
        from silentspam.reports.evaluation import evaluation_page
        from silentspam.reports.page import write_page

        write_page(args.html, evaluation_page(figures))
        print(f"report in {args.html}", file=sys.stderr)
    print(json.dumps(figures, indent=1, allow_nan=False) if args.json else _text(figures))
    return 0


def _text(figures: "Document") -> str:
    model, openings, kinds = figures["model"], figures["openings"], figures["kinds"]
    parts = {"all": figures["overall"], **figures["splits"]}
    from silentspam.reports import kinds as of_kinds
    from silentspam.reports.evaluation import BUDGET_HEADS, SILENCE_HEADS, budget_rows, silence_rows

    budgets = [table(BUDGET_HEADS, budget_rows(figures))] if figures["budgets"] else []
    silence = [table(SILENCE_HEADS, silence_rows(figures))] if figures["digital_silence"] else []
    return "\n\n".join(
        [
            f"model {model['model_id']}, threshold {model['threshold']:.3f}\n"
            f"{openings['spam']} dead-air calls of {openings['campaigns']} campaigns, "
            f"{openings['ham']} people; not judged: {_not_judged(figures['not_judged'])}",
            table(("openings", "recall", "95 %", "false challenges", "95 %"), _at_threshold(parts)),
            *budgets,
            table(("openings", "at most", "recall", "95 %", "people challenged"), _at_rates(parts)),
            table(("people", "challenged", "95 %"), _lines(figures["ham_kinds"])),
            *silence,
            f"the {WORST} campaigns found least:\n"
            + table(
                ("campaign", "kind", "recall", "95 %"),
                [
                    (one["campaign"], ",".join(one["kinds"]), *share_cells(one["recall"]))
                    for one in figures["campaigns"][:WORST]
                ],
            ),
            "every kind, judged as a call is:\n"
            + table(of_kinds.CONFUSION_HEADS, of_kinds.confusion_rows(kinds)),
            table(of_kinds.FOUND_HEADS, of_kinds.found_rows(kinds)),
            table(of_kinds.PEOPLE_HEADS, of_kinds.people_rows(kinds)),
        ]
    )


def _not_judged(counts: "Document") -> str:
    named = [f"{n} {label} ({cause})" for label, causes in counts.items() for cause, n in causes.items()]
    return ", ".join(named) or "none"


def _at_threshold(parts: "Document") -> list[tuple[str, ...]]:
    return [
        (name, *share_cells(part["recall"]), *share_cells(part["false_challenges"]))
        for name, part in parts.items()
    ]


def _at_rates(parts: "Document") -> list[tuple[str, ...]]:
    return [
        (
            name,
            f"{point['rate']:.1%}",
            f"{point['recall']:.2%}",
            f"{point['low']:.2%} to {point['high']:.2%}",
            f"{point['challenged']} of {point['people']}"
            + ("" if point["resolved"] else ", too few to tell"),
        )
        for name, part in parts.items()
        for point in part["recall_at"] or []
    ]


def _lines(shares: "Document") -> list[tuple[str, ...]]:
    return [(name, *share_cells(share)) for name, share in shares.items()]


def share_cells(share: "Document | None") -> tuple[str, str]:
    """A rate and its interval as two cells."""
    if share is None or share["rate"] is None:
        return "-", ""
    return (
        f"{share['rate']:.2%} ({share['hits']} of {share['n']})",
        f"{share['low']:.2%} to {share['high']:.2%}",
    )
