"""The columns of the call log, and the numbered steps that build and change its tables.

Times are seconds since the epoch. A step, once released, is never edited: a change is a new step.
"""

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

COLUMNS = _FIRST_COLUMNS | _LEARNING_COLUMNS
"""Column of `calls` → SQL type. `reasons` and `challenge_attempts` are JSON lists of text."""

STEPS = (
    "CREATE TABLE calls ({})".format(", ".join(f"{name} {kind}" for name, kind in _FIRST_COLUMNS.items())),
    "CREATE INDEX calls_started_at ON calls (started_at)",
    "CREATE INDEX calls_ani ON calls (ani)",
    *(f"ALTER TABLE calls ADD COLUMN {name} {kind}" for name, kind in _LEARNING_COLUMNS.items()),
    # One label a call and source: the newest of a source counts, and sources have a precedence.
    "CREATE TABLE labels (call_id TEXT, source TEXT, label TEXT, kind TEXT, labelled_at REAL, "
    "labelled_by TEXT, note TEXT, PRIMARY KEY (call_id, source))",
    # What became of each model: one row a change of state, never edited.
    "CREATE TABLE model_events (event_id TEXT PRIMARY KEY, model_id TEXT, state TEXT, changed_at REAL, "
    "changed_by TEXT, note TEXT)",
)
"""Step n brings a database from version n to n + 1."""
