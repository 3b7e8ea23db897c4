"""One HTML page that needs nothing else: no network, no script, pictures inside it.

Whatever a page shows may come from a stranger (a caller's name is the caller's to choose), so every text is
escaped, characters that cannot be seen are written out, and the page forbids itself to load or run anything.
"""

import base64
import io
import os
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined

from silentspam.errors import SilentSpamError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEADING_LEVELS = range(2, 5)
PICTURE_DPI = 110
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")
"""Unicode's categories of control, format, surrogate, private and unassigned characters."""

_ENVIRONMENT = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_ENVIRONMENT.filters["seen"] = lambda text: seen(str(text))

_HEAD = _ENVIRONMENT.from_string("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{{ title | seen }}</title>
<style>
body { font: 16px/1.5 sans-serif; max-width: 64em; margin: 2em auto; padding: 0 1em; color: #222; }
h1, h2, h3, h4 { line-height: 1.2; margin-top: 1.6em; }
table { border-collapse: collapse; margin: 1em 0; font-size: 0.9em; }
caption { text-align: left; padding: 0.4em 0; color: #555; }
th, td { padding: 0.25em 0.8em; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid #888; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1.5em 0; }
img { max-width: 100%; }
figcaption { font-size: 0.9em; color: #555; }
</style>
</head>
<body>
<h1>{{ title | seen }}</h1>
""")
_HEADING = _ENVIRONMENT.from_string("<h{{ level }}>{{ text | seen }}</h{{ level }}>\n")
_PARAGRAPH = _ENVIRONMENT.from_string("<p>{{ text | seen }}</p>\n")
_TABLE = _ENVIRONMENT.from_string("""\
<table>
<caption>{{ caption | seen }}</caption>
<thead><tr>{% for head in heads %}<th scope="col">{{ head | seen }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}
<tr>{% for cell in row %}<td{% if cell is number %} class="number"{% endif %}>{{ cell | seen }}</td>\
{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
""")
_FIGURE = _ENVIRONMENT.from_string("""\
<figure>
<img src="data:image/png;base64,{{ picture }}" alt="{{ alt | seen }}">
<figcaption>{{ caption | seen }}</figcaption>
</figure>
""")


class ReportError(SilentSpamError):
    """A report cannot be made or written."""


class Page:
    """A page, written from top to bottom. Every text given is shown as it is: none of it is markup."""

    def __init__(self, title: str) -> None:
        self._parts = [_HEAD.render(title=title)]

    def heading(self, text: str, level: int = 2) -> None:
        """A heading; level 2 to 4, the title being level 1. Raises ReportError."""
        if level not in HEADING_LEVELS:
            raise ReportError(f"heading level is {level}: it must lie in 2…4")
        self._parts.append(_HEADING.render(text=text, level=level))

    def paragraph(self, text: str) -> None:
        """A paragraph of plain text."""
        self._parts.append(_PARAGRAPH.render(text=text))

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]], *, caption: str) -> None:
        """A table; a cell that is an int or a float stands at the right. Raises ReportError."""
        lines = [tuple(row) for row in rows]
        uneven = [line for line in lines if len(line) != len(heads)]
        if uneven:
            raise ReportError(f"a table of {len(heads)} columns has a row of {len(uneven[0])}")
        self._parts.append(_TABLE.render(heads=heads, rows=lines, caption=caption))

    def figure(self, figure: "Figure", *, caption: str, alt: str) -> None:
        """A matplotlib figure as a picture within the page; `alt` says in words what it shows."""
        picture = base64.b64encode(png(figure)).decode("ascii")
        self._parts.append(_FIGURE.render(picture=picture, caption=caption, alt=alt))

    def html(self) -> str:
        """The whole page."""
        return "".join(self._parts) + "</body>\n</html>\n"


def png(figure: "Figure", *, dpi: int = PICTURE_DPI) -> bytes:
    """A matplotlib figure as the bytes of a PNG file, the same for the same figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def seen(text: str) -> str:
    """The text with every character that cannot be seen, line breaks and tabs apart, written as an escape.

    A name that turns the writing direction round, or holds a null, then looks like what it is.
    """
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in UNSEEN and character not in "\n\t"
        else character
        for character in text
    )


def write_page(path: Path, page: Page) -> None:
    """Write the page whole or not at all: a temporary file beside it, then a rename. Raises ReportError."""
    write_whole(path, page.html().encode("utf-8"))


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` in the place of `path`; a reader meets the old or the new. Raises ReportError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), 0o666 & ~_umask())
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror or error}") from error


def _umask() -> int:
    """What the system takes away from a new file's permissions; a temporary file has its owner's alone."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
