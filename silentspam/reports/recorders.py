"""The tables of recorders, from the document that `silentspam recorders --json` writes."""

from collections.abc import Iterator
from typing import Any

from silentspam.reports.cells import Document, interval, percent, rate
from silentspam.training.recorder_ways import FREESWITCH, GAPS_LEFT

VERDICT_HEADS = (
    "openings of",
    "recorded by",
    "beside",
    "same kind",
    "95 %",
    "challenged by both, one, the other",
    "moved: median, 99 %, most",
    "within the tolerance",
)
SUM_HEADS = ("openings of", "n", "Asterisk", "FreeSWITCH", "FreeSWITCH, gaps left")
LOSS_HEADS = ("missing", "recorded by", "openings of", "same verdict", "95 %", "challenged", "not judged")
PLACE_HEADS = ("recorded by", "beside", "moved: median, 99 %, most", "all of them together")
KNOWN_HEADS = ("line learnt by", "heard by", "known again", "95 %", "people matched", "95 %")
FEATURE_HEADS = ("openings of", "recorded by", "beside", "features that moved", "most, on average (99 %)")
CODE_HEADS = ("openings of", "n", "with 0x7F", "share of 0x7F: median, 99 %, most", "share of 0xFF")
ALL = "all"


def verdict_rows(figures: Document) -> list[tuple[str, ...]]:
    """Every class and pair of ways, where every packet arrived."""
    return [
        (
            name,
            compared["recorded"],
            compared["reference"],
            rate(found["same_kind"]),
            interval(found["same_kind"]),
            _challenged(found),
            _moved(found["moved"]),
            rate(found["within"]),
        )
        for compared in figures["verdicts"]["whole"]
        for name, found in compared["classes"].items()
    ]


def loss_rows(figures: Document) -> list[tuple[str, ...]]:
    """Every class and way, by what was lost; classes of which nothing differs in either way are left out."""
    return [row for case in figures["verdicts"]["losses"] for row in _case_rows(case)]


def _case_rows(case: Document) -> Iterator[tuple[str, ...]]:
    for name in case["compared"][0]["classes"]:
        found = {one["recorded"]: one["classes"][name] for one in case["compared"]}
        if name != ALL and all(not one["pairs"] for one in found.values()):
            continue
        for recorded, one in found.items():
            yield (
                case["case"],
                recorded,
                name,
                rate(one["same_kind"]),
                interval(one["same_kind"]),
                _beside(one["suspected"]),
                _beside(one["inconclusive"]),
            )


def sum_rows(figures: Document) -> list[tuple[str, ...]]:
    """Openings challenged in all cases of loss together, by class and recorder."""
    cases = figures["verdicts"]["losses"]
    found: list[tuple[str, ...]] = []
    for name in cases[0]["compared"][0]["classes"]:
        counts = {FREESWITCH: [0, 0, 0], GAPS_LEFT: [0, 0, 0]}
        for one in (one for case in cases for one in case["compared"]):
            figures_of = one["classes"][name]
            for place, count in enumerate((figures_of["n"], *figures_of["suspected"])):
                counts[one["recorded"]][place] += count
        n, asterisk, freeswitch = counts[FREESWITCH]
        found.append((name, str(n), str(asterisk), str(freeswitch), str(counts[GAPS_LEFT][2])))
    return found


def least_alike(figures: Document, recorded: str) -> Document:
    """Of all cases of loss, the share of equal verdicts, over all openings, where it is lowest."""
    shares: list[Document] = [
        one["classes"][ALL]["same_kind"]
        for case in figures["verdicts"]["losses"]
        for one in case["compared"]
        if one["recorded"] == recorded
    ]
    return min(shares, key=lambda share: float(share["rate"]))


def place_rows(figures: Document) -> list[tuple[str, ...]]:
    """How far places of dead air move, in the spread within a line."""
    return [
        (one["recorded"], one["reference"], _moved(one["distance"], 2), f"{one['of_means']:.2f}")
        for one in figures["places"]["distances"]
    ]


def known_rows(figures: Document) -> list[tuple[str, ...]]:
    """Calls known again, by who learnt their line and who heard them."""
    return [
        (
            one["learns"],
            one["hears"],
            rate(one["known"]),
            interval(one["known"]),
            rate(one["people"]),
            interval(one["people"]),
        )
        for one in figures["places"]["known"]
    ]


def feature_rows(figures: Document) -> list[tuple[str, ...]]:
    """The features that move most, and how many move at all."""
    return [
        (
            one["class"],
            one["recorded"],
            one["reference"],
            f"{one['features'] - one['unmoved']} of {one['features']}",
            ", ".join(
                f"{feature['feature']} {feature['mean']:.2f} ({feature['p99']:.1f})"
                for feature in one["most"]
                if feature["mean"]
            ),
        )
        for one in figures["features"]
    ]


def code_rows(figures: Document) -> list[tuple[str, ...]]:
    """How much of the codes is a zero."""
    return [
        (
            name,
            str(one["n"]),
            f"{percent(one['with_minus_zero'] / one['n'], 1)} ({one['with_minus_zero']} of {one['n']})",
            _shares(one["minus_zero"]),
            _shares(one["plus_zero"]),
        )
        for name, one in figures["codes"].items()
    ]


def same_stretch(figures: Document) -> Document:
    """The figures of all openings, FreeSWITCH beside an Asterisk that hears the same stretch of the call."""
    compared: Document = next(one for one in figures["verdicts"]["whole"] if one["recorded"] == FREESWITCH)[
        "classes"
    ][ALL]
    return compared


def _challenged(found: Document) -> str:
    first, second = found["suspected"]
    only_first, only_second = found["only"]
    return f"{first - only_first}, {only_first}, {only_second} ({first} and {second})"


def _beside(counts: Any) -> str:
    return f"{counts[0]} and {counts[1]}"


def _moved(moved: Document | None, digits: int = 4) -> str:
    if moved is None:
        return "–"
    return ", ".join(f"{moved[key]:.{digits}f}" for key in ("median", "p99", "max"))


def _shares(spread: Document | None) -> str:
    return "–" if spread is None else ", ".join(percent(spread[key], 1) for key in ("median", "p99", "max"))
