"""The dashboard: what the generator writes, panels side by side, and queries that Prometheus can read."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring.dashboard import FILE, WIDTH, written
from silentspam.serve.supervisor import METRICS
from tests.monitoring.prometheus import promtool
from tests.monitoring.test_rules import NAMES, RECORDED, exposed

DASHBOARD: dict[str, Any] = json.loads(FILE.read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]
VARIABLES = {variable["name"] for variable in DASHBOARD["templating"]["list"]}


def without_variables(expression: str) -> str:
    """An expression as Grafana sends it."""
    for name, value in (("$__rate_interval", "5m"), ("$job", "silentspam"), ("$instance", ".+")):
        expression = expression.replace(name, value)
    return expression


def test_the_file_is_what_the_generator_writes() -> None:
    assert FILE.read_text() == written(), "python -m monitoring.dashboard"


def test_every_query_asks_the_chosen_source_for_metrics_that_there_are() -> None:
    for panel in PANELS:
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        for target in panel["targets"]:
            names = NAMES.findall(re.sub(r'"[^"]*"', "", target["expr"]))
            assert names
            assert set(names) <= exposed() | RECORDED


def test_every_metric_can_be_seen() -> None:
    shown = set(NAMES.findall(" ".join(EXPRESSIONS)))
    assert {metric.name for metric in METRICS} <= {re.sub("_(bucket|sum|count)$", "", name) for name in shown}


def test_every_variable_is_there_and_used() -> None:
    used = set(re.findall(r"\$\{?([a-z]+)", json.dumps(DASHBOARD)))
    assert used == VARIABLES


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_legend_names_labels_that_the_query_keeps(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        kept = {word for by in re.findall(r"by \(([^)]*)\)", target["expr"]) for word in by.split(", ")}
        labels = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
        assert labels <= kept | ({"instance", "role"} if "by (" not in target["expr"] else set())


def test_no_panel_lies_upon_another_and_each_says_what_to_make_of_it() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= WIDTH
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert all(panel["description"].endswith(".") for panel in PANELS)


def test_prometheus_reads_every_query(tmp_path: Path) -> None:
    asked = [*EXPRESSIONS, DASHBOARD["annotations"]["list"][0]["expr"]]
    rules = [
        {"record": f"query:{number}", "expr": without_variables(expression)}
        for number, expression in enumerate(asked)
    ]
    path = tmp_path / "queries.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    assert f"{len(asked)} rules found" in promtool("check", "rules", path)
