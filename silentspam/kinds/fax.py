"""Fax and modem signals on the caller's side: who calls is a machine that wants another one.

CNG is what a calling fax sends, CED and ANSam what an answering one or a modem does; the others come after
them. Each is a line at one frequency, or two lines, for a known time. A steady tone elsewhere is no fax, nor
is one that has overtones, drifts, comes again too soon, or sounds among others (`notes`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from silentspam.call import VerdictKind
from silentspam.kinds.beneath import Ear, beneath
from silentspam.kinds.clusters import may_hold_tones
from silentspam.kinds.finding import Finding
from silentspam.kinds.keying import keyed
from silentspam.kinds.listening import SignalListener, Sources
from silentspam.kinds.notes import drift, has_other_line, has_overtone, held, in_a_melody
from silentspam.kinds.pulses import Pulse, pulses_of
from silentspam.kinds.sound import Sound
from silentspam.kinds.tones import Tone, bins_near, quality, tones_of

LEAST_SHARE, LEAST_ANSWER_SHARE, LEAST_SHARE_OF_TWO = 0.76, 0.6, 0.5
"""Of all power, that the line must hold. Phase reversals, modulation and lost packets take their share, and
GSM puts lines beside the guard tone of V.22."""
BESIDE_TOLERANCE = 0.02
LEAST_WHOLE = 1.0
"""Answering machines and modems send their tone for 2.6 s and more (V.25), so that an end of the opening cuts
it; an alarm's beep begins and ends there [s]."""
MOST_DRIFT_HZ = 4.5
"""Of V.22 through GSM 3 in the median; of an alarm that rises 8 and more."""
LEAST_HELD, FILLED_SHARE, SAME_HZ = 0.7, 0.5, 12.0
"""Of the power of a burst's median frame (0.84 through any codec), and of its time in pure stretches of the
same frequency. An answer lasts so long that a pause of speech is enough."""
ANSWERING_HZ = (2100.0, 2225.0, 2250.0, 2850.0, 1800.0, 1650.0, 1850.0)
"""CED, Bell 103, unscrambled ones of V.22, V.21's channel 2."""
SHORTEST_BURST = 0.2
"""A shorter one of the same frequency may be a piece of speech [s]."""
SHORTEST_TONE = 0.09
"""A shorter stretch does not say where a line is [s]."""


@dataclass(frozen=True, kw_only=True)
class Calling:
    """A steady tone by which a machine is known. least, most: so much of it is in the opening [s].

    whole: so long it is at least where neither end of the opening cuts it; pause: it does not come again
    sooner [s]. beside: lines that may go with it. beneath: so much is believed beneath other sounds [s],
    0 for none.
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
    whole: float = 0.0
    pause: float = 0.0

    @property
    def lines(self) -> tuple[float, ...]:
        """All its frequencies."""
        return (self.hz, *self.beside)

    @property
    def around(self) -> tuple[float, ...]:
        """Those that may sound before it or after it: where one answers, the other steps of answering."""
        return (*self.lines, *ANSWERING_HZ) if self.whole else self.lines


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
        beneath=0.55,
        whole=LEAST_WHOLE,
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
        found = _pure(sound, calling, tones) or _under(sound, calling, runs.get(calling), tones)
        if found and not in_a_melody(sound, calling.around):
            yield from found


def _pure(sound: Sound, calling: Calling, tones: Sequence[Tone]) -> list[Finding]:
    """Where hardly anything else sounds."""
    matching = [own for tone in tones if (own := _own(tone, calling)) is not None]
    if not matching:
        return []
    best = max(matching, key=quality)
    pulses = pulses_of(sound, best.hz, best, rare=True)
    if not calling.whole and not _is_burst(sound, best, tones, pulses):
        return []
    return _findings(sound, calling, best, pulses, "of all power")


def _is_burst(sound: Sound, best: Tone, tones: Sequence[Tone], pulses: Sequence[Pulse]) -> bool:
    """Whether the tone is there in all of its pulse, and not for moments."""
    own = max((pulse for pulse in pulses if _overlap(pulse, best)), key=lambda one: one.seconds, default=best)
    alike = (
        tone.seconds
        for tone in tones
        if abs(tone.lines[0].hz - best.lines[0].hz) <= SAME_HZ and _overlap(tone, own)
    )
    return sum(alike) >= FILLED_SHARE * own.seconds and held(sound, best.hz, [own]) >= LEAST_HELD


def _overlap(one: Pulse, other: Pulse) -> bool:
    return one.begin < other.end and other.begin < one.end


def _under(
    sound: Sound, calling: Calling, run: tuple[int, int] | None, tones: Sequence[Tone]
) -> list[Finding]:
    """Where somebody speaks as well, unless it is a note."""
    if run is None or any(_main(tone, calling) and has_overtone(tone) for tone in tones):
        return []
    found = beneath(sound, run, calling.hz, calling.tolerance_hz, calling.beneath)
    what = "of the power around it, beneath other sounds"
    return _findings(sound, calling, *found, what) if found else []


def _findings(
    sound: Sound, calling: Calling, tone: Tone, pulses: Sequence[Pulse], what: str
) -> list[Finding]:
    if _comes_again(pulses, calling):
        return []
    # Of a tone that packets lost have torn, the first or the last part is cut.
    cut = any(pulse.cut for pulse in pulses)
    return [
        _finding(calling.signal, tone, pulse, what)
        for pulse in pulses
        if calling.least <= pulse.seconds <= calling.most
        and (cut or pulse.seconds >= calling.whole)
        and drift(sound, pulse, tone.lines[0].hz) <= MOST_DRIFT_HZ
    ]


def _comes_again(pulses: Sequence[Pulse], calling: Calling) -> bool:
    """Whether there are bursts that follow each other sooner than a machine's."""
    bursts = [pulse for pulse in pulses if pulse.seconds >= SHORTEST_BURST]
    return any(
        later.begin - earlier.end < calling.pause and later.end - earlier.begin > calling.most
        for earlier, later in pairwise(bursts)
    )


def _main(tone: Tone, calling: Calling) -> bool:
    """Whether its strongest line is the signal's."""
    return abs(tone.lines[0].hz - calling.hz) <= calling.tolerance_hz


def _own(tone: Tone, calling: Calling) -> Tone | None:
    """The tone with those lines alone that are the signal's; None where these are not nearly all of it."""
    main = [line for line in tone.lines if abs(line.hz - calling.hz) <= calling.tolerance_hz]
    beside = [
        line for line in tone.lines for hz in calling.beside if abs(line.hz / hz - 1) <= BESIDE_TOLERANCE
    ]
    own = replace(tone, lines=(*main, *beside))
    pure = own.purity >= calling.purity and not has_other_line(tone, calling.lines)
    return own if main and pure else None


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
