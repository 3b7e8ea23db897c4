"""What a call taught line memory, and how its line stands now, in words."""

from collections.abc import Sequence

from silentspam.lines.fate import Outcome
from silentspam.lines.line import Line

TAUGHT = {
    Outcome.SILENT: "nobody answered its challenge: that speaks for the line",
    Outcome.PERSON: "a person passed its challenge: that speaks against every line it came near",
    Outcome.SPOKE: "a person spoke: that speaks against every line it came near",
    Outcome.PRESSED: "wrong keys were pressed, which a person may do: nothing of the line; the budget pays",
    Outcome.UNKNOWN: "nothing is known of the caller: it counts towards a burst",
}

TAUGHT_OF_KIND = {
    Outcome.SILENT: "nobody answered its challenge: it was no mistake",
    Outcome.PERSON: "a person passed its challenge: a mistake, which the kind's budget pays for",
    Outcome.SPOKE: "a person spoke: where it was challenged, the kind's budget pays for it",
    Outcome.PRESSED: "wrong keys were pressed, which a person may do: the kind's budget pays as for a person",
    Outcome.UNKNOWN: "nothing: nobody knows who called",
}
"""Of a call of another kind than dead air: it is of no line."""


def told(
    outcome: Outcome | None, line_id: str | None, lines: Sequence[Line], *, of_line: bool = True
) -> list[str]:
    """One line of text for what was learnt, if anything was, and one for each of the call's lines.

    of_line: whether lines learn of such calls at all.
    """
    return [*([_lesson(outcome, line_id, of_line=of_line)] if outcome else []), *map(_standing, lines)]


def _lesson(outcome: Outcome, line_id: str | None, *, of_line: bool) -> str:
    if not of_line:
        return f"it taught: {TAUGHT_OF_KIND[outcome]}"
    if outcome is Outcome.UNKNOWN and line_id is not None:
        return f"it taught: one more call of line {line_id}, of which nobody knows yet who called"
    where = f" (line {line_id})" if line_id else ""
    return f"it taught: {TAUGHT[outcome]}{where}"


def _standing(line: Line) -> str:
    by = " by an operator's hand" if line.pinned else ""
    merged = f", part of line {line.merged_into} now" if line.merged_into else ""
    return f"line {line.line_id} is {line.state}{by} now{merged}: {line.evidence()}"
