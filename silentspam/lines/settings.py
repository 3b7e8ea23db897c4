"""The settings of line memory, without numpy: the configuration makes them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class MemorySettings:
    """rate: max_false_challenge_rate; bounds of what is kept; calls that make a burst; share of calls asked
    by lot on a line suspended for one person."""

    rate: float = 0.005
    max_lines: int = 1000
    expire_seconds: float = 7 * 86400.0
    window_seconds: float = 3600.0
    window_calls: int = 1000
    burst_calls: int = 3
    trust_seconds: float = 86400.0
    suspended_share: float = 0.2
