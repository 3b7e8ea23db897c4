"""Recordings, what was done to them and the calls that play them, as rows of the call database."""

import uuid
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any

from silentspam.calllog.database import Row
from silentspam.errors import LibraryError
from silentspam.kinds.constellation import Constellation
from silentspam.kinds.standing import Standing
from silentspam.recordings.candidates import Tally
from silentspam.recordings.library import KnownRecording
from silentspam.recordings.packing import packed, unpacked
from silentspam.recordings.window import Heard

STORED = ("recording_id", "name", "note", "standing", "added_at", "changed_at", "changed_by")
CALL = ("recording_id", "call_id", "number", "matched_at", "begin_seconds", "evidence")


@dataclass(frozen=True, kw_only=True)
class StoredRecording:
    """A row of `recordings`, and what became of the calls that play it."""

    recording_id: str
    name: str
    standing: Standing
    note: str = ""
    added_at: float = 0.0
    changed_at: float = 0.0
    changed_by: str = ""
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True, kw_only=True)
class RecordingEvent:
    """A row of `recording_events`. deed: the standing that it was given."""

    recording_id: str
    deed: Standing
    changed_at: float
    changed_by: str
    note: str = ""
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, kw_only=True)
class RecordingCall:
    """A row of `recording_matches`: a call that plays a recording.

    number: hashed; begin_seconds: where in the recording its opening starts [s]; evidence in decades.
    """

    recording_id: str
    call_id: str
    number: int | None
    matched_at: float
    begin_seconds: float
    evidence: float


def is_of_a_standing(text: object) -> bool:
    """Whether a column says a standing: a later version, or a hand, may have written another word."""
    return text in tuple(Standing)


def stored_of(row: Row, tally: Tally | None = None) -> StoredRecording:
    """A row with the columns STORED."""
    columns: dict[str, Any] = {name: row[name] for name in STORED}
    return StoredRecording(**columns | {"standing": Standing(row["standing"])}, tally=tally or Tally())


def known_of(row: Row) -> KnownRecording | None:
    """A row of `recordings` as calls know it; None for one that is none."""
    try:
        return KnownRecording(
            recording_id=row["recording_id"],
            name=row["name"],
            standing=Standing(row["standing"]),
            constellation=unpacked(b64decode(row["peaks"], validate=True)),
        )
    except (LibraryError, ValueError, TypeError):
        return None


def heard_of(row: Row) -> Heard | None:
    """A row of `recent_openings`; None for one that is none."""
    try:
        peaks = unpacked(b64decode(row["peaks"]))
    except (LibraryError, ValueError):
        return None
    return Heard(call_id=row["call_id"], number=row["number"], at=row["heard_at"], constellation=peaks)


def peaks_text(sound: Constellation) -> str:
    """The column `peaks` of a sound."""
    return b64encode(packed(sound)).decode("ascii")
