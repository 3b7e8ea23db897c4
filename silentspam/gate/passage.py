"""How a call passes the gate: unheard, rejected unheard, or on to be screened, and under which terms."""

from dataclasses import dataclass

from silentspam.call import GateCause, Mode


@dataclass(frozen=True, kw_only=True)
class Passage:
    """What the gate says of a call.

    cause: why it is decided before any audio; None for a call to be screened. reason: the same in words.
    mode: in place of the configuration's, and mode_reason why. threshold (spam probability, 0…1),
    max_false_challenge_rate (0…1) and agent (dial string, "" for none) are those of the number called; None
    where it has none of its own.
    """

    cause: GateCause | None = None
    reason: str = ""
    mode: Mode | None = None
    mode_reason: str | None = None
    threshold: float | None = None
    max_false_challenge_rate: float | None = None
    agent: str = ""


SCREENED = Passage()
"""A call that nothing is known of."""
