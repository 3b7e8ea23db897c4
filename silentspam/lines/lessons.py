"""From a row of the call log to what line memory learns of it."""

import json
from collections.abc import Mapping

from silentspam.call import ChallengeResult, Mode
from silentspam.lines.bursts import Opening
from silentspam.lines.ground import LineGround, unpack
from silentspam.lines.memory import Lesson, Outcome
from silentspam.lines.numbers import number_key

SPEECH_SECONDS = 1.0
"""Of a caller's leg, from which on a person is there: less may be a click."""

Row = Mapping[str, str | int | float | None]

COLUMNS = (
    "call_id",
    "started_at",
    "ani",
    "caller_id",
    "mode",
    "space_id",
    "embedding",
    "spam_probability",
    "line_id",
    "challenged_at",
    "challenge_result",
    "challenge_attempts",
    "caller_speech_seconds",
)
"""What of a row is read."""


def lesson(row: Row, ground: LineGround, *, before: Outcome | None, line_id: str | None) -> Lesson | None:
    """The lesson of a row with COLUMNS; None for an opening without a place in this space.

    before, line_id: what was learnt of the call already. Raises LineError for an embedding that is none.
    """
    if row["embedding"] is None or row["space_id"] != ground.space_id:
        return None
    opening = Opening(
        call_id=str(row["call_id"]),
        at=float(row["started_at"] or 0.0),
        number=number_key(str(row["ani"] or row["caller_id"] or "")),
        embedding=unpack(str(row["embedding"]), len(ground.space.origin)),
        spam_probability=1.0 if row["spam_probability"] is None else float(row["spam_probability"]),
    )
    return Lesson(
        opening=opening,
        outcome=outcome(row),
        challenged=row["challenged_at"] is not None,
        counted=row["mode"] == Mode.ENFORCE,
        before=before,
        line_id=line_id or _text(row["line_id"]),
    )


def outcome(row: Row) -> Outcome:
    """What a row's challenge and speech say. Who passed did, whatever is heard of the call afterwards."""
    if row["challenge_result"] == ChallengeResult.PASSED:
        return Outcome.PERSON
    if float(row["caller_speech_seconds"] or 0) >= SPEECH_SECONDS:
        return Outcome.SPOKE
    if row["challenge_result"] != ChallengeResult.FAILED:
        return Outcome.UNKNOWN
    attempts = json.loads(str(row["challenge_attempts"] or "[]"))
    silent = attempts and all(str(attempt).endswith("no key") for attempt in attempts)
    return Outcome.SILENT if silent else Outcome.PRESSED


def _text(value: object) -> str | None:
    return None if value is None else str(value)
