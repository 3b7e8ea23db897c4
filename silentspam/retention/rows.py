"""What the call log knows of recorded calls, and the note that a recording was deleted."""

from collections.abc import Mapping, Sequence

from silentspam.call import Decision
from silentspam.calllog.database import Database
from silentspam.retention.sweep import Known


class RecordedCalls:
    """The calls of a database, as far as their recordings go. Every error is a CallLogError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, call_ids: Sequence[str]) -> Mapping[str, Known]:
        """What is known of these calls; a call without a row is left out."""
        if self._database.schema_version().found is None:
            return {}
        names = {f"id{place}": call_id for place, call_id in enumerate(call_ids)}
        placeholders = ", ".join(f":{name}" for name in names)
        with self._database.transaction(write=False) as connection:
            rows = connection.execute(
                f"SELECT call_id, started_at, challenged_at, decision, recording FROM calls "
                f"WHERE call_id IN ({placeholders})",
                names,
            ).fetchall()
        return {
            row["call_id"]: Known(
                row["started_at"],
                row["challenged_at"] is not None or row["decision"] == Decision.REJECT,
                row["recording"] is not None,
            )
            for row in rows
        }

    def mark(self, call_ids: Sequence[str], at: float) -> None:
        """Note that the recordings of these calls were deleted then; a call without a row stays without."""
        if self._database.schema_version().found is None:
            return
        with self._database.transaction(write=True) as connection:
            connection.executemany(
                "UPDATE calls SET recording_deleted_at = :at "
                "WHERE call_id = :call_id AND recording IS NOT NULL AND recording_deleted_at IS NULL",
                [{"call_id": call_id, "at": at} for call_id in call_ids],
            )
