"""Labels as CSV: out in the form that `silentspam train` reads, and in from whoever labels elsewhere.

No text of a caller's is ever written: recordings are named by our ids, callers are numbered, and everything
else is a number or a word of ours, so no cell can be a formula. A file comes in whole or not at all.
"""

import csv
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from silentspam.call import VerdictKind
from silentspam.calllog import asked
from silentspam.calllog.labels import Answer, Label, LabelledCall, LabelSource
from silentspam.errors import AudioError, SilentSpamError
from silentspam.labels import kinds
from silentspam.labels.rules import Row, is_judgeable
from silentspam.retention.names import is_there
from silentspam.retention.openings import Openings

CALL_COLUMNS = ("call_id", "recording", "ani", "challenge_probability", *asked.COLUMNS, *kinds.COLUMNS)
FIELDS = (
    "recording",
    "label",
    "kind",
    "campaign",
    "source",
    "codec",
    "split",
    "selection",
    "weight",
    "call_id",
    "label_source",
)
PERSON = "call"
"""The kind of a person's label that names none."""

NAMED_IN_ERRORS = 3


class LabelFileError(SilentSpamError):
    """A file of labels cannot be taken in: the message names the lines or calls, and why."""


@dataclass
class Exported:
    """How many labels were written, and how many were not, by cause."""

    written: Counter[Answer] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a file that comes in."""

    number: int
    call_id: str
    label: Answer
    kind: str = ""
    note: str = ""


def export(
    calls: Iterable[LabelledCall],
    out: Path,
    *,
    recordings: Path,
    copy_to: Path | None = None,
    campaign: str = "",
    openings: Openings | None = None,
    kind: str | None = VerdictKind.CALLER_SILENCE,
) -> Exported:
    """Write the labels that count and whose recording is there; the file is put in place by rename.

    `recordings` is the folder that the paths in the CSV are below; with `copy_to` each recording is copied
    there, and the paths are below that; `openings` opens those that are sealed, which only a copy can be of.
    `campaign` is the name of the attack that the SPAM belongs to. SPAM of another kind than `kind` is left
    out (None: nothing is): a fax is no example of dead air.
    Raises LabelFileError where it cannot be written, for want of space among others.
    """
    exported, callers = Exported(), dict[str, int]()
    copy = Copying(copy_to, openings or Openings()) if copy_to else None
    with _put_in_place(out) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=FIELDS)
        writer.writeheader()
        for call in _teaching(calls, kind, exported):
            line = _line(call, recordings, copy, callers, exported)
            if line is not None:
                writer.writerow(line | {"campaign": campaign if line["label"] == Answer.SPAM else ""})
        file.flush()
        os.fsync(file.fileno())
    return exported


def _teaching(calls: Iterable[LabelledCall], kind: str | None, exported: Exported) -> Iterator[LabelledCall]:
    """The calls whose labels teach a kind; SPAM of another is counted."""
    for call in calls:
        if kind is None or call.label is None or kinds.is_of(kind, call.label, call.row):
            yield call
        else:
            exported.left_out[f"SPAM of {kinds.spam_kind(call.label, call.row) or 'no known kind'}"] += 1


@contextmanager
def _put_in_place(path: Path) -> Iterator[Path]:
    """A file beside `path`, to be written and then renamed to it; nothing is left of it where that fails."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        yield partial
        partial.rename(path)
    except OSError as error:
        where = error.filename2 or error.filename or path
        raise LabelFileError(f"{where}: {error.strerror or error}: {path} was not written") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


@dataclass(frozen=True)
class Copying:
    """Copies recordings into a folder, in plain; `openings` opens those that are sealed."""

    folder: Path
    openings: Openings

    def __call__(self, recording: Path) -> str:
        """The copy's name. Raises AudioError for one that cannot be opened."""
        where = self.openings.find(recording)
        codes = self.openings.read(where).codes.tobytes() if where != recording else None
        with _put_in_place(self.folder / recording.name) as partial:
            if codes is None:
                shutil.copyfile(recording, partial)
            else:
                partial.write_bytes(codes)
        return recording.name


def _line(
    call: LabelledCall, recordings: Path, copy: Copying | None, callers: dict[str, int], exported: Exported
) -> dict[str, object] | None:
    label, recording = call.label, Path(str(call.row["recording"] or ""))
    if label is None or label.label is Answer.UNSURE:
        exported.left_out["unsure"] += 1
        return None
    name = _named(recording, recordings, copy, exported)
    if name is None:
        return None
    exported.written[label.label] += 1
    cause = asked.cause_asked_for(call.row)
    probability = call.row["challenge_probability"] if cause else None
    return {
        "recording": name,
        "label": label.label,
        "kind": _kind(label, call.row),
        "source": _caller(str(call.row["ani"] or ""), callers),
        "selection": cause or "none",
        "weight": f"{1 / float(probability):g}" if probability else "",
        "call_id": call.row["call_id"],
        "label_source": label.source,
    }


def _caller(ani: str, callers: dict[str, int]) -> str:
    """A number for a caller's number: calls of one caller must not stand on both sides of a fold."""
    return f"caller-{callers.setdefault(ani, len(callers) + 1)}" if ani else ""


def _named(recording: Path, recordings: Path, copy: Copying | None, exported: Exported) -> str | None:
    """How the CSV names a recording, which is copied where it is to be; None where it is left out."""
    if not is_there(recording):
        exported.left_out["the recording is gone"] += 1
    elif copy is None and not recording.is_file():
        exported.left_out["the recording is sealed: only a copy can be plain (--copy-recordings, --key)"] += 1
    elif copy is None and not recording.is_relative_to(recordings):
        exported.left_out[f"the recording is not below {recordings}"] += 1
    else:
        try:
            return copy(recording) if copy else str(recording.relative_to(recordings))
        except AudioError as error:
            exported.left_out[f"the recording cannot be opened: {error}"] += 1
    return None


def _kind(label: Label, row: Row) -> str:
    if label.label is Answer.SPAM:
        return kinds.spam_kind(label, row)
    return label.kind if label.kind.isidentifier() else PERSON


def read_lines(path: Path) -> list[Line]:
    """The labels of a file with the columns `label` and `call_id` (or `recording`, CALL_ID.ulaw).

    Raises LabelFileError for no such columns, another label than spam, ham or unsure, or a call labelled both
    ways.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            names = set(reader.fieldnames or ())
            if "label" not in names or not names & {"call_id", "recording"}:
                raise LabelFileError(f"{path}: its first line must have label, and call_id or recording")
            lines = [_read(line, reader.line_num, path) for line in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LabelFileError(f"{path}: {error}") from error
    _refuse(path, "labelled more than one way", _contradictory(lines))
    return list({line.call_id: line for line in lines}.values())


def _read(line: Mapping[str, str | None], number: int, path: Path) -> Line:
    call_id = (line.get("call_id") or "").strip() or Path((line.get("recording") or "").strip()).stem
    answer = (line["label"] or "").strip().lower()
    if answer not in set(Answer):
        raise LabelFileError(
            f"{path}, line {number}: label is {answer[:40]!r}, it must be one of {', '.join(Answer)}"
        )
    if not call_id:
        raise LabelFileError(f"{path}, line {number}: names no call")
    kind, note = (_printable(line.get(name) or "") for name in ("kind", "note"))
    return Line(number=number, call_id=call_id, label=Answer(answer), kind=kind, note=note)


def _contradictory(lines: Iterable[Line]) -> list[str]:
    first: dict[str, Line] = {}
    return [line.call_id for line in lines if first.setdefault(line.call_id, line).label is not line.label]


def checked(
    lines: Sequence[Line], path: Path, row_of: Callable[[str], Row | None], *, by: str, now: float
) -> list[Label]:
    """The lines as labels of source IMPORT.

    Raises LabelFileError for calls that the log does not have, and for SPAM on an opening that is digital
    silence or cannot be judged.
    """
    rows = {line.call_id: row_of(line.call_id) for line in lines}
    _refuse(path, "not in the call log", [call_id for call_id, row in rows.items() if row is None])
    silent = [
        line.call_id
        for line in lines
        if line.label is Answer.SPAM and (row := rows[line.call_id]) is not None and not is_judgeable(row)
    ]
    _refuse(path, "labelled spam, but the opening is digital silence or was not kept", silent)
    return [
        Label(
            call_id=line.call_id,
            source=LabelSource.IMPORT,
            label=line.label,
            labelled_at=now,
            labelled_by=by,
            kind=line.kind,
            note=line.note,
        )
        for line in lines
    ]


def _refuse(path: Path, why: str, call_ids: Sequence[str]) -> None:
    if call_ids:
        named = ", ".join(repr(call_id[:60]) for call_id in call_ids[:NAMED_IN_ERRORS])
        more = f" and {len(call_ids) - NAMED_IN_ERRORS} more" if len(call_ids) > NAMED_IN_ERRORS else ""
        raise LabelFileError(f"{path}: {why}: {named}{more}: nothing was taken in")


def _printable(text: str) -> str:
    """The text's beginning without anything that would steer a terminal."""
    return "".join(filter(str.isprintable, text)).strip()[:200]
