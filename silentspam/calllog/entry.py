"""One part of a row, as plain columns: what a database merges and a spool file holds."""

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from silentspam.call import CallEnd, CallProvenance, CallRecord, CallSpeech
from silentspam.calllog.schema import COLUMNS, PROVENANCE_COLUMNS
from silentspam.errors import CallLogError

Value = str | int | float | None

_LEAST, _MOST = -(2**63), 2**63 - 1
"""What an INTEGER of 64 bits can hold."""


class Part(enum.StrEnum):
    """Which part of a call's story an entry tells; provenance has a table of its own."""

    SCREENED = "screened"
    ENDED = "ended"
    SPEECH = "speech"
    PROVENANCE = "provenance"

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns that such an entry may have, with their SQL types."""
        return PROVENANCE_COLUMNS if self is Part.PROVENANCE else COLUMNS


@dataclass(frozen=True)
class Entry:
    """The columns known to one part; a column that is unknown is left out."""

    part: Part
    columns: dict[str, Value]

    @property
    def call_id(self) -> str:
        """The row it belongs to."""
        return str(self.columns["call_id"])

    @property
    def teaches(self) -> bool:
        """Whether line memory may have something to learn from it: what was judged, or said after."""
        return self.part is Part.SPEECH or "space_id" in self.columns

    def to_json(self) -> str:
        """One line of JSON, in ASCII: no character in it can end the line."""
        return json.dumps({"part": self.part, "columns": self.columns})

    @classmethod
    def from_json(cls, text: str) -> "Entry":
        """Read what `to_json` wrote. Raises CallLogError for anything else."""
        return _of_plain_values(text) or cls._with_care(text)

    @classmethod
    def _with_care(cls, text: str) -> "Entry":
        """The same for JSON as Python writes it: NaN, infinity and lone surrogates are in no standard."""
        try:
            document = json.loads(text)
            part, columns = Part(document["part"]), document["columns"]
            known = {name: value for name, value in columns.items() if name in part.columns}
            good = all(map(_storable, known.values())) and bool(known["call_id"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise CallLogError(f"not an entry of the call log: {error!r}: {text[:80]!r}") from error
        if not good or len(known) != len(columns):
            raise CallLogError(f"not an entry of the call log: {text[:80]!r}")
        return cls(part, known)


class _Plain(msgspec.Struct):
    """An entry as nearly all are; decoding checks the types."""

    part: Part
    columns: dict[str, Value]


_PLAIN = msgspec.json.Decoder(_Plain)


def _of_plain_values(text: str) -> Entry | None:
    """The entry of a line, in a tenth of the time; None where that takes a closer look."""
    try:
        plain = _PLAIN.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    columns = plain.columns
    if not columns.get("call_id") or not columns.keys() <= plain.part.columns.keys():
        return None
    if any(type(value) is int and not _LEAST <= value <= _MOST for value in columns.values()):
        return None
    return Entry(plain.part, columns)


def screened(record: CallRecord) -> Entry:
    """The screener's part of a row."""
    return Entry(Part.SCREENED, _columns(record))


def ended(end: CallEnd) -> Entry:
    """The switch's part of a row."""
    return Entry(Part.ENDED, _columns(end))


def heard(speech: CallSpeech) -> Entry:
    """What was measured on the caller's leg after the call."""
    return Entry(Part.SPEECH, _columns(speech))


def traced(provenance: CallProvenance) -> Entry:
    """Where the call came from by its audio."""
    return Entry(Part.PROVENANCE, _columns(provenance, PROVENANCE_COLUMNS))


def _columns(
    source: CallRecord | CallEnd | CallSpeech | CallProvenance, wanted: Mapping[str, str] = COLUMNS
) -> dict[str, Value]:
    # Not asdict: it copies deeply, which takes a quarter of the time of a verdict.
    flat: dict[str, Any] = vars(getattr(source, "call", None) or source) | vars(source)
    known = {name: value for name, value in flat.items() if name in wanted}
    return {name: _plain(value) for name, value in known.items() if not _is_unknown(value)}


def _is_unknown(value: Any) -> bool:
    # By type: a number of numpy's compared with () is an array, and no row may be lost to its origin.
    return value is None or (isinstance(value, str | tuple) and not value)


def _plain(value: Any) -> Value:
    if isinstance(value, tuple):
        value = json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    # Whatever else it is, it must not cost the row: a number of numpy's as its own, the rest as text.
    own = value.item() if hasattr(value, "item") else value
    return own if isinstance(own, int | float) else _text(str(own))


def _text(value: str) -> str:
    """The text without lone surrogates (of a file's name that is no UTF-8): no database could hold them."""
    return value.encode("utf-8", "replace").decode()


def _storable(value: object) -> bool:
    """Whether every database can hold it: Unicode text, 64-bit integers, floats."""
    if isinstance(value, str):
        return value == _text(value)
    return value is None or isinstance(value, float) or (isinstance(value, int) and _LEAST <= value <= _MOST)
