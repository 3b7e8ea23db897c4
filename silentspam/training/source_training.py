"""Learning the space of lines from whole calls of sources whose speakers change.

What is learnt from is the training split of corpora of `paths simulate`, calls of several speakers a source,
best with `--voices`: four licensed speakers teach the space their own voices. How far scores may be believed
is learnt from trials in which neither the sources nor the speaker of the call in question were learnt from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import norm

from silentspam.errors import AudioError
from silentspam.lines.known import KnownLines
from silentspam.lines.space import LineSpace as Maps
from silentspam.provenance import code_comb, codes, colour, excitation, pauses
from silentspam.provenance.features import VERSION, Vector, measure, names
from silentspam.provenance.line_scores import log_ratios
from silentspam.provenance.line_space import LineSpace, SpaceCard, Warp
from silentspam.training.line_space import MIN_LINES, fit_space
from silentspam.training.path_rows import heard_of
from silentspam.training.sources import Split

N_KNOTS = 33
FARTHEST = 0.01
"""Quantile whose height is the lowest; the highest is that of 1 − FARTHEST."""
DIMENSIONS, SHRINKAGE = 40, 0.01
PRIOR = 0.01
"""Share of true trials at which scores are to be good: thresholds lie where false ones must be few."""
FEWEST = 50
"""Trials of a kind from which calibration is learnt."""

Names = NDArray[np.str_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class SourceRows:
    """Calls: vectors [shape=(n, len(features.names()))], and the names of source and speaker of each."""

    vectors: Vector
    sources: Names
    speakers: Names

    def of(self, chosen: NDArray[np.bool_]) -> "SourceRows":
        """Some of them."""
        return SourceRows(
            vectors=self.vectors[chosen], sources=self.sources[chosen], speakers=self.speakers[chosen]
        )


def figures_of_lines() -> tuple[str, ...]:
    """The measures that lines are told by: frame grids and a voice's excitation tell coders, and add nothing
    here but dimensions to be learnt; the excitation of pauses does."""
    noise = [name for name in names() if name.startswith("noise_")]
    pausing = (*pauses.names(), *excitation.quiet_names())
    return (*colour.names(), *codes.names(), *noise, *code_comb.names(), *pausing)


def read_sources(
    folders: Sequence[Path], *, split: Split, seed: int = 1, seconds: float | None = None
) -> SourceRows:
    """The calls of one side of corpora, cut to so many seconds; sources of two corpora are never the same.

    Raises AudioError for folders without a corpus, or without a call of that side.
    """
    vectors, sources, speakers = [], [], []
    for folder in folders:
        for call, recording in heard_of(folder, split=split, seed=seed, seconds=seconds):
            if measures := measure(recording):
                vectors.append(measures.vector)
                sources.append(f"{folder}/{call.source}")
                speakers.append(call.speaker)
    if not vectors:
        raise AudioError(f"{', '.join(map(str, folders))}: no call of the {split} split")
    return SourceRows(vectors=np.stack(vectors), sources=np.array(sources), speakers=np.array(speakers))


def fit_warp(figures: Vector) -> Warp:
    """What makes each figure of calls [shape=(n, n_figures)] Gaussian; values that tie share a height."""
    shares = np.linspace(0, 1, N_KNOTS)
    heights = norm.ppf(np.clip(shares, FARTHEST, 1 - FARTHEST))
    knots = np.quantile(figures.astype(np.float64), shares, axis=0).T.astype(np.float32)
    tied = np.empty(knots.shape, dtype=np.float32)
    for row, own in zip(tied, knots, strict=True):
        _, place, counts = np.unique(own, return_inverse=True, return_counts=True)
        row[:] = (np.bincount(place, heights) / counts)[place]
    return Warp(knots=knots, heights=tied)


def learn_space(rows: SourceRows, *, learnt_from: str = "") -> LineSpace:
    """The space of lines, with its calibration. Raises AudioError for too few sources of several calls."""
    slope, offset = calibrate(rows)
    space = _fit(rows)
    card = msgspec.structs.replace(space.card, slope=slope, offset=offset, learnt_from=learnt_from)
    return LineSpace(card, space.warp, space.maps)


def _fit(rows: SourceRows) -> LineSpace:
    figures = figures_of_lines()
    places = {name: place for place, name in enumerate(names())}
    chosen = rows.vectors[:, [places[name] for name in figures]]
    warp = fit_warp(chosen)
    maps = fit_space(warp.bend(chosen), rows.sources, dimensions=DIMENSIONS, shrinkage=SHRINKAGE)
    if maps is None:
        raise AudioError(f"fewer than {MIN_LINES} sources with two calls: no space of lines is learnt")
    return LineSpace(SpaceCard(version=VERSION, figures=figures), warp, maps)


def calibrate(rows: SourceRows) -> tuple[float, float]:
    """Slope and offset of scores, from trials with sources and speakers that were held out; (1, 0) of a
    corpus too small for it."""
    trials = list(_trials(rows))
    true, false = (
        np.concatenate([one[kind] for one in trials]) if trials else np.zeros(0) for kind in (0, 1)
    )
    return fit_calibration(true, false) if min(len(true), len(false)) >= FEWEST else (1.0, 0.0)


def _trials(rows: SourceRows) -> Iterator[tuple[Floats, Floats]]:
    """For each speaker, log ratios of his calls to lines of one call by others: their own, and foreign."""
    speakers, numbers = np.unique(rows.speakers), np.unique(rows.sources, return_inverse=True)[1]
    for fold, speaker in enumerate(speakers):
        held, his = numbers % len(speakers) == fold, rows.speakers == speaker
        enrolled, asked = np.flatnonzero(held & ~his), np.flatnonzero(held & his)
        kept = rows.of(~held & ~his)
        if len(enrolled) and len(asked) and len(np.unique(kept.sources)) > MIN_LINES:
            space = _fit(kept)
            ratios = pair_ratios(space.maps, space.embed(rows.vectors), asked, enrolled)
            same = rows.sources[asked][:, np.newaxis] == rows.sources[enrolled]
            yield ratios[same], ratios[~same]


def pair_ratios(maps: Maps, places: Floats, asked: NDArray[np.intp], enrolled: NDArray[np.intp]) -> Floats:
    """Log ratio of each call asked about to the line of each enrolled one [shape=(n_asked, n_enrolled)]."""
    lines = KnownLines(maps, places[enrolled].astype(np.float32), np.ones(len(enrolled), np.int32))
    return log_ratios(lines, places[asked])


def fit_calibration(true: Floats, false: Floats, prior: float = PRIOR) -> tuple[float, float]:
    """Slope and offset that make log ratios of trials those of likelihoods, by logistic regression in which
    true trials have the weight `prior` (Brümmer and du Preez 2006, Application-independent evaluation)."""
    odds = np.log(prior / (1 - prior))

    def cost(parameters: Floats) -> float:
        slope, offset = parameters
        missed = np.logaddexp(0, -(slope * true + offset + odds)).mean()
        taken = np.logaddexp(0, slope * false + offset + odds).mean()
        return float(prior * missed + (1 - prior) * taken)

    found = minimize(cost, np.array([0.2, 0.0]), method="Nelder-Mead")
    return float(found.x[0]), float(found.x[1])
