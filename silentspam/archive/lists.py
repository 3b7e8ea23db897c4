"""Lists of recordings: CSV or Parquet with a column `recording` that holds paths.

The labels that `silentspam train` reads are such a list.
"""

import csv
from pathlib import Path

from silentspam.archive import ScanError

LIST_SUFFIXES = frozenset({".csv", ".parquet"})
COLUMN = "recording"


def listed_names(path: Path) -> list[str]:
    """The paths that a list names, in its order. Raises ScanError for a list that cannot be read."""
    names = _from_csv(path) if path.suffix.lower() == ".csv" else _from_parquet(path)
    if any(not name or "\0" in name for name in names):
        raise ScanError(f"{path}: a row's {COLUMN} is empty or no path")
    return names


def _from_csv(path: Path) -> list[str]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if COLUMN not in (reader.fieldnames or ()):
                raise ScanError(f"{path}: no column {COLUMN} in its first line")
            return [(row[COLUMN] or "").strip() for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ScanError(f"{path}: {error}") from error


def _from_parquet(path: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            parquet = pq.ParquetFile(file)
            if COLUMN not in parquet.schema_arrow.names:
                raise ScanError(f"{path}: no column {COLUMN}")
            return [str(name or "") for name in parquet.read([COLUMN])[COLUMN].to_pylist()]
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise ScanError(f"{path}: {error}") from error
