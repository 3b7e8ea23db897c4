"""Keys and beeps: signals of their own, which speak for no kind of SPAM.

A key pressed (ITU-T Q.23) may be a person's, or a dialler's; a beep is an answering machine's, a recorder's
or a phone's. Both are told in words, so that who reads of a call knows what was there.
"""

from silentspam.kinds.busy import busy
from silentspam.kinds.fax import fax
from silentspam.kinds.finding import Finding
from silentspam.kinds.sound import Sound
from silentspam.kinds.tones import Tone, tones_of

ROWS, COLUMNS = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0, 1633.0)
"""ITU-T Q.23, section 6."""
KEYS = ("123A", "456B", "789C", "*0#D")
KEY_TOLERANCE = 0.02
"""ITU-T Q.24, table A-1: 1.5 to 1.8 % is accepted, 3 to 3.5 % is not."""
KEY_BALANCE = 0.1
"""Of the weaker tone: −10 dB (Q.24: one may be 4 to 10 dB below the other)."""
KEY_PURITY = 0.75
KEY_SECONDS = (0.04, 1.0)
"""Q.24: 40 ms are accepted. Whoever holds a key for more is not dialling."""

BEEP_HZ = (380.0, 2300.0)
BEEP_SECONDS = 0.25
"""Shorter ones are told by voices too: an m at the beginning of a word."""
STEADY_SECONDS = 1.6
"""From here on it is a test tone or the like: nothing that beeps goes on for so long."""
BEEP_PURITY = 0.92
BEEP_SPREAD_DB = 1.0


def keys(sound: Sound) -> tuple[Finding, ...]:
    """The keys pressed in an opening, in their order. Never raises."""
    return tuple(_pressed(tone, key) for tone in tones_of(sound) if (key := key_of(tone)))


def key_of(tone: Tone) -> str:
    """The key that a tone is of; empty for none."""
    shortest, longest = KEY_SECONDS
    if len(tone.lines) != 2 or tone.purity < KEY_PURITY or not shortest <= tone.seconds <= longest:
        return ""
    if min(line.share for line in tone.lines) < KEY_BALANCE * max(line.share for line in tone.lines):
        return ""
    row, column = (_nearest(hz, known) for hz, known in zip(tone.hz, (ROWS, COLUMNS), strict=True))
    return "" if row is None or column is None else KEYS[row][column]


def _nearest(hz: float, known: tuple[float, ...]) -> int | None:
    return next((at for at, one in enumerate(known) if abs(hz / one - 1) <= KEY_TOLERANCE), None)


def _pressed(tone: Tone, key: str) -> Finding:
    hz = " and ".join(f"{one:.0f}" for one in tone.hz)
    return Finding(
        kind=None,
        signal=f"key {key}",
        probability=round(tone.purity, 3),
        begin=tone.begin,
        end=tone.end,
        reason=f"key {key}: {hz} Hz for {tone.seconds:.2f} s, {tone.purity:.0%} of all power",
    )


def beeps(sound: Sound) -> tuple[Finding, ...]:
    """Single tones that are no signal of a fax, a modem or an exchange. Never raises."""
    single = [tone for tone in tones_of(sound) if _is_beep(tone)]
    if not single:
        return ()
    known = (*fax(sound), *busy(sound))
    return tuple(
        _beeped(tone)
        for tone in single
        if not any(one.begin < tone.end and tone.begin < one.end for one in known)
    )


def _is_beep(tone: Tone) -> bool:
    lowest, highest = BEEP_HZ
    return (
        tone.lines[0].share >= BEEP_PURITY
        and tone.spread <= BEEP_SPREAD_DB
        and tone.seconds >= BEEP_SECONDS
        and lowest <= tone.lines[0].hz <= highest
    )


def _beeped(tone: Tone) -> Finding:
    share = tone.lines[0].share
    signal = "steady tone" if tone.seconds >= STEADY_SECONDS else "beep"
    return Finding(
        kind=None,
        signal=signal,
        probability=round(share, 3),
        begin=tone.begin,
        end=tone.end,
        reason=f"{signal}: {tone.lines[0].hz:.0f} Hz for {tone.seconds:.2f} s, {share:.0%} of all power",
    )
