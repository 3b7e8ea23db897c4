"""Who among recent callers was a person, and by what evidence: what the call log and its labels tell.

A label goes before everything. Of what is measured, a failed challenge and a leg without speech speak against
a person. The last kind is a presumption: two who stay connected for a minute talk with each other, since an
agent who hears nothing hangs up sooner.
"""

import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from silentspam.call import ChallengeResult, Disposition, EndedBy
from silentspam.calllog.entry import Value
from silentspam.calllog.query import Filter

CONVERSATION_SECONDS = 60.0
"""A bridge that caller or agent ends after so long is presumed to have been a conversation [s]."""

HAM_LABEL = "ham"

COLUMNS = (
    "call_id",
    "recording",
    "challenge_result",
    "caller_speech_seconds",
    "disposition",
    "ended_by",
    "bridged_at",
    "ended_at",
)


class Evidence(enum.StrEnum):
    """Why a caller is taken for a person, strongest first; CONVERSATION is a presumption."""

    LABEL = "labelled ham"
    PASSED = "passed the challenge"
    SPEECH = "spoke on the measured leg"
    CONVERSATION = "talked for a minute or more (presumed)"


@dataclass(frozen=True)
class RecentCall:
    """A call with its recording. person: why its caller is taken for a person, None where nothing says so."""

    call_id: str
    recording: Path
    person: Evidence | None


Rows = Callable[[Filter, Sequence[str]], Iterator[tuple[Value, ...]]]
"""`CallLog.iterate`: columns of the rows that match, newest first."""


def recent_calls(rows: Rows, labels: Mapping[str, str], *, since: float, at_most: int) -> list[RecentCall]:
    """The newest `at_most` recorded calls since a time [s since the epoch], and as many known people.

    The two sets overlap. People are counted apart so that a flood of dead air cannot crowd them out.
    """
    calls: list[RecentCall] = []
    people = 0
    for values in rows(Filter(since=since), COLUMNS):
        row = dict(zip(COLUMNS, values, strict=True))
        person = evidence(row, labels.get(str(row["call_id"])))
        if row["recording"] is None or (len(calls) >= at_most and (person is None or people >= at_most)):
            continue
        calls.append(RecentCall(str(row["call_id"]), Path(str(row["recording"])), person))
        people += person is not None
    return calls


def evidence(row: Mapping[str, Value], label: str | None) -> Evidence | None:
    """Why the caller of this row, which has COLUMNS, was a person; None where that is not known."""
    if label is not None:
        return Evidence.LABEL if label == HAM_LABEL else None
    spoken = row["caller_speech_seconds"]
    if row["challenge_result"] == ChallengeResult.FAILED or spoken == 0:
        return None
    if row["challenge_result"] == ChallengeResult.PASSED:
        return Evidence.PASSED
    if spoken is not None:
        return Evidence.SPEECH
    return Evidence.CONVERSATION if _talked(row) else None


def _talked(row: Mapping[str, Value]) -> bool:
    if row["disposition"] != Disposition.BRIDGED or row["ended_by"] not in (EndedBy.AGENT, EndedBy.CALLER):
        return False
    bridged, ended = row["bridged_at"], row["ended_at"]
    return bridged is not None and ended is not None and float(ended) - float(bridged) >= CONVERSATION_SECONDS
