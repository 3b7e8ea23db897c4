"""A simulated caller on a simulated channel, as long as a real one takes and no longer.

Prompts last as long as their files; a person presses the key that was asked for, dead air presses none and
stays. What is not simulated: callers who leave, and keys pressed before the prompt's end.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from silentspam.audio import SAMPLE_RATE
from silentspam.call import CallRecord

REACTION_SECONDS = 1.0
"""From the end of the prompt to the key of a person who passes."""

UNKNOWN_SOUND_SECONDS = 2.0
"""Of a prompt whose file is not here."""


class SimulatedClock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class SimulatedCaller:
    """The caller's leg of one call (implements Channel): it moves the clock, and answers for the caller."""

    def __init__(self, clock: SimulatedClock, *, passes: bool) -> None:
        self._clock = clock
        self._passes = passes
        self._asked: str | None = None

    def announce(self, call_id: str) -> None:
        """Nothing to tie together."""

    def answer(self) -> None:
        """Takes no time."""

    def start_ringing(self) -> None:
        """Is heard while the recording runs."""

    def record(self, path: Path, seconds: float, meanwhile: Callable[[], None]) -> None:
        """The opening is there already: only its time passes."""
        self._clock.now += seconds

    def record_side(self, call_id: str) -> None:
        """Nothing is said after the opening."""

    def play(self, sound: str, *, keys: str = "") -> str | None:
        """The prompt is heard to its end."""
        self._clock.now += sound_seconds(sound)
        if keys:
            self._asked = sound[-1]
        return None

    def wait_for_key(self, seconds: float) -> str | None:
        """The key that was asked for, of a person who is quick enough."""
        passes = self._passes and seconds >= REACTION_SECONDS
        self._clock.now += REACTION_SECONDS if passes else seconds
        return self._asked if passes else None

    def hand_back(self, record: CallRecord) -> None:
        """Takes no time."""


@lru_cache(maxsize=256)
def sound_seconds(sound: str) -> float:
    """How long a prompt lasts [s], named without its extension as a switch names it."""
    path = Path(f"{sound}.ulaw")
    return path.stat().st_size / SAMPLE_RATE if path.is_file() else UNKNOWN_SOUND_SECONDS
