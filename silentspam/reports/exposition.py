"""The Prometheus text exposition format, version 0.0.4, for node_exporter's textfile collector.

Source: prometheus.io, "Exposition formats": HELP escapes backslash and line feed, a label's value the quote
too; every sample of a metric follows its HELP and TYPE; the last line ends in a line feed.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Labels = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """A metric that goes up and down: its name, what it says, and the samples by their labels."""

    name: str
    help: str
    samples: tuple[tuple[Labels, float], ...]


def gauge(name: str, about: str, value: float | None, labels: Labels | None = None) -> Gauge:
    """A gauge of one sample; of none, where there is no value."""
    return Gauge(name=name, help=about, samples=() if value is None else ((labels or {}, value),))


def exposition(gauges: Iterable[Gauge]) -> str:
    """The gauges as text."""
    lines = []
    for one in gauges:
        lines.append(f"# HELP {one.name} {_escaped(one.help)}")
        lines.append(f"# TYPE {one.name} gauge")
        lines += [f"{one.name}{_labels(labels)} {_value(value)}" for labels, value in one.samples]
    return "".join(f"{line}\n" for line in lines)


def _labels(labels: Labels) -> str:
    pairs = (f'{name}="{_escaped(value, quote=True)}"' for name, value in labels.items())
    return f"{{{','.join(pairs)}}}" if labels else ""


def _escaped(text: str, *, quote: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quote else text


def _value(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(float(value))
