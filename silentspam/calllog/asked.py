"""Whether the row of a suspect tells of a challenge: one that was rejected unasked has a cause as well.

Nobody knows what a call was that was never asked: it is no failed challenge, and no label or rate rests on
it.
"""

from collections.abc import Mapping

from silentspam.call import Decision
from silentspam.calllog.entry import Value

COLUMNS = ("challenge_cause", "challenged_at", "challenge_result", "decision")
"""What of a row is read."""


def rejected_unasked(row: Mapping[str, Value]) -> bool:
    """Whether a suspect was rejected without a question, as `kinds` of the configuration may say."""
    asked = row["challenged_at"] is not None or row["challenge_result"] is not None
    return row["challenge_cause"] is not None and row["decision"] == Decision.REJECT and not asked


def cause_asked_for(row: Mapping[str, Value]) -> str | None:
    """Why the caller was challenged; None for one who was not."""
    cause = row["challenge_cause"]
    return None if cause is None or rejected_unasked(row) else str(cause)
