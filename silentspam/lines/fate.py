"""What became of a call, as far as it teaches: who it was, and whether asking was a mistake."""

import enum
from dataclasses import dataclass
from typing import ClassVar

from silentspam.lines.bursts import Opening


class Outcome(enum.StrEnum):
    """What a call's fate says of its line.

    SILENT: challenged, and no key was pressed. PERSON: passed a challenge. SPOKE: speech was heard after the
    opening. PRESSED: challenged, and pressed wrong keys: most likely a person, but a machine could. UNKNOWN:
    nothing of these.
    """

    SILENT = "SILENT"
    PERSON = "PERSON"
    SPOKE = "SPOKE"
    PRESSED = "PRESSED"
    UNKNOWN = "UNKNOWN"


PEOPLE = frozenset({Outcome.PERSON, Outcome.SPOKE})
COSTLY = PEOPLE | {Outcome.PRESSED}
"""Outcomes of a challenge that the budget pays for."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Fate:
    """What became of a call.

    challenged: whether the caller was asked; counted: whether it belongs to the budget (mode enforce);
    before: what was learnt of the same call already, None when nothing was; weight: how many calls it stands
    for, where all but a share of its like were rejected unasked.
    """

    outcome: Outcome
    challenged: bool
    counted: bool = True
    before: Outcome | None = None
    weight: float = 1.0

    @property
    def is_callers(self) -> bool:
        """Whether it brings credit: once for each caller who is not known as SPAM."""
        was_wrong = self.before is Outcome.SILENT and self.outcome in PEOPLE
        return self.counted and ((self.before is None and self.outcome is not Outcome.SILENT) or was_wrong)

    @property
    def is_mistake(self) -> bool:
        """Whether it costs credit: a person was challenged."""
        new = self.outcome in COSTLY and self.before not in COSTLY
        return self.counted and self.challenged and new


@dataclass(frozen=True, kw_only=True, eq=False)
class Lesson(Fate):
    """A call to learn from. line_id: of which line it was taken for, or found to be."""

    opening: Opening
    line_id: str | None = None
    kind: ClassVar[None] = None

    @property
    def call_id(self) -> str:
        """Of the call whose opening it was."""
        return self.opening.call_id


@dataclass(frozen=True, kw_only=True, eq=False)
class KindLesson(Fate):
    """A call of another kind than dead air: it teaches of no line, and its mistake is paid by its own budget.

    number: hashed, None for a caller without one; at in seconds since the epoch.
    """

    kind: str
    call_id: str
    number: int | None
    at: float
