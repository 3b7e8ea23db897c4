"""What a detector heard in an opening: plain values, for whoever decides or logs."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing heard: which kind of SPAM it speaks for, and how probably it is there.

    kind: the name of a row of `kinds.table`; None for a signal that speaks for none (a dial tone, a key, a
    beep). signal: its name, as in "fax CNG". probability: 0…1 that it is what it says. begin, end: where it
    lies in the recording [s]. reason: for people, with the figures it rests on.
    """

    kind: str | None
    signal: str
    probability: float
    begin: float
    end: float
    reason: str
