"""Writes the tables of docs/serving.md from the code and the alert rules: `python -m docs.serving`."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

import yaml

from silentspam.serve.supervisor import METRICS

FILE = Path(__file__).parent / "serving.md"
RULES = Path(__file__).parents[1] / "monitoring" / "prometheus" / "silentspam.rules.yml"


def metrics() -> str:
    """Every metric of the server."""
    rows = (
        (f"`{metric.name}`", metric.kind, ", ".join(f"`{name}`" for name in metric.labels), metric.help)
        for metric in METRICS
    )
    return _table(("metric", "kind", "labels", "what"), rows)


def alerts() -> str:
    """Every alert with its reason."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    rows = ((f"`{rule['alert']}`", rule["labels"]["severity"], rule["annotations"]["why"]) for rule in rules)
    return _table(("alert", "severity", "why"), rows)


def written(text: str) -> str:
    """The document with its tables as they should be."""
    for name, table in (("metrics", metrics()), ("alerts", alerts())):
        begin = f"<!-- {name} -->"
        text, found = re.subn(
            rf"{begin}\n.*?<!-- end -->",
            lambda _, begin=begin, table=table: f"{begin}\n{table}<!-- end -->",
            text,
            flags=re.DOTALL,
        )
        if found != 1:
            raise SystemExit(f"docs.serving: {FILE}: {begin} stands there {found} times")
    return text


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = tuple(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> int:
    """Write the tables."""
    FILE.write_text(written(FILE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{FILE}: {len(METRICS)} metrics")
    return 0


if __name__ == "__main__":
    sys.exit(main())
