"""docs/faults.md on FreeSWITCH: it is what its table says, and the sayings in it are those of the code."""

import re
from pathlib import Path

import pytest

from docs import faults_freeswitch
from docs.faults import OUT, add_freeswitch
from docs.markdown import Markdown

ROOT = Path(__file__).parents[2]
SOURCE = "\n".join(
    re.sub(r'"\s*\n\s*f?"', "", path.read_text("utf-8"))
    for path in sorted((ROOT / "silentspam").rglob("*.py"))
)
"""All of the code, texts over several lines put together."""


def test_the_page_has_the_section_as_its_table_makes_it(tmp_path: Path) -> None:
    page = Markdown(tmp_path / "faults.md")
    add_freeswitch(page)
    assert OUT.read_text("utf-8").endswith("\n\n".join(page.blocks) + "\n")


@pytest.mark.parametrize("row", faults_freeswitch.ROWS, ids=lambda row: row[0])
def test_what_rows_and_logs_say_is_what_the_code_says(row: tuple[str, ...]) -> None:
    for saying in re.findall(r"`([^`]+)`", " ".join(row[2:])):
        for piece in re.split(r"…|ChannelError: |ServerBusy: |the screener did not report back: ", saying):
            words = piece.strip(" :()")
            assert words in SOURCE, words
