"""What every store of labels does, whatever database is behind it: the same suite for each."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from silentspam.call import Call, CallRecord
from silentspam.calllog.calls import CallTable
from silentspam.calllog.database import Database
from silentspam.calllog.entry import screened
from silentspam.calllog.labels import PRECEDENCE, Answer, Label, Labels, LabelSource
from silentspam.calllog.query import Filter
from silentspam.calllog.sqlite import SqliteDatabase
from silentspam.errors import CallLogError

REVIEW, IMPORT, OUTCOME, CONDUCT = LabelSource


def write(database: Database, n: int) -> None:
    record = CallRecord(call=Call(call_id=f"call-{n}", started_at=float(n), ani=f"555{n}"))
    CallTable(database).write(screened(record))


@pytest.fixture
def store(database: Database) -> Labels:
    """Labels of a log of five calls, 0 the oldest."""
    for n in range(5):
        write(database, n)
    return Labels(database)


def label(n: int, source: LabelSource = REVIEW, answer: Answer = Answer.SPAM, **more: object) -> Label:
    known = {"labelled_at": 1.0, "labelled_by": "ada"} | more
    return Label(call_id=f"call-{n}", source=source, label=answer, **known)  # type: ignore[arg-type]


def found(store: Labels, wanted: Filter | None = None) -> dict[object, tuple[Label, ...]]:
    calls = store.calls(wanted or Filter(), ("call_id",), labelled=True)
    return {call.row["call_id"]: call.labels for call in calls}


def test_a_label_comes_back_as_it_went_in(store: Labels) -> None:
    whole = label(1, kind="quiet_line", note="„ja“ \"';-- =1+1", labelled_by="Zoë 🤖")
    store.write([whole])
    assert found(store) == {"call-1": (whole,)}


def test_the_newest_of_a_source_counts(store: Labels) -> None:
    store.write([label(1)])
    store.write([label(1, answer=Answer.HAM, labelled_at=2.0)])
    assert found(store) == {"call-1": (label(1, answer=Answer.HAM, labelled_at=2.0),)}


def test_of_several_sources_the_highest_comes_first_and_counts(store: Labels) -> None:
    for source in (CONDUCT, REVIEW, OUTCOME, IMPORT):
        store.write([label(1, source, Answer.SPAM if source is REVIEW else Answer.HAM)])
    (call,) = store.calls(Filter(), ("call_id",), labelled=True)
    assert tuple(kept.source for kept in call.labels) == PRECEDENCE == (REVIEW, IMPORT, OUTCOME, CONDUCT)
    assert call.label == label(1)
    assert call.contradictory


@pytest.mark.parametrize("second", [Answer.SPAM, Answer.UNSURE])
def test_sources_that_agree_or_do_not_know_are_no_contradiction(store: Labels, second: Answer) -> None:
    store.write([label(1), label(1, IMPORT, second)])
    (call,) = store.calls(Filter(), ("call_id",), labelled=True)
    assert not call.contradictory


def test_every_call_comes_once_newest_first_with_its_labels_or_none(store: Labels) -> None:
    store.write([label(1), label(1, IMPORT), label(3)])
    calls = list(store.calls(Filter(), ("call_id", "ani")))
    assert [call.row["call_id"] for call in calls] == [f"call-{n}" for n in (4, 3, 2, 1, 0)]
    assert [len(call.labels) for call in calls] == [0, 1, 0, 2, 0]
    assert calls[0].row == {"call_id": "call-4", "ani": "5554"}
    assert calls[0].label is None


def test_a_filter_holds_for_the_calls(store: Labels) -> None:
    store.write([label(n) for n in range(5)])
    assert list(found(store, Filter(since=3.0))) == ["call-4", "call-3"]
    assert list(found(store, Filter(call_id="call-2"))) == ["call-2"]
    assert list(found(store, Filter(limit=2))) == ["call-4", "call-3"]


def test_a_label_is_taken_back_and_one_that_is_not_there_is_no_error(store: Labels) -> None:
    store.write([label(1), label(1, IMPORT)])
    store.remove("call-1", REVIEW)
    store.remove("call-1", REVIEW)
    assert found(store) == {"call-1": (label(1, IMPORT),)}


def test_what_is_derived_replaces_what_was_derived_and_nothing_else(store: Labels) -> None:
    store.write([label(1), label(1, CONDUCT), label(2, OUTCOME)])
    store.derive([("call-1", label(1, OUTCOME)), ("call-2", None)])
    assert found(store) == {"call-1": (label(1), label(1, OUTCOME))}


def test_a_batch_that_breaks_off_leaves_nothing(store: Labels) -> None:
    def batch() -> Iterator[Label]:
        yield label(1)
        raise KeyError("half way")

    with pytest.raises(KeyError):
        store.write(batch())
    with pytest.raises(KeyError):
        store.derive((kept.call_id, kept) for kept in batch())
    assert found(store) == {}


def test_reading_goes_on_while_labels_are_written(store: Labels) -> None:
    calls = store.calls(Filter(), ("call_id",))
    first = next(calls)
    store.write([label(n) for n in range(5)])
    assert (first.labels, [call.labels for call in calls]) == ((), [()] * 4), "all of one moment"


def test_many_can_write_at_once(store: Labels) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.write([label(n % 5, labelled_at=float(n))]), range(40)))
    assert len(found(store)) == 5


def test_a_column_that_is_none_is_refused_before_anything_is_read(store: Labels) -> None:
    with pytest.raises(CallLogError, match="no_such"):
        store.calls(Filter(), ("no_such",))


def test_a_label_of_another_version_is_named(store: Labels, database: Database) -> None:
    with database.transaction(write=True) as connection:
        connection.execute("INSERT INTO labels (call_id, source, label) VALUES ('call-1', 'ORACLE', 'spam')")
    with pytest.raises(CallLogError, match=r"call-1.*ORACLE"):
        found(store)


def test_a_database_that_cannot_be_written_is_an_error_of_the_call_log(below_a_file: Path) -> None:
    with pytest.raises(CallLogError):
        Labels(SqliteDatabase(below_a_file / "calls.db")).write([label(1)])


def test_a_full_disk_is_an_error_of_the_call_log_and_the_labels_before_stay(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    store = Labels(SqliteDatabase(path))
    write(SqliteDatabase(path), 1)
    store.write([label(1)])
    connection = sqlite3.connect(tmp_path / "calls.db")
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.close()
    full = _LimitedDatabase(tmp_path / "calls.db", pages=pages)
    with pytest.raises(CallLogError, match="full"):
        Labels(full).write([label(1, note="x" * 100_000)])
    assert found(store) == {"call-1": (label(1),)}


class _LimitedDatabase(SqliteDatabase):
    """A database that may not grow: SQLite says of it what it says of a full disk."""

    def __init__(self, path: Path, *, pages: int) -> None:
        super().__init__(path)
        self._pages = pages

    def transaction(self, *, write: bool, alone: bool = False):  # type: ignore[no-untyped-def]
        from contextlib import contextmanager

        @contextmanager
        def limited() -> Iterator[sqlite3.Connection]:
            with super(_LimitedDatabase, self).transaction(write=write) as connection:
                connection.execute(f"PRAGMA max_page_count={self._pages}")
                yield connection

        return limited()
