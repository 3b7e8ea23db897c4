"""Drift: how far recent calls have moved from the training data, and the alarms on it.

Calls are compared with training within their verdict: unsuspected calls with its people, suspects with its
SPAM. So a rise of SPAM alone is no drift, while SPAM that is missed changes the unsuspected, and an attack of
a new kind the suspects. For each quantity: the population stability index (Siddiqi, Credit Risk Scorecards,
2006) less what chance alone gives it, and the two-sample Kolmogorov-Smirnov statistic over the bins (Massey
1951), its p-values corrected for the number of features (Benjamini and Hochberg 1995).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from silentspam.reports.reference import Counts, DriftError, Reference, Vectors

Floats = npt.NDArray[np.float64]

MIN_UNSUSPECTED = 50
"""Unsuspected calls below which nothing is said."""

MIN_SUSPECTS = 20
FALSE_DISCOVERY_RATE = 0.05

LEVEL = "_dbfs"
"""What the names of level features hold."""

SCORES, LEVELS, FEATURES, ONE_FEATURE, SUSPECTS, ANY = (
    "scores",
    "levels",
    "features together",
    "one feature",
    "suspects",
    "any of these",
)
ALARMS = {
    SCORES: "PSI of the scores of unsuspected calls",
    LEVELS: "largest KS among the level features of unsuspected calls",
    FEATURES: "mean PSI of the features of unsuspected calls",
    ONE_FEATURE: "largest KS among the features of unsuspected calls",
    SUSPECTS: "mean PSI of the features of suspects",
    ANY: "the largest of the above, each over its own limit",
}
"""Calibrated alarm → its statistic."""

TEXTBOOK = {
    "PSI above 0.25": "largest PSI among the features, by the rule of thumb of credit scoring",
    "KS, corrected": "features that differ at a false discovery rate of 5 %, as if calls were independent",
}
"""Alarms by the book: uncalibrated, for comparison only."""
TEXTBOOK_LIMITS = {"PSI above 0.25": 0.25, "KS, corrected": 0.0}


@dataclass(frozen=True, kw_only=True)
class Moved:
    """One quantity among the unsuspected: psi, less chance; ks 0…1; p_value, corrected for their number."""

    name: str
    psi: float
    ks: float
    p_value: float

    @property
    def rejected(self) -> bool:
        """Whether it differs at FALSE_DISCOVERY_RATE, as if calls were independent of one another."""
        return self.p_value <= FALSE_DISCOVERY_RATE


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """An alarm: its statistic (NaN with too few calls), the limit above which it fires, None uncalibrated."""

    name: str
    statistic: float
    limit: float | None

    @property
    def fires(self) -> bool:
        """Whether it fires; what has no limit never does."""
        return self.limit is not None and self.statistic > self.limit


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Recent calls beside the training data.

    window: the size [calls] whose limits were used, None without any; features: the most moved first;
    score_expected, score_recent: share of unsuspected calls in each bin of the score; edges of these.
    """

    calls: int
    unsuspected: int
    suspects: int
    window: int | None
    alarms: tuple[Alarm, ...]
    features: tuple[Moved, ...]
    score: Moved
    score_edges: tuple[float, ...]
    score_expected: tuple[float, ...]
    score_recent: tuple[float, ...]


def drift(reference: Reference, vectors: Vectors, probabilities: Floats) -> Drift:
    """How far recent calls have moved from the reference.

    Parameters: vectors [shape=(n, n_features)], probabilities [shape=(n,)] by the model of the reference.
    Raises DriftError for too few unsuspected calls, other features, or values that are not finite.
    """
    codes = reference.codes(vectors, probabilities)
    suspected = probabilities >= reference.threshold
    n_trusted, n_suspects = int((~suspected).sum()), int(suspected.sum())
    if n_trusted < MIN_UNSUSPECTED:
        raise DriftError(f"{n_trusted} unsuspected calls: at least {MIN_UNSUSPECTED} are needed")
    recent = reference.counts(codes[~suspected])
    moved = _moved(reference, recent)
    window = window_for(reference, n_trusted, n_suspects)
    limits = reference.limits.get(window, {}) if window else {}
    found = statistics(reference, codes, suspected)
    expected = reference.unsuspected[0] / reference.unsuspected[0].sum()
    return Drift(
        calls=len(codes),
        unsuspected=n_trusted,
        suspects=n_suspects,
        window=window,
        alarms=tuple(alarms(found, limits)),
        features=tuple(sorted(moved[1:], key=lambda feature: -feature.psi)),
        score=moved[0],
        score_edges=tuple(float(edge) for edge in reference.edges[0] if np.isfinite(edge)),
        score_expected=_inner(reference, expected),
        score_recent=_inner(reference, recent[0] / n_trusted),
    )


def window_for(reference: Reference, n_trusted: int, n_suspects: int) -> int | None:
    """The largest calibrated window that is no larger: more calls vary less, so its limits are cautious.

    Four fifths of a window at least were people, so the unsuspected bound it too.
    """
    calls = min(n_trusted + n_suspects, round(1.25 * n_trusted))
    return max((size for size in reference.limits if size <= calls), default=None)


def statistics(
    reference: Reference, codes: npt.NDArray[np.uint8], suspected: npt.NDArray[np.bool_]
) -> dict[str, float]:
    """The statistic of each alarm but ANY, for calls with these `codes`; NaN with too few calls."""
    trusted = reference.counts(codes[~suspected])
    psi, ks = stability_index(reference.unsuspected, trusted), ks_statistic(reference.unsuspected, trusted)
    levels = np.array([LEVEL in name for name in reference.names])
    found = {
        SCORES: float(psi[0]),
        LEVELS: float(ks[levels].max()) if levels.any() else float("nan"),
        FEATURES: float(psi[1:].mean()),
        ONE_FEATURE: float(ks[1:].max()),
        SUSPECTS: float("nan"),
    }
    if suspected.sum() >= MIN_SUSPECTS:
        suspects = reference.counts(codes[suspected])
        found[SUSPECTS] = float(stability_index(reference.suspects, suspects)[1:].mean())
    p_values = corrected(ks_p_value(ks[1:], reference.unsuspected[0].sum(), trusted[0].sum()))
    found["PSI above 0.25"] = float(psi[1:].max())
    found["KS, corrected"] = float((p_values <= FALSE_DISCOVERY_RATE).sum())
    return found


def alarms(found: dict[str, float], limits: dict[str, float]) -> list[Alarm]:
    """The alarms on these statistics; without limits the calibrated ones cannot fire."""
    given = {**found, ANY: worst_ratio(found, limits)}
    calibrated = [Alarm(name=name, statistic=given[name], limit=limits.get(name)) for name in ALARMS]
    book = [Alarm(name=name, statistic=found[name], limit=limit) for name, limit in TEXTBOOK_LIMITS.items()]
    return [*calibrated, *book]


def worst_ratio(found: dict[str, float], limits: dict[str, float]) -> float:
    """The largest of the statistics, each over its limit; NaN without any."""
    ratios = [found[name] / limits[name] for name in ALARMS if name in limits and name in found]
    return max((ratio for ratio in ratios if not np.isnan(ratio)), default=float("nan"))


def stability_index(expected: Counts, recent: Counts) -> Floats:
    """Population stability index of each quantity [shape=(n,)], less what two samples of one spread give.

    Parameters: counts by bin [shape=(n, n_bins)]. An empty bin counts as half a call. Of one spread, the
    index is (bins - 1) (1/n + 1/m) in the mean, to first order (Yurdakul and Naranjo 2020).
    """
    used = (expected + recent) > 0
    share = [(counts + 0.5) * used for counts in (expected, recent)]
    before, now = (part / part.sum(axis=1, keepdims=True) for part in share)
    ratio = np.log(np.where(used, now, 1) / np.where(used, before, 1))
    by_chance = (used.sum(axis=1) - 1) * (1 / expected.sum(axis=1) + 1 / recent.sum(axis=1))
    return np.asarray(((now - before) * ratio).sum(axis=1) - by_chance)


def ks_statistic(expected: Counts, recent: Counts) -> Floats:
    """Largest distance of the cumulative shares at the bins' edges [shape=(n,)]: at most the full KS."""
    before, now = (
        np.cumsum(counts, axis=1) / counts.sum(axis=1, keepdims=True) for counts in (expected, recent)
    )
    return np.asarray(np.abs(before - now).max(axis=1))


def ks_p_value(ks: Floats, n: int, m: int) -> Floats:
    """The asymptotic p-value of KS statistics of samples of n and m: cautious, since bins hide distance."""
    return np.asarray(stats.kstwobign.sf(ks * np.sqrt(n * m / (n + m))))


def corrected(p_values: Floats) -> Floats:
    """p-values adjusted for their number (Benjamini and Hochberg 1995)."""
    return np.asarray(stats.false_discovery_control(p_values))


def _moved(reference: Reference, recent: Counts) -> list[Moved]:
    psi, ks = stability_index(reference.unsuspected, recent), ks_statistic(reference.unsuspected, recent)
    p_values = ks_p_value(ks, reference.unsuspected[0].sum(), recent[0].sum())
    p_values[1:] = corrected(p_values[1:])
    return [
        Moved(name=name, psi=float(psi[k]), ks=float(ks[k]), p_value=float(p_values[k]))
        for k, name in enumerate(reference.names)
    ]


def _inner(reference: Reference, shares: Floats) -> tuple[float, ...]:
    """The shares of the score's bins that its edges make."""
    return tuple(map(float, shares[: int(np.isfinite(reference.edges[0]).sum()) + 1]))
