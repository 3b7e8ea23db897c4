"""What a call taught line memory, and how its line stands now, in words."""

from collections.abc import Sequence

from silentspam.lines.fate import Outcome
from silentspam.lines.line import Line

TAUGHT = {
    Outcome.SILENT: "nobody answered its challenge: that speaks for the line",
    Outcome.PERSON: "a person passed its challenge: that speaks against every line it came near",
    Outcome.SPOKE: "a person spoke: that speaks against every line it came near",
    Outcome.UNKNOWN: "nothing is known of the caller: it counts towards a burst",
}


def told(outcome: Outcome | None, line_id: str | None, lines: Sequence[Line]) -> list[str]:
    """One line of text for what was learnt, if anything was, and one for each of the call's lines."""
    return [*([_lesson(outcome, line_id)] if outcome else []), *map(_standing, lines)]


def _lesson(outcome: Outcome, line_id: str | None) -> str:
    if outcome is Outcome.UNKNOWN and line_id is not None:
        return f"it taught: one more call of line {line_id}, of which nobody knows yet who called"
    where = f" (line {line_id})" if line_id else ""
    return f"it taught: {TAUGHT[outcome]}{where}"


def _standing(line: Line) -> str:
    by = " by an operator's hand" if line.pinned else ""
    merged = f", part of line {line.merged_into} now" if line.merged_into else ""
    return f"line {line.line_id} is {line.state}{by} now{merged}: {line.evidence()}"
