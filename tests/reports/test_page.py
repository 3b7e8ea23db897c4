"""The page: everything a stranger wrote stays text, and the file is whole or not there."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from silentspam.reports.page import Page, ReportError, seen, write_page, write_whole

HOSTILE = "<script>alert(1)</script>\" onload='x' & \x00\u202etxt.exe\ud800"


class Reader(HTMLParser):
    """Every tag with its attributes, and every text, of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def drawing() -> Figure:
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1], [1, 0])
    return figure


def whole_page(text: str) -> Page:
    page = Page(text)
    page.heading(text)
    page.paragraph(text)
    page.table([text, "count"], [(text, 3), (text, 0.5)], caption=text)
    page.figure(drawing(), caption=text, alt=text)
    return page


def test_a_hostile_name_is_text_everywhere() -> None:
    reader = Reader(whole_page(HOSTILE).html())
    assert "script" not in reader.tags
    assert "onload" not in reader.attributes
    assert reader.attributes["alt"] == seen(HOSTILE)
    assert reader.texts.count(seen(HOSTILE)) >= 5
    assert "\x00" not in "".join(reader.texts)
    assert "\\u202e" in "".join(reader.texts)


def test_nothing_is_loaded_from_elsewhere() -> None:
    text = whole_page("a report").html()
    assert "://" not in text
    assert "default-src 'none'" in text


@given(st.text())
def test_any_text_can_be_shown_and_written(text: str) -> None:
    page = Page(text)
    page.table(["name"], [(text,)], caption=text)
    reader = Reader(page.html().encode("utf-8").decode("utf-8"))
    assert [tag for tag in reader.tags if tag in ("td", "th", "tr")] == ["tr", "th", "tr", "td"]


def test_numbers_stand_at_the_right() -> None:
    page = Page("t")
    page.table(["a", "b"], [("x", 3)], caption="c")
    assert "<td>x</td>" in page.html()
    assert '<td class="number">3</td>' in page.html()


def test_an_uneven_table_or_a_wrong_level_is_an_error() -> None:
    page = Page("t")
    with pytest.raises(ReportError, match="2 columns has a row of 1"):
        page.table(["a", "b"], [("x",)], caption="")
    with pytest.raises(ReportError, match="level is 7"):
        page.heading("x", level=7)


def test_a_page_replaces_the_old_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    write_page(path, Page("first"))
    write_page(path, Page("second"))
    assert "second" in path.read_text(encoding="utf-8")
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    with pytest.raises(ReportError, match="taken"):
        write_whole(tmp_path / "taken", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    (tmp_path / "file").write_text("x")
    with pytest.raises(ReportError, match="file"):
        write_page(tmp_path / "file" / "report.html", Page("t"))


def test_equal_figures_are_equal_bytes() -> None:
    assert whole_page("t").html() == whole_page("t").html()
