"""The ways in which the openings of a corpus are recorded, and what is lost of them, to be compared.

A way takes what a caller sends and a timing, and gives what a call would be judged by. FreeSWITCH hears a
call some packets later than Asterisk, which changes a verdict by itself; so there is an Asterisk that begins
with it, and hears the same stretch of the call.
"""

from collections.abc import Callable, Mapping

import numpy as np

from silentspam.audio import FRAME_LENGTH, Codes
from silentspam.training import recorders
from silentspam.training.dataset import OPENING_SECONDS
from silentspam.training.network import Loss
from silentspam.training.recorders import OPENING_PACKETS, Arrived, Sent, Timing

Record = Callable[[Sent, Timing], Codes]
Losses = Callable[[int, np.random.Generator], Arrived]

ASTERISK, LATER, FREESWITCH = "Asterisk", "Asterisk, begun with FreeSWITCH", "FreeSWITCH"
GAPS_LEFT = "FreeSWITCH, gaps left"
"""What was tried: the fill at a recording's start cut off, and gaps kept at their length."""


def by_asterisk(sent: Sent, timing: Timing) -> Codes:
    """As Asterisk records it."""
    return recorders.asterisk_recorded(sent, timing.asterisk)


def by_asterisk_later(sent: Sent, timing: Timing) -> Codes:
    """As Asterisk would record it from the packet on that is FreeSWITCH's first."""
    return recorders.asterisk_recorded(sent, OPENING_PACKETS, late=timing.late + timing.fill)


def by_freeswitch(sent: Sent, timing: Timing) -> Codes:
    """As the program keeps what FreeSWITCH recorded: gaps closed."""
    return recorders.freeswitch_opening(_by_record_session(sent, timing), OPENING_SECONDS)


def by_freeswitch_gaps_left(sent: Sent, timing: Timing) -> Codes:
    """As FreeSWITCH recorded it, from the end of its first fill on: gaps are fill."""
    return _by_record_session(sent, timing)[timing.fill * FRAME_LENGTH :]


def _by_record_session(sent: Sent, timing: Timing) -> Codes:
    return recorders.freeswitch_recorded(sent, timing.freeswitch, fill=timing.fill, late=timing.late)


WHOLE: Mapping[str, Record] = {
    ASTERISK: by_asterisk,
    LATER: by_asterisk_later,
    FREESWITCH: by_freeswitch,
}
LOSSY: Mapping[str, Record] = {**WHOLE, GAPS_LEFT: by_freeswitch_gaps_left}
"""How an opening is recorded, by name: where every packet arrives, and where some are lost."""


def _lost(share: float, burst: float) -> Losses:
    return lambda n, rng: ~Loss(share=share, burst=burst).draw(n, rng)


def _pause(packets: int, first: int, last: int) -> Losses:
    """So many packets not sent, from one of these on."""

    def arrived(n: int, rng: np.random.Generator) -> Arrived:
        begin = int(rng.integers(first, last + 1))
        sent = np.ones(n, dtype=bool)
        sent[begin : begin + packets] = False
        return sent

    return arrived


CASES: Mapping[str, Losses] = {
    "2 % of packets lost, in bursts of 1.5": _lost(0.02, 1.5),
    "10 % of packets lost, in bursts of 2": _lost(0.10, 2.0),
    "no packet in the first 0.5 s": _pause(25, 0, 0),
    "a pause of 0.3 s": _pause(15, 10, 60),
    "a pause of 0.8 s": _pause(40, 10, 50),
}
"""What is missing of a call; the same packets for every recorder."""
