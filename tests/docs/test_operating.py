"""What pages for operators say of dispositions, edits and the unit is what the code and the unit have."""

import re
from pathlib import Path

import pytest

from silentspam import resources
from silentspam.kinds.table import dispositions

ROOT = Path(__file__).parents[2]
UNIT = (resources.shipped("systemd") / "silentspam.service").read_text()


def _page(name: str) -> str:
    return " ".join((ROOT / name).read_text("utf-8").split())


def test_the_table_of_dispositions_has_every_one_that_calls_get() -> None:
    page = (ROOT / "docs" / "operating.md").read_text("utf-8")
    explained = set(re.findall(r"^\| ([A-Z_]+) \|", page, re.MULTILINE))
    assert set(dispositions()) <= explained


@pytest.mark.parametrize("name", ["README.md", "docs/configuration.md", "config/silentspam.yaml"])
def test_whoever_is_told_when_edits_take_effect_is_told_of_the_reload(name: str) -> None:
    page = _page(name).replace("# ", "")
    assert re.search(r"(?i)edit[^.]*(next call|takes effect)[^#]{0,200}reload", page)
    assert "nothing to reload" not in page


def test_the_pages_have_the_times_of_the_unit() -> None:
    (watchdog,) = re.findall(r"^WatchdogSec=(\d+)s", UNIT, re.MULTILINE)
    (stop,) = re.findall(r"^TimeoutStopSec=(\d+)s", UNIT, re.MULTILINE)
    servers = _page("docs/several-servers.md")
    assert f"stands still for {watchdog} s is started again" in _page("docs/serving.md")
    assert f"| `WatchdogSec` | {watchdog} s |" in servers
    assert f"| `TimeoutStopSec` | {stop} s |" in servers
