"""Handing chunks to workers so that none is lost or answered twice, whoever dies.

A worker that dies takes its chunk with it, and whoever shares a pool with it loses theirs. These chunks are
suspects: each is tried again alone, when nothing else is under way, so that a second death is its own doing.
A chunk that kills a worker alone is split, down to the one recording; that one gets `TRIES` tries and then a
row with an error. Chunks are answered in any order.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from silentspam.archive.plan import Chunk
from silentspam.archive.worker import Row

TRIES = 3
"""How often one recording may kill its worker before it is given up."""

PARTS = 8
"""Into how many parts a chunk that killed its worker is split."""


class Outcome(NamedTuple):
    """A chunk that is no longer under way: its rows, or None when its worker died."""

    chunk: Chunk
    rows: list[Row] | None


class Crew(Protocol):
    """Workers that answer chunks."""

    def capacity(self) -> int:
        """How many chunks under way keep every worker busy, now."""

    def submit(self, chunk: Chunk) -> None:
        """Put a chunk under way."""

    def collect(self) -> list[Outcome]:
        """Wait until a chunk is no longer under way. Raises what ends the scan: ScanError or ModelError."""

    def alone(self) -> AbstractContextManager["Crew"]:
        """A crew for one suspect at a time, whose deaths harm nobody."""


def dispatch(crew: Crew, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, list[Row]]]:
    """Answer every chunk, or all of its parts, exactly once."""
    waiting, suspects, under_way = iter(chunks), deque[Chunk](), 0
    while True:
        if suspects and not under_way:
            with crew.alone() as quarantine:
                while suspects:
                    yield from _alone(quarantine, suspects.popleft())
        while not suspects and under_way < crew.capacity():
            chunk = next(waiting, None)
            if chunk is None:
                break
            crew.submit(chunk)
            under_way += 1
        if not under_way:
            return
        for outcome in crew.collect():
            under_way -= 1
            if outcome.rows is None:
                suspects.append(outcome.chunk)
            else:
                yield outcome.chunk, outcome.rows


def _alone(crew: Crew, chunk: Chunk) -> Iterator[tuple[Chunk, list[Row]]]:
    single = len(chunk.recordings) == 1
    for _ in range(TRIES if single else 1):
        crew.submit(chunk)
        (outcome,) = crew.collect()
        if outcome.rows is not None:
            yield outcome.chunk, outcome.rows
            return
    if single:
        error = f"{TRIES} workers died of it"
        yield chunk, [Row(chunk.recordings[0].stamp, error=error)]
        return
    for part in chunk.split(PARTS):
        yield from _alone(crew, part)
