"""A Markdown document that is written from figures: blocks, tables, and pictures beside it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from silentspam.reports.page import png, write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURE_DPI = 75

SYNTHETIC = (
    "**Dead air is synthetic here.** No recording of a real idle line was to be had, so every dead-air call "
    "below comes from a generator, through real codecs with losses; the people are licensed recordings and "
    "simulated rooms, opening as the generator has them open. These figures are about that corpus. They say "
    "nothing certain about your lines: that is what shadow mode is for."
)


class Markdown:
    """Markdown, block by block, and its pictures."""

    def __init__(self, out: Path, *blocks: str) -> None:
        self._out = out
        self.blocks = list(blocks)

    def add(self, *blocks: str) -> None:
        """Headings and paragraphs."""
        self.blocks += blocks

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table."""
        lines = [list(heads), ["---"] * len(heads), *([_cell(cell) for cell in row] for row in rows)]
        self.blocks.append("\n".join(f"| {' | '.join(line)} |" for line in lines))

    def picture(self, name: str, figure: "Figure", alt: str) -> None:
        """A picture beside the document."""
        file = f"{self._out.stem}-{name}.png"
        write_whole(self._out.with_name(file), png(figure, dpi=PICTURE_DPI))
        self.blocks.append(f"![{alt}]({file})")

    def not_measured(self, command: str) -> None:
        """In the place of figures that are not there."""
        self.add(f"Not measured: `{command}` has not been run.")

    def write(self) -> None:
        """Put the document in its place. Raises ReportError."""
        write_whole(self._out, ("\n\n".join(self.blocks) + "\n").encode("utf-8"))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
