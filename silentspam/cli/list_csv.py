"""Lists of numbers as CSV: `number,list,until,note`, where list is permitted, blocked or public safety.

until is ISO 8601 (UTC without a zone), empty for good. A note that a spreadsheet would run has a ' before it.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from silentspam.cli.list_dnis import WORDS, Wanted, moment_of
from silentspam.errors import GateError

if TYPE_CHECKING:
    from silentspam.calllog.gate import ListedNumber

COLUMNS = ("number", "list", "until", "note")
REQUIRED = frozenset(COLUMNS[:2])
_LISTINGS = {word: listing for listing, word in WORDS.items()} | {str(name).lower(): name for name in WORDS}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet run a cell (OWASP, CSV injection)."""


def write(listed: "Iterable[ListedNumber]", file: TextIO) -> None:
    """Write the numbers to an open file."""
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(COLUMNS)
    for one in listed:
        until = "" if one.expires_at is None else moment_of(one.expires_at)
        note = f"'{one.note}" if one.note.startswith(_FORMULA) else one.note
        lines.writerow((one.number, WORDS[one.listing], until, note))


def read(path: Path, note: str = "") -> list[Wanted]:
    """Every line of a file; `note` stands in for an empty one. Raises GateError naming the line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_lines(file, path, note))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise GateError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def _lines(file: TextIO, path: Path, note: str) -> Iterator[Wanted]:
    rows = csv.DictReader(file)
    heads = rows.fieldnames or ()
    if REQUIRED - set(heads) or set(heads) - set(COLUMNS):
        raise GateError(f"{path}: its columns are {', '.join(heads) or 'none'}, not {', '.join(COLUMNS)}")
    for row in rows:
        where = f"{path}, line {rows.line_num}"
        listing = _LISTINGS.get((row["list"] or "").strip().lower())
        if listing is None:
            raise GateError(f"{where}: list {row['list']!r} is none of {', '.join(WORDS.values())}")
        said = (row.get("note") or "").removeprefix("'")
        yield (row["number"] or "").strip(), listing, _until(row.get("until") or "", where), said or note


def _until(text: str, where: str) -> float | None:
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise GateError(f"{where}: until {text!r} is no ISO 8601 time") from error
