"""Writes docs/provenance.md from the figures that commands printed: `make provenance` runs all of them.

    .venv/bin/python -m docs.provenance [--figures docs/provenance-figures]

Reads losses.json (`silentspam paths losses --json`), codecs.json (`paths codecs --json`), lines-NAME.jsonl of
each corpus (`paths lines --json`) and quality.json (`paths quality`) of that folder; what is not there is
not measured.
No figure is in the text that is not in one of them, but those of trials, which are called so. Pictures are
drawn by `python -m docs.draw_provenance`.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from docs import provenance_text as text
from docs.markdown import Markdown
from silentspam.errors import SilentSpamError
from silentspam.training.operating_point import Rate

OUT = Path(__file__).parent / "provenance.md"
FIGURES = Path(__file__).parent / "provenance-figures"
FEWEST = 10
"""Calls of a path from which it may be the worst."""
WORST = 8
"""Paths that are named."""

LENGTHS = (text.ISSUE_SECONDS, 5.0, 2.0)

Study = Mapping[str, Any]
"""A corpus cut to some seconds: corpus, seconds, counts by name, each of hits, n and interval."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document; returns 1 where a file cannot be read or written."""
    parser = argparse.ArgumentParser(prog="python -m docs.provenance", description=__doc__)
    parser.add_argument("--figures", type=Path, default=FIGURES, metavar="DIR", help="folder of JSON files")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE", help="the Markdown file to write")
    options = parser.parse_args(arguments)
    try:
        write(options.figures, options.out)
    except (SilentSpamError, OSError, ValueError, KeyError) as error:
        print(f"docs.provenance: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def write(figures: Path, out: Path) -> None:
    """Write `out`. Raises SilentSpamError, OSError, ValueError, KeyError."""
    found = {name: _read(figures / f"{name}.json") for name in ("losses", "codecs", "quality")}
    found["lines"] = [study for path in sorted(figures.glob("lines-*.jsonl")) for study in line_studies(path)]
    document = Markdown(out, "# Where calls come from: what is told, and how well", *text.ABOUT)
    document.add(f"![{text.CALL_ALT}](provenance-call.png)", f"*{text.CALL_ALT}.*")
    document.add("## What is told, by which passage of the patent")
    document.table(text.MEASURES_HEADS, text.MEASURES)
    document.add("## Wanted and reached")
    document.table(("wanted", "corpus", *(f"{s:g} s" for s in LENGTHS), "reached at 15 s"), _wanted(found))
    _losses(document, found["losses"])
    _noise_and_quality(document, found["quality"])
    _codecs(document, found["codecs"])
    _lines(document, found["lines"])
    _openings(document, figures / "openings.json")
    document.add("## What is not reached, and why", *text.NOT_REACHED)
    document.add("## What was tried", *text.TRIED)
    document.add("## What is no side of a call", *text.BAD_INPUT)
    document.write()


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def share(one: Mapping[str, Any]) -> str:
    """A share with its counts and its interval of 95 %."""
    low, high = one["interval"]
    return f"{one['hits'] / max(one['n'], 1):.1%} ({one['hits']:,} of {one['n']:,}; {low:.1%}–{high:.1%})"


def _wanted(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for want in text.WANTED:
        studies = [study for study in found[want.source] or [] if want.name in study["counts"]]
        if not studies:
            yield f"{want.words}: {want.limit}", "not measured", "", "", "", ""
        for corpus in dict.fromkeys(map(_corpus, studies)):
            counts = {s["seconds"]: s["counts"][want.name] for s in studies if _corpus(s) == corpus}
            asked = counts.get(text.ISSUE_SECONDS)
            verdict = "" if asked is None else "yes" if want.is_reached(asked) else "**no**"
            cells = (_cell(counts.get(seconds)) for seconds in LENGTHS)
            yield f"{want.words}: {want.limit}", f"`{corpus}`", *cells, verdict


def _corpus(study: Study) -> str:
    return Path(study["corpus"]).name


def _studies(document: Markdown, studies: Sequence[Study], names: Sequence[str]) -> None:
    """A table a corpus: the names that it has, at each length."""
    for corpus in dict.fromkeys(_corpus(study) for study in studies):
        lengths = [study for study in studies if _corpus(study) == corpus]
        there = [name for name in names if any(name in study["counts"] for study in lengths)]
        document.add(f"Corpus `{corpus}`, its test split:")
        document.table(
            ("what", *(f"{study['seconds']:g} s" for study in lengths)),
            [(name, *(_cell(study["counts"].get(name)) for study in lengths)) for name in there],
        )


def _cell(one: Mapping[str, Any] | None) -> str:
    return share(one) if one and one["n"] else "–"


def _losses(document: Markdown, studies: Sequence[Study] | None) -> None:
    document.add("## Lost packets", *text.LOSSES)
    for name, alt in text.LOSS_PICTURES:
        document.add(f"![{alt}](provenance-{name}.png)", f"*{alt}.*")
    if studies is None:
        return document.not_measured("silentspam paths losses --json")
    document.add("`silentspam paths losses --recordings CORPUS --seconds 15 5 2 --json`:")
    names = sorted({name for study in studies for name in study["counts"]})
    _studies(document, studies, [name for name in names if not name.startswith("concealment")])
    document.add("## Concealed packets", *text.CONCEALMENT)
    _studies(document, studies, [name for name in names if name.startswith("concealment")])


def _noise_and_quality(document: Markdown, quality: Mapping[str, Any] | None) -> None:
    document.add(
        "## Noise", f"![{text.CLARITY_ALT}](provenance-clarity.png)", f"*{text.CLARITY_ALT}.*", *text.NOISE
    )
    document.add("## Quality", *text.QUALITY)
    if quality is None:
        return document.not_measured("silentspam paths quality")
    losses = list(dict.fromkeys(row["loss"] for row in quality["falls"]))
    chains = list(dict.fromkeys(tuple(row["chain"]) for row in quality["falls"]))
    cells = {(tuple(row["chain"]), row["loss"]): row for row in quality["falls"]}
    document.add(f"Mean of {quality['falls'][0]['n']} calls a cell, with its interval of 95 %:")
    document.table(
        ("chain", *(f"{loss:.0%} lost" for loss in losses)),
        [(" → ".join(chain), *(_mean(cells[chain, loss]) for loss in losses)) for chain in chains],
    )
    if adds := quality.get("adds"):
        areas = ", ".join(f"{name} {area:.3f}" for name, area in adds["any_concealed"].items())
        coders = ", ".join(f"{n} coders {_mean(row)} ({row['n']} calls)" for n, row in adds["coders"].items())
        document.add(
            f"Beside what is told without it, on {adds['calls']} calls: whether anything was concealed, area "
            f"under the ROC: {areas}. Mean rating by how many coders compressed the call: {coders}."
        )


def _mean(row: Mapping[str, Any]) -> str:
    return f"{row['mean']:.2f} ({row['interval'][0]:.2f}–{row['interval'][1]:.2f})"


def _codecs(document: Markdown, studies: Sequence[Study] | None) -> None:
    document.add("## Codecs and networks", *text.CODECS)
    if studies is None:
        return document.not_measured("silentspam paths codecs --json")
    document.add("`silentspam paths codecs CORPUS… --json`:")
    names = sorted({name for study in studies for name in study["counts"]})
    plain = [name for name in names if not name.startswith(("path ", "true where"))]
    _studies(document, studies, plain)
    document.add(
        "### The worst paths", f"Of those with {FEWEST} calls and more, at {text.ISSUE_SECONDS:g} s:"
    )
    document.table(("corpus", "path", "exact set"), _worst(studies))
    document.add("### Whether probabilities are what they say", text.CALIBRATION)
    _studies(document, studies, [name for name in names if name.startswith("true where")])


def _worst(studies: Sequence[Study]) -> list[tuple[str, ...]]:
    rows = [
        (
            one["hits"] / one["n"],
            _corpus(study),
            name.removeprefix("path ").removesuffix(": exact set"),
            share(one),
        )
        for study in studies
        for name, one in study["counts"].items()
        if name.startswith("path ") and one["n"] >= FEWEST and study["seconds"] == text.ISSUE_SECONDS
    ]
    return [row[1:] for row in sorted(rows)[:WORST]]


def _lines(document: Markdown, studies: Sequence[Study] | None) -> None:
    document.add("## Lines", *text.LINES)
    if not studies:
        return document.not_measured("silentspam paths lines --json")
    document.add("`silentspam paths lines CORPUS… --seconds 15 5 2 --lines 16 500 --json`:")
    _studies(document, studies, list(dict.fromkeys(name for study in studies for name in study["counts"])))


def _openings(document: Markdown, path: Path) -> None:
    """What two seconds before anybody speaks tell, beside 5 s of the call after them."""
    if not path.is_file():
        return document.not_measured("silentspam paths lines CORPUS --with-openings --seconds 5 --json")
    counted = json.loads(path.read_text(encoding="utf-8"))
    document.add(
        "`silentspam paths lines CORPUS --with-openings --seconds 5 --json`: line memory's two seconds "
        "before anybody speaks beside 5 s of the call after them, "
        f"{counted['calls']} calls of {counted['sources']} sources, each known by one call. Both together "
        "are their weighted sum, with weights learnt on the half of the sources that is not counted."
    )
    rows = [
        (way, _share(one["identified"], one["asked"]), _share(one["foreign"], one["pairs"]))
        for way, one in ((way, counted[way]) for way in ("opening", "call", "both"))
    ]
    heads = ("told by", "which source of one half", "foreign pairs accepted at 95 % of true ones")
    document.table(heads, rows)


def _share(hits: int, n: int) -> str:
    return f"{hits / n:.2%} ({hits:,} of {n:,})"


def line_studies(path: Path) -> Iterator[Study]:
    """What `paths lines --json` printed, an object a length, in the form of the other studies."""
    for line in path.read_text(encoding="utf-8").splitlines():
        found = json.loads(line)
        name = f"{path.stem.removeprefix('lines-')}, {found['calls']:,} calls of {found['sources']} sources"
        yield {"corpus": name, "seconds": found["seconds"], "counts": dict(_line_counts(found))}


def _line_counts(found: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for after, one in found["closed"].items():
        yield f"one of 16 sources, {after}", one["identified"]
        pairs = one["foreign pairs accepted at 95 % of true ones"]
        interval = Rate(hits=pairs["hits"], n=pairs["n"]).interval
        yield f"foreign pairs accepted at 95 % of true ones, {after}", {**pairs, "interval": interval}
    for one in found["open"]:
        where = f"{one['lines']} lines known by {one['enrolled by']}"
        for at in ("at its threshold", "at 95 %"):
            for what in ("known lines recognised", "unknown lines taken for known"):
                yield f"{where}: {what}, {at}", one[at][what]


if __name__ == "__main__":
    sys.exit(main())
