"""Who calls in a load: people, dead air, and a few who say nothing and press the key that is asked for.

Openings are windows of the lab's sounds (`lab.sounds`): speech is licensed recordings, dead air is synthetic.
The share of each kind is such that a session takes ten seconds on average: two of recording, and ten of IVR
dialogue for three calls in four. That is an attack in full swing, with the most commands a call.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.agi_call import SAMPLE_RATE, Caller
from lab.sounds import DEAD_AIR, QUIET_SPEECH, SPEECH, make_sounds

OPENING_BYTES = 2 * SAMPLE_RATE
STEP_BYTES = SAMPLE_RATE // 2
PERSON, SPAMMER, SILENT_PERSON = "person", "dead air", "silent person"
SHARES = {PERSON: 0.24, SPAMMER: 0.75, SILENT_PERSON: 0.01}
"""Silent people are falsely challenged ones: as few as the budget of `screener.SETTINGS` pays for."""


def make_callers(folder: Path) -> dict[str, list[Caller]]:
    """Write the openings into `folder`; callers of each kind, one for each opening. Raises DebianError."""
    sounds = make_sounds(folder)
    people = [*_windows(sounds[SPEECH][0]), *_windows(sounds[QUIET_SPEECH][0])]
    silent = _windows(sounds[DEAD_AIR][0])
    return {
        PERSON: [Caller(name=PERSON, opening=opening) for opening in people],
        SPAMMER: [Caller(name=SPAMMER, opening=opening, challenged=True) for opening in silent],
        SILENT_PERSON: [
            Caller(name=SILENT_PERSON, opening=opening, challenged=True, presses=True) for opening in silent
        ],
    }


def _windows(sound: Path) -> list[Path]:
    """Openings of two seconds out of a sound of thirty, half a second apart."""
    codes = sound.with_suffix(".ulaw").read_bytes()
    found = []
    for start in range(0, len(codes) - OPENING_BYTES + 1, STEP_BYTES):
        path = sound.with_name(f"{sound.stem}-{start:06}.opening")
        path.write_bytes(codes[start : start + OPENING_BYTES])
        found.append(path)
    return found


def mixed(callers: dict[str, list[Caller]], seed: int) -> Iterator[Caller]:
    """Callers without end, each kind by its share, in random order; the same for a seed."""
    chance = random.Random(seed)
    kinds: Sequence[str] = list(SHARES)
    while True:
        for kind in chance.choices(kinds, list(SHARES.values()), k=1000):
            yield chance.choice(callers[kind])
