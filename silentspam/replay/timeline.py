"""A timeline: calls with their times, recordings and callers, as a CSV file.

time        seconds, from any moment on
recording   a file below the folder of recordings
ani         the caller's number, empty where there is none
passes      yes: a person, who presses the key that is asked for; no: nobody presses anything
campaign    optional: the attack that a call belongs to
"""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from silentspam.call import CALLER_TEXT_LIMIT
from silentspam.errors import TimelineError

PASSES = {"yes": True, "no": False}
REQUIRED = ("time", "recording", "ani", "passes")
COLUMNS = (*REQUIRED, "campaign")


@dataclass(frozen=True, kw_only=True)
class TimelineCall:
    """One call of a timeline; time in seconds, recording relative to the folder, campaign "" for none."""

    time: float
    recording: str
    ani: str
    passes: bool
    campaign: str = ""


def read_timeline(path: Path, recordings: Path) -> list[TimelineCall]:
    """The calls of a CSV file, in its order.

    Raises TimelineError naming the line and its value: a column that is missing, a time that is no number,
    `passes` that is neither yes nor no, a recording that is not below the folder.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _check_heads(path, reader.fieldnames or ())
            calls = list(_calls(path, reader, recordings))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TimelineError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    if not calls:
        raise TimelineError(f"{path}: no calls")
    return calls


def is_sorted(calls: Sequence[TimelineCall]) -> bool:
    """Whether the calls come in the order of their times."""
    return all(one.time <= other.time for one, other in pairwise(calls))


def write_timeline(path: Path, calls: Iterable[TimelineCall]) -> None:
    """Write calls as such a file; times to the hundredth of a second."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for call in calls:
            passes = "yes" if call.passes else "no"
            writer.writerow(asdict(call) | {"time": f"{call.time:.2f}", "passes": passes})


def _check_heads(path: Path, heads: Sequence[str]) -> None:
    missing = [name for name in REQUIRED if name not in heads]
    if missing:
        raise TimelineError(
            f"{path} line 1: no column {', '.join(missing)}; it has {', '.join(map(repr, heads)) or 'none'}"
        )


def _calls(path: Path, reader: "csv.DictReader[str]", recordings: Path) -> Iterator[TimelineCall]:
    known: set[str] = set()
    for row in reader:
        where = f"{path} line {reader.line_num}"
        if None in row or None in row.values():
            raise TimelineError(f"{where}: not as many values as the first line has columns")
        call = _call(where, row)
        if call.recording not in known:
            _check_recording(where, call.recording, recordings)
            known.add(call.recording)
        yield call


def _call(where: str, row: Mapping[str, str]) -> TimelineCall:
    passes = row["passes"].strip().lower()
    if passes not in PASSES:
        raise TimelineError(f"{where}: passes is {row['passes']!r}: yes or no is wanted")
    if len(row["ani"]) > CALLER_TEXT_LIMIT:
        raise TimelineError(f"{where}: ani has {len(row['ani'])} characters, {CALLER_TEXT_LIMIT} at most")
    return TimelineCall(
        time=_seconds(where, row["time"]),
        recording=row["recording"].strip(),
        ani=row["ani"].strip(),
        passes=PASSES[passes],
        campaign=(row.get("campaign") or "").strip(),
    )


def _seconds(where: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise TimelineError(f"{where}: time is {text!r}: a number of seconds is wanted")
    return seconds


def _check_recording(where: str, recording: str, recordings: Path) -> None:
    if not recording or Path(recording).is_absolute() or ".." in Path(recording).parts:
        raise TimelineError(f"{where}: recording is {recording!r}: a path below {recordings} is wanted")
    if not (recordings / recording).is_file():
        raise TimelineError(f"{where}: recording is {recording!r}: no such file in {recordings}")
