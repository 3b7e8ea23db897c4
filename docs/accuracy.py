"""Writes docs/accuracy.md and its pictures from the figures that `make accuracy` measured.

    .venv/bin/python -m docs.accuracy --figures figures

Reads evaluate.json, kinds.json, compare.json, curve.json and holdout.json of that folder. What is not there
is named as not measured; no figure is in the text that is not in one of these files.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from docs.accuracy_kinds import add_kinds
from docs.markdown import SYNTHETIC, Markdown
from silentspam.reports import charts, comparison, evaluation, studies
from silentspam.reports.cells import interval, percent, rate, resolved
from silentspam.reports.page import ReportError

Document = dict[str, Any]

OUT = Path(__file__).parent / "accuracy.md"
WORST = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document; returns 1 where a file cannot be read or written."""
    parser = argparse.ArgumentParser(prog="python -m docs.accuracy", description=__doc__)
    parser.add_argument("--figures", type=Path, required=True, metavar="DIR", help="folder of the JSON files")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE", help="the Markdown file to write")
    options = parser.parse_args(arguments)
    try:
        write(options.figures, options.out)
    except (ReportError, OSError, ValueError, KeyError) as error:
        print(f"docs.accuracy: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def write(figures: Path, out: Path) -> None:
    """Write `out`, and the pictures beside it. Raises ReportError, OSError, ValueError, KeyError."""
    document = Markdown(
        out,
        "# Accuracy",
        SYNTHETIC,
        "`make accuracy` measures everything on this page again and writes it. " + evaluation.INTERVALS,
    )
    for name, section in SECTIONS.items():
        path = figures / f"{name}.json"
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        section(document, found)
    document.write()


def _evaluation(document: Markdown, figures: Document | None) -> None:
    document.add("## The model that ships")
    if figures is None:
        return document.not_measured("silentspam evaluate")
    openings, model = figures["openings"], figures["model"]
    silent = sum(n for causes in figures["not_judged"].values() for n in causes.values())
    document.add(
        f"Model `{model['model_id']}` at its own threshold, {model['threshold']:.4f}, on openings kept for "
        f"testing: {openings['spam']} dead-air calls of {openings['campaigns']} campaigns and "
        f"{openings['ham']} people of {openings['ham_sources']} sources. {silent} of these openings were not "
        "judged, being digital silence or too short; they are in no other figure, and such a call is bridged."
    )
    parts = {"all": figures["overall"], **figures["splits"]}
    document.table(
        ("openings", "recall", "95 %", "people challenged", "95 %"),
        [
            (
                name,
                rate(part["recall"]),
                interval(part["recall"]),
                rate(part["false_challenges"]),
                interval(part["false_challenges"]),
            )
            for name, part in parts.items()
        ],
    )
    document.add(
        "`test_seen`: further calls of campaigns that were trained on. `test_unseen`: campaigns, speakers, "
        "places and tunes that training never met.",
    )
    if figures["budgets"]:
        document.add(evaluation.BUDGETS)
        document.table(evaluation.BUDGET_HEADS, evaluation.budget_rows(figures))
    document.add(evaluation.OWN_PEOPLE)
    document.table(
        ("openings", "false challenges at most", "recall", "95 %", "people challenged"),
        [
            (name, f"{point['rate']:.1%}", percent(point["recall"]), interval(point), resolved(point))
            for name, part in parts.items()
            for point in part["recall_at"] or []
        ],
    )
    if any(part["ranking"] for part in parts.values()):
        document.picture("roc", charts.roc_figure(parts), "ROC and precision over recall")
    _kinds(document, figures)
    if figures["digital_silence"]:
        document.add("Openings made to have digital silence in them, of which nobody may be challenged:")
        document.table(evaluation.SILENCE_HEADS, evaluation.silence_rows(figures))


def _kinds(document: Markdown, figures: Document) -> None:
    for title, key, head in (
        ("People challenged, by how their call opens:", "ham_kinds", "people"),
        ("Recall, by kind of dead air:", "spam_kinds", "dead air"),
    ):
        document.add(title)
        rows = [(name, rate(share), interval(share)) for name, share in figures[key].items()]
        document.table((head, "share", "95 %"), rows)
    campaigns = figures["campaigns"]
    if campaigns:
        never = sum(one["recall"]["hits"] == 0 for one in campaigns)
        document.add(
            f"Of {len(campaigns)} campaigns {never} were not found by a single call. The worst {WORST}:"
        )
        worst = [
            (one["campaign"], ", ".join(one["kinds"]), ", ".join(one["codecs"]), rate(one["recall"]))
            for one in campaigns[:WORST]
        ]
        document.table(("campaign", "kind", "codec", "recall"), worst)


def _comparison(document: Markdown, figures: Document | None) -> None:
    document.add("## Beside the paper's classifiers")
    if figures is None:
        return document.not_measured("silentspam compare")
    openings = figures["openings"]
    document.add(
        f"{openings['spam']} dead-air calls of {openings['campaigns']} campaigns and "
        f"{openings['ham']} people; mean ± standard deviation over {figures['params']['splits']} splits.",
        comparison.SPLITS,
    )
    document.table(comparison.TABLE_HEADS, comparison.table_rows(figures))
    document.add(comparison.BEST, comparison.PAPER)
    for key, figure in figures["figures"].items():
        number = comparison.NUMBERS[key]
        document.picture(key, comparison.study_figure(figure), f"As the paper's {number}: {figure['title']}")
    if figures.get("differences"):
        document.add("### What tells a person's quiet line from a machine's")
        document.add(comparison.difference_caption(figures["differences"]) + ".")
        document.table(comparison.DIFFERENCE_HEADS, comparison.difference_rows(figures["differences"]))
    amd = figures.get("amd")
    document.add("### Asterisk's AMD()")
    if not amd:
        return document.not_measured("python -m lab.amd")
    document.add(f"{amd['about']} {amd['calls']} calls, {amd['version']}.")
    document.table(comparison.AMD_HEADS, comparison.amd_rows(amd))


def _curve(document: Markdown, figures: Document | None) -> None:
    document.add("## The learning curve of an attack")
    if figures is None:
        return document.not_measured("silentspam curve")
    campaigns = figures["campaigns"]
    document.add(
        f"{len(campaigns)} campaigns, {sum(one['calls'] for one in campaigns)} calls measured, "
        f"{figures['people']} people held out, nominally {figures['params']['rate']:.1%} of them challenged. "
        + studies.CURVE_TEXT
    )
    document.table(studies.CURVE_HEADS, studies.curve_rows(figures))
    picture = charts.learning_figure(figures["points"], campaigns)
    document.picture("curve", picture, "Recall over labelled calls")


def _holdout(document: Markdown, figures: Document | None) -> None:
    document.add("## What training never met")
    if figures is None:
        return document.not_measured("silentspam holdout")
    document.add(f"Nominally {figures['rate']:.1%} of people are challenged. " + studies.HOLDOUT_TEXT)
    document.table(studies.SUMMARY_HEADS, studies.summary_rows(figures))
    document.picture("holdout", charts.holdout_figure(figures["lines"]), "Recall of what was held out")
    document.table(studies.HOLDOUT_HEADS, studies.holdout_rows(figures))


SECTIONS: dict[str, Callable[[Markdown, Document | None], None]] = {
    "evaluate": _evaluation,
    "kinds": add_kinds,
    "compare": _comparison,
    "curve": _curve,
    "holdout": _holdout,
}

if __name__ == "__main__":
    sys.exit(main())
