"""What becomes of a recording that only the rule decides on, by what became of the calls that play it.

Failed challenges confirm a candidate; a person among its callers leaves it to an operator for good, also when
that person comes, or is known for one, after it was confirmed. What an operator said of a recording stays.
"""

from silentspam.calllog.database import Connection, Row
from silentspam.kinds.standing import Standing
from silentspam.recordings.candidates import AcceptanceRule, Tally

RULE = "rule"
"""Who found a candidate, confirms it by its failed challenges, and doubts it because of a person."""

DOUBT = "a person is among its callers: it is left to an operator"

FAILED = "calls.challenge_result = 'FAILED'"
PERSON = "(calls.challenge_result = 'PASSED' OR calls.caller_speech_seconds > 0)"

COUNTS = (
    "COUNT(recording_matches.call_id) AS n_calls, "
    "COUNT(DISTINCT recording_matches.number) AS n_numbers, "
    f"COALESCE(SUM(CASE WHEN {FAILED} THEN 1 ELSE 0 END), 0) AS n_failed, "
    f"COALESCE(SUM(CASE WHEN {PERSON} THEN 1 ELSE 0 END), 0) AS n_people"
)
JOINED = (
    "LEFT JOIN recording_matches ON recording_matches.recording_id = recordings.recording_id "
    "LEFT JOIN calls ON calls.call_id = recording_matches.call_id"
)

Deed = tuple[Standing, str]
"""What a recording is made, and why."""

_OUTCOME = f"SELECT {FAILED} AS failed, {PERSON} AS person FROM calls WHERE call_id = :it"
_TALLY = f"SELECT {COUNTS} FROM recordings {JOINED} WHERE recordings.recording_id = :it"
_DEEDS = "SELECT COUNT(*) AS n FROM recording_events WHERE recording_id = :it AND changed_by = :rule"
_WITH_A_PERSON = (
    "SELECT * FROM recordings WHERE changed_by = :rule AND standing IN ('CANDIDATE', 'CONFIRMED') AND EXISTS "
    "(SELECT 1 FROM recording_matches JOIN calls ON calls.call_id = recording_matches.call_id "
    f"WHERE recording_matches.recording_id = recordings.recording_id AND {PERSON})"
)


def after_call(connection: Connection, row: Row, call_id: str, rule: AcceptanceRule) -> Deed | None:
    """What the rule makes of a recording [a row of `recordings`] after a call; None: it stays as it is.

    Its calls are counted only after one that failed, as long as nothing is decided: not in every write.
    """
    if not _is_the_rules(row):
        return None
    outcome = connection.execute(_OUTCOME, {"it": call_id}).fetchone()
    if outcome is not None and outcome["person"]:
        return _doubt(connection, row)
    if row["standing"] != Standing.CANDIDATE or outcome is None or not outcome["failed"]:
        return None
    if not rule.failed_challenges or _is_left(connection, row):
        return None
    tally = counted(connection.execute(_TALLY, {"it": row["recording_id"]}).fetchone())
    if tally.people:
        return _doubt(connection, row)
    note = f"{tally.failed} failed challenges from {tally.numbers} numbers, and no person"
    return (Standing.CONFIRMED, note) if rule.accepts(tally) else None


def doubted(connection: Connection) -> list[tuple[str, Deed]]:
    """The recordings that a person is known to play by now, who was not when the call was learnt from."""
    rows = connection.execute(_WITH_A_PERSON, {"rule": RULE}).fetchall()
    return [(row["recording_id"], deed) for row in rows if (deed := _doubt(connection, row))]


def counted(row: Row) -> Tally:
    """The columns of COUNTS."""
    return Tally(
        calls=int(row["n_calls"]),
        numbers=int(row["n_numbers"]),
        failed=int(row["n_failed"]),
        people=int(row["n_people"]),
    )


def _is_the_rules(row: Row) -> bool:
    return row["changed_by"] == RULE and row["standing"] in (Standing.CANDIDATE, Standing.CONFIRMED)


def _doubt(connection: Connection, row: Row) -> Deed | None:
    """Said once: a candidate that is left to an operator already stays so."""
    if row["standing"] == Standing.CANDIDATE and _is_left(connection, row):
        return None
    return Standing.CANDIDATE, DOUBT


def _is_left(connection: Connection, row: Row) -> bool:
    """Whether the rule has said more of it than that it was found: then it is never the one to confirm it."""
    found = connection.execute(_DEEDS, {"it": row["recording_id"], "rule": RULE}).fetchone()
    return found is not None and int(found["n"]) > 1
