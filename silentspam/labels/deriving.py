"""Labels from outcomes, for the whole call log: derived again at will, and always the same."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from silentspam.calllog.labels import DERIVED, Answer, Label, LabelledCall
from silentspam.labels import kinds
from silentspam.labels.kinds import kind_if_spam
from silentspam.labels.rules import FACT_COLUMNS, Finding, Row, find

AT_ONCE = 500
"""Calls written in one transaction: a call's own row never waits long for it."""

BY = "silentspam"

COLUMNS = tuple(dict.fromkeys(("call_id", *FACT_COLUMNS, *kinds.COLUMNS)))
"""What of a row is read."""

Change = tuple[str, Label | None]


def derive(
    calls: Iterable[LabelledCall],
    write: Callable[[Iterable[Change]], None],
    *,
    clock: Callable[[], float] = time.time,
) -> Counter[Finding]:
    """Apply the rules to every call, and write what has changed; returns how many had each finding.

    `calls` have COLUMNS. A label that follows no longer is taken back.
    """
    counts: Counter[Finding] = Counter()
    changes = _changes(calls, counts, clock())
    while some := list(islice(changes, AT_ONCE)):
        write(some)
    return counts


def _changes(calls: Iterable[LabelledCall], counts: Counter[Finding], now: float) -> Iterator[Change]:
    for call in calls:
        finding = find(call.row)
        counts[finding] += 1
        after = _label(call.row, finding, now)
        if {_said(label) for label in call.labels if label.source in DERIVED} != {_said(after)} - {None}:
            yield str(call.row["call_id"]), after


def _said(label: Label | None) -> tuple[str, ...] | None:
    """What a label says, whenever it was derived."""
    return None if label is None else (label.source, label.label, label.kind, label.note)


def _label(row: Row, finding: Finding, now: float) -> Label | None:
    if finding.answer is None:
        return None
    return Label(
        call_id=str(row["call_id"]),
        source=finding.source,
        label=finding.answer,
        labelled_at=now,
        labelled_by=BY,
        kind=kind_if_spam(row) if finding.answer is Answer.SPAM else "",
        note=finding.why,
    )
