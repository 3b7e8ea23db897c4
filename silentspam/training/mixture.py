"""How many openings of each kind of SPAM a corpus has beside dead air and people.

The default is what was counted: Table 2 of Orife et al. 2018, a day of one host after the attack had abated,
968 calls: 611 fax, 233 dead air, 87 recordings, 32 noise, and 5 that are left for busy signals (their count
cannot be read in our copy; the sum can). Dead air has campaigns of its own (`simulate.Plan`), no part here.
"""

import re
from collections.abc import Mapping, Sequence

from silentspam.call import VerdictKind
from silentspam.errors import SilentSpamError
from silentspam.kinds.table import KINDS

Mixture = Mapping[str, float]
"""Weights of kinds by their names."""

TABLE_2: Mixture = {
    VerdictKind.CALLER_FAX: 611,
    VerdictKind.CALLER_RECORDING: 87,
    VerdictKind.CALLER_NOISE: 32,
    VerdictKind.CALLER_BUSY: 5,
}

KEYS = {kind.key: kind.name for kind in KINDS if kind.name in TABLE_2}
_PART = re.compile(r"(?P<key>[a-z_]+)=(?P<weight>\d+(\.\d+)?)\Z")


def mixture_of(parts: Sequence[str]) -> Mixture:
    """The mixture of "fax=611", "noise=32" …; a kind that is not named has none. Raises SilentSpamError."""
    found: dict[str, float] = {}
    for part in parts:
        match = _PART.match(part)
        if match is None or match["key"] not in KEYS:
            raise SilentSpamError(f"--mix {part!r}: wanted is KIND=WEIGHT with KIND of {', '.join(KEYS)}")
        found[KEYS[match["key"]]] = float(match["weight"])
    if not sum(found.values()):
        raise SilentSpamError(f"--mix {' '.join(parts)}: every weight is 0")
    return found


def shares(openings: int, mixture: Mixture) -> dict[str, int]:
    """Openings of each kind, whole numbers whose sum is `openings` (Hamilton's rule of largest rests)."""
    total = sum(mixture.values())
    exact = {kind: openings * weight / total for kind, weight in mixture.items()}
    found = {kind: int(share) for kind, share in exact.items()}
    owed = sorted(exact, key=lambda kind: found[kind] - exact[kind])
    for kind in owed[: openings - sum(found.values())]:
        found[kind] += 1
    return found
