"""From a row of the call log to what line memory learns of it."""

import json
from collections.abc import Mapping

from silentspam.call import ChallengeCause, ChallengeResult, Decision, Mode, VerdictKind
from silentspam.lines.bursts import Opening
from silentspam.lines.fate import KindLesson, Lesson, Outcome
from silentspam.lines.ground import LineGround, unpack
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
    "verdict",
    "decision",
    "space_id",
    "embedding",
    "spam_probability",
    "line_id",
    "challenged_at",
    "challenge_cause",
    "challenge_probability",
    "challenge_result",
    "challenge_attempts",
    "caller_speech_seconds",
)
"""What of a row is read."""


def lesson(
    row: Row, ground: LineGround, *, before: Outcome | None, line_id: str | None
) -> Lesson | KindLesson | None:
    """The lesson of a row with COLUMNS; None for an opening that teaches nothing.

    Of dead air and people lines learn, if the opening has a place in this space; of other kinds the budgets.
    before, line_id: what was learnt of the call already. Raises LineError for an embedding that is none.
    """
    if row["verdict"] not in OF_LINES:
        return _kind_lesson(row, before)
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
        counted=_is_counted(row),
        weight=_weight(row),
        before=before,
        line_id=line_id or _text(row["line_id"]),
    )


def _kind_lesson(row: Row, before: Outcome | None) -> KindLesson:
    return KindLesson(
        kind=str(row["verdict"]),
        call_id=str(row["call_id"]),
        at=float(row["started_at"] or 0.0),
        number=number_key(str(row["ani"] or row["caller_id"] or "")),
        outcome=outcome(row),
        challenged=row["challenged_at"] is not None,
        counted=_is_counted(row),
        weight=_weight(row),
        before=before,
    )


def _is_counted(row: Row) -> bool:
    """Whether budgets know of it: who was rejected unasked may be anybody."""
    unasked = row["decision"] == Decision.REJECT and row["challenged_at"] is None
    return row["mode"] == Mode.ENFORCE and not unasked


def _weight(row: Row) -> float:
    """Suspects are challenged all, unless most of them are rejected unasked: then each stands for others."""
    probability = float(row["challenge_probability"] or 0.0)
    drawn = row["challenge_cause"] == ChallengeCause.SUSPICION and 0 < probability < 1
    return 1 / probability if drawn else 1.0


OF_LINES = frozenset({None, VerdictKind.HAM, VerdictKind.INCONCLUSIVE, VerdictKind.CALLER_SILENCE})
"""Verdicts of openings that lines can learn from; None was measured, not judged."""


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
