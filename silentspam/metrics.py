"""Counters, gauges and histograms, their sum over several processes, and Prometheus's text format.

A process counts in a Registry of its own; `Registry.state` is plain JSON, so that a supervisor can add up
what its workers counted, those that are gone included. Source of the format: prometheus.io, "Exposition
formats" 0.0.4: HELP escapes backslash and line feed, a label's value the quote too; every sample of a metric
follows its HELP and TYPE; a histogram's buckets are cumulative and end with +Inf; the last line ends in
a line feed.
"""

import math
import threading
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Labels = Mapping[str, str]

State = dict[str, dict[str, list[float]]]
"""Metric → labels as text → values: one number, or the counts of a histogram's buckets and the sum."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the buckets of latencies [s]."""


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """A metric that goes up and down: its name, what it says, and the samples by their labels."""

    name: str
    help: str
    samples: tuple[tuple[Labels, float], ...]


def gauge(name: str, about: str, value: float | None, labels: Labels | None = None) -> Gauge:
    """A gauge of one sample; of none, where there is no value."""
    return Gauge(name=name, help=about, samples=() if value is None else ((labels or {}, value),))


@dataclass(frozen=True)
class Metric:
    """What is counted: kind is counter, gauge or histogram (of seconds); labels are their names."""

    name: str
    kind: str
    help: str
    labels: tuple[str, ...] = ()


@dataclass
class Registry:
    """One process's counts; safe for many threads. A metric that was never counted has no samples."""

    state: State = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, metric: Metric, *values: str, by: float = 1.0) -> None:
        """Count up (a counter, or a gauge of something that comes and goes)."""
        with self._lock:
            cell = self.state.setdefault(metric.name, {}).setdefault(_key(values), [0.0])
            cell[0] += by

    def put(self, metric: Metric, *values: str, at: float) -> None:
        """Set a gauge."""
        with self._lock:
            self.state.setdefault(metric.name, {})[_key(values)] = [at]

    def observe(self, metric: Metric, *values: str, seconds: float) -> None:
        """Add a duration to a histogram."""
        with self._lock:
            cells = self.state.setdefault(metric.name, {})
            cell = cells.setdefault(_key(values), [0.0] * (len(SECONDS) + 2))
            cell[bisect_left(SECONDS, seconds)] += 1
            cell[-1] += seconds

    def copy(self) -> State:
        """The counts as they are now."""
        with self._lock:
            return {
                name: {key: list(cell) for key, cell in cells.items()} for name, cells in self.state.items()
            }


def added(states: Iterable[State]) -> State:
    """The sum of several processes' counts."""
    total: State = {}
    for state in states:
        for name, cells in state.items():
            mine = total.setdefault(name, {})
            for key, cell in cells.items():
                known = mine.get(key)
                mine[key] = list(cell) if known is None else [a + b for a, b in zip(known, cell, strict=True)]
    return total


def of_kind(state: State, metrics: Sequence[Metric], *kinds: str) -> State:
    """The part of a state that is of these kinds: what is left of a process that is gone has no gauges."""
    wanted = {metric.name for metric in metrics if metric.kind in kinds}
    return {name: cells for name, cells in state.items() if name in wanted}


def told(state: State, metrics: Sequence[Metric]) -> str:
    """The metrics as text, in their order; every one has its HELP and TYPE, counted or not."""
    lines: list[str] = []
    for metric in metrics:
        lines += _head(metric.name, metric.help, metric.kind)
        for key, cell in sorted(state.get(metric.name, {}).items()):
            labels = dict(zip(metric.labels, _values(key), strict=False))
            lines += (
                _histogram(metric.name, labels, cell)
                if metric.kind == "histogram"
                else [f"{metric.name}{_labels(labels)} {_number(cell[0])}"]
            )
    return "".join(f"{line}\n" for line in lines)


def exposition(gauges: Iterable[Gauge]) -> str:
    """Gauges as text."""
    lines: list[str] = []
    for one in gauges:
        lines += _head(one.name, one.help, "gauge")
        lines += [f"{one.name}{_labels(labels)} {_number(value)}" for labels, value in one.samples]
    return "".join(f"{line}\n" for line in lines)


def _histogram(name: str, labels: Labels, cell: Sequence[float]) -> list[str]:
    *counts, total = cell
    lines, below = [], 0.0
    for bound, count in zip((*SECONDS, math.inf), counts, strict=True):
        below += count
        lines.append(f"{name}_bucket{_labels({**labels, 'le': _number(bound)})} {_number(below)}")
    return [
        *lines,
        f"{name}_sum{_labels(labels)} {_number(total)}",
        f"{name}_count{_labels(labels)} {_number(below)}",
    ]


def _head(name: str, about: str, kind: str) -> list[str]:
    return [f"# HELP {name} {_escaped(about)}", f"# TYPE {name} {kind}"]


_BETWEEN = "\x1f"


def _key(values: Sequence[str]) -> str:
    return _BETWEEN.join(values)


def _values(key: str) -> list[str]:
    return key.split(_BETWEEN) if key else []


def _labels(labels: Labels) -> str:
    pairs = (f'{name}="{_escaped(value, quote=True)}"' for name, value in labels.items())
    return f"{{{','.join(pairs)}}}" if labels else ""


def _escaped(text: str, *, quote: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quote else text


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(float(value))
