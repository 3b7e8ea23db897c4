"""Pulses of the same lines: what may be a call-progress signal, and whether they are one machine's."""

from dataclasses import dataclass

from silentspam.kinds.clusters import LOWEST_HZ
from silentspam.kinds.notes import MOST_COMPANY, company, drift, held, in_a_melody
from silentspam.kinds.pulses import Pulse
from silentspam.kinds.sound import Sound
from silentspam.kinds.tones import Tone, spread_of

LEAST_HELD = 0.75
"""Of the median pulse's power, in its lines: through all codecs 0.93, beneath a little speech 0.8."""
EVEN_SHARE, EVEN_HZ = 0.93, 2.5
"""Of the median pulse: torn ones through G.729 have 0.97 and drift by 1.7 Hz, spoken ones 0.23 to 0.87 and
2.8 Hz or more."""

DRIFT_IN_COMPANY_HZ, SPREAD_IN_COMPANY_DB = 0.9, 0.8
"""Of the median pulse, where something else sounds in the pauses."""


@dataclass(frozen=True, kw_only=True)
class Train:
    """Pulses of the same lines. tone: the best stretch of them."""

    sound: Sound
    tone: Tone
    pulses: tuple[Pulse, ...]

    @property
    def seconds(self) -> float:
        """Of the whole recording."""
        return self.sound.recording.seconds

    @property
    def is_alone(self) -> bool:
        """Whether its pulses are pure, and not its best stretch alone, and no other notes are there."""
        pure = held(self.sound, self.tone.hz, self.pulses) >= LEAST_HELD
        if not pure or in_a_melody(self.sound, self.tone.hz, lowest_hz=LOWEST_HZ):
            return False
        return company(self.sound, self.tone.hz, self.pulses) <= MOST_COMPANY or self._stays

    @property
    def is_even(self) -> bool:
        """Whether all its pulses are as pure as the best stretch, and keep one frequency."""
        if held(self.sound, self.tone.hz, self.pulses) < EVEN_SHARE:
            return False
        return len(self.tone.hz) == 2 or self._drift <= EVEN_HZ

    @property
    def _stays(self) -> bool:
        """Whether its pulses move as little in frequency and level as a machine's do anywhere."""
        spreads = [spread_of(self.sound, self.tone.hz[0], pulse) for pulse in self.pulses]
        return self._drift <= DRIFT_IN_COMPANY_HZ and _median(spreads) <= SPREAD_IN_COMPANY_DB

    @property
    def _drift(self) -> float:
        """Of the median pulse [Hz]."""
        return _median([drift(self.sound, pulse, self.tone.hz[0]) for pulse in self.pulses])


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
