"""docs/freeswitch.md and the README: variables, dispositions and lines are those of code and dialplan."""

import re
from pathlib import Path

import pytest

from silentspam import resources, variables
from silentspam.agi import ended as asterisk
from silentspam.freeswitch import ended as freeswitch

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "freeswitch.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
HEAD = (resources.shipped("dialplan") / "freeswitch" / "silentspam.xml").read_text().split("-->")[0]
SHARED = {value for name, value in vars(variables).items() if name.isupper()}


def row(first: str) -> list[str]:
    """The cells of the table's row that begins so."""
    (found,) = re.findall(rf"(?m)^\| {re.escape(first)} \|(.*)\|$", PAGE)
    return [cell.strip() for cell in found.split("|")]


def test_every_channel_variable_is_in_the_table() -> None:
    table = PAGE.split("## Channel variables")[1].split("## Dispositions")[0]
    assert set(re.findall(r"\bSILENTSPAM_[A-Z_]+\b", table)) >= SHARED


@pytest.mark.parametrize(
    ("cell", "results"),
    [
        (0, {**asterisk.DIAL_RESULTS, **asterisk.QUEUE_RESULTS}),
        (1, {**freeswitch.DIAL_RESULTS, **freeswitch.QUEUE_RESULTS}),
    ],
    ids=["asterisk", "freeswitch"],
)
def test_every_result_of_a_bridge_stands_beside_its_disposition(cell: int, results: dict[str, str]) -> None:
    for result, disposition in results.items():
        assert re.search(rf"\b{result}\b", row(str(disposition))[cell]), (result, disposition)


@pytest.mark.parametrize(
    "line", re.findall(r"<action application=[^>]*/>", HEAD), ids=lambda line: line[21:40]
)
def test_the_readme_has_the_lines_of_the_dialplans_head(line: str) -> None:
    assert line in README


def test_the_lines_that_are_explained_are_the_dialplans() -> None:
    table = PAGE.split("## In an afternoon")[1].split("\n\n-")[0]
    explained = [tuple(one.split(" ", 1)) for one in re.findall(r"(?m)^\| `([^`]+)`", table)]
    lines = dict(re.findall(r'<action application="(\w+)" data="([^"]*)"/>', HEAD)) | {"sched_cancel": ""}
    for application, *argument in explained:
        assert lines[application] == "".join(argument)
