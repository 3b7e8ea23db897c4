"""The calls that somebody has to look at: the rules cannot tell what they were, or their signs contradict.

Not waiting any more: who has an answer of a person's, be it UNSURE, or of a file.
"""

import enum
from collections.abc import Iterable
from pathlib import Path

from silentspam.calllog.labels import LabelledCall, LabelSource
from silentspam.labels.rules import find
from silentspam.retention.names import is_there

SETTLED = (LabelSource.REVIEW, LabelSource.IMPORT)


class Order(enum.StrEnum):
    """Which call comes first: the one that the model knows least about, or the newest."""

    INFORMATIVE = "informative"
    NEWEST = "newest"


def waiting(calls: Iterable[LabelledCall], *, order: Order) -> list[LabelledCall]:
    """The calls for review whose recording is still there; `calls` come newest first.

    They have the columns of `rules.FACT_COLUMNS`, `spam_probability` and `threshold`.
    """
    found = [call for call in calls if _waits(call)]
    return found if order is Order.NEWEST else sorted(found, key=_certainty)


def _waits(call: LabelledCall) -> bool:
    settled = any(label.source in SETTLED for label in call.labels)
    return not settled and find(call.row).for_review and is_there(Path(str(call.row["recording"])))


def _certainty(call: LabelledCall) -> float:
    """How far from the threshold; a call without a probability comes after all that have one."""
    probability, threshold = call.row["spam_probability"], call.row["threshold"]
    if probability is None or threshold is None:
        return 2.0
    return abs(float(probability) - float(threshold))
