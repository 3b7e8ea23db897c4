"""Labelled openings, from a CSV file to feature vectors.

The CSV has the columns `recording` (a path below the folder of recordings) and `label` (ham, spam, or the
name of a kind of SPAM), and may have `kind`, `campaign`, `source`, `codec`, `split` and `loss`. SPAM is dead
air unless its label or its kind names another kind: that is no example for a model of dead air. Vectors come
from the `feature_vector` that live calls use, on the same sounding part of the opening; what the call path
would not judge (no media, digital silence) is never trained on.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from silentspam.audio import read_ulaw
from silentspam.call import VerdictKind
from silentspam.errors import SilentSpamError
from silentspam.features import FeatureParams, feature_matrix
from silentspam.fitness import why_inconclusive
from silentspam.kinds.table import names
from silentspam.training.parallel import in_order

SPAM, HAM = "spam", "ham"
OPTIONAL = ("kind", "campaign", "source", "split", "codec", "loss")
OPENING_SECONDS = 2.0
"""What a live call records (Orife et al. 2018, section 5)."""
MIN_PER_CLASS = 10
NAMED_IN_ERRORS = 3

SILENCE_SPLIT = "test_silence"
"""Openings made to have digital silence in them: a test of their own, which no other figure is of."""

AT_ONCE = 128
"""Openings that a process measures together."""

Progress = Callable[[Iterable[Any], int], Iterable[Any]]
"""Shows how far a loop is: takes what is looped over and its length, and gives the same back."""


class LabelError(SilentSpamError):
    """The labels cannot be trained on: the message says which rows, and why."""


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """One row of the CSV; `path` is where its recording lies, and a column that is absent is "".

    spam_kind: the name of the kind of SPAM; "" for a person, and where nobody asked.
    """

    recording: str
    path: Path
    is_spam: bool
    kind: str = ""
    campaign: str = ""
    source: str = ""
    split: str = ""
    codec: str = ""
    loss: str = ""
    spam_kind: str = ""

    @property
    def is_other(self) -> bool:
        """Whether it is SPAM, and not dead air."""
        return self.spam_kind not in ("", VerdictKind.CALLER_SILENCE)

    @property
    def group(self) -> str:
        """What must not stand on both sides of a split: its campaign, else its source, else itself."""
        return self.campaign or self.source or self.recording


@dataclass(frozen=True, eq=False)
class Dataset:
    """Feature vectors [shape=(n, n_features), float32] with the row of each, in the order of the CSV.

    data_hash: SHA-256 over every recording's bytes and label; skipped: how many were left out, by cause.
    """

    vectors: npt.NDArray[np.float32]
    rows: tuple[Labelled, ...]
    data_hash: str
    skipped: dict[str, int]

    @property
    def is_spam(self) -> npt.NDArray[np.bool_]:
        """bool [shape=(n,)]"""
        return np.array([row.is_spam for row in self.rows], dtype=bool)

    @property
    def groups(self) -> npt.NDArray[np.str_]:
        """str [shape=(n,)]"""
        return np.array([row.group for row in self.rows])

    def where(self, keep: npt.NDArray[np.bool_]) -> "Dataset":
        """The openings for which `keep` [shape=(n,)] is True; the hash stays that of the whole."""
        rows = tuple(row for row, kept in zip(self.rows, keep, strict=True) if kept)
        return Dataset(self.vectors[keep], rows, self.data_hash, self.skipped)


def read_labels(
    labels: Path, recordings: Path, *, for_training: bool = True, other_kinds: bool = False
) -> tuple[Labelled, ...]:
    """The rows of a labels CSV, each recording once; with other_kinds those too that are SPAM, not dead air.

    Raises LabelError for a missing file or column, a label that is none, recordings that are not there,
    labels that contradict each other; and for_training, one class only, or fewer than ten of a class.
    """
    try:
        with labels.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            absent = {"recording", "label"} - set(reader.fieldnames or ())
            if absent:
                raise LabelError(f"{labels}: no column {', '.join(sorted(absent))} in its first line")
            rows = [_row(line, reader.line_num, labels, recordings) for line in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LabelError(f"{labels}: {error}") from error
    unique = _without_doubles(rows, labels)
    if not other_kinds:
        unique = tuple(row for row in unique if not row.is_other)
    _check_files(unique, recordings)
    if for_training:
        _check_classes(unique, labels)
    return unique


def merged(parts: Sequence[Sequence[Labelled]]) -> tuple[Labelled, ...]:
    """The rows of several CSVs as one: names of the second and later ones get its number before them.

    So two corpora that both count their campaigns and sources from 0 stay apart.
    """

    def numbered(row: Labelled, number: int) -> Labelled:
        def named(text: str) -> str:
            return f"{number}:{text}" if text else ""

        return replace(
            row, recording=named(row.recording), campaign=named(row.campaign), source=named(row.source)
        )

    return tuple(
        numbered(row, number) if number > 1 else row for number, rows in enumerate(parts, 1) for row in rows
    )


def _row(line: dict[str, str | None], number: int, labels: Path, recordings: Path) -> Labelled:
    recording, label = (line["recording"] or "").strip(), (line["label"] or "").strip()
    spam_kind = _spam_kind(label, (line.get("kind") or "").strip())
    if spam_kind is None:
        wanted = f"it must be spam, ham or one of {', '.join(names())}"
        raise LabelError(f"{labels}, line {number}: label is {label!r}, {wanted}")
    if not recording or ".." in Path(recording).parts or Path(recording).is_absolute():
        raise LabelError(
            f"{labels}, line {number}: recording is {recording!r}, not a path below {recordings}"
        )
    extra = {key: (line.get(key) or "").strip() for key in OPTIONAL}
    return Labelled(
        recording=recording,
        path=recordings / recording,
        is_spam=bool(spam_kind),
        spam_kind=spam_kind,
        **extra,
    )


def _spam_kind(label: str, kind: str) -> str | None:
    """The kind of SPAM that a label says, "" for a person; None for a label that is none."""
    if label.upper() in (HAM.upper(), *names()):
        return "" if label.upper() == HAM.upper() else label.upper()
    if label.lower() != SPAM:
        return None
    return kind if kind in names() else VerdictKind.CALLER_SILENCE.value


def _without_doubles(rows: Sequence[Labelled], labels: Path) -> tuple[Labelled, ...]:
    first: dict[str, Labelled] = {}
    contradicting, ambiguous = [], []
    for row in rows:
        known = first.setdefault(row.recording, row)
        if known.is_spam != row.is_spam:
            contradicting.append(row.recording)
        elif known.spam_kind != row.spam_kind:
            ambiguous.append(row.recording)
    if contradicting:
        raise LabelError(f"{labels}: both spam and ham: {_some(contradicting)}")
    if ambiguous:
        raise LabelError(f"{labels}: SPAM of two kinds: {_some(ambiguous)}")
    return tuple(first.values())


def _check_files(rows: Sequence[Labelled], recordings: Path) -> None:
    missing = [row.recording for row in rows if not row.path.is_file()]
    if missing:
        raise LabelError(f"not in {recordings}: {_some(missing)}")


def _check_classes(rows: Sequence[Labelled], where: object) -> None:
    counts = Counter(row.is_spam for row in rows)
    for is_spam, name in ((True, SPAM), (False, HAM)):
        if counts[is_spam] < MIN_PER_CLASS:
            raise LabelError(f"{where}: {counts[is_spam]} {name}, at least {MIN_PER_CLASS} are needed")


def _some(names: Sequence[str]) -> str:
    rest = len(names) - NAMED_IN_ERRORS
    return ", ".join(names[:NAMED_IN_ERRORS]) + (f" and {rest} more" if rest > 0 else "")


@dataclass(frozen=True, eq=False)
class _Measured:
    """A row whose recording was read: the hash of its codes, and its features or why it cannot be judged."""

    row: Labelled
    content: bytes
    doubt: str | None
    vector: npt.NDArray[np.float32] | None


def load_dataset(
    rows: Sequence[Labelled], params: FeatureParams, *, workers: int = 1, progress: Progress | None = None
) -> Dataset:
    """Read every recording and compute its features, with as many processes as `workers`.

    Raises LabelError where one recording's bytes are labelled both ways, too little is left when what cannot
    be judged is out, or features are not finite; AudioError where a file cannot be read.
    """
    kept, vectors, digest = [], [], hashlib.sha256()
    skipped: Counter[str] = Counter()
    label_of: dict[bytes, Labelled] = {}
    measured = _measured(rows, params, workers)
    for found in progress(measured, len(rows)) if progress else measured:
        digest.update(found.content + bytes([found.row.is_spam]))
        if found.doubt:
            skipped[found.doubt.partition(":")[0].partition(" leaves")[0]] += 1
            continue
        check_twin(label_of.setdefault(found.content, found.row), found.row)
        kept.append(found.row)
        vectors.append(found.vector)
    _check_classes(kept, f"what is left without {dict(skipped)}" if skipped else "the labels")
    matrix = np.array(vectors, dtype=np.float32)
    _check_finite(matrix, kept)
    return Dataset(matrix, tuple(kept), digest.hexdigest(), dict(skipped))


def _check_finite(vectors: npt.NDArray[np.float32], rows: Sequence[Labelled]) -> None:
    broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if broken.size:
        names = _some([rows[place].recording for place in broken.tolist()])
        raise LabelError(f"features that are NaN or infinite cannot be trained on: {names}")


def _measured(rows: Sequence[Labelled], params: FeatureParams, workers: int) -> Iterator[_Measured]:
    parts = [rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE)]
    for found in in_order(_measure, [(part, params) for part in parts], workers=workers):
        yield from found


def _measure(rows: Sequence[Labelled], params: FeatureParams) -> list[_Measured]:
    openings = [read_ulaw(row.path, max_seconds=OPENING_SECONDS) for row in rows]
    doubts = [why_inconclusive(opening) for opening in openings]
    fit = [opening.sounding for opening, doubt in zip(openings, doubts, strict=True) if not doubt]
    vectors = iter(feature_matrix(fit, params))
    contents = [hashlib.sha256(opening.codes.tobytes()).digest() for opening in openings]
    return [
        _Measured(row, content, doubt, None if doubt else next(vectors))
        for row, content, doubt in zip(rows, contents, doubts, strict=True)
    ]


def check_twin(first: Labelled, row: Labelled) -> None:
    """Two rows of the same audio must not be labelled both ways. Raises LabelError."""
    if first.is_spam != row.is_spam:
        raise LabelError(f"{first.recording} and {row.recording} are the same audio, labelled both ways")


def without_silence(rows: Sequence[Labelled]) -> tuple[Labelled, ...]:
    """The rows that are not of the digital-silence test."""
    return tuple(row for row in rows if row.split != SILENCE_SPLIT)
