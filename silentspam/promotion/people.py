"""Who among recent callers was a person, and by what evidence: a label, the rules of labels, or a long talk.

A label goes before everything, UNSURE too; then what `silentspam.labels.rules` finds in the row.
The last kind is a presumption: two who stay connected for a minute talk with each other, since an agent who
hears nothing hangs up sooner. It asks for more than the reports' 20 s: there a call is only listed, here a
machine that was taken for a person would keep a better model out.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from silentspam.call import Disposition, EndedBy
from silentspam.calllog.labels import Answer, LabelledCall, Row
from silentspam.labels.rules import FACT_COLUMNS, find

CONVERSATION_SECONDS = 60.0
"""A bridge that caller or agent ends after so long is presumed to have been a conversation [s]."""

COLUMNS = ("call_id", *FACT_COLUMNS, "ended_by", "bridged_at", "ended_at")
"""What is asked of the call log."""


class Evidence(enum.StrEnum):
    """Why a caller is taken for a person, strongest first; CONVERSATION is a presumption."""

    LABEL = "labelled ham"
    OUTCOME = "passed the challenge, or spoke on the measured leg"
    CONVERSATION = "talked for a minute or more (presumed)"


@dataclass(frozen=True)
class RecentCall:
    """A call with its recording. person: why its caller is taken for a person, None where nothing says so."""

    call_id: str
    recording: Path
    person: Evidence | None


def recent_calls(calls: Iterable[LabelledCall], *, at_most: int) -> list[RecentCall]:
    """The first `at_most` recorded calls (which have COLUMNS, newest first), and as many known people.

    The two sets overlap. People are counted apart so that a flood of dead air cannot crowd them out.
    """
    taken: list[RecentCall] = []
    people = 0
    for call in calls:
        recording, person = call.row["recording"], evidence(call)
        if recording is None or (len(taken) >= at_most and (person is None or people >= at_most)):
            continue
        taken.append(RecentCall(str(call.row["call_id"]), Path(str(recording)), person))
        people += person is not None
    return taken


def evidence(call: LabelledCall) -> Evidence | None:
    """Why the caller was a person; None where that is not known."""
    if call.label is not None:
        return Evidence.LABEL if call.label.label is Answer.HAM else None
    if find(call.row).answer is Answer.HAM:
        return Evidence.OUTCOME
    return Evidence.CONVERSATION if _talked(call.row) else None


def _talked(row: Row) -> bool:
    """Whether nothing else is known of a call than that it was a long one."""
    bridged, ended = row["bridged_at"], row["ended_at"]
    return (
        row["disposition"] == Disposition.BRIDGED
        and row["challenge_result"] is None
        and row["caller_speech_seconds"] is None
        and row["ended_by"] in (EndedBy.AGENT, EndedBy.CALLER)
        and bridged is not None
        and ended is not None
        and float(ended) - float(bridged) >= CONVERSATION_SECONDS
    )
