"""Openings with digital silence in them, as a call-stack makes it: pure, leading, trailing, mixed, near zero.

The hard lesson of Orife et al. 2018, section 7: 98.6 % of what was found silent after the attack was this.
None of these is spam, and nobody may be challenged for one.
"""

import enum

import numpy as np

from silentspam.audio import FRAME_LENGTH, SAMPLE_RATE, Codes

PLUS_ZERO, MINUS_ZERO = 0xFF, 0x7F
STEPS = (0xFE, 0x7E)
"""±8 of 32768, the smallest codes that are not zero (ITU-T G.711, Table 2b)."""
HELD = (PLUS_ZERO, MINUS_ZERO, 0xFE, 0xFD, 0x7D)
"""What stands for silence: zero of either sign, or a DC as GSM-FR leaves it (+16)."""
NEAR_ZERO_SHARE = 0.03
"""Samples off zero in near-zero silence, at most: a dithered or noise-shaped zero."""


class SilenceKind(enum.StrEnum):
    """Where the digital silence is."""

    PURE = "silence_pure"
    LEADING = "silence_leading"
    TRAILING = "silence_trailing"
    MIXED = "silence_mixed"
    NEAR_ZERO = "silence_near_zero"


def silent_opening(kind: SilenceKind, person: Codes, rng: np.random.Generator) -> Codes:
    """An opening of that kind: silence, or a person's opening [shape=(n,), uint8] partly silenced."""
    n = len(person)
    match kind:
        case SilenceKind.PURE:
            return _silence(n, rng)
        case SilenceKind.NEAR_ZERO:
            off = rng.random(n) < rng.uniform(0, NEAR_ZERO_SHARE)
            return np.where(off, rng.choice(STEPS, n), rng.choice((PLUS_ZERO, MINUS_ZERO), n)).astype(
                np.uint8
            )
    silent = np.zeros(n, dtype=bool)
    length = round(rng.uniform(0.1, 1.9) * SAMPLE_RATE)
    if kind is SilenceKind.LEADING:
        silent[:length] = True
    elif kind is SilenceKind.TRAILING:
        silent[n - length :] = True
    else:
        gaps = rng.random(-(-n // FRAME_LENGTH)) < rng.uniform(0.05, 0.9)
        silent = np.repeat(gaps, FRAME_LENGTH)[:n]
    return np.where(silent, _silence(n, rng), person).astype(np.uint8)


def _silence(n: int, rng: np.random.Generator) -> Codes:
    """One code held; or the two zeros in turn, as an encoder does that hears ±1 of 32768."""
    if rng.random() < 0.25:
        return rng.choice((PLUS_ZERO, MINUS_ZERO), n).astype(np.uint8)
    return np.full(n, rng.choice(HELD), dtype=np.uint8)
