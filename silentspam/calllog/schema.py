"""The columns of the call log, and the numbered steps that build and change its tables.

Times are seconds since the epoch. A step, once released, is never edited: a change is a new step.
"""

COLUMNS = {
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
"""Column → SQL type. `reasons` and `challenge_attempts` are JSON lists of text."""

STEPS = (
    "CREATE TABLE calls ({})".format(", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())),
    "CREATE INDEX calls_started_at ON calls (started_at)",
    "CREATE INDEX calls_ani ON calls (ani)",
)
"""Step n brings a database from version n to n + 1."""
