"""The settings of line memory, without numpy: the configuration makes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class MemorySettings:
    """rate: max_false_challenge_rate; kind_rates: of each kind with a budget of its own, by its name.

    Bounds of what is kept; calls that make a burst; share of calls asked by lot on a line suspended for one
    person.
    """

    rate: float = 0.005
    kind_rates: Mapping[str, float] = field(default_factory=dict)
    max_lines: int = 1000
    expire_seconds: float = 7 * 86400.0
    window_seconds: float = 3600.0
    window_calls: int = 1000
    burst_calls: int = 3
    trust_seconds: float = 86400.0
    suspended_share: float = 0.2
