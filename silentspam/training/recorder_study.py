"""Whether a call is judged alike on both switches: one verdict on its opening beside the other.

Every opening is recorded in the ways of `recorder_ways`; then some packets are lost, the same ones for all.
Differences are those of the model's probability of dead air, whatever the verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from silentspam.audio import Recording, read_ulaw
from silentspam.call import VerdictKind
from silentspam.training import metrics, recorders
from silentspam.training.dataset import OPENING_SECONDS, SILENCE_SPLIT, Labelled, Progress
from silentspam.training.kind_scoring import Judge, label_of
from silentspam.training.recorder_ways import (
    ASTERISK,
    CASES,
    FREESWITCH,
    GAPS_LEFT,
    LATER,
    LOSSY,
    WHOLE,
    Record,
)
from silentspam.training.recorders import Sent, Timing
from silentspam.verdict import UNSUSPECTED, Verdict

Document = dict[str, Any]

LONGEST = 2.5
"""Seconds of what a caller sends that are read: more than any recorder hears."""
TOLERANCE = 0.05
"""Of the probability of dead air, 0…1: two recordings of one call within it are taken for equal."""
BATCH = 64
SILENT = "HAM, partly digital silence"


@dataclass(frozen=True, eq=False)
class Taken:
    """Verdicts in the order of the rows: kinds, probability of dead air (NaN where nothing was judged), and
    share of digital silence [shape=(n,)] each."""

    kinds: metrics.Names
    probabilities: npt.NDArray[np.float64]
    silence: npt.NDArray[np.float64]

    @property
    def suspected(self) -> metrics.Mask:
        """Whether each would be challenged in mode enforce."""
        return ~np.isin(self.kinds, [str(kind) for kind in UNSUSPECTED])

    def where(self, keep: metrics.Mask) -> "Taken":
        """Those for which `keep` [shape=(n,)] is True."""
        return Taken(self.kinds[keep], self.probabilities[keep], self.silence[keep])


def study_verdicts(
    rows: Sequence[Labelled], judge: Judge, *, seed: int, each: int = 4, progress: Progress | None = None
) -> Document:
    """How alike verdicts are, by class: with every packet, and, of one opening in `each`, by what is lost.

    Raises AudioError where a recording cannot be read.
    """
    whole = _judged(rows, WHOLE, judge, seed=seed, progress=progress)
    fewer = rows[::each]
    losses = []
    for case in CASES:
        lossy = _judged(fewer, LOSSY, judge, seed=seed, case=case, progress=progress)
        compared = [_compared(fewer, lossy, LATER, name) for name in (FREESWITCH, GAPS_LEFT)]
        losses.append({"case": case, "compared": compared})
    pairs = ((LATER, FREESWITCH), (ASTERISK, LATER), (ASTERISK, FREESWITCH))
    return {
        "tolerance": TOLERANCE,
        "whole": [_compared(rows, whole, *pair) for pair in pairs],
        "losses": losses,
    }


def sent_of(row: Labelled, number: int, *, seed: int, case: str = "") -> tuple[Sent, Timing]:
    """What the caller of a row sends, and how it is recorded: by the seed and the row's number alone.

    Raises AudioError where the recording cannot be read.
    """
    codes = read_ulaw(row.path, max_seconds=LONGEST).codes
    sent, rng = recorders.all_arrived(codes), np.random.default_rng([seed, number])
    timing = recorders.draw_timing(rng)
    if case:
        sent = Sent(codes, CASES[case](len(sent.arrived), rng))
    return sent, timing


def judged_of(record: Record, call: tuple[Sent, Timing]) -> Recording:
    """What a call is judged by that was recorded so: its first two seconds."""
    return Recording(record(*call)).opening(OPENING_SECONDS)


def _judged(
    rows: Sequence[Labelled],
    ways: Mapping[str, Record],
    judge: Judge,
    *,
    seed: int,
    case: str = "",
    progress: Progress | None = None,
) -> dict[str, Taken]:
    verdicts: dict[str, list[Verdict]] = {name: [] for name in ways}
    starts = range(0, len(rows), BATCH)
    for start in progress(starts, len(starts)) if progress else starts:
        numbered = list(enumerate(rows))[start : start + BATCH]
        calls = [sent_of(row, number, seed=seed, case=case) for number, row in numbered]
        for name, record in ways.items():
            verdicts[name] += judge([judged_of(record, call) for call in calls])
    return {name: _taken(found) for name, found in verdicts.items()}


def _taken(verdicts: Sequence[Verdict]) -> Taken:
    dead_air = VerdictKind.CALLER_SILENCE.value
    probabilities = [dict(verdict.kind_probabilities).get(dead_air, np.nan) for verdict in verdicts]
    return Taken(
        np.array([str(verdict.kind) for verdict in verdicts], dtype=str),
        np.array(probabilities, dtype=float),
        np.array([verdict.digital_silence_share for verdict in verdicts], dtype=float),
    )


def class_of(row: Labelled) -> str:
    """The class that an opening is counted in."""
    return SILENT if row.split == SILENCE_SPLIT else label_of(row)


def _compared(rows: Sequence[Labelled], found: Mapping[str, Taken], reference: str, name: str) -> Document:
    """One way of recording beside another, by class and over all of them."""
    classes = np.array([class_of(row) for row in rows], dtype=str)
    groups = np.array([row.group for row in rows], dtype=str)
    masks = {str(one): classes == one for one in np.unique(classes)}
    masks["all"] = np.ones(len(rows), dtype=bool)
    return {
        "reference": reference,
        "recorded": name,
        "classes": {
            one: _figures(found[reference].where(mask), found[name].where(mask), groups[mask])
            for one, mask in masks.items()
        },
    }


def _figures(reference: Taken, other: Taken, groups: metrics.Names) -> Document:
    """How alike two verdicts on each call are; of probabilities, where both were judged."""
    moved = np.abs(other.probabilities - reference.probabilities)
    both, changed = ~np.isnan(moved), reference.kinds != other.kinds
    return {
        "n": len(groups),
        "same_kind": asdict(metrics.share(~changed, groups)),
        "same_challenge": asdict(metrics.share(reference.suspected == other.suspected, groups)),
        "suspected": [int(reference.suspected.sum()), int(other.suspected.sum())],
        "only": [
            int((reference.suspected & ~other.suspected).sum()),
            int((other.suspected & ~reference.suspected).sum()),
        ],
        "inconclusive": [
            int((taken.kinds == VerdictKind.INCONCLUSIVE.value).sum()) for taken in (reference, other)
        ],
        "changed_beyond": int((changed & ~(moved <= TOLERANCE)).sum()),
        "within": asdict(metrics.share(moved[both] <= TOLERANCE, groups[both])),
        "moved": spread_of(moved[both]),
        "silence_moved": spread_of(np.abs(other.silence - reference.silence)),
        "pairs": _pairs(reference.kinds, other.kinds),
    }


def spread_of(values: npt.NDArray[np.float64]) -> Document | None:
    """Median, 99 % and the largest of some values; None of none."""
    if not len(values):
        return None
    median, most = np.percentile(values, [50, 99])
    return {"median": float(median), "p99": float(most), "max": float(values.max())}


def _pairs(reference: metrics.Names, other: metrics.Names) -> Document:
    """How often one verdict became another, by "FROM > TO"."""
    changed = [f"{one} > {two}" for one, two in zip(reference, other, strict=True) if one != two]
    return {pair: changed.count(pair) for pair in sorted(set(changed))}
