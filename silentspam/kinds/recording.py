"""A recording that is played: known again by its landmarks (Wang 2003), wherever the opening cut it.

Which recordings are known, and what is thought of each, is a library's affair (`recordings.library`).
"""

from dataclasses import dataclass
from typing import Protocol

from silentspam.call import VerdictKind
from silentspam.kinds.constellation import Constellation, constellation_of
from silentspam.kinds.finding import Finding
from silentspam.kinds.sound import Sound
from silentspam.kinds.standing import Standing

KINDS = {Standing.CONFIRMED: VerdictKind.CALLER_RECORDING}
"""What a recording of a standing speaks for; one of any other standing speaks for nothing."""


@dataclass(frozen=True, kw_only=True)
class Match:
    """A recording that an opening was found to play.

    begin: where in the recording the opening starts [s], below zero where the recording starts later;
    agreeing: how many of the opening's `peaks` agree; evidence and needed: in decades (`kinds.alignment`).
    """

    recording_id: str
    name: str
    standing: Standing
    begin: float
    agreeing: int
    peaks: int
    evidence: float
    needed: float

    @property
    def probability(self) -> float:
        """That it is no chance: 0.99 at what is needed, and nearer to 1 by each decade more.

        A scale to compare kinds by, from the bound that `kinds.alignment.needed` keeps; not calibrated on
        calls, of which nobody knows how many play a recording.
        """
        return 1.0 - float(10.0 ** -(2.0 + max(self.evidence - self.needed, 0.0)))


class Library(Protocol):
    """Recordings that are known."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known: then nobody needs to listen."""

    def match(self, opening: Constellation) -> Match | None:
        """The recording that an opening plays; None for one that plays none of them."""


@dataclass(frozen=True)
class KnownRecordings:
    """Finds the recordings of a library; a detector."""

    library: Library

    def __call__(self, sound: Sound) -> tuple[Finding, ...]:
        """At most one finding: of kind None, but named, for a recording that does not count as SPAM."""
        if self.library.is_empty:
            return ()
        opening = constellation_of(sound)
        match = self.library.match(opening) if opening.is_telling else None
        return () if match is None else (finding(match, sound.recording.seconds),)


def finding(match: Match, seconds: float) -> Finding:
    """What a match says of an opening of so many seconds."""
    return Finding(
        kind=KINDS.get(match.standing),
        signal=f"recording {match.recording_id}",
        probability=match.probability,
        begin=min(max(-match.begin, 0.0), seconds),
        end=seconds,
        reason=(
            f"plays the {match.standing.lower()} recording {match.recording_id[:8]} {match.name!r} from its "
            f"second {match.begin:.1f} on: {match.agreeing} of {match.peaks} peaks agree, evidence "
            f"{match.evidence:.1f} of {match.needed:.1f} needed"
        ),
    )
