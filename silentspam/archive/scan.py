"""A scan from beginning to end: list the archive, see what is done, answer the rest, write each chunk."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from silentspam.archive.dispatch import Crew, dispatch
from silentspam.archive.listing import Listed, Listing
from silentspam.archive.parquet import to_table, write_part
from silentspam.archive.plan import Plan, in_chunks
from silentspam.archive.results import Done, Results
from silentspam.features import feature_names

Progress = Callable[[int], None]
"""Told how many more recordings have their rows on the disk."""

CHUNK = 512
"""Recordings in a chunk: half a second of work, and a file of 20 to 300 kB."""


@dataclass
class Tally:
    """How far a result is: recordings in the archive, rows that were there, rows added, errors, time [s]."""

    recordings: int
    kept: int
    errors: int
    added: int = 0
    seconds: float = 0.0

    @property
    def left(self) -> int:
        """Recordings without a row."""
        return self.recordings - self.kept - self.added


@dataclass(frozen=True, kw_only=True)
class ScanOptions:
    """How a scan goes about it.

    chunk: recordings in one; replace: results of another plan in the folder may go; retry_errors: recordings
    whose row is an error are tried again.
    """

    chunk: int = CHUNK
    replace: bool = False
    retry_errors: bool = False


def scan(
    listing: Listing,
    plan: Plan,
    out: Path,
    crew: Callable[[], AbstractContextManager[Crew]],
    options: ScanOptions = ScanOptions(),
    progress: Progress = lambda _: None,
) -> Tally:
    """Bring the result in `out` up to the archive; returns what was done.

    The crew is called for only when something is to do. Raises ScanError when it cannot go on; whatever ends
    it, each chunk is in `out` whole or not at all, and the same scan goes on from there.
    """
    results = Results(out, plan)
    with results.locked():
        done = results.reconcile(
            listing.recordings, replace=options.replace, retry_errors=options.retry_errors
        )
        tally = Tally(len(listing.recordings), len(done.stamps), len(done.failed))
        todo = [listed for listed in listing.recordings if listed.stamp not in done.stamps]
        progress(tally.kept)
        started = time.monotonic()
        try:
            if todo:
                with crew() as workers:
                    _answer(todo, plan, results, workers, options.chunk, tally, progress)
        finally:
            tally.seconds = time.monotonic() - started
            results.write_manifest(_figures(tally, listing))
    return tally


def status(listing: Listing, plan: Plan, out: Path) -> Tally:
    """How far the result in `out` is, without changing it; also while a scan is running."""
    done: Done = Results(out, plan).done(listing.recordings)
    return Tally(len(listing.recordings), len(done.stamps), len(done.failed))


def _answer(
    todo: Sequence[Listed],
    plan: Plan,
    results: Results,
    crew: Crew,
    size: int,
    tally: Tally,
    progress: Progress,
) -> None:
    names = feature_names(plan.load().params)
    for chunk, rows in dispatch(crew, in_chunks(todo, size)):
        write_part(results.path(chunk), to_table(rows, plan, names))
        tally.added += len(rows)
        tally.errors += sum(row.error is not None for row in rows)
        progress(len(rows))


def _figures(tally: Tally, listing: Listing) -> dict[str, object]:
    return {
        "recordings": tally.recordings,
        "rows": tally.kept + tally.added,
        "errors": tally.errors,
        "complete": tally.left == 0 and not listing.unreadable,
        "further_names": listing.aliases,
        "unreadable_folders": listing.unreadable,
    }
