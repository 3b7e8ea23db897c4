"""How figures are written in the tables of reports."""

from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]


def percent(value: float | None, digits: int = 2) -> str:
    """A share in 0…1 as percent; a dash for None."""
    return "–" if value is None else f"{value:.{digits}%}"


def interval(share: Document | None) -> str:
    """The 95 % interval of a share or a point with `low` and `high`."""
    return "–" if share is None else f"{share['low']:.2%} to {share['high']:.2%}"


def rate(share: Document | None) -> str:
    """A share with its counts."""
    if share is None or share["rate"] is None:
        return "–"
    return f"{share['rate']:.2%} ({share['hits']} of {share['n']})"


def spread(measure: Document | None) -> str:
    """A mean with its standard deviation over the splits."""
    return "–" if measure is None else f"{measure['mean']:.1%} ± {measure['std']:.1%}"


def resolved(point: Document) -> str:
    """How many people a point of recall at a rate challenges, or that the people are too few to tell."""
    challenged = f"{point['challenged']} of {point['people']}"
    if point["resolved"]:
        return challenged
    return f"{challenged}: cannot be resolved, up to {point['false_high']:.2%} are possible"
