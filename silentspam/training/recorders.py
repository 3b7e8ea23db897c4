"""What the recorders of Asterisk and FreeSWITCH make of the packets that a caller sends.

Pure functions, codes in and codes out (mu-law, 8 kHz), in packets of 20 ms. Measured on Asterisk 22.10.1
(RECORD FILE to ulaw) and FreeSWITCH 1.10.12 (record_session to .ulaw while a tone plays). Why fill is 0x7F
was read in the sources: FreeSWITCH fills with bytes of 255, the sample -1 (switch_core_media_bug.c), which
libsndfile's ulaw.c codes so; 0 it codes as 0xFF, and both zeros of a caller are 0 by then.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silentspam.audio import FRAME_LENGTH, Codes
from silentspam.freeswitch.opening import without_fill

OPENING_PACKETS = 100
"""Two seconds (Orife et al. 2018, section 5)."""

ASTERISK_PACKETS = (99, 100, 101)
"""Lengths of a recording of 2 s that is not under load: 15,840, 16,000 or 16,160 codes."""

FREESWITCH_PACKETS = (104, 105, 106)
"""Lengths of one beside a tone of 2.04 s: a tone of 2 s gave 2.04 to 2.08 s."""

FILL_PACKETS = (3, 4)
"""Packets of fill at its start: 60 to 80 ms, in which the caller is not heard."""

LATE_PACKETS = (0, 1)
"""Packets by which FreeSWITCH begins later: an application starts after about 21 ms."""

PLUS_ZERO, MINUS_ZERO = 0xFF, 0x7F
"""+0 and -0 (ITU-T G.711, Table 2b)."""

FILL = MINUS_ZERO
"""What FreeSWITCH writes where no packet came; measured where none came at all, and in a gap of 1 s."""

Arrived = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Sent:
    """What a caller sends: codes [shape=(n,), uint8], and which whole packets arrive [shape=(n // 160,)]."""

    codes: Codes
    arrived: Arrived

    @property
    def packets(self) -> Codes:
        """[shape=(n // 160, 160)]"""
        return self.codes[: len(self.arrived) * FRAME_LENGTH].reshape(-1, FRAME_LENGTH)


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long each recorder records, how much of FreeSWITCH's is fill, and how late it begins [packets]."""

    asterisk: int = OPENING_PACKETS
    freeswitch: int = FREESWITCH_PACKETS[0]
    fill: int = FILL_PACKETS[0]
    late: int = 0


def draw_timing(rng: np.random.Generator) -> Timing:
    """A timing as they were measured, each length as likely as another."""
    return Timing(
        asterisk=int(rng.choice(ASTERISK_PACKETS)),
        freeswitch=int(rng.choice(FREESWITCH_PACKETS)),
        fill=int(rng.choice(FILL_PACKETS)),
        late=int(rng.choice(LATE_PACKETS)),
    )


def all_arrived(codes: Codes) -> Sent:
    """Codes of which no packet is lost."""
    return Sent(codes, np.ones(len(codes) // FRAME_LENGTH, dtype=bool))


def asterisk_recorded(sent: Sent, packets: int = OPENING_PACKETS, *, late: int = 0) -> Codes:
    """The file of RECORD FILE: what arrived in so many packets' time, back to back, code by code."""
    heard = slice(late, late + packets)
    return sent.packets[heard][sent.arrived[heard]].reshape(-1)


def freeswitch_recorded(
    sent: Sent, packets: int, *, fill: int = FILL_PACKETS[0], late: int = 0, fill_code: int = FILL
) -> Codes:
    """The file of record_session: each packet at its time, or fill.

    fill: packets at the start in which the caller is not heard; fill_code: what stands there. It ends where
    the caller's packets end.
    """
    heard = slice(late, late + packets)
    recorded = zeros_alike(sent.packets[heard])
    recorded[~sent.arrived[heard]] = FILL
    recorded[:fill] = fill_code
    return recorded.reshape(-1)


def zeros_alike(codes: Codes) -> Codes:
    """Codes as they are after FreeSWITCH has decoded and coded them: both zeros are 0xFF."""
    return np.where(codes == MINUS_ZERO, PLUS_ZERO, codes).astype(np.uint8)


def freeswitch_opening(recorded: Codes, seconds: float) -> Codes:
    """What the program keeps of FreeSWITCH's file: without fill, gaps closed (`freeswitch/opening.py`)."""
    return np.frombuffer(without_fill(recorded.tobytes(), seconds), dtype=np.uint8)
