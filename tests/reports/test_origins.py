"""Where calls came from, counted: from rows of provenance to a section of the report."""

import json
from typing import Any

from silentspam.calllog.entry import Value
from silentspam.reports.grid import as_text
from silentspam.reports.origins import Origins, origins, origins_section


def a_row(**known: Any) -> dict[str, Value]:
    row: dict[str, Value] = dict.fromkeys(
        (
            "call_id", "basis", "seconds", "loss_rate", "concealed_rate", "last_codec", "signature",
            "line_name", "line_score", "line_listing", "risk", "alerts", "fault",
        )
    )  # fmt: skip
    texts = {name: json.dumps(value) if isinstance(value, list) else value for name, value in known.items()}
    return row | {"basis": "side"} | texts


ROWS = (
    a_row(signature=["voip"], last_codec="speex", loss_rate=0.05, risk=0.8, alerts=["claim: a", "claim: b"]),
    a_row(signature=["cellular", "pstn"], last_codec="gsm_fr", concealed_rate=0.009, risk=0.1),
    a_row(
        basis="opening", line_name="boiler room", line_listing="blocked", alerts=["blocked: x", "claim: c"]
    ),
    a_row(line_name="boiler room", line_listing="blocked", signature=["voip"]),
    a_row(fault="empty"),
)


def test_calls_are_counted_once_for_each_kind_of_alert() -> None:
    found = origins(ROWS)
    assert (found.heard, found.faults, found.lossy, found.alerted) == (4, 1, 1, 2)
    assert found.alerts == {"claim": 2, "blocked": 1}
    assert found.signatures == {"voip": 2, "cellular + pstn": 1, "not told": 1}
    assert found.risks == {"0.75 or more": 1, "below 0.25": 1}
    assert (found.lines["boiler room"].calls, found.lines["boiler room"].alerts) == (2, 1)


def test_the_section_says_it_in_tables() -> None:
    text = as_text([origins_section(origins(ROWS))], lambda heads, rows: f"{heads} {rows}")
    assert "4 calls were analysed: 3 by the side, 1 by the opening; 1 could not be" in text
    assert "Known lines, 1 in all" in text


def test_a_period_without_any_says_so() -> None:
    assert "Nothing was analysed" in as_text([origins_section(Origins())], lambda heads, rows: "")
