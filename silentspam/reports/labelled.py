"""What labels say of the judgements: people who were suspected, and SPAM that was not, each by who says so.

The label that counts is that of the highest source (calllog.labels). Labelled calls are no picture of all
calls: suspects are always challenged and so nearly all labelled, others by a small chance or by somebody's
choice. So the share of people suspected, among labelled people, is far above the rate among all people; what
is weighted by how calls were selected stands in `silentspam labels report`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from silentspam.call import VerdictKind
from silentspam.calllog.labels import PRECEDENCE, Answer, LabelledCall, LabelSource
from silentspam.kinds.table import kind_named
from silentspam.reports.grid import Grid, Section, rate_cells
from silentspam.training.operating_point import Rate

COLUMNS = ("call_id", "verdict")

NOTE = (
    "Labelled calls only: suspects are nearly all labelled, others by chance or choice, so these shares are "
    "not those of all calls. `silentspam labels report` says how they were selected, and weighs."
)


@dataclass(frozen=True)
class Against:
    """By one source: labelled people who were suspected, and labelled SPAM that was not."""

    people_suspected: Rate = field(default_factory=lambda: Rate(hits=0, n=0))
    spam_unsuspected: Rate = field(default_factory=lambda: Rate(hits=0, n=0))


def against_labels(calls: Iterable[LabelledCall]) -> dict[LabelSource, Against]:
    """Judged calls against the label that counts, by its source; `calls` have COLUMNS.

    Only sources with such calls are there, the most credible first.
    """
    found: dict[LabelSource, Against] = {}
    for call in calls:
        verdict = call.row["verdict"]
        suspected = kind_named(verdict) is not None
        if call.label is None or not (suspected or verdict == VerdictKind.HAM):
            continue
        before = found.get(call.label.source, Against())
        found[call.label.source] = _with(before, call.label.label, suspected)
    return {source: found[source] for source in PRECEDENCE if source in found}


def _with(before: Against, answer: Answer, suspected: bool) -> Against:
    people, spam = before.people_suspected, before.spam_unsuspected
    if answer is Answer.HAM:
        return Against(Rate(hits=people.hits + suspected, n=people.n + 1), spam)
    if answer is Answer.SPAM:
        return Against(people, Rate(hits=spam.hits + (not suspected), n=spam.n + 1))
    return before


def label_section(found: dict[LabelSource, Against]) -> Section:
    """The counts as a table, a line for each source and kind of mistake."""
    rows = tuple(
        (what, str(source), rate.hits, rate.n, *rate_cells(rate))
        for source, against in found.items()
        for what, rate in (
            ("labelled people who were suspected", against.people_suspected),
            ("labelled SPAM that was not", against.spam_unsuspected),
        )
        if rate.n
    )
    heads = ("against the label", "source", "calls", "of", "share", "95 % interval")
    grid = Grid(caption="Judgements against labels", heads=heads, rows=rows)
    return Section(heading="What labels say", notes=(NOTE,), grids=(grid,))
