"""The alert rules: fit for Prometheus, tried one by one, and about metrics that there are."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from silentspam.serve.supervisor import METRICS
from tests.monitoring.prometheus import FOLDER, RULES, promtool

GROUPS: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"]
ALL = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = [rule for rule in ALL if "alert" in rule]
RECORDED = {rule["record"] for rule in ALL if "record" in rule}
TESTS = sorted(FOLDER.glob("*.test.yml"))

NAMES = re.compile(r"\bsilentspam[a-z0-9_:]*")


def exposed() -> set[str]:
    """The names of samples: a histogram has three."""
    names: set[str] = set()
    for metric in METRICS:
        ends = ("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",)
        names |= {metric.name + end for end in ends}
    return names


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_is_about_metrics_that_there_are(rule: dict[str, Any]) -> None:
    assert set(NAMES.findall(re.sub(r'"[^"]*"', "", rule["expr"]))) <= exposed() | RECORDED


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_it_is_why_it_matters_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("info", "warning", "critical")
    assert set(rule["annotations"]) == {"summary", "why", "todo"}
    assert all(len(text) > 15 for text in rule["annotations"].values())


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_is_seen_to_fire(rule: dict[str, Any]) -> None:
    fires = [
        sample["labels"]
        for path in TESTS
        for test in yaml.safe_load(path.read_text())["tests"]
        for asked in test["promql_expr_test"]
        for sample in asked["exp_samples"]
    ]
    assert any(f'alertname="{rule["alert"]}"' in labels for labels in fires)


@pytest.mark.parametrize("command", re.findall(r"silentspam [a-z]+", RULES.read_text()))
def test_a_remedy_is_a_command_that_there_is(command: str) -> None:
    from silentspam.cli import VERBS

    assert command.split()[1] in VERBS


def test_prometheus_takes_rules_and_configuration() -> None:
    assert f"{len(ALL)} rules found" in promtool("check", "rules", RULES)
    promtool("check", "config", FOLDER / "prometheus.yml")


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_alerts_fire_where_they_should_and_nowhere_else(path: Path) -> None:
    promtool("test", "rules", path)
