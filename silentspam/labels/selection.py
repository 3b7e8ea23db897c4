"""How the labels were selected, and what share of all calls is SPAM when that is taken into account.

Suspects are always challenged, the rest by a small chance: labelled calls are no picture of all calls. Each
labelled call of a challenge probability stands for all calls that had it: inverse probability weighting
(Horvitz & Thompson 1952), with the weight that came to be, calls per labelled call, in place of the one that
was meant, as some challenged calls get no label. Suspects of each kind are a stratum of their own: some of
them speak, press or leave more than others, and get a label more seldom. Only challenged calls count: how
others were chosen for a label, nobody knows, and who was rejected unasked stands for nobody. The interval
combines each stratum's Wilson interval by the method of variance estimates recovery (Zou & Donner 2008): it
is no point when a stratum holds one kind of label only.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from silentspam.calllog import asked
from silentspam.calllog.labels import Answer, LabelledCall
from silentspam.kinds.table import kind_named
from silentspam.training.operating_point import Rate

COLUMNS = ("call_id", "challenge_probability", "mode", "verdict", *asked.COLUMNS)

NOT_CHALLENGED = "none"


@dataclass
class Stratum:
    """The calls of one challenge probability, and of one kind of suspects: how many, how many challenged, how
    many of those labelled."""

    probability: float
    kind: str = ""
    """The name of the kind they were suspected of; "" for calls that nobody suspected."""
    calls: int = 0
    challenged: int = 0
    spam: int = 0
    ham: int = 0

    @property
    def labelled(self) -> int:
        """Challenged calls with an answer."""
        return self.spam + self.ham

    @property
    def weight(self) -> float | None:
        """How many calls each labelled one stands for."""
        return self.calls / self.labelled if self.labelled else None


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The share of SPAM among `calls`, with its 95 % interval; without labels it is unknown."""

    calls: int
    share: float
    low: float
    high: float


@dataclass
class Selection:
    """What was counted. by_source, by_cause: (source or cause, answer) → calls, by the label that counts."""

    by_source: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_cause: Counter[tuple[str, str]] = field(default_factory=Counter)
    contradictions: list[str] = field(default_factory=list)
    strata: dict[tuple[float, str], Stratum] = field(default_factory=dict)
    outside: int = 0
    """Calls that could not be challenged, or whose chance is not known: nothing is said of them."""
    unasked: int = 0
    """Of these, calls that were rejected unasked."""

    @property
    def estimate(self) -> Estimate | None:
        """The weighted share of SPAM among the calls of every stratum that has labels."""
        return estimate(self.strata.values())

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The weighted share if all challenged calls without an answer were ham, and if all were SPAM."""
        tried = [stratum for stratum in self.strata.values() if stratum.challenged]
        calls = sum(stratum.calls for stratum in tried)
        if not calls:
            return None
        low = sum(s.calls * s.spam / s.challenged for s in tried) / calls
        high = sum(s.calls * (s.challenged - s.ham) / s.challenged for s in tried) / calls
        return low, high

    @property
    def uncovered(self) -> int:
        """Calls that could have been challenged, of whose stratum no call is labelled."""
        return sum(stratum.calls for stratum in self.strata.values() if not stratum.labelled)


def select(calls: Iterable[LabelledCall]) -> Selection:
    """Count every call; `calls` have `COLUMNS`."""
    selection = Selection()
    strata: dict[tuple[float, str], Stratum] = {}
    for call in calls:
        _count_labels(call, selection)
        probability, unasked = call.row["challenge_probability"], asked.rejected_unasked(call.row)
        if not probability or unasked:
            selection.outside += 1
            selection.unasked += unasked
            continue
        kind = kind_named(call.row["verdict"])
        key = float(probability), kind.name if kind else ""
        _count(call, strata.setdefault(key, Stratum(*key)))
    selection.strata = dict(sorted(strata.items()))
    return selection


def _count_labels(call: LabelledCall, selection: Selection) -> None:
    if call.label is None:
        return
    cause = asked.cause_asked_for(call.row) or NOT_CHALLENGED
    selection.by_source[call.label.source, call.label.label] += 1
    selection.by_cause[cause, call.label.label] += 1
    if call.contradictory:
        selection.contradictions.append(str(call.row["call_id"]))


def _count(call: LabelledCall, stratum: Stratum) -> None:
    stratum.calls += 1
    if asked.cause_asked_for(call.row) is None:
        return
    stratum.challenged += 1
    if call.label is not None:
        stratum.spam += call.label.label is Answer.SPAM
        stratum.ham += call.label.label is Answer.HAM


def estimate(strata: Iterable[Stratum]) -> Estimate | None:
    """The weighted share over the strata with labels; None without one."""
    covered = [stratum for stratum in strata if stratum.labelled]
    calls = sum(stratum.calls for stratum in covered)
    if not calls:
        return None
    share = below = above = 0.0
    for stratum in covered:
        part, rate = stratum.calls / calls, Rate(hits=stratum.spam, n=stratum.labelled)
        low, high = rate.interval
        share += part * rate.value
        below += (part * (rate.value - low)) ** 2
        above += (part * (high - rate.value)) ** 2
    return Estimate(
        calls=calls, share=share, low=max(0.0, share - below**0.5), high=min(1.0, share + above**0.5)
    )
