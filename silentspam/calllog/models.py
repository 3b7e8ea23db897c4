"""The history of models in the call database: who made which model what, when and why.

The registry's own file is the original (it must be writable when no database is); events are copied from
there as often as one likes, and are never changed.
"""

import enum
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields

from silentspam.calllog.database import Database, Row


class ModelState(enum.StrEnum):
    """What an event made of a model.

    CANDIDATE: it is in the registry and does nothing. SHADOW: it judges beside the active one. ACTIVE: it
    decides. RETIRED: it did once, or will not. ROLLED_BACK: retired because it was no good. REFUSED: it was
    to become active and was not let; its state stays what it was.
    """

    CANDIDATE = "CANDIDATE"
    SHADOW = "SHADOW"
    ACTIVE = "ACTIVE"
    RETIRED = "RETIRED"
    ROLLED_BACK = "ROLLED_BACK"
    REFUSED = "REFUSED"


@dataclass(frozen=True, kw_only=True)
class ModelEvent:
    """One change of a model's state: a row of `model_events`. changed_at in seconds since the epoch."""

    model_id: str
    state: ModelState
    changed_at: float
    changed_by: str
    note: str = ""
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))


_NAMES = [column.name for column in fields(ModelEvent)]
_INSERT = (
    f"INSERT INTO model_events ({', '.join(_NAMES)}, arrival) "
    f"VALUES ({', '.join(f':{name}' for name in _NAMES)}, "
    "(SELECT COALESCE(MAX(arrival), 0) + 1 FROM model_events)) ON CONFLICT (event_id) DO NOTHING"
)


class ModelHistory:
    """The table `model_events`. Every error is a CallLogError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def copy(self, events: Iterable[ModelEvent]) -> None:
        """Add the events that are not there yet; they are on the disk when this returns."""
        with self._database.transaction(write=True) as connection:
            connection.executemany(_INSERT, [asdict(event) for event in events])

    def events(self) -> list[ModelEvent]:
        """Every event, oldest first; those of one moment in the order they came."""
        with self._database.transaction(write=False) as connection:
            rows = connection.execute("SELECT * FROM model_events ORDER BY changed_at, arrival").fetchall()
        return [_event(row) for row in rows]


def _event(row: Row) -> ModelEvent:
    columns = {name: row[name] for name in _NAMES}
    return ModelEvent(**columns | {"state": ModelState(columns["state"])})
