"""What an operator does to a line by hand, and the record of it.

An operator's word stands whatever the evidence (the line is pinned), until it is taken back.
"""

import enum
from dataclasses import dataclass, replace

from silentspam.errors import LineError
from silentspam.lines.line import Line
from silentspam.verdict import LineState


class Deed(enum.StrEnum):
    """SUSPEND: challenge nobody for it. CONFIRM: it is an attack. FORGET: match it no more. RELEASE: let the
    evidence decide again."""

    SUSPEND = "SUSPEND"
    CONFIRM = "CONFIRM"
    FORGET = "FORGET"
    RELEASE = "RELEASE"


@dataclass(frozen=True, kw_only=True)
class LineEvent:
    """One deed: a row of `line_events`. changed_at in seconds since the epoch."""

    line_id: str
    deed: Deed
    changed_at: float
    changed_by: str
    note: str = ""


def after(line: Line, deed: Deed) -> Line:
    """The line after a deed. Raises LineError for one that was merged, or has no evidence to go back to."""
    if line.merged_into is not None:
        raise LineError(f"line {line.line_id} was merged into {line.merged_into}: do it to that one")
    if deed is Deed.RELEASE:
        if line.state is LineState.EXPIRED:
            raise LineError(f"line {line.line_id} is expired: `confirm` brings it back")
        return replace(line, pinned=False).judged()
    if deed is Deed.FORGET:
        return replace(line, state=LineState.EXPIRED, pinned=False)
    state = LineState.SUSPENDED if deed is Deed.SUSPEND else LineState.ACTIVE
    return replace(line, state=state, pinned=True)
