"""Labels of calls, in the call database: what a call was, who says so, and on what ground.

A call has at most one label of each source, its newest; of several the one of the highest source counts.
"""

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import groupby

from silentspam.calllog.database import Connection, Database
from silentspam.calllog.database import Row as Found
from silentspam.calllog.entry import Value
from silentspam.calllog.query import Filter
from silentspam.calllog.schema import COLUMNS
from silentspam.errors import CallLogError

Row = dict[str, Value]


class Answer(enum.StrEnum):
    """What a call was. UNSURE is an answer too: somebody looked, and the call teaches nothing."""

    SPAM = "spam"
    HAM = "ham"
    UNSURE = "unsure"


class LabelSource(enum.StrEnum):
    """Who says so, the most credible first.

    REVIEW: a person who looked at the call. IMPORT: a file. OUTCOME: a challenge together with a measure of
    the caller's speech (Orife et al. 2018, section 5). CONDUCT: one of the two alone.
    """

    REVIEW = "REVIEW"
    IMPORT = "IMPORT"
    OUTCOME = "OUTCOME"
    CONDUCT = "CONDUCT"


PRECEDENCE = tuple(LabelSource)
DERIVED = (LabelSource.OUTCOME, LabelSource.CONDUCT)
"""Sources that follow from the call log alone: derived anew as often as one likes."""


@dataclass(frozen=True, kw_only=True)
class Label:
    """One row of `labels`. labelled_at in seconds since the epoch; kind of SPAM or of person; note: why."""

    call_id: str
    source: LabelSource
    label: Answer
    labelled_at: float
    labelled_by: str
    kind: str = ""
    note: str = ""


@dataclass(frozen=True)
class LabelledCall:
    """A row of the call log (the columns asked for) with its labels, the one that counts first."""

    row: Row
    labels: tuple[Label, ...]

    @property
    def label(self) -> Label | None:
        """The label that counts."""
        return self.labels[0] if self.labels else None

    @property
    def contradictory(self) -> bool:
        """Whether one source says spam and another ham."""
        return {Answer.SPAM, Answer.HAM} <= {label.label for label in self.labels}


_NAMES = [column.name for column in fields(Label)]
_UPSERT = (
    f"INSERT INTO labels ({', '.join(_NAMES)}) VALUES ({', '.join(f':{name}' for name in _NAMES)}) "
    "ON CONFLICT (call_id, source) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _NAMES if name not in ("call_id", "source"))
)


class Labels:
    """The table `labels`. Every error is a CallLogError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, labels: Iterable[Label]) -> None:
        """Add labels, or put them in place of those of the same call and source: all of them, or none."""
        with self._database.transaction(write=True) as connection:
            connection.executemany(_UPSERT, map(asdict, labels))

    def remove(self, call_id: str, source: LabelSource) -> None:
        """Take a label back; none there is no error."""
        with self._database.transaction(write=True) as connection:
            _delete(connection, call_id, (source,))

    def derive(self, derived: Iterable[tuple[str, Label | None]]) -> None:
        """Put what was derived of each call in place of what was before: all of it, or nothing."""
        with self._database.transaction(write=True) as connection:
            for call_id, label in derived:
                _delete(connection, call_id, DERIVED)
                if label is not None:
                    connection.execute(_UPSERT, asdict(label))

    def calls(
        self, wanted: Filter, columns: Sequence[str], *, labelled: bool = False
    ) -> Iterator[LabelledCall]:
        """The calls that match with their labels, newest first and one at a time; `labelled`: only such."""
        unknown = [name for name in columns if name not in COLUMNS]
        if unknown or not columns:
            raise CallLogError(f"columns {unknown or 'none'} wanted: the call log has {', '.join(COLUMNS)}")
        return self._walk(wanted, columns, labelled)

    def _walk(self, wanted: Filter, columns: Sequence[str], labelled: bool) -> Iterator[LabelledCall]:
        clauses, values = wanted.newest_first()
        asked = ", ".join(f"calls.{name} AS {name}" for name in columns)
        of_label = ", ".join(f"labels.{name} AS label_{name}" for name in _NAMES)
        statement = (
            f"SELECT calls.call_id AS id, {asked}, {of_label} "
            f"FROM (SELECT * FROM calls{clauses}) AS calls "
            f"{'' if labelled else 'LEFT '}JOIN labels ON labels.call_id = calls.call_id "
            "ORDER BY calls.started_at DESC NULLS LAST, calls.call_id"
        )
        with self._database.transaction(write=False) as connection:
            found = connection.stream(statement, values)
            for _, group in groupby(found, key=lambda row: row["id"]):
                rows = list(group)
                labels = [_label(row) for row in rows if row["label_call_id"] is not None]
                labels.sort(key=lambda label: PRECEDENCE.index(label.source))
                yield LabelledCall({name: rows[0][name] for name in columns}, tuple(labels))


def _delete(connection: Connection, call_id: str, sources: Sequence[LabelSource]) -> None:
    for source in sources:
        connection.execute(
            "DELETE FROM labels WHERE call_id = :call_id AND source = :source",
            {"call_id": call_id, "source": source},
        )


def _label(row: Found) -> Label:
    try:
        return Label(
            call_id=row["label_call_id"],
            source=LabelSource(row["label_source"]),
            label=Answer(row["label_label"]),
            labelled_at=row["label_labelled_at"],
            labelled_by=row["label_labelled_by"] or "",
            kind=row["label_kind"] or "",
            note=row["label_note"] or "",
        )
    except ValueError as error:
        raise CallLogError(f"label of {row['label_call_id']}: {error}: made by another version?") from error
