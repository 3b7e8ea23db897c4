"""Writes docs/lines.md and its pictures from the figures that `make lines` measured.

    .venv/bin/python -m docs.lines --figures figures --corpus lines

Reads lines.json (`silentspam lines-study --json`) and, where it is there, replay.json (the summary of
`silentspam replay`) of that folder; draws a few campaigns of the corpus. What is not there is named as not
measured; no figure is in the text that is not in one of these files or in the shipped model's card.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docs.markdown import SYNTHETIC, Markdown
from silentspam import resources
from silentspam.audio import read_ulaw
from silentspam.errors import SilentSpamError
from silentspam.reports import line_study as study
from silentspam.reports.cells import percent
from silentspam.reports.line_pictures import line_figure
from silentspam.training.dataset import OPENING_SECONDS, Labelled, read_labels

Document = dict[str, Any]

OUT = Path(__file__).parent / "lines.md"
DRAWN = ("comfort", "hum", "loop")
"""Kinds of dead air of which one campaign each is drawn."""
DRAWN_CALLS = 12

METHOD = (
    "Dead-air calls of one attack share a source, a codec chain and a network: a *line*. To know a line "
    "again is speaker verification turned from the voice to what is left without one.",
    "1. **Embedding.** The features of the model (`silentspam/features.py`: levels, codes, bands, texture "
    "and the bases), of the sounding part of the opening, are standardised, clipped at four standard "
    "deviations, and mapped by linear discriminant analysis over the campaigns of training, the covariance "
    "within a line shrunk towards a round one (Ledoit and Wolf 2004), to 60 numbers in which calls of one "
    "line spread by 1 and lines by a variance learnt for each (Ioffe 2006). They are kept as float16: 120 "
    "bytes a call. Digital silence is left out; less than a second of sound gives no embedding.\n"
    "2. **Likeness.** For an opening and a line with the mean of n calls, the log ratio of two densities: "
    "that the opening is one more call of it, or of a line never met (the two-covariance model, Prince and "
    "Elder 2007). A line known from one call is matched less sharply than one known from thirty.\n"
    "3. **Score.** The likeness to the line, less the likeness to the likest of some thousand people drawn "
    "at random from training, where that is above 0: normalisation by a cohort (Auckenthaler, Carey and "
    "Lloyd-Thomas 2000). Loud people are among them, and partly silent openings.\n"
    "4. **Threshold.** From other people of training, whose voices and places are not in the cohort "
    "(`line_reference.npy`), by the share of the budget that the lines have; it follows their number.",
    "How lines are kept, when they challenge, what they may cost and what an attacker can do about it is in "
    "[line-memory.md](line-memory.md).",
)

WANTED: tuple[tuple[str, int, int, float, str, float], ...] = (
    ("one failed challenge, 12 lines active", 1, 0, 0.005, "mean", 0.97),
    ("three failed challenges, 12 lines active", 3, 0, 0.005, "mean", 0.99),
    ("three failed challenges, 12 lines active", 3, 0, 0.001, "mean", 0.95),
    ("worst campaign, one failed challenge", 1, 0, 0.005, "worst", 0.80),
    ("worst campaign, three failed challenges", 3, 0, 0.005, "worst", 0.80),
    ("three failed challenges, 100 other lines active", 3, 1, 0.005, "mean", 0.95),
)
"""What, failed challenges, whether others are active too, false matches, which figure, at least."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document; returns 1 where a file cannot be read or written."""
    parser = argparse.ArgumentParser(prog="python -m docs.lines", description=__doc__)
    parser.add_argument("--figures", type=Path, required=True, metavar="DIR", help="folder of the JSON files")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="the corpus measured, for the pictures")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE", help="the Markdown file to write")
    options = parser.parse_args(arguments)
    try:
        write(options.figures, options.corpus, options.out)
    except (SilentSpamError, OSError, ValueError, KeyError) as error:
        print(f"docs.lines: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def write(figures: Path, corpus: Path | None, out: Path) -> None:
    """Write `out`, and the pictures beside it. Raises SilentSpamError, OSError, ValueError, KeyError."""
    document = Markdown(
        out, "# Lines", SYNTHETIC, "`make lines` measures everything on this page again and writes it."
    )
    document.add("## How a line is known again", *METHOD)
    _study(document, _read(figures / "lines.json"))
    _pictures(document, corpus)
    _replay(document, _read(figures / "replay.json"))
    _card(document, json.loads((resources.shipped_model() / "lines.json").read_text(encoding="utf-8")))
    document.write()


def _read(path: Path) -> Document | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _study(document: Markdown, figures: Document | None) -> None:
    document.add("## What a few failed challenges find")
    if figures is None:
        return document.not_measured("silentspam lines-study")
    document.add(f"Model `{figures['model']['model_id']}`. " + " ".join(map(_setting, figures["settings"])))
    document.table(("wanted", *(one["name"] for one in figures["settings"])), _wanted(figures))
    document.add(study.RECALL_TEXT)
    document.picture("recall", study.recall_figure(figures), "Recall over failed challenges")
    document.table(study.RECALL_HEADS, study.recall_rows(figures))
    document.add("### Lines active", study.ACTIVE_TEXT)
    document.picture("active", study.active_figure(figures), "People matched over lines active")
    document.table(study.ACTIVE_HEADS, study.active_rows(figures))
    document.add("### Bursts", study.BURST_TEXT)
    document.table(study.BURST_HEADS, study.burst_rows(figures))


def _setting(one: Document) -> str:
    learnt = one["learnt"]
    text = (
        f"**{one['name'].capitalize()}**: a space learnt from {learnt['calls']} calls of "
        f"{learnt['campaigns']} campaigns, measured on {one['campaigns']} campaigns and "
        f"{one['people']} people of {one['people_sources']} sources that training never met."
    )
    if "codecs_held_out" not in learnt:
        return text
    return text + (
        f" Learnt without the codecs {', '.join(learnt['codecs_held_out'])}, without campaigns above "
        f"{learnt['levels_held_out_above_dbfs']:g} dBFS or with a spectrum that falls by more than "
        f"{-learnt['tilts_held_out_below_db_per_octave']:.2f} dB per octave, and with no people through "
        "these codecs in the cohort; measured on campaigns that have one of these."
    )


def _wanted(figures: Document) -> list[tuple[str, ...]]:
    rows = [
        (f"{what}, {rate:.1%} false: ≥ {least:.0%}", *_reached(figures, calls, others, rate, key, least))
        for what, calls, others, rate, key, least in WANTED
    ]
    found = [one["bursts"] for one in figures["settings"]]
    return [
        *rows,
        ("burst of five calls among 300 found: ≥ 95%", *(_mark(b["found"]["rate"], 0.95) for b in found)),
        ("people challenged for bursts: ≤ 0.5%", *(_mark(-b["challenged"]["rate"], -0.005) for b in found)),
    ]


def _reached(figures: Document, calls: int, others: int, rate: float, key: str, least: float) -> list[str]:
    found = []
    for setting in figures["settings"]:
        points = [p for p in setting["recall"] if (p["enrolled"], p["rate"]) == (calls, rate)]
        chosen = sorted(points, key=lambda point: point["lines"])[-others]
        found.append(_mark(chosen[key], least))
    return found


def _mark(value: float, least: float) -> str:
    return f"{percent(abs(value))}{'' if value >= least else ': **missed**'}"


def _pictures(document: Markdown, corpus: Path | None) -> None:
    document.add("## What lines look like")
    if corpus is None:
        return document.not_measured("python -m docs.lines --corpus DIR")
    rows = read_labels(corpus / "labels.csv", corpus, for_training=False)
    document.add(
        f"{DRAWN_CALLS} calls each of some campaigns of the corpus (synthetic): the mean spectrum and, grey, "
        "that of each call; the mu-law codes near zero, louder ones counted at the ends; the waveform of the "
        "first call."
    )
    for kind in DRAWN:
        calls = _first_campaign(rows, kind)
        if calls:
            openings = [read_ulaw(row.path, max_seconds=OPENING_SECONDS) for row in calls]
            title = f"{kind}, through {calls[0].codec} ({calls[0].campaign}, {len(calls)} calls)"
            document.picture(kind, line_figure(openings, title=title), f"A line of synthetic {kind}")


def _first_campaign(rows: Sequence[Labelled], kind: str) -> list[Labelled]:
    there = sorted({row.campaign for row in rows if row.is_spam and row.kind == kind and row.campaign})
    return [row for row in rows if there and row.campaign == there[0]][:DRAWN_CALLS]


def _replay(document: Markdown, figures: Document | None) -> None:
    document.add("## A day replayed")
    if figures is None:
        return document.not_measured("silentspam replay")
    false = figures["false_challenges"]
    low, high = false["wilson95"]
    document.add(
        f"{figures['calls']} calls, {figures['people']} of people, with lines, bursts and exploration "
        f"learning as they go and nobody operating. Of a campaign {figures['bridged_median']:g} calls were "
        f"bridged unchallenged in the median and {figures['bridged_worst']} in the worst; {false['hits']} of "
        f"{false['n']} calls of people were challenged: {false['rate']:.2%}, 95 % {low:.2%} to "
        f"{high:.2%} (Wilson)."
    )
    document.table(
        (
            "campaign",
            "calls",
            "caught by",
            "bridged before",
            "seconds until",
            "bridged in all",
            "recall after",
        ),
        [
            (
                one["campaign"],
                str(one["calls"]),
                str(one["caught_by"] or "–"),
                str(one["bridged_before"]),
                "–" if one["seconds_until"] is None else f"{one['seconds_until']:.0f}",
                str(one["bridged"]),
                percent(one["recall_after"]),
            )
            for one in figures["campaigns"]
        ],
    )


def _card(document: Markdown, card: Document) -> None:
    document.add("## The card", "`lines.json` of the model that ships:")
    document.table(("key", "value"), [(key, str(value)) for key, value in card.items()])
    document.add(
        "Embeddings and scores of one `space_id` compare, and no others: it is the hash of the space and of "
        "the cohort. A model of another one starts with no study."
    )


if __name__ == "__main__":
    sys.exit(main())
