"""What stands in the gate's lists: listings of numbers, terms of numbers called, and the switch.

Times are seconds since the epoch.
"""

import enum
import uuid

import msgspec

from silentspam.call import Mode


class Listing(enum.StrEnum):
    """In which list a number stands; a number stands in one at most."""

    PUBLIC_SAFETY = "PUBLIC_SAFETY"
    BLOCKED = "BLOCKED"
    PERMITTED = "PERMITTED"


class SwitchState(enum.StrEnum):
    """ON: calls are screened as configured. SHADOW: judged, none challenged. OFF: none is screened."""

    ON = "ON"
    SHADOW = "SHADOW"
    OFF = "OFF"


class SwitchCause(enum.StrEnum):
    """Who threw the switch: an operator, or the rate guard."""

    OPERATOR = "OPERATOR"
    GUARD = "GUARD"


class DnisMode(enum.StrEnum):
    """SCREEN: calls to the number are screened with effect, SHADOW: without, OFF: not at all."""

    SCREEN = "SCREEN"
    SHADOW = "SHADOW"
    OFF = "OFF"


MODES = {DnisMode.SCREEN: Mode.ENFORCE, DnisMode.SHADOW: Mode.SHADOW}
"""The screener's mode for calls to a number with a mode of its own."""


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of the gate's file; one with an unknown field is of another version."""


NEXT_MOMENT = 0.001
"""By how much an event is later than the one it follows, whatever the clock says [s]."""


class SwitchEvent(Term, frozen=True):
    """One throw of the switch: a row of `switch_events`. The newest counts, on every server."""

    state: SwitchState
    cause: SwitchCause
    changed_at: float
    changed_by: str
    note: str = ""
    event_id: str = msgspec.field(default_factory=lambda: str(uuid.uuid4()))

    def newer_than(self, other: "SwitchEvent | None") -> bool:
        """Whether it counts instead of another; of two of one moment every server takes the same."""
        return other is None or (self.changed_at, self.event_id) > (other.changed_at, other.event_id)

    def following(self, before: "SwitchEvent | None") -> "SwitchEvent":
        """The same throw, later than the one before it: a clock that is late makes no change an old one."""
        if before is None or self.changed_at > before.changed_at:
            return self
        return msgspec.structs.replace(self, changed_at=before.changed_at + NEXT_MOMENT)


class DnisTerms(Term, frozen=True):
    """What a number called has of its own; None as in the configuration.

    threshold: spam probability, 0…1; max_false_challenge_rate: 0…1; agent: a dial string ("": none).
    """

    dnis: str
    mode: DnisMode | None = None
    threshold: float | None = None
    max_false_challenge_rate: float | None = None
    agent: str = ""


def newest(*events: SwitchEvent | None) -> SwitchEvent | None:
    """The event that counts; None without any."""
    found: SwitchEvent | None = None
    for event in events:
        if event is not None and event.newer_than(found):
            found = event
    return found
