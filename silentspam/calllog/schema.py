"""The columns of the call log, and the numbered steps that build and change its tables.

Times are seconds since the epoch. A step, once released, is never edited: a change is a new step. A step is
one statement for every database, or has a form for each.
"""

import re
from dataclasses import dataclass

POSTGRES_TYPES = {"REAL": "DOUBLE PRECISION", "INTEGER": "BIGINT"}
"""SQLite's REAL and INTEGER have 64 bits; PostgreSQL's of that name have 32."""


@dataclass(frozen=True)
class Forms:
    """A step that the databases take each in its own way; None: nothing is to be done there."""

    sqlite: str
    postgres: str | None


_FIRST_COLUMNS = {
    "call_id": "TEXT PRIMARY KEY",
    "uniqueid": "TEXT",
    "channel": "TEXT",
    "ani": "TEXT",
    "caller_id": "TEXT",
    "caller_name": "TEXT",
    "dnis": "TEXT",
    "started_at": "REAL",
    "answered_at": "REAL",
    "recorded_at": "REAL",
    "judged_at": "REAL",
    "challenged_at": "REAL",
    "screened_at": "REAL",
    "bridged_at": "REAL",
    "ended_at": "REAL",
    "mode": "TEXT",
    "recording": "TEXT",
    "recorded_seconds": "REAL",
    "digital_silence_share": "REAL",
    "verdict": "TEXT",
    "spam_probability": "REAL",
    "threshold": "REAL",
    "model_id": "TEXT",
    "reasons": "TEXT",
    "decision": "TEXT",
    "challenge_result": "TEXT",
    "challenge_attempts": "TEXT",
    "disposition": "TEXT",
    "ended_by": "TEXT",
    "hangup_cause": "INTEGER",
    "failed_open": "INTEGER",
    "failed_open_cause": "TEXT",
}

_LEARNING_COLUMNS = {
    "challenge_cause": "TEXT",
    "challenge_probability": "REAL",
    "shadow_model_id": "TEXT",
    "shadow_verdict": "TEXT",
    "shadow_probability": "REAL",
    "shadow_threshold": "REAL",
    "caller_speech_seconds": "REAL",
    "caller_leg_seconds": "REAL",
    "speech_detector": "TEXT",
}

_LINE_COLUMNS = {
    "level_dbfs": "REAL",
    "space_id": "TEXT",
    "embedding": "TEXT",
    "line_id": "TEXT",
    "line_state": "TEXT",
    "line_score": "REAL",
    "line_threshold": "REAL",
    "held_back": "TEXT",
}

_SERVICE_COLUMNS = {
    "gate_cause": "TEXT",
    "mode_reason": "TEXT",
    "screener": "TEXT",
    "agent": "TEXT",
    "redress_at": "REAL",
    "redress_reason": "TEXT",
    "redress_contact": "TEXT",
    "hangup_with": "TEXT",
    "recording_deleted_at": "REAL",
}

_PRIVACY_COLUMNS = {
    "erased_at": "REAL",
}

_END_COLUMNS = {
    "end_cause": "TEXT",
}

_KIND_COLUMNS = {
    "kind_probabilities": "TEXT",
}

PROVENANCE_COLUMNS = {
    "call_id": "TEXT PRIMARY KEY",
    "analysed_at": "REAL",
    "basis": "TEXT",
    "seconds": "REAL",
    "loss_rate": "REAL",
    "concealed_rate": "REAL",
    "last_codec": "TEXT",
    "signature": "TEXT",
    "analysis": "TEXT",
    "fingerprint": "TEXT",
    "line_name": "TEXT",
    "line_score": "REAL",
    "line_listing": "TEXT",
    "risk": "REAL",
    "alerts": "TEXT",
    "reasons": "TEXT",
    "fault": "TEXT",
}
"""Column of `provenance` → SQL type: one row a call that was analysed. `signature`, `alerts` and `reasons`
are JSON lists of text; `analysis` and `fingerprint` JSON objects."""

COLUMNS = (
    _FIRST_COLUMNS
    | _LEARNING_COLUMNS
    | _LINE_COLUMNS
    | _SERVICE_COLUMNS
    | _PRIVACY_COLUMNS
    | _END_COLUMNS
    | _KIND_COLUMNS
)
"""Column of `calls` → SQL type. `reasons` and `challenge_attempts` are JSON lists of text,
`kind_probabilities` one of pairs: a kind of SPAM, and its probability."""

_STEPS: tuple[str | Forms, ...] = (
    "CREATE TABLE calls ({})".format(", ".join(f"{name} {kind}" for name, kind in _FIRST_COLUMNS.items())),
    Forms(
        "CREATE INDEX calls_started_at ON calls (started_at)",
        # In the order that rows are read in: PostgreSQL takes unknown times for the newest unless told.
        "CREATE INDEX calls_started_at ON calls (started_at DESC NULLS LAST, call_id)",
    ),
    "CREATE INDEX calls_ani ON calls (ani)",
    *(f"ALTER TABLE calls ADD COLUMN {name} {kind}" for name, kind in _LEARNING_COLUMNS.items()),
    # One label a call and source: the newest of a source counts, and sources have a precedence.
    "CREATE TABLE labels (call_id TEXT, source TEXT, label TEXT, kind TEXT, labelled_at REAL, "
    "labelled_by TEXT, note TEXT, PRIMARY KEY (call_id, source))",
    # What became of each model: one row a change of state, never edited.
    "CREATE TABLE model_events (event_id TEXT PRIMARY KEY, model_id TEXT, state TEXT, changed_at REAL, "
    "changed_by TEXT, note TEXT)",
    *(f"ALTER TABLE calls ADD COLUMN {name} {kind}" for name, kind in _LINE_COLUMNS.items()),
    "CREATE INDEX calls_line ON calls (line_id, started_at)",
    # Lines of dead air; mean: base64 of float32; numbers, passers: JSON lists of hashed numbers.
    "CREATE TABLE lines (line_id TEXT PRIMARY KEY, space_id TEXT, state TEXT, origin TEXT, mean TEXT, "
    "count INTEGER, failed INTEGER, passed INTEGER, spoken INTEGER, numbers TEXT, passers TEXT, "
    "first_seen REAL, last_seen REAL, pinned INTEGER, merged_into TEXT)",
    "CREATE INDEX lines_state ON lines (space_id, state)",
    # Calls that line memory has still to learn from, and what it learnt of each that it has.
    "CREATE TABLE line_queue (call_id TEXT PRIMARY KEY)",
    "CREATE TABLE line_lessons (call_id TEXT PRIMARY KEY, outcome TEXT, line_id TEXT, learnt_at REAL)",
    "CREATE INDEX line_lessons_outcome ON line_lessons (outcome, learnt_at)",
    # One row a space: the version of its lines, the threshold, and the credit of false challenges.
    "CREATE TABLE line_state (space_id TEXT PRIMARY KEY, version INTEGER, threshold REAL, "
    "threshold_changes INTEGER, credit REAL)",
    # What operators did to lines: one row a deed, never edited.
    "CREATE TABLE line_events (line_id TEXT, deed TEXT, changed_at REAL, changed_by TEXT, note TEXT)",
    "CREATE INDEX line_events_line ON line_events (line_id)",
    *(f"ALTER TABLE calls ADD COLUMN {name} {kind}" for name, kind in _SERVICE_COLUMNS.items()),
    "CREATE INDEX calls_caller_id ON calls (caller_id)",
    "CREATE INDEX calls_passed ON calls (started_at) WHERE challenge_result = 'PASSED'",
    # Numbers that are decided before any audio; one listing a number.
    "CREATE TABLE listed_numbers (number TEXT PRIMARY KEY, listing TEXT, expires_at REAL, note TEXT, "
    "changed_by TEXT, changed_at REAL)",
    # What called numbers have of their own; an empty column is as in the configuration.
    "CREATE TABLE dnis_settings (dnis TEXT PRIMARY KEY, mode TEXT, threshold REAL, "
    "max_false_challenge_rate REAL, agent TEXT, note TEXT, changed_by TEXT, changed_at REAL)",
    # The kill switch, by an operator or the guard, and what was done to lists: rows are never edited.
    "CREATE TABLE switch_events (event_id TEXT PRIMARY KEY, state TEXT, cause TEXT, changed_at REAL, "
    "changed_by TEXT, note TEXT)",
    "CREATE TABLE list_events (event_id TEXT PRIMARY KEY, subject TEXT, deed TEXT, changed_at REAL, "
    "changed_by TEXT, note TEXT)",
    # The order in which calls were queued; turn counts the parts that came while they waited.
    "ALTER TABLE line_queue ADD COLUMN queued_at REAL NOT NULL DEFAULT 0",
    "ALTER TABLE line_queue ADD COLUMN turn INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX line_queue_order ON line_queue (queued_at, call_id)",
    # The order in which events came that bear the same time.
    "ALTER TABLE model_events ADD COLUMN arrival INTEGER",
    Forms("UPDATE model_events SET arrival = rowid", None),
    "ALTER TABLE line_events ADD COLUMN arrival INTEGER",
    Forms("UPDATE line_events SET arrival = rowid", None),
    *(f"ALTER TABLE calls ADD COLUMN {name} {kind}" for name, kind in _PRIVACY_COLUMNS.items()),
    # What was told or erased at a caller's request: how much, never of whom.
    "CREATE TABLE privacy_events (event_id TEXT PRIMARY KEY, deed TEXT, changed_at REAL, changed_by TEXT, "
    "calls INTEGER, recordings INTEGER, note TEXT)",
    # Why a call has an end that its switch did not report.
    *(f"ALTER TABLE calls ADD COLUMN {name} {kind}" for name, kind in _END_COLUMNS.items()),
    "CREATE INDEX calls_unended ON calls (started_at) WHERE ended_at IS NULL",
    # Recordings that are known or were found; peaks: base64 of a packed constellation.
    "CREATE TABLE recordings (recording_id TEXT PRIMARY KEY, name TEXT, note TEXT, standing TEXT, "
    "peaks TEXT, added_at REAL, changed_at REAL, changed_by TEXT)",
    # What was done to recordings: one row a deed, never edited.
    "CREATE TABLE recording_events (event_id TEXT PRIMARY KEY, recording_id TEXT, deed TEXT, "
    "changed_at REAL, changed_by TEXT, note TEXT)",
    # Calls that play a recording; number: hashed.
    "CREATE TABLE recording_matches (recording_id TEXT, call_id TEXT, number INTEGER, matched_at REAL, "
    "begin_seconds REAL, evidence REAL, PRIMARY KEY (recording_id, call_id))",
    "CREATE INDEX recording_matches_call ON recording_matches (call_id)",
    # Openings of recent calls of all servers, among which re-plays are looked for.
    "CREATE TABLE recent_openings (call_id TEXT PRIMARY KEY, number INTEGER, heard_at REAL, peaks TEXT)",
    "CREATE INDEX recent_openings_heard ON recent_openings (heard_at)",
    *(f"ALTER TABLE calls ADD COLUMN {name} {kind}" for name, kind in _KIND_COLUMNS.items()),
    # The credit of false challenges of each kind with a budget of its own.
    "CREATE TABLE kind_credits (kind TEXT PRIMARY KEY, credit REAL)",
    # When an opening came to the database, by the clock of its writer: a row may come long after its call.
    "ALTER TABLE recent_openings ADD COLUMN stored_at REAL",
    "UPDATE recent_openings SET stored_at = heard_at",
    "CREATE INDEX recent_openings_stored ON recent_openings (stored_at)",
    "CREATE INDEX recording_events_recording ON recording_events (recording_id)",
    # Where calls came from by their audio; marked_at: when its line was marked for fraud, or need not be.
    "CREATE TABLE provenance ({}, marked_at REAL)".format(
        ", ".join(f"{name} {kind}" for name, kind in PROVENANCE_COLUMNS.items())
    ),
    "CREATE INDEX provenance_analysed ON provenance (analysed_at)",
)


def _sqlite(step: str | Forms) -> str:
    return step if isinstance(step, str) else step.sqlite


def _postgres(step: str | Forms) -> str | None:
    text = step if isinstance(step, str) else step.postgres
    if text is None:
        return None
    return re.sub(r"\b(REAL|INTEGER)\b", lambda found: POSTGRES_TYPES[found[0]], text)


STEPS = tuple(map(_sqlite, _STEPS))
"""Step n brings an SQLite file from version n to n + 1."""

POSTGRES_STEPS = tuple(map(_postgres, _STEPS))
"""The same steps for PostgreSQL; None: a step that has nothing to do there."""
