"""What is kept of recordings is bounded: calls that play what nobody decided on, and what the rule once did.

What operators did is kept for ever, and so are the calls that play what is confirmed or permitted: as long as
those calls' own rows, with which they are erased.
"""

from silentspam.calllog.database import Connection
from silentspam.calllog.recording_rule import RULE
from silentspam.recordings.candidates import CANDIDATES_KEPT

MATCHES_SECONDS = 30 * 86_400.0
"""How long calls are kept that play a candidate, or what was removed; a candidate unheard so long goes."""

MATCHES_KEPT = 1000
"""Calls of one such recording at most, the newest."""

_UNDECIDED = "SELECT recording_id FROM recordings WHERE standing IN ('CANDIDATE', 'REMOVED')"
_OLD = f"DELETE FROM recording_matches WHERE matched_at < :before AND recording_id IN ({_UNDECIDED})"
_MANY = (
    "DELETE FROM recording_matches WHERE (recording_id, call_id) IN (SELECT recording_id, call_id FROM "
    "(SELECT recording_id, call_id, ROW_NUMBER() OVER (PARTITION BY recording_id "
    "ORDER BY matched_at DESC, call_id) AS place FROM recording_matches "
    f"WHERE recording_id IN ({_UNDECIDED})) AS placed WHERE place > :kept)"
)
_UNHEARD = (
    "DELETE FROM recordings WHERE standing = 'CANDIDATE' AND changed_at < :before AND recording_id NOT IN "
    "(SELECT recording_id FROM recording_matches) AND (SELECT COUNT(*) FROM recording_events "
    "WHERE recording_events.recording_id = recordings.recording_id AND changed_by = :rule) < 2"
)
_SURPLUS = (
    "DELETE FROM recordings WHERE standing = 'CANDIDATE' AND recording_id NOT IN (SELECT recording_id FROM "
    "(SELECT recording_id FROM recordings WHERE standing = 'CANDIDATE' "
    "ORDER BY changed_at DESC, recording_id LIMIT :kept) AS newest)"
)
_GONE = "recording_id NOT IN (SELECT recording_id FROM recordings)"


def prune(connection: Connection, now: float) -> None:
    """Let go what is too old or too much, within a transaction that writes."""
    before = {"before": now - MATCHES_SECONDS}
    connection.execute(_OLD, before)
    connection.execute(_MANY, {"kept": MATCHES_KEPT})
    connection.execute(_UNHEARD, before | {"rule": RULE})
    forget_gone(connection)


def forget_surplus(connection: Connection) -> None:
    """Keep the newest candidates, as many as there is room for."""
    connection.execute(_SURPLUS, {"kept": CANDIDATES_KEPT})
    forget_gone(connection)


def forget_gone(connection: Connection) -> None:
    """Of recordings that went there stay the deeds of operators."""
    connection.execute(f"DELETE FROM recording_matches WHERE {_GONE}")
    connection.execute(f"DELETE FROM recording_events WHERE changed_by = :rule AND {_GONE}", {"rule": RULE})
