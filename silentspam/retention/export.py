"""What is stored of a number, written into a folder that its caller can be given.

A call in which the number was only presented, and another one billed, may be anybody's: its row is written
without that other number, and its recording only when it is asked for.
"""

import csv
import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from silentspam.audio import SAMPLE_RATE, Recording
from silentspam.calllog.database import Database
from silentspam.calllog.schema import COLUMNS
from silentspam.errors import AudioError
from silentspam.retention import RetentionError, names
from silentspam.retention.openings import Openings
from silentspam.retention.person import (
    Person,
    Row,
    calls_of,
    deeds_of,
    labels_of,
    lines_of,
    listings_of,
    openings_of,
    plays_of,
    provenance_of,
)

WITHHELD = "(another number: withheld)"

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""What makes a spreadsheet run a cell, in full width too (OWASP, CSV injection)."""

CONTENTS = """\
What is stored of a telephone number by the screening of calls.

calls.jsonl, calls.csv   each call with everything that was noted of it; times in seconds since 1970, UTC
labels.csv               what those calls were taken for, by whom, and why
lists.csv, history.csv   entries of the number in the lists of permitted and blocked numbers, with history
lines.csv                lines of dead air that keep the number, hashed: among those that called on the line
                         (numbers), or that passed a challenge on it (passers)
plays.csv                recordings that those calls were found to play, and where in each they begin [s]
peaks.csv                peaks of the sound of recent openings, by which a recording is known again that
                         several numbers play; number: hashed. No sound can be made of them
provenance.csv           where those calls came from, told by their sound: networks, codecs, losses, the line,
                         and how far the number can be believed; fingerprint: figures by which a line is known
                         again, whoever speaks. No sound can be made of them
recordings/              the opening of each call whose recording is still kept (WAV, G.711 mu-law, 8 kHz)
sides/                   the caller's side of the whole call, where one is kept

Not in here, as it is not stored by number: models and lines that were learnt from many calls, and counts.
Not in here, as other systems keep it: the exchange's own call records, logs and backups.
A call on which another number was billed, and this one only presented, may be somebody else's: that other
number is withheld, and so is the recording unless it was asked for.
"""


@dataclass
class Exported:
    """How much was written; left_out: recordings that could not be read, each with why."""

    calls: int = 0
    recordings: int = 0
    withheld: int = 0
    listings: int = 0
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Export:
    """How to write one: `openings` reads recordings; presented: with recordings of calls billed to others."""

    out: Path
    openings: Openings
    sides: Sequence[Path] = ()
    presented: bool = False

    def run(self, database: Database, who: Person) -> Exported:
        """Write everything. Raises RetentionError where the folder is not empty, OSError, CallLogError."""
        exported = Exported()
        self._make_folder()
        with database.transaction(write=False) as connection:
            self._write_calls(calls_of(connection, who), who, exported)
            self._write_csv("labels.csv", labels_of(connection, who))
            listings = listings_of(connection, who)
            exported.listings = self._write_csv("lists.csv", listings)
            self._write_csv("history.csv", deeds_of(connection, who))
            self._write_csv("lines.csv", lines_of(connection, who))
            self._write_csv("plays.csv", plays_of(connection, who))
            self._write_csv("peaks.csv", openings_of(connection, who))
            self._write_csv("provenance.csv", provenance_of(connection, who))
        (self.out / "README.txt").write_text(CONTENTS, encoding="utf-8")
        return exported

    def _make_folder(self) -> None:
        """For its owner alone: it is somebody's personal file."""
        if self.out.exists() and any(self.out.iterdir()):
            raise RetentionError(f"{self.out}: not empty: what one person is given has nothing of another's")
        self.out.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("recordings", "sides"):
            (self.out / name).mkdir(mode=0o700)

    def _write_calls(self, rows: Iterator[Row], who: Person, exported: Exported) -> None:
        with (
            (self.out / "calls.jsonl").open("w", encoding="utf-8") as lines,
            (self.out / "calls.csv").open("w", newline="", encoding="utf-8") as table,
        ):
            writer = csv.DictWriter(table, fieldnames=list(COLUMNS))
            writer.writeheader()
            for row in rows:
                billed = who.is_billed(row)
                shown = dict(row) if billed or not row["ani"] else {**row, "ani": WITHHELD}
                lines.write(json.dumps(shown, ensure_ascii=False) + "\n")
                writer.writerow({name: cell(value) for name, value in shown.items()})
                exported.calls += 1
                if billed or self.presented:
                    self._write_recordings(row, exported)
                else:
                    exported.withheld += bool(row["recording"])

    def _write_recordings(self, row: Row, exported: Exported) -> None:
        call_id = str(row["call_id"])
        if not names.is_call_id(call_id):
            return
        opening = [Path(str(row["recording"]))] if row["recording"] else []
        sides = [folder / f"{call_id}{names.SUFFIX}" for folder in self.sides]
        for below, paths in (("recordings", opening), ("sides", sides)):
            for path in filter(names.is_there, paths):
                try:
                    recording = self.openings.read(path)
                except AudioError as error:
                    exported.left_out.append(str(error))
                    continue
                (self.out / below / f"{call_id}.wav").write_bytes(wav(recording))
                exported.recordings += 1

    def _write_csv(self, name: str, rows: Iterable[Row]) -> int:
        """A table headed by its first row's columns, empty where there is none; returns how many rows."""
        count = 0
        with (self.out / name).open("w", newline="", encoding="utf-8") as file:
            for row in rows:
                if not count:
                    csv.writer(file).writerow(list(row))
                csv.writer(file).writerow([cell(value) for value in row.values()])
                count += 1
        return count


def cell(value: object) -> object:
    """A value as a cell that no spreadsheet runs; +12025550143 is a number."""
    formula = isinstance(value, str) and value.lstrip().startswith(FORMULA) and not value[1:].isdecimal()
    return f"'{value}" if formula else value


def wav(recording: Recording) -> bytes:
    """A recording as a WAV file of mu-law (RFC 2361, format 7), which any player knows."""
    codes = recording.codes.tobytes()
    form = struct.pack("<HHIIHHH", 7, 1, SAMPLE_RATE, SAMPLE_RATE, 1, 8, 0)
    chunks: Mapping[bytes, bytes] = {b"fmt ": form, b"fact": struct.pack("<I", len(codes)), b"data": codes}
    body = b"".join(
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
        for name, content in chunks.items()
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body
