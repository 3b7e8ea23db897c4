"""Writes grafana/silentspam.json: `python -m monitoring.dashboard`.

`panels` has them as a table, in place of two thousand lines of JSON; tests keep the two equal. Grafana's JSON
model, schema version 39 (Grafana 11).
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from monitoring.panels import ROWS, Panel

FILE = Path(__file__).parent / "grafana" / "silentspam.json"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24
"""Columns of Grafana's grid."""


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana imports it."""
    return {
        "title": "Silentspam",
        "uid": "silentspam",
        "description": "Written by python -m monitoring.dashboard.",
        "tags": ["silentspam", "telephony"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": _variables()},
        "annotations": {"list": [_alerts()]},
        "panels": list(_panels()),
    }


def _variables() -> list[dict[str, Any]]:
    asked = "silentspam_build_info"
    return [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"},
        _variable("job", "Job", f"label_values({asked}, job)"),
        _variable("instance", "Server", f'label_values({asked}{{job="$job"}}, instance)')
        | {
            "multi": True,
            "includeAll": True,
            "allValue": ".+",
            "current": {"text": "All", "value": "$__all"},
        },
    ]


def _variable(name: str, label: str, query: str) -> dict[str, Any]:
    asked = {"query": query, "refId": name}
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": asked,
        "refresh": 2,
        "sort": 1,
    }


def _alerts() -> dict[str, Any]:
    """Marks the moments at which an alert of ours fires."""
    return {
        "name": "Alerts",
        "datasource": SOURCE,
        "enable": True,
        "iconColor": "red",
        "expr": 'ALERTS{job="$job",alertstate="firing",alertname=~"Silentspam.+"}',
        "titleFormat": "{{alertname}}",
        "textFormat": "{{instance}}",
    }


def _panels() -> Iterator[dict[str, Any]]:
    number, y = 0, 0
    for title, panels in ROWS:
        number += 1
        place = {"h": 1, "w": WIDTH, "x": 0, "y": y}
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "panels": [],
            "gridPos": place,
        }
        x, y, height = 0, y + 1, 0
        for panel in panels:
            if x + panel.width > WIDTH:
                x, y, height = 0, y + height, 0
            number, height = number + 1, max(height, panel.height)
            yield _panel(panel, number, {"h": panel.height, "w": panel.width, "x": x, "y": y})
            x += panel.width
        y += height


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": _field(panel), "overrides": []},
        "options": _options(panel),
        "targets": list(_targets(panel)),
    }


def _targets(panel: Panel) -> Iterator[dict[str, Any]]:
    for letter, (legend, expression) in zip("ABCDEFGH", panel.asks.items(), strict=False):
        target = {
            "refId": letter,
            "datasource": SOURCE,
            "expr": expression,
            "legendFormat": legend or "__auto",
        }
        yield target | ({"instant": True, "format": "table"} if panel.kind == "table" else {})


def _field(panel: Panel) -> dict[str, Any]:
    field: dict[str, Any] = {"unit": panel.unit, "min": 0, "color": {"mode": "palette-classic"}}
    if panel.kind == "timeseries":
        mode = "normal" if panel.stacked else "none"
        field["custom"] = {
            "fillOpacity": 25 if panel.stacked else 5,
            "stacking": {"mode": mode, "group": "A"},
        }
    return field


def _options(panel: Panel) -> dict[str, Any]:
    if panel.kind == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"]}, "graphMode": "area", "textMode": "auto"}
    if panel.kind == "table":
        return {"showHeader": True}
    return {
        "legend": {"displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def written() -> str:
    """The file's text."""
    return json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the file."""
    FILE.write_text(written(), encoding="utf-8")
    print(f"{FILE}: {sum(len(panels) for _, panels in ROWS)} panels")
    return 0


if __name__ == "__main__":
    sys.exit(main())
