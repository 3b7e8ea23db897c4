"""Fax and modem signals on the caller's side: who calls is a machine that wants another one.

CNG is what a calling fax sends, CED and ANSam what an answering one or a modem does; the others come after
them. Each is a line at one frequency, or two lines, for a known time. A steady tone elsewhere is no fax, nor
is one that has overtones, drifts, comes again too soon, or sounds among others (`notes`).
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from silentspam.call import VerdictKind
from silentspam.kinds.beneath import Ear, beneath
from silentspam.kinds.calling import TONES, Calling, is_main, is_note, own_tone
from silentspam.kinds.clusters import may_hold_tones
from silentspam.kinds.finding import Finding
from silentspam.kinds.keying import keyed
from silentspam.kinds.listening import SignalListener, Sources
from silentspam.kinds.notes import MOST_COMPANY, company, drift, held, in_a_melody
from silentspam.kinds.pulses import Pulse, pulses_of
from silentspam.kinds.sound import Sound
from silentspam.kinds.tones import Tone, bins_near, quality, spread_of, tones_of

MOST_DRIFT_HZ = 4.5
"""Of V.22 through GSM 3 in the median; of an alarm that rises 8 and more."""
DRIFT_IN_COMPANY_HZ, SPREAD_IN_COMPANY_DB = (1.1, 2.0), (1.6, 2.5)
"""Where something else sounds before it or after it, a tone is a machine's that hardly moves in frequency and
level: a burst, and an answer."""
LEAST_HELD, FILLED_SHARE, SAME_HZ = 0.7, 0.5, 12.0
"""Of the power of a burst's median frame (0.84 through any codec), and of its time in pure stretches of the
same frequency. An answer lasts so long that a pause of speech is enough."""
SHORTEST_BURST = 0.2
"""A shorter one of the same frequency may be a piece of speech [s]."""
SHORTEST_TONE = 0.09
"""A shorter stretch does not say where a line is [s]."""


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
    matching = [own for tone in tones if (own := own_tone(tone, calling)) is not None]
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
    if run is None or any(is_main(tone, calling) and is_note(tone, calling) for tone in tones):
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
    own = [
        pulse
        for pulse in pulses
        if calling.least <= pulse.seconds <= calling.most and (cut or pulse.seconds >= calling.whole)
    ]
    if not own:
        return []
    alone = company(sound, tone.hz, pulses) <= MOST_COMPANY
    return [
        _finding(calling.signal, tone, pulse, what)
        for pulse in own
        if _stays(sound, calling, tone, pulse, alone=alone)
    ]


def _stays(sound: Sound, calling: Calling, tone: Tone, pulse: Pulse, *, alone: bool) -> bool:
    """Whether a line moves as little as a machine's, on a line where nothing else sounds or in company.

    tone: its best stretch, that a pulse in company holds: another one may be of another note near it.
    """
    hz = tone.lines[0].hz
    moves = drift(sound, pulse, hz)
    if alone:
        return moves <= MOST_DRIFT_HZ
    which = 1 if calling.whole else 0
    still = moves <= DRIFT_IN_COMPANY_HZ[which] and spread_of(sound, hz, pulse) <= SPREAD_IN_COMPANY_DB[which]
    return still and _overlap(pulse, tone)


def _comes_again(pulses: Sequence[Pulse], calling: Calling) -> bool:
    """Whether there are bursts that follow each other sooner than a machine's."""
    bursts = [pulse for pulse in pulses if pulse.seconds >= SHORTEST_BURST]
    return any(
        later.begin - earlier.end < calling.pause and later.end - earlier.begin > calling.most
        for earlier, later in pairwise(bursts)
    )


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
