"""The steady tones by which calling and answering machines are known, and whether a tone is one of them.

Each is a line at one frequency, or that line and the ones that its standard has beside it. A tone with
overtones, or with another line than these, is a note. Frequencies Hz, times s, shares 0…1.
"""

from dataclasses import dataclass, replace

from silentspam.kinds.notes import LOWEST_NOTE_HZ, NOTE_PURITY, has_other_line, has_overtone
from silentspam.kinds.tones import Line, Tone

LEAST_SHARE, LEAST_ANSWER_SHARE, LEAST_SHARE_OF_TWO = 0.76, 0.6, 0.5
"""Of all power, that the line must hold. Phase reversals, modulation and lost packets take their share, and
GSM puts lines beside the guard tone of V.22."""
BESIDE_TOLERANCE = 0.002
"""By which a line beside the main one is off the standard's ratio: no carrier and no clock changes that, and
it was 0.0003 through any codec. V.22's 1800 Hz is a third below its 2250 Hz, and a tempered one 0.8 % off."""
LEAST_WHOLE = 1.0
"""Answering machines and modems send their tone for 2.6 s and more (V.25), so that an end of the opening cuts
it; an alarm's beep begins and ends there [s]."""
ANSWERING_HZ = (2100.0, 2225.0, 2250.0, 2850.0, 1800.0, 1650.0, 1850.0)
"""CED, Bell 103, unscrambled ones of V.22, V.21's channel 2."""
MACHINES_HZ = (1100.0, 1300.0, *ANSWERING_HZ)
"""Of all that call or answer: on one line both may be heard, and neither is a note to the other."""


@dataclass(frozen=True, kw_only=True)
class Calling:
    """A steady tone by which a machine is known. least, most: so much of it is in the opening [s].

    whole: so long it is at least where neither end of the opening cuts it; pause: it does not come again
    sooner [s]. beside: lines that may go with it, where it is beside_hz. beneath: so much is believed beneath
    other sounds [s], 0 for none.
    """

    signal: str
    hz: float
    tolerance_hz: float
    least: float
    most: float
    source: str
    purity: float = LEAST_SHARE
    beside: tuple[float, ...] = ()
    beside_hz: float = 0.0
    beneath: float = 0.0
    whole: float = 0.0
    pause: float = 0.0

    @property
    def lines(self) -> tuple[float, ...]:
        """All its frequencies."""
        return (self.hz, *self.beside)

    @property
    def around(self) -> tuple[float, ...]:
        """Those that may sound before it or after it: another machine's, and the other steps of answering."""
        return (*self.lines, *MACHINES_HZ)


TONES = (
    Calling(
        signal="fax CNG",
        hz=1100.0,
        tolerance_hz=38.0,
        least=0.3,
        most=0.66,
        beneath=0.4,
        pause=2.5,
        source="ITU-T T.30, section 4.2.1: 1100 ± 38 Hz, 0.5 s on and 3 s off, ± 15 %",
    ),
    Calling(
        signal="modem calling tone",
        hz=1300.0,
        tolerance_hz=20.0,
        least=0.4,
        most=0.8,
        pause=1.4,
        source="ITU-T V.25, section 3.1: 1300 Hz, 0.5 to 0.7 s on, 1.5 to 2.0 s off",
    ),
    Calling(
        signal="answer tone",
        hz=2100.0,
        tolerance_hz=36.0,
        least=0.4,
        most=9.0,
        purity=LEAST_ANSWER_SHARE,
        beneath=0.55,
        whole=LEAST_WHOLE,
        source="ITU-T V.25 and T.30 (CED): 2100 ± 15 Hz for 2.6 to 4.0 s; ± 1.5 % by carrier and clock",
    ),
    Calling(
        signal="Bell 103 or V.22 answer",
        hz=2237.0,
        tolerance_hz=47.0,
        least=0.4,
        most=9.0,
        purity=LEAST_SHARE_OF_TWO,
        beside=(1800.0, 2850.0),
        beside_hz=2250.0,
        beneath=0.55,
        whole=LEAST_WHOLE,
        source="Bell System 41106: 2225 Hz; ITU-T V.22: unscrambled ones, 2250 2850 Hz, guard 1800 Hz",
    ),
)


def own_tone(tone: Tone, calling: Calling) -> Tone | None:
    """The tone with those lines alone that are the signal's; None where these are not nearly all of it."""
    main = [line for line in tone.lines if abs(line.hz - calling.hz) <= calling.tolerance_hz]
    beside = _beside(tone, calling)
    others = tuple(line for line in tone.lines if line not in beside)
    own = replace(tone, lines=(*main, *beside))
    least = calling.purity if beside else max(calling.purity, LEAST_ANSWER_SHARE)
    pure = own.purity >= least and not has_other_line(replace(tone, lines=others), (calling.hz,))
    return own if main and pure else None


def is_note(tone: Tone, calling: Calling) -> bool:
    """Whether there is hardly anything but it and an overtone, or another note; lower ones may be vowels."""
    if has_overtone(tone):
        return True
    high = tuple(
        line for line in tone.lines if line.hz >= LOWEST_NOTE_HZ and line not in _beside(tone, calling)
    )
    return tone.purity >= NOTE_PURITY and has_other_line(replace(tone, lines=high), (calling.hz,))


def is_main(tone: Tone, calling: Calling) -> bool:
    """Whether its strongest line is the signal's."""
    return abs(tone.lines[0].hz - calling.hz) <= calling.tolerance_hz


def _beside(tone: Tone, calling: Calling) -> tuple[Line, ...]:
    """The lines that go with the signal's own by the standard's ratio."""
    main = min((line.hz for line in tone.lines), key=lambda hz: abs(hz - calling.hz))
    ratios = [hz / calling.beside_hz for hz in calling.beside]
    return tuple(
        line
        for line in tone.lines
        if any(abs(line.hz / main / ratio - 1) <= BESIDE_TOLERANCE for ratio in ratios)
    )
