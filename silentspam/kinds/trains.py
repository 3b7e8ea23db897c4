"""Pulses of the same lines: what may be a call-progress signal, and whether they are one machine's."""

from dataclasses import dataclass

from silentspam.kinds.clusters import LOWEST_HZ
from silentspam.kinds.notes import drift, held, in_a_melody
from silentspam.kinds.pulses import Pulse
from silentspam.kinds.sound import Sound
from silentspam.kinds.tones import Tone

LEAST_HELD = 0.75
"""Of the median pulse's power, in its lines: through all codecs 0.93, beneath a little speech 0.8."""
EVEN_SHARE, EVEN_HZ = 0.93, 2.5
"""Of the median pulse: torn ones through G.729 have 0.97 and drift by 1.7 Hz, spoken ones 0.23 to 0.87 and
2.8 Hz or more."""


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
        return pure and not in_a_melody(self.sound, self.tone.hz, lowest_hz=LOWEST_HZ)

    @property
    def is_even(self) -> bool:
        """Whether all its pulses are as pure as the best stretch, and keep one frequency."""
        if held(self.sound, self.tone.hz, self.pulses) < EVEN_SHARE:
            return False
        drifts = [drift(self.sound, pulse, self.tone.hz[0]) for pulse in self.pulses]
        return len(self.tone.hz) == 2 or sorted(drifts)[len(drifts) // 2] <= EVEN_HZ
