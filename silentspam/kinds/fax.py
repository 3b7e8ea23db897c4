"""Fax and modem signals on the caller's side: who calls is a machine that wants another one.

CNG is what a calling fax sends, CED and ANSam what an answering one or a modem does; the others come after
them. Each is a line at one frequency, or two lines, for a known time. A steady tone elsewhere is no fax.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from silentspam.call import VerdictKind
from silentspam.kinds.beneath import Ear, beneath
from silentspam.kinds.clusters import may_hold_tones
from silentspam.kinds.finding import Finding
from silentspam.kinds.keying import keyed
from silentspam.kinds.listening import SignalListener, Sources
from silentspam.kinds.pulses import Pulse, pulses_of
from silentspam.kinds.sound import Sound
from silentspam.kinds.tones import Tone, bins_near, quality, tones_of

LEAST_SHARE, LEAST_ANSWER_SHARE = 0.7, 0.5
"""Of all power, that the line must hold. Phase reversals, modulation and lost packets take their share."""
BESIDE_TOLERANCE = 0.02
SHORTEST_TONE = 0.09
"""A shorter stretch does not say where a line is [s]."""


@dataclass(frozen=True, kw_only=True)
class Calling:
    """A steady tone by which a machine is known. least, most: so much of it is in the opening [s].

    beside: lines that may go with it. beneath: so much is believed beneath other sounds [s]; 0 for none.
    """

    signal: str
    hz: float
    tolerance_hz: float
    least: float
    most: float
    source: str
    purity: float = LEAST_SHARE
    beside: tuple[float, ...] = ()
    beneath: float = 0.0


TONES = (
    Calling(
        signal="fax CNG",
        hz=1100.0,
        tolerance_hz=38.0,
        least=0.3,
        most=0.66,
        beneath=0.4,
        source="ITU-T T.30, section 4.2.1: 1100 ± 38 Hz, 0.5 s on and 3 s off, ± 15 %",
    ),
    Calling(
        signal="modem calling tone",
        hz=1300.0,
        tolerance_hz=20.0,
        least=0.4,
        most=0.8,
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
        source="ITU-T V.25 and T.30 (CED): 2100 ± 15 Hz for 2.6 to 4.0 s; ± 1.5 % by carrier and clock",
    ),
    Calling(
        signal="Bell 103 or V.22 answer",
        hz=2237.0,
        tolerance_hz=47.0,
        least=0.4,
        most=9.0,
        purity=LEAST_ANSWER_SHARE,
        beside=(1800.0, 2850.0),
        beneath=0.55,
        source="Bell System 41106: 2225 Hz; ITU-T V.22: unscrambled ones, 2250 2850 Hz, guard 1800 Hz",
    ),
)


BINS = bins_near(*((one.hz - one.tolerance_hz, one.hz + one.tolerance_hz) for one in TONES))
UNDER_OTHERS = tuple(one for one in TONES if one.beneath)
EAR = Ear([(one.hz, one.tolerance_hz) for one in UNDER_OTHERS])


def fax(sound: Sound) -> tuple[Finding, ...]:
    """The fax and modem signals of an opening, and textphones, of no kind. Never raises."""
    return (*_steady(sound), *keyed(sound)) if may_hold_tones(sound) else ()


def _steady(sound: Sound) -> Iterator[Finding]:
    tones = [tone for tone in tones_of(sound, BINS) if tone.seconds >= SHORTEST_TONE]
    runs = dict(zip(UNDER_OTHERS, EAR.standing_out(sound), strict=True))
    for calling in TONES:
        matching = [own for tone in tones if (own := _own(tone, calling)) is not None]
        run = runs.get(calling)
        if matching:
            best = max(matching, key=quality)
            yield from _findings(calling, best, pulses_of(sound, best.hz, best, rare=True), "of all power")
        elif run is not None:
            found = beneath(sound, run, calling.hz, calling.tolerance_hz, calling.beneath)
            if found:
                yield from _findings(calling, *found, "of the power around it, beneath other sounds")


def _findings(calling: Calling, tone: Tone, pulses: tuple[Pulse, ...], what: str) -> Iterator[Finding]:
    for pulse in pulses:
        if calling.least <= pulse.seconds <= calling.most:
            yield _finding(calling.signal, tone, pulse, what)


def _own(tone: Tone, calling: Calling) -> Tone | None:
    """The tone with those lines alone that are the signal's; None where these are not nearly all of it."""
    main = [line for line in tone.lines if abs(line.hz - calling.hz) <= calling.tolerance_hz]
    beside = [
        line for line in tone.lines for hz in calling.beside if abs(line.hz / hz - 1) <= BESIDE_TOLERANCE
    ]
    own = replace(tone, lines=(*main, *beside))
    return own if main and own.purity >= calling.purity else None


def _finding(signal: str, tone: Tone, pulse: Pulse, what: str) -> Finding:
    lasting = f"{pulse.seconds:.2f} s{' (cut)' if pulse.cut else ''}"
    return Finding(
        kind=VerdictKind.CALLER_FAX,
        signal=signal,
        probability=round(min(tone.purity + 0.02, 0.999), 3),
        begin=pulse.begin,
        end=pulse.end,
        reason=f"{signal}: {tone.lines[0].hz:.0f} Hz for {lasting}, {tone.purity:.0%} {what}",
    )


def listener(_: Sources) -> SignalListener:
    """Hears fax machines and modems."""
    return SignalListener(fax)
