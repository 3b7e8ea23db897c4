"""The history of models in the call database: a copy that can be made as often as one likes."""

from pathlib import Path

import pytest

from silentspam.calllog.database import Database
from silentspam.calllog.models import ModelEvent, ModelHistory, ModelState
from silentspam.calllog.sqlite import SqliteDatabase
from silentspam.errors import CallLogError

FIRST = ModelEvent(model_id="0123456789ab", state=ModelState.CANDIDATE, changed_at=1.0, changed_by="ada")
SECOND = ModelEvent(
    model_id="0123456789ab", state=ModelState.ACTIVE, changed_at=2.0, changed_by="ada", note="forced: „ja“"
)


@pytest.fixture
def history(database: Database) -> ModelHistory:
    return ModelHistory(database)


def test_events_come_back_as_they_were_oldest_first(history: ModelHistory) -> None:
    history.copy([SECOND])
    history.copy([FIRST, SECOND])
    assert history.events() == [FIRST, SECOND]


def test_copying_again_adds_nothing(history: ModelHistory) -> None:
    history.copy([FIRST])
    history.copy([FIRST])
    assert history.events() == [FIRST]


def test_events_of_one_moment_keep_their_order(history: ModelHistory) -> None:
    events = [
        ModelEvent(model_id=str(n), state=ModelState.RETIRED, changed_at=1.0, changed_by="") for n in range(9)
    ]
    history.copy(events)
    assert history.events() == events


def test_without_a_database_it_is_an_error_of_the_call_log(below_a_file: Path) -> None:
    with pytest.raises(CallLogError):
        ModelHistory(SqliteDatabase(below_a_file / "calls.db")).copy([FIRST])
