"""What a line's two-second openings tell beside the fingerprints of its whole calls: each alone, and both.

Line memory (`lines`) knows a line by the two seconds before anybody speaks, provenance by the call after it.
The corpora of `paths simulate` begin with speech, so an opening is drawn for each of their calls: the same
telephone, room and path, and nobody speaking. Pairs of calls of the test split are scored by both; both
together are their sum with the weights that logistic regression gives them on the sources that are not
counted (Brümmer and others 2007, fusion of heterogeneous systems).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from silentspam import resources
from silentspam.audio import Recording
from silentspam.errors import AudioError
from silentspam.lines.ground import unpack
from silentspam.lines.known import KnownLines
from silentspam.model import load_model
from silentspam.provenance.line_space import LineSpace
from silentspam.training.path_corpus import read_path_corpus, simulator_of
from silentspam.training.source_study import RECOGNISED
from silentspam.training.source_training import Floats, pair_ratios, read_sources
from silentspam.training.sources import Split

OPENING_SECONDS = 2.0
DRAWS = 50
WAYS = ("opening", "call", "both")

Truth = NDArray[np.bool_]


def study(folder: Path, space: LineSpace, *, seconds: float) -> dict[str, Any]:
    """What openings, calls of so many seconds, and both tell of the lines of a corpus's test split.

    Raises AudioError for fewer than four of its sources, or a call too short to be measured.
    """
    calls = [call for call in read_path_corpus(folder) if call.split is Split.TEST]
    rows = read_sources([folder], split=Split.TEST, seconds=seconds)
    if len(rows.sources) != len(calls) or len(set(rows.sources)) < 4:
        raise AudioError(f"{folder}: {len(rows.sources)} of {len(calls)} calls of the test split are of use")
    everyone = np.arange(len(calls))
    of_calls = pair_ratios(space.maps, space.embed(rows.vectors), everyone, everyone)
    of_openings, told = opening_ratios(folder, [call.recording for call in calls])
    scores = {"opening": of_openings, "call": of_calls}
    return {"calls": len(calls), "openings with sound": told} | count(scores, rows.sources)


def opening_ratios(folder: Path, recordings: list[str]) -> tuple[Floats, int]:
    """Line memory's log ratio of each call's opening to that of each other [shape=(n, n)]; and how many
    openings it could place: of the others, digital silence, the ratio is 0."""
    simulator, model = simulator_of(folder), load_model(resources.shipped_model())
    if model.ground is None:
        raise AudioError("the shipped model has no line memory: openings are not compared")
    maps = model.ground.space
    places = np.full((len(recordings), len(maps.origin)), np.nan)
    for at, name in enumerate(recordings):
        index, number = Path(name).stem.split("-")
        codes = simulator.opening(int(index), int(number), OPENING_SECONDS)
        if packed := model.judge(Recording(codes)).embedding:
            places[at] = unpack(packed, len(maps.origin))
    heard = ~np.isnan(places[:, 0])
    ratios = np.zeros((len(recordings), len(recordings)))
    if heard.any():
        lines = KnownLines(maps, places[heard].astype(np.float32), np.ones(heard.sum(), np.int32))
        ratios[np.ix_(heard, heard)] = lines.log_ratios(places[heard])
    return ratios, int(heard.sum())


def count(scores: Mapping[str, Floats], sources: NDArray[np.str_]) -> dict[str, Any]:
    """Of each way, the sources split in halves: lines identified by one call each, and foreign pairs that
    reach what 95 % of the true ones do."""
    names, number = np.unique(sources, return_inverse=True)
    halves = [np.flatnonzero(number % 2 == half) for half in range(2)]
    found: dict[str, Any] = {way: {"identified": 0, "asked": 0, "foreign": 0, "pairs": 0} for way in WAYS}
    for learnt, counted in (halves, halves[::-1]):
        weights = fused(*(_pairs(scores[way], number, learnt) for way in ("opening", "call")))
        own = {way: scores[way][np.ix_(counted, counted)] for way in scores}
        own["both"] = weights[0] * own["opening"] + weights[1] * own["call"]
        for way, table in own.items():
            for name, value in _counted(table, number[counted]).items():
                found[way][name] += value
    return {"sources": len(names)} | found


def _pairs(table: Floats, number: NDArray[np.intp], chosen: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Scores of the pairs of one line, and of two lines."""
    same, other = _truth(number[chosen])
    part = table[np.ix_(chosen, chosen)]
    return part[same], part[other]


def _truth(number: NDArray[np.intp]) -> tuple[Truth, Truth]:
    same = number[:, np.newaxis] == number
    return same & ~np.eye(len(number), dtype=bool), ~same


def fused(*pairs: tuple[Floats, Floats]) -> Floats:
    """The weight of each way [shape=(n_ways,)], by logistic regression on true and foreign pairs."""
    true, foreign = (np.stack([one[kind] for one in pairs], axis=1) for kind in (0, 1))
    scale = np.concatenate([true, foreign]).std(axis=0) + 1e-9

    def cost(weights: Floats) -> float:
        missed = np.logaddexp(0, -(true / scale @ weights[1:] + weights[0])).mean()
        return float(missed + np.logaddexp(0, foreign / scale @ weights[1:] + weights[0]).mean())

    found = minimize(cost, np.full(len(pairs) + 1, 0.5), method="L-BFGS-B")
    return np.asarray(found.x[1:] / scale)


def _counted(table: Floats, number: NDArray[np.intp]) -> dict[str, int]:
    same, other = _truth(number)
    least = np.quantile(table[same], 1 - RECOGNISED)
    right = asked = 0
    rng = np.random.default_rng(1)
    for _ in range(DRAWS):
        order = rng.permutation(len(number))
        enrolled = order[np.unique(number[order], return_index=True)[1]]
        rest = np.setdiff1d(order, enrolled)
        best = number[enrolled][table[np.ix_(rest, enrolled)].argmax(axis=1)]
        right, asked = right + int((best == number[rest]).sum()), asked + len(rest)
    return {
        "identified": right,
        "asked": asked,
        "foreign": int((table[other] >= least).sum()),
        "pairs": int(other.sum()),
    }


def lines_of(counted: dict[str, Any]) -> Iterator[str]:
    """The counts in lines of text."""
    yield (
        f"{counted['calls']} calls of {counted['sources']} sources, in halves; "
        f"{counted['openings with sound']} openings of {OPENING_SECONDS:g} s are no digital silence"
    )
    for way in WAYS:
        told = counted[way]
        yield (
            f"  {way:<8} identified {told['identified'] / max(told['asked'], 1):7.2%}  "
            f"{told['identified']:>6} of {told['asked']:<6}  foreign pairs at 95 % of true ones "
            f"{told['foreign'] / max(told['pairs'], 1):8.3%}  {told['foreign']:>6} of {told['pairs']}"
        )
