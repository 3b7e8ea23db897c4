"""Call-progress signals in one table: who sends which frequencies, and for how long on and off.

Frequencies Hz, times s, in the order on, off, on, off …; an empty pattern is continuous. Tones of several
frequencies sound together. A new country is a row, and nothing else.

Sources. E.180: ITU-T E.180/Q.35 (03/98), sections 5 to 9. E.180 S2: its Supplement 2 (01/94), the tones of
each administration. GR-506: Telcordia GR-506-CORE, the precise tone plan. TR 101 041: ETSI TR 101 041-2
(1997), European tones. SIN 350: British Telecom's Supplier Information Note 350. NTT: its Technical Reference
of telephone service interfaces, signal tones.
"""

from dataclasses import dataclass

Hertz = tuple[float, ...]
Seconds = tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Cadence:
    """One signal of one region. tolerance: by which share of itself a frequency may be off."""

    signal: str
    region: str
    hz: Hertz
    pattern: Seconds
    source: str
    tolerance: float = 0.02


BUSY, CONGESTION, REORDER, RINGBACK, DIAL = "busy", "congestion", "reorder", "ringback", "dial tone"
UNOBTAINABLE = "number unobtainable"
SPECIAL_INFORMATION = "special information"

NORTH_AMERICA, EUROPE, UK, JAPAN, ANY = "North America", "Europe", "UK", "Japan", "E.180"


def _row(signal: str, region: str, hz: Hertz, pattern: Seconds, source: str) -> Cadence:
    return Cadence(signal=signal, region=region, hz=hz, pattern=pattern, source=source)


CADENCES = (
    _row(BUSY, NORTH_AMERICA, (480.0, 620.0), (0.5, 0.5), "GR-506"),
    _row(REORDER, NORTH_AMERICA, (480.0, 620.0), (0.25, 0.25), "GR-506"),
    _row(REORDER, NORTH_AMERICA, (480.0, 620.0), (0.3, 0.2), "GR-506, toll"),
    _row(REORDER, NORTH_AMERICA, (480.0, 620.0), (0.2, 0.3), "GR-506, local"),
    _row(RINGBACK, NORTH_AMERICA, (440.0, 480.0), (2.0, 4.0), "GR-506"),
    _row(DIAL, NORTH_AMERICA, (350.0, 440.0), (), "GR-506"),
    _row(BUSY, EUROPE, (425.0,), (0.5, 0.5), "TR 101 041"),
    _row(BUSY, EUROPE, (425.0,), (0.48, 0.48), "E.180 S2, Germany"),
    _row(BUSY, EUROPE, (440.0,), (0.5, 0.5), "E.180 S2, France"),
    _row(BUSY, EUROPE, (425.0,), (0.2, 0.2), "E.180 S2, Spain and Switzerland"),
    _row(CONGESTION, EUROPE, (425.0,), (0.25, 0.25), "TR 101 041"),
    _row(CONGESTION, EUROPE, (425.0,), (0.24, 0.24), "E.180 S2, Germany"),
    _row(CONGESTION, EUROPE, (440.0,), (0.25, 0.25), "E.180 S2, France"),
    _row(CONGESTION, EUROPE, (425.0,), (0.2, 0.2, 0.2, 0.2, 0.2, 0.6), "E.180 S2, Spain"),
    _row(RINGBACK, EUROPE, (425.0,), (1.0, 4.0), "TR 101 041"),
    _row(RINGBACK, EUROPE, (440.0,), (1.5, 3.5), "E.180 S2, France"),
    _row(RINGBACK, EUROPE, (425.0,), (1.5, 3.0), "E.180 S2, Spain"),
    _row(DIAL, EUROPE, (425.0,), (), "TR 101 041"),
    _row(DIAL, EUROPE, (440.0,), (), "E.180 S2, France"),
    _row(BUSY, UK, (400.0,), (0.375, 0.375), "SIN 350"),
    _row(CONGESTION, UK, (400.0,), (0.4, 0.35, 0.225, 0.525), "SIN 350"),
    _row(RINGBACK, UK, (400.0, 450.0), (0.4, 0.2, 0.4, 2.0), "SIN 350"),
    _row(DIAL, UK, (350.0, 440.0), (), "SIN 350"),
    _row(UNOBTAINABLE, UK, (400.0,), (), "SIN 350"),
    _row(BUSY, JAPAN, (400.0,), (0.5, 0.5), "NTT"),
    _row(RINGBACK, JAPAN, (384.0, 416.0), (1.0, 2.0), "NTT: 400 Hz modulated by 16 Hz"),
    _row(DIAL, JAPAN, (400.0,), (), "NTT"),
)
"""The most specific rows: of two that fit, the one that fits better is named."""

SINGLE_HZ = (340.0, 500.0)
"""What a tone of one frequency may have in existing systems; 400 to 450 is recommended (E.180, section 4)."""
QUICK_PERIOD = (0.3, 1.1)
"""On and off together, of busy and of congestion (E.180, sections 7 and 8)."""
QUICK_RATIO = (0.67, 1.5)
"""On to off (E.180, sections 7 and 8)."""
RINGING_ON, RINGING_OFF = (0.67, 1.5), (3.0, 5.0)
"""E.180, section 6: the recommended limits."""
LONGEST_QUICK_BUSY = 0.55
"""Below this period a quick signal is called congestion (TR 101 041: 0.25 s each, against busy's 0.5 s)."""

SIT_HZ = (950.0, 1400.0, 1800.0)
SIT_TOLERANCE_HZ = 50.0
"""The special information tone's three tones (E.180, section 9). North America's 914 and 985, 1371 and 1429,
1777 Hz (GR-1162, ANSI T1.401) lie within."""
SIT_SECONDS = (0.26, 0.4)
"""E.180: 330 ± 70 ms each; North America: 274 or 380 ms."""
SIT_GAP_SECONDS = 0.03
"""At most, between two of them."""
