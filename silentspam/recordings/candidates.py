"""When what was found becomes a candidate, and when that counts without an operator: judgement alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from silentspam.recordings.window import Echo, Heard

CANDIDATES_KEPT = 500
"""Candidates that nobody has decided on, the newest: what makes more of them is an attack on this memory."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The calls that play a recording. failed: challenges; people: who passed, or spoke after the opening."""

    calls: int = 0
    numbers: int = 0
    failed: int = 0
    people: int = 0


@dataclass(frozen=True, kw_only=True)
class AcceptanceRule:
    """failed_challenges: how many confirm a candidate; 0: only an operator does."""

    failed_challenges: int = 3

    def accepts(self, tally: Tally) -> bool:
        """Whether a candidate counts as SPAM by what became of its calls.

        A single person among its callers leaves it to an operator: it may be a company's hold music.
        """
        wanted = self.failed_challenges
        return bool(wanted) and tally.failed >= wanted and tally.numbers >= 2 and not tally.people


def is_candidate(heard: Heard, echoes: Sequence[Echo], *, numbers: int) -> bool:
    """Whether an opening and its echoes came under so many different numbers."""
    return len({heard.number, *(echo.number for echo in echoes)}) >= numbers
