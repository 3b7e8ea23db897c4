"""What became of one call of the lab, and whether the machine may be why."""

from collections.abc import Sequence
from dataclasses import dataclass

from lab.scenarios import Row, Scenario
from lab.worker import Observation

BUSY_SECONDS = 0.1
"""A machine that was so late during a call, five frames, may have spoilt it."""

Story = tuple[Scenario, ...]
"""The calls of one installation: those of a sequence, or a single one."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one call: `skipped` is a reason, `faults` is empty where all went right."""

    scenario: Scenario
    row: Row | None = None
    told: Row | None = None
    """Where it came from, if that was to be told."""
    observation: Observation | None = None
    faults: tuple[str, ...] = ()
    skipped: str = ""
    placed_again: str = ""
    """Why the call was placed a second time, if it was; all else here is of that one."""

    @property
    def passed(self) -> bool:
        """Whether everything was as the table says."""
        return not self.faults and not self.skipped

    @property
    def late_seconds(self) -> float:
        """How late the machine was at worst during the call."""
        return self.observation.late_seconds if self.observation else 0.0

    @property
    def spoilt(self) -> bool:
        """Whether it failed, and the machine may be why."""
        return bool(self.faults) and self.late_seconds >= BUSY_SECONDS


def is_spoilt(outcomes: Sequence[Outcome]) -> bool:
    """Whether a call of a story failed while the machine was late."""
    return any(outcome.spoilt for outcome in outcomes)


def why_again(first: Outcome) -> str:
    """Why a story is told again, said of the call that failed."""
    if not first.spoilt:
        return ""
    return f"the machine was busy, {1000 * first.late_seconds:.0f} ms late ({'; '.join(first.faults)})"
