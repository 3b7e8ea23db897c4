"""The folder of a scan's result: what of it still holds, what is missing, and a manifest for people.

    OUT/part-HASH.parquet   the rows, a file a chunk: read the folder as one Parquet dataset
    OUT/_manifest.json      what was asked and how far it is; written anew by every scan, never needed by one
    OUT/.lock               held while a scan writes here

A row holds as long as its recording is in the archive with the same size and time of change. Before a scan
begins, rows that do not hold, or that stand in two files, are taken out; what is left is what is done.
"""

import contextlib
import fcntl
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from silentspam.archive import ScanError
from silentspam.archive.listing import Listed, Stamp
from silentspam.archive.parquet import Part, read_part, read_rows, write_part
from silentspam.archive.plan import Chunk, Plan

MANIFEST = "_manifest.json"


@dataclass(frozen=True)
class Done:
    """What a folder holds of a plan: the recordings whose rows hold, and those of them with an error."""

    stamps: frozenset[Stamp]
    failed: frozenset[Stamp]


class Results:
    """The result in a folder, which is made when something is written."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder = folder
        self._plan = plan

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other scans out of the folder. Raises ScanError when one is there, or it cannot be made."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = (self._folder / ".lock").open("w")
        except OSError as error:
            raise ScanError(f"{self._folder}: {error.strerror or error}") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ScanError(f"{self._folder}: another scan writes its result here") from error
            yield

    def path(self, chunk: Chunk) -> Path:
        """Where the rows of a chunk are written."""
        return self._folder / f"part-{chunk.identity(self._plan)}.parquet"

    def parts(self) -> list[Part]:
        """The files there are, of whatever plan. Raises ScanError for one that cannot be read."""
        return [read_part(path) for path in sorted(self._folder.glob("part-*.parquet"))]

    def done(self, recordings: Sequence[Listed], *, retry_errors: bool = False) -> Done:
        """What holds, without changing anything."""
        return _union(self._holding(recordings, retry_errors))

    def reconcile(
        self, recordings: Sequence[Listed], *, replace: bool = False, retry_errors: bool = False
    ) -> Done:
        """Take out what does not hold; returns what does.

        Rows of another plan are taken out when `replace`. Raises ScanError when they are there and it is not.
        """
        self._refuse_others(replace)
        for scratch in self._folder.glob(".part-*"):
            scratch.unlink()
        holding = self._holding(recordings, retry_errors)
        for part, kept in holding:
            if len(kept) < len(part.stamps):
                self._shorten(part, kept)
        return _union(holding)

    def _refuse_others(self, replace: bool) -> None:
        wanted = self._plan.terms
        for part in self.parts():
            if part.key == self._plan.key or replace:
                continue
            differs = [name for name in wanted if part.terms.get(name) != wanted[name]]
            theirs = ", ".join(f"{name} {part.terms.get(name)} (now {wanted[name]})" for name in differs)
            raise ScanError(
                f"{self._folder} holds another scan's result: {theirs}: choose another --out, or --replace it"
            )

    def _holding(self, recordings: Sequence[Listed], retry: bool) -> list[tuple[Part, frozenset[Stamp]]]:
        """Each file, and those of its rows that hold; a recording that stands in two holds in the first."""
        missing = {listed.stamp for listed in recordings}
        holding = []
        for part in self.parts():
            good = missing & set(part.stamps) if part.key == self._plan.key else set()
            kept = frozenset(good - part.failed if retry else good)
            missing -= kept
            holding.append((part, kept))
        return holding

    def _shorten(self, part: Part, kept: frozenset[Stamp]) -> None:
        # The shorter file comes first: between the two steps rows stand twice, which the next scan finds.
        if kept:
            table = read_rows(part.path).filter([stamp in kept for stamp in part.stamps])
            listed = tuple(Listed(stamp, "") for stamp in part.stamps if stamp in kept)
            write_part(self.path(Chunk(listed)), table)
        part.path.unlink()

    def kinds(self) -> Counter[str]:
        """How many rows there are of each kind, errors as "error", counted from the files."""
        counts: Counter[str] = Counter()
        for path in self._folder.glob("part-*.parquet"):
            counts.update(kind or "error" for kind in read_rows(path, ["kind"])["kind"].to_pylist())
        return counts

    def unheard(self) -> Counter[str]:
        """Of how many rows a kind of SPAM could not be listened for, by its name."""
        counts: Counter[str] = Counter()
        for path in self._folder.glob("part-*.parquet"):
            if (names := read_rows(path, ["unheard"])).num_columns:
                counts.update(name for row in names["unheard"].to_pylist() for name in row or ())
        return counts

    def write_manifest(self, figures: dict[str, Any]) -> None:
        """Say what is in the folder. Raises ScanError when it cannot be written."""
        path = self._folder / MANIFEST
        scratch = path.with_name(f".{MANIFEST}.{os.getpid()}")
        try:
            scratch.write_text(json.dumps({**self._plan.terms, **figures}, indent=1) + "\n")
            scratch.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                scratch.unlink()
            raise ScanError(f"{path}: {error.strerror or error}") from error


def _union(holding: Sequence[tuple[Part, frozenset[Stamp]]]) -> Done:
    stamps = frozenset[Stamp]().union(*(kept for _, kept in holding))
    return Done(stamps, frozenset(stamp for part, kept in holding for stamp in part.failed & kept))
