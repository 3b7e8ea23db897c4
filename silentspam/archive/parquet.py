"""The result's files: one Parquet file a chunk, there whole or not at all.

A file is written under another name, forced to the disk, and renamed. It says in its own metadata by which
plan it was made, so that the next scan needs nothing else to know what is done.
"""

import contextlib
import errno
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from silentspam.archive import ScanError
from silentspam.archive.listing import Stamp
from silentspam.archive.plan import Plan
from silentspam.archive.worker import Row

METADATA_KEY = b"silentspam"
NAMES_KEY = b"feature_names"
STAMP_COLUMNS = ("archive", "recording", "size", "modified_ns")
ROW_COLUMNS: tuple[tuple[str, pa.DataType], ...] = (
    ("kind", pa.string()),
    ("spam_probability", pa.float64()),
    ("threshold", pa.float64()),
    ("seconds", pa.float64()),
    ("digital_silence_share", pa.float64()),
    ("level_dbfs", pa.float32()),
    ("peak_dbfs", pa.float32()),
    ("error", pa.string()),
)
LAST_COLUMNS: tuple[tuple[str, pa.DataType], ...] = (
    ("kind_probabilities", pa.map_(pa.string(), pa.float64())),
    ("reason", pa.string()),
    ("unheard", pa.list_(pa.string())),
)
"""After the features, where there are any: columns that came later stand behind those that were there."""


@dataclass(frozen=True)
class Part:
    """A file of the result: the plan that made it, its recordings, and those of them with an error."""

    path: Path
    key: str
    terms: dict[str, object]
    stamps: tuple[Stamp, ...]
    failed: frozenset[Stamp]


def to_table(rows: Sequence[Row], plan: Plan, feature_names: Sequence[str]) -> pa.Table:
    """The rows of a chunk as a table; `features` is one list of float32 a row, null where there are none."""
    stamps = [pa.array(column) for column in zip(*(row.stamp for row in rows), strict=True)]
    columns = dict(zip(STAMP_COLUMNS, stamps, strict=True))
    for name, kind in ROW_COLUMNS:
        columns[name] = pa.array([getattr(row, name) for row in rows], type=kind)
    columns["model_id"] = pa.array([None if row.error else plan.model_id for row in rows], type=pa.string())
    if plan.questions.features:
        columns["features"] = _feature_column(rows, len(feature_names))
    for name, kind in LAST_COLUMNS:
        columns[name] = pa.array([getattr(row, name) for row in rows], type=kind)
    about = {METADATA_KEY: json.dumps({"key": plan.key, **plan.terms}).encode()}
    if plan.questions.features:
        about[NAMES_KEY] = json.dumps(list(feature_names)).encode()
    return pa.table(columns).replace_schema_metadata(about)


def _feature_column(rows: Sequence[Row], width: int) -> pa.Array:
    values = np.zeros((len(rows), width), np.float32)
    absent = np.array([row.features is None for row in rows])
    for index, row in enumerate(rows):
        if row.features is not None:
            values[index] = row.features
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), width, mask=pa.array(absent))


def write_part(path: Path, table: pa.Table) -> None:
    """Write a file so that nobody ever sees half of it. Raises ScanError when it cannot be written."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with scratch.open("wb") as file:
            pq.write_table(table, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except (OSError, pa.ArrowException) as error:
        with contextlib.suppress(OSError):
            scratch.unlink()
        full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
        why = "the disk is full" if full else str(error)
        raise ScanError(f"{path}: {why}; what was finished before is kept, run it again to go on") from error


def read_part(path: Path) -> Part:
    """What a file of the result holds. Raises ScanError for a file that is not ours or is damaged."""
    try:
        with path.open("rb") as file:
            parquet = pq.ParquetFile(file)
            about = json.loads((parquet.schema_arrow.metadata or {})[METADATA_KEY])
            table = parquet.read([*STAMP_COLUMNS, "error"])
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise ScanError(f"{path}: not a readable part of a scan's result ({error}): remove it") from error
    stamps = tuple(map(Stamp, *(table[name].to_pylist() for name in STAMP_COLUMNS)))
    bad = zip(stamps, table["error"].to_pylist(), strict=True)
    key = str(about.pop("key"))
    return Part(path, key, about, stamps, frozenset(stamp for stamp, error in bad if error is not None))


def read_rows(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A file's rows, with the metadata; all columns, or those named."""
    with path.open("rb") as file:
        return pq.ParquetFile(file).read(columns)
