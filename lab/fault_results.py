"""What became of calls under a fault, from three sides: the callers, the agents' desk and the call log."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.sounds import SPEECH
from lab.stream import Fate

STAGES = frozenset({"admitted", "answered", "recorded", "judged", "challenged", "decided", "ended", "ready"})
"""Events of every call and every start: the rest is what the log says of a fault."""
USUAL_SECONDS = 2.5
"""A person reaches the agent within so many seconds when nothing is wrong."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One fault. `not_made` says why it could not be made here; the lists hold callers' numbers."""

    name: str
    about: str
    not_made: str = ""
    placed: int = 0
    people: int = 0
    right: int = 0
    unscreened: int = 0
    ended_by_fault: int = 0
    lost: tuple[str, ...] = ()
    rows_expected: int = 0
    rows_found: int = 0
    rows_missing: tuple[str, ...] = ()
    rows_wrong: tuple[str, ...] = ()
    waited_median: float | None = None
    waited_most: float | None = None
    late: int = 0
    causes: Mapping[str, int] = field(default_factory=dict)
    events: Mapping[str, int] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether no call and no row was lost, and no row is wrong."""
        return not (self.not_made or self.lost or self.rows_missing or self.rows_wrong)

    @property
    def word(self) -> str:
        """For people."""
        return "not made" if self.not_made else "passed" if self.passed else "FAILED"

    @property
    def exit_code(self) -> int:
        """For the shell."""
        return 2 if self.not_made else 0 if self.passed else 1

    @property
    def in_short(self) -> str:
        """One line."""
        if self.not_made:
            return self.not_made
        wait = f"{self.waited_most:.1f} s at most to an agent" if self.waited_most is not None else "no agent"
        wrong = f", wrong rows {', '.join(self.rows_wrong[:3])}" if self.rows_wrong else ""
        return (
            f"{self.placed} calls, {self.right} right, {self.unscreened} failed open, {len(self.lost)} lost; "
            f"rows {self.rows_found} of {self.rows_expected}; {wait}{wrong}"
        )


def judge(
    name: str,
    about: str,
    fates: Sequence[Fate],
    rows: Sequence[Mapping[str, Any]],
    events: Sequence[Mapping[str, Any]],
    *,
    fault: tuple[float, float],
    kills_calls: bool,
) -> Result:
    """Judge a run. fault: when it began and was over [s of the epoch]; kills_calls: it ends calls itself."""
    by_number: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_number.setdefault(str(row["ani"]), []).append(row)
    killed = {fate.number for fate in fates if kills_calls and _ended_with_the_switch(fate, fault)}
    known = [fate for fate in fates if fate.answered or fate.reached or fate.number not in killed]
    rights = [fate for fate in fates if _is_right(fate, by_number.get(fate.number, []))]
    waits = sorted(fate.waited for fate in fates if fate.sound == SPEECH and fate.waited is not None)
    found = {number for number, ones in by_number.items() if any(row["ended_at"] is not None for row in ones)}
    return Result(
        name=name,
        about=about,
        placed=len(fates),
        people=sum(fate.sound == SPEECH for fate in fates),
        right=len(rights),
        unscreened=sum(bool(row["failed_open"]) for row in rows),
        ended_by_fault=len(killed),
        lost=tuple(fate.number for fate in fates if _is_lost(fate) and fate.number not in killed),
        rows_expected=len(known),
        rows_found=sum(fate.number in found for fate in known),
        rows_missing=tuple(fate.number for fate in known if fate.number not in found),
        rows_wrong=tuple(
            f"{fate.number}: {wrong}"
            for fate in known
            if (wrong := _wrong(fate, by_number.get(fate.number, []), killed=fate.number in killed))
        ),
        waited_median=waits[len(waits) // 2] if waits else None,
        waited_most=waits[-1] if waits else None,
        late=sum(wait > USUAL_SECONDS for wait in waits),
        causes=dict(Counter(_plain(cause) for row in rows for cause in _causes(row))),
        events=dict(Counter(filter(None, map(_event, events)))),
    )


def _causes(row: Mapping[str, Any]) -> list[object]:
    """What a row says of the fault: why it failed open, and why its end is not the switch's report."""
    failed = [row["failed_open_cause"]] if row["failed_open"] else []
    return failed + ([row["end_cause"]] if row.get("end_cause") else [])


def _is_right(fate: Fate, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the call went as it would have gone without the fault."""
    if fate.sound == SPEECH:
        return fate.reached is not None and any(row["verdict"] == "HAM" for row in rows)
    return fate.reached is None and any(str(row["disposition"]).startswith("REJECTED") for row in rows)


def _is_lost(fate: Fate) -> bool:
    """A person whom no agent answered; dead air that nobody ended."""
    if fate.reached is not None:
        return False
    return fate.sound == SPEECH or fate.ended is None


def _ended_with_the_switch(fate: Fate, fault: tuple[float, float]) -> bool:
    """Placed before Asterisk was back, and not over when it went."""
    began, over = fault
    return fate.placed < over and (fate.ended is None or fate.ended > began)


def _wrong(fate: Fate, rows: Sequence[Mapping[str, Any]], *, killed: bool) -> str:
    """What of a call's row is not what the caller and the desk saw; "" for nothing."""
    if len(rows) > 1:
        return f"{len(rows)} rows"
    if not rows or killed:
        return ""
    disposition = rows[0]["disposition"]
    if fate.reached is not None and disposition != "BRIDGED":
        return f"reached an agent, and the log has {disposition}"
    if fate.reached is None and disposition == "BRIDGED":
        return "reached nobody, and the log has BRIDGED"
    if fate.sound == SPEECH and str(disposition).startswith("REJECTED"):
        return "a person was rejected"
    return ""


def _event(event: Mapping[str, Any]) -> str:
    """What the server said, without what differs from one time to the next."""
    if event.get("event") in STAGES:
        return ""
    words = [str(event.get(key)) for key in ("event", "role", "chore", "text", "error") if event.get(key)]
    return _plain(": ".join(words)) if words else ""


def _plain(text: object) -> str:
    """Without numbers of many digits, ids and folders."""
    return re.sub(r"/\S+/|0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|\d{4,}(\.\d+)?", "…", str(text))[:160]


def table(results: Sequence[Result]) -> str:
    """One line a fault."""
    heads = ("fault", "calls", "right", "failed open", "lost", "rows", "median", "most", "result")
    lines = [heads, *(_line(result) for result in results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    lines.insert(1, tuple("-" * width for width in widths))
    padded = ((cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join("  ".join(line).rstrip() for line in padded)


def _line(result: Result) -> tuple[str, ...]:
    return (
        result.name,
        str(result.placed),
        str(result.right),
        str(result.unscreened),
        str(len(result.lost)),
        f"{result.rows_found}/{result.rows_expected}",
        "-" if result.waited_median is None else f"{result.waited_median:.1f} s",
        "-" if result.waited_most is None else f"{result.waited_most:.1f} s",
        result.word,
    )
