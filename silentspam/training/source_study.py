"""How well lines are known again: counts on the test split of corpora of simulated paths.

Draws of 16 sources, as in PinDr0p (CCS 2010), each enrolled by one, three or five calls and asked for with
all its others, whose speakers and languages change; and the open set, in which as many sources are never
enrolled. A corpus of one call a source adds lines that are enrolled and never asked for. The draws share
sources, so that intervals are drawn over sources (bootstrap, Efron 1979).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silentspam.errors import AudioError
from silentspam.lines.known import KnownLines
from silentspam.provenance.line_scores import log_ratios
from silentspam.provenance.line_space import LineSpace
from silentspam.provenance.sources import threshold_for
from silentspam.training.source_training import Floats, Names, SourceRows, read_sources
from silentspam.training.sources import Split

SOURCES = 16
CALLS = (1, 3, 5)
DRAWS = 100
RECOGNISED = 0.95
"""Share of true calls that are recognised where false ones are counted (the issue's own number)."""
BOOTSTRAPS = 1000

Index = NDArray[np.intp]


@dataclass(eq=False)
class Counted:
    """Hits and trials of one figure, by source."""

    hits: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    n: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, sources: Names, right: NDArray[np.bool_]) -> None:
        """Count trials, each with its source."""
        for source, hit in zip(sources.tolist(), right.tolist(), strict=True):
            self.hits[source] += int(hit)
            self.n[source] += 1

    def told(self) -> dict[str, Any]:
        """Share, hits, trials (n), sources, and the 95 % interval over sources."""
        hits, n = (np.array([counts[source] for source in self.n]) for counts in (self.hits, self.n))
        drawn = np.random.default_rng(1).integers(0, len(n), (BOOTSTRAPS, len(n)))
        shares = hits[drawn].sum(axis=1) / n[drawn].sum(axis=1)
        return {
            "share": round(float(hits.sum() / n.sum()), 5),
            "hits": int(hits.sum()),
            "n": int(n.sum()),
            "sources": len(n),
            "interval": np.quantile(shares, (0.025, 0.975)).round(4).tolist(),
        }


@dataclass(frozen=True, eq=False)
class Draw:
    """Lines and what is asked of them: ratios [shape=(n_asked, n_lines)]; own: the line of each call
    [shape=(n_asked,)], −1 of a stranger; asked: which calls."""

    ratios: Floats
    own: Index
    asked: Index


class LineStudy:
    """The calls of corpora in a space, and draws from them: a source of one call only fills lines up."""

    def __init__(self, space: LineSpace, rows: SourceRows) -> None:
        self.space, self.rows = space, rows
        self.places = space.embed(rows.vectors)
        names, self._number, counts = np.unique(rows.sources, return_inverse=True, return_counts=True)
        self.names = names
        self.several, self.fillers = np.flatnonzero(counts > 1), np.flatnonzero(counts == 1)

    def draw(self, rng: np.random.Generator, *, calls: int, known: int, strangers: int, lines: int) -> Draw:
        """Lines known by so many calls each, filled up with others to `lines`; all else is asked about."""
        order = rng.permutation(self.several)
        enrolled, asked = [], []
        for source in order[:known]:
            own = rng.permutation(np.flatnonzero(self._number == source))
            enrolled.append(own[:calls])
            asked.append(own[calls:])
        fillers = rng.permutation(self.fillers)[: max(lines - known, 0)]
        enrolled += [np.flatnonzero(self._number == source) for source in fillers]
        foreign = np.flatnonzero(np.isin(self._number, order[known : known + strangers]))
        own = np.repeat(np.arange(len(asked)), [len(one) for one in asked])
        told = np.concatenate([*asked, foreign])
        return Draw(
            self._ratios(enrolled, told),
            np.concatenate([own, np.full(len(foreign), -1)]).astype(np.intp),
            told,
        )

    def _ratios(self, enrolled: Sequence[Index], asked: Index) -> Floats:
        means = np.stack([self.places[calls].mean(axis=0) for calls in enrolled]).astype(np.float32)
        counts = np.array([len(calls) for calls in enrolled], dtype=np.int32)
        ratios = log_ratios(KnownLines(self.space.maps, means, counts), self.places[asked])
        return self.space.card.slope * ratios + self.space.card.offset

    def closed(self, calls: int) -> dict[str, Any]:
        """Which of 16 sources a call came from; and of pairs, how many foreign ones reach what 95 % of the
        true ones do."""
        right, true, false = Counted(), [], []
        rng = np.random.default_rng([1, calls])
        for _ in range(DRAWS):
            drawn = self.draw(rng, calls=calls, known=SOURCES, strangers=0, lines=SOURCES)
            hit = drawn.ratios.argmax(axis=1) == drawn.own
            right.add(self.rows.sources[drawn.asked], hit)
            mine = np.zeros(drawn.ratios.shape, dtype=bool)
            mine[np.arange(len(drawn.own)), drawn.own] = True
            true.append(drawn.ratios[mine])
            false.append(drawn.ratios[~mine])
        least = np.quantile(np.concatenate(true), 1 - RECOGNISED)
        foreign = np.concatenate(false)
        return {
            "identified": right.told(),
            "foreign pairs accepted at 95 % of true ones": {
                "hits": int((foreign >= least).sum()),
                "n": len(foreign),
                "share": round(float((foreign >= least).mean()), 6),
            },
        }

    def open(self, calls: int, lines: int) -> dict[str, Any]:
        """Known and unknown lines at the product's threshold, and at the one that recognises 95 %."""
        rng, known = np.random.default_rng([2, calls, lines]), min(SOURCES, lines, len(self.several) // 2)
        drawn = [
            self.draw(rng, calls=calls, known=known, strangers=SOURCES, lines=lines) for _ in range(DRAWS)
        ]
        n_lines = drawn[0].ratios.shape[1]
        least = _recognising(drawn)
        return {"lines": n_lines} | {
            name: self._taken(drawn, threshold)
            for name, threshold in (("at its threshold", threshold_for(n_lines)), ("at 95 %", least))
        }

    def _taken(self, drawn: Sequence[Draw], threshold: float) -> dict[str, Any]:
        recognised, taken = Counted(), Counted()
        for one in drawn:
            stranger, sources = one.own < 0, self.rows.sources[one.asked]
            over = one.ratios.max(axis=1) >= threshold
            recognised.add(sources[~stranger], (over & (one.ratios.argmax(axis=1) == one.own))[~stranger])
            taken.add(sources[stranger], over[stranger])
        return {
            "threshold": round(float(threshold), 2),
            "known lines recognised": recognised.told(),
            "unknown lines taken for known": taken.told(),
        }


def _recognising(drawn: Sequence[Draw]) -> float:
    """The score that 95 % of the calls of known lines reach with their own."""
    own = [one.ratios[np.flatnonzero(one.own >= 0), one.own[one.own >= 0]] for one in drawn]
    return float(np.quantile(np.concatenate(own), 1 - RECOGNISED))


def study(
    folders: Sequence[Path],
    space: LineSpace,
    *,
    seconds: float,
    lines: Sequence[int] = (SOURCES,),
    seed: int = 1,
) -> dict[str, Any]:
    """Everything counted on the test split of corpora, calls cut to so many seconds.

    lines: how many are enrolled in the open set. Raises AudioError for fewer than 32 sources of several
    calls.
    """
    rows = read_sources(folders, split=Split.TEST, seed=seed, seconds=seconds)
    return study_rows(rows, space, lines=lines) | {"seconds": seconds}


def study_rows(rows: SourceRows, space: LineSpace, *, lines: Sequence[int] = (SOURCES,)) -> dict[str, Any]:
    """As `study`, of calls that were measured already."""
    counted = LineStudy(space, rows)
    if len(counted.several) < 2 * SOURCES:
        raise AudioError(f"{len(counted.several)} sources of several calls: {2 * SOURCES} are needed")
    fewest = int(np.unique(rows.sources, return_counts=True)[1][counted.several].min())
    several = [calls for calls in CALLS if calls < fewest]
    return {
        "calls": len(rows.sources),
        "sources": len(counted.names),
        "speakers": sorted(set(rows.speakers.tolist())),
        "closed": {f"after {calls}": counted.closed(calls) for calls in several},
        "open": [
            {"enrolled by": calls, **counted.open(calls, many)} for many in lines for calls in several[:2]
        ],
    }


def lines_of(counted: dict[str, Any]) -> Iterator[str]:
    """The counts in lines of text."""
    yield f"{counted['calls']} calls of {counted['sources']} sources by {', '.join(counted['speakers'])}"
    for after, found in counted["closed"].items():
        yield _line(f"one of {SOURCES} sources, {after} call(s)", found["identified"])
        pairs = found["foreign pairs accepted at 95 % of true ones"]
        counts = f"{pairs['hits']:>6} of {pairs['n']}"
        yield f"  {'foreign pairs at 95 % of true ones':<52} {pairs['share']:8.3%}  {counts}"
    for found in counted["open"]:
        yield f"open set, {found['lines']} lines known by {found['enrolled by']} call(s)"
        for name in ("at its threshold", "at 95 %"):
            told = found[name]
            for what in ("known lines recognised", "unknown lines taken for known"):
                yield _line(f"  {what}, {name} ({told['threshold']:.1f})", told[what])


def _line(name: str, told: dict[str, Any]) -> str:
    low, high = told["interval"]
    return f"{name:<54} {told['share']:8.2%}  {told['hits']:>6} of {told['n']:<6} {low:.3f}…{high:.3f}"
