"""Labels from outcomes, for the whole call log: derived again at will, and always the same."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from silentspam.calllog.labels import DERIVED, Label, LabelledCall
from silentspam.labels.rules import Finding, find

AT_ONCE = 500
"""Calls written in one transaction: a call's own row never waits long for it."""

BY = "silentspam"

Change = tuple[str, Label | None]


def derive(
    calls: Iterable[LabelledCall],
    write: Callable[[Iterable[Change]], None],
    *,
    clock: Callable[[], float] = time.time,
) -> Counter[Finding]:
    """Apply the rules to every call, and write what has changed; returns how many had each finding.

    `calls` have the columns `call_id` and `rules.FACT_COLUMNS`. A label that follows no longer is taken back.
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
        before = {(label.source, label.label, label.note) for label in call.labels if label.source in DERIVED}
        after = {(finding.source, finding.answer, finding.why)} if finding.answer else set()
        if before != after:
            call_id = str(call.row["call_id"])
            yield call_id, _label(call_id, finding, now)


def _label(call_id: str, finding: Finding, now: float) -> Label | None:
    if finding.answer is None:
        return None
    return Label(
        call_id=call_id,
        source=finding.source,
        label=finding.answer,
        labelled_at=now,
        labelled_by=BY,
        note=finding.why,
    )
