"""The table of what became of each call, and the figures over all of them."""

import dataclasses
import json
from collections.abc import Sequence

from lab.listening import in_short
from lab.outcome import Outcome
from lab.scenarios import Row

COLUMNS = (
    "scenario",
    "verdict",
    "probability",
    "cause",
    "challenge",
    "disposition",
    "ended by",
    "added delay",
    "origin",
    "result",
)


def table(outcomes: Sequence[Outcome]) -> str:
    """One line a call. Added delay: from the answer to the bridge, or to the first prompt [s]."""
    lines = [COLUMNS, *(_line(outcome) for outcome in outcomes)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    lines.insert(1, tuple("-" * width for width in widths))
    padded = ((cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join("  ".join(line).rstrip() for line in padded)


def reasons(outcomes: Sequence[Outcome]) -> str:
    """Why each failed or skipped scenario did, and why calls were placed again."""
    lines: list[str] = []
    for outcome in outcomes:
        if outcome.skipped:
            lines.append(f"{outcome.scenario.label}: SKIPPED: {outcome.skipped}")
        if outcome.placed_again:
            lines.append(f"{outcome.scenario.label}: placed again: {outcome.placed_again}")
        lines += [f"{outcome.scenario.label}: {fault}" for fault in outcome.faults]
    return "\n".join(lines)


def decision_times(outcomes: Sequence[Outcome]) -> list[float]:
    """Milliseconds from the end of each recording to its verdict, in ascending order."""
    spans = (_span(outcome.row, "recorded_at", "judged_at") for outcome in outcomes)
    return sorted(1000 * span for span in spans if span is not None)


def unchallenged_delays(outcomes: Sequence[Outcome]) -> list[float]:
    """Seconds from the answer to the bridge of each call that was not challenged, in ascending order."""
    rows = [outcome.row for outcome in outcomes if outcome.row and outcome.row.get("challenged_at") is None]
    spans = (_span(row, "answered_at", "bridged_at") for row in rows)
    return sorted(span for span in spans if span is not None)


def as_json(outcomes: Sequence[Outcome]) -> str:
    """Every outcome with its row and what was seen and heard, for other programs."""
    records = [
        {
            "scenario": outcome.scenario.label,
            "passed": outcome.passed,
            "faults": outcome.faults,
            "skipped": outcome.skipped,
            "placed_again": outcome.placed_again,
            "row": outcome.row,
            "origin": outcome.told,
            "observation": dataclasses.asdict(outcome.observation) if outcome.observation else None,
        }
        for outcome in outcomes
    ]
    return json.dumps(records, indent=1)


def percentile(ascending: Sequence[float], share: float) -> float:
    """The smallest value that `share` of the values do not exceed (nearest rank)."""
    rank = max(1, -(-int(share * 100) * len(ascending) // 100))
    return ascending[rank - 1]


def _line(outcome: Outcome) -> tuple[str, ...]:
    row = outcome.row or {}
    probability = row.get("spam_probability")
    return (
        outcome.scenario.label,
        _text(row.get("verdict")),
        f"{probability:.3f}" if isinstance(probability, float) else "-",
        _text(row.get("challenge_cause")),
        _text(row.get("challenge_result")),
        _text(row.get("disposition")) + (" (failed open)" if row.get("failed_open") else ""),
        _text(row.get("ended_by")),
        _delay(outcome),
        in_short(outcome.told) or "-",
        "SKIPPED" if outcome.skipped else "pass" if outcome.passed else "FAIL",
    )


def _text(value: object) -> str:
    return "-" if value is None else str(value)


def _delay(outcome: Outcome) -> str:
    row = outcome.row or {}
    end = "challenged_at" if row.get("challenged_at") is not None else "bridged_at"
    span = _span(row, "answered_at", end)
    return "-" if span is None else f"{span:.2f} s"


def _span(row: Row | None, start: str, end: str) -> float | None:
    first, last = (row or {}).get(start), (row or {}).get(end)
    return last - first if isinstance(first, float) and isinstance(last, float) else None
