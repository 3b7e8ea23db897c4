"""A part of a report before it is a terminal's text, a page or JSON: heading, notes, tables, pictures."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from silentspam.reports.page import Page, seen

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from silentspam.training.operating_point import Rate

Cell = str | int


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table: its caption, heads and rows. What is a number of calls is an int, everything else text."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture, drawn only when it is wanted; `alt` says in words what it shows."""

    caption: str
    alt: str
    draw: Callable[[], "Figure"]


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of a report, from top to bottom."""

    heading: str
    notes: tuple[str, ...] = ()
    grids: tuple[Grid, ...] = ()
    pictures: tuple[Picture, ...] = ()


def percent(share: float) -> str:
    """A share as people read it, with two places."""
    return "-" if math.isnan(share) else f"{share:.2%}"


def rate_cells(rate: "Rate") -> tuple[str, str]:
    """Share and 95 % interval as two cells; "-" of nothing."""
    if not rate.n:
        return "-", "-"
    low, high = rate.interval
    return f"{rate.value:.2%}", f"{low:.2%} to {high:.2%}"


def as_text(
    sections: Sequence[Section], table: Callable[[Sequence[str], Sequence[Sequence[str]]], str]
) -> str:
    """The sections for a terminal; `table` sets columns. Control characters are written out."""
    blocks = []
    for section in sections:
        blocks.append(f"{section.heading}\n{'=' * len(section.heading)}")
        blocks += section.notes
        for grid in section.grids:
            rows = [[_line(cell) for cell in row] for row in grid.rows]
            blocks.append(f"{grid.caption}\n{table(grid.heads, rows) if rows else '(none)'}")
    return "\n\n".join(seen(block) for block in blocks)


def _line(cell: Cell) -> str:
    return " ".join(str(cell).split())


def as_page(title: str, sections: Sequence[Section]) -> Page:
    """The sections as a page, pictures drawn."""
    page = Page(title)
    for section in sections:
        page.heading(section.heading)
        for note in section.notes:
            page.paragraph(note)
        for grid in section.grids:
            page.table(grid.heads, grid.rows, caption=grid.caption)
        for picture in section.pictures:
            page.figure(picture.draw(), caption=picture.caption, alt=picture.alt)
    return page
