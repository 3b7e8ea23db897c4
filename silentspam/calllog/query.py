"""Which rows of the call log are wanted, as clauses for every database."""

from dataclasses import dataclass

from silentspam.calllog.entry import Value

SAME_LINE = (
    "(WITH RECURSIVE same(line_id) AS (SELECT CAST(:line AS TEXT) UNION SELECT lines.line_id FROM lines "
    "JOIN same ON lines.merged_into = same.line_id) SELECT line_id FROM same)"
)
"""The line :line and every line that was merged into it."""


@dataclass(frozen=True, kw_only=True)
class Filter:
    """since, until [s since the epoch] on started_at; number is ANI or caller ID; None matches all.

    line: calls taken for that line, or found to be of it later; lines merged into it included.
    """

    call_id: str | None = None
    since: float | None = None
    until: float | None = None
    disposition: str | None = None
    verdict: str | None = None
    number: str | None = None
    failed_open: bool | None = None
    line: str | None = None
    limit: int | None = None

    def newest_first(self) -> tuple[str, dict[str, Value]]:
        """What follows `FROM calls` to have these calls, newest first, and its named values."""
        values = {name: getattr(self, name) for name in _CONDITIONS if getattr(self, name) is not None}
        clause = " AND ".join(_CONDITIONS[name] for name in values)
        text = f"{' WHERE ' if clause else ''}{clause} ORDER BY started_at DESC NULLS LAST, call_id"
        if self.limit is None:
            return text, values
        return f"{text} LIMIT :limit", values | {"limit": self.limit}


_CONDITIONS = {
    "call_id": "call_id = :call_id",
    "since": "started_at >= :since",
    "until": "started_at < :until",
    "disposition": "disposition = :disposition",
    "verdict": "verdict = :verdict",
    "number": "(ani = :number OR caller_id = :number)",
    "failed_open": "COALESCE(failed_open, 0) = :failed_open",
    "line": f"(line_id IN {SAME_LINE} OR call_id IN "
    f"(SELECT call_id FROM line_lessons WHERE line_id IN {SAME_LINE}))",
}
