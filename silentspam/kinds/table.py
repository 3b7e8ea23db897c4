"""The kinds of SPAM (Orife et al. 2018, Table 2): one row each, the most specific first.

Everything that tells kinds apart goes by this table: which detectors listen, which of several kinds heard at
once is the verdict, how each is treated unless the configuration says otherwise (`kinds.<key>`), what a
rejection is called, what people are told. A new kind is a row here and a detector.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from silentspam.call import Decision, Disposition, VerdictKind


@dataclass(frozen=True, kw_only=True)
class SpamKind:
    """One kind.

    name: the verdict in the call log; key: its section of the configuration; words: what it is, for people;
    listener: "module:function" that makes its detector (`kinds.listening`), empty for dead air, which the
    model itself judges; treatment and max_false_challenge_rate (share of people, 0…1): unless configured;
    prompt: the question it is challenged with unless configured, a sound for each digit: "press" is press-0 …
    press-9 in the folder of prompts.
    """

    name: str
    key: str
    words: str
    listener: str = ""
    treatment: Decision = Decision.CHALLENGE
    max_false_challenge_rate: float = 0.0005
    prompt: str = "press"

    @property
    def disposition(self) -> str:
        """What a call rejected for it is logged as."""
        name = f"REJECTED_{self.name}"
        return Disposition.__members__.get(name, name)


KINDS: tuple[SpamKind, ...] = (
    SpamKind(
        name=VerdictKind.CALLER_RECORDING,
        key="recording",
        words="a known recording",
        listener="silentspam.recordings.reading:listener",
    ),
    SpamKind(
        name=VerdictKind.CALLER_FAX,
        key="fax",
        words="a fax machine or a modem",
        listener="silentspam.kinds.fax:listener",
    ),
    SpamKind(
        name=VerdictKind.CALLER_BUSY,
        key="busy",
        words="a busy or another call-progress signal",
        listener="silentspam.kinds.busy:listener",
    ),
    SpamKind(
        name=VerdictKind.CALLER_SILENCE,
        key="silence",
        words="dead air",
        max_false_challenge_rate=0.005,
    ),
    SpamKind(
        name=VerdictKind.CALLER_NOISE,
        key="noise",
        words="noise",
        listener="silentspam.kinds.noise:listener",
        max_false_challenge_rate=0.005,
    ),
)
"""In the order in which they are taken for the verdict."""


def kind_named(name: object) -> SpamKind | None:
    """The kind of a verdict; None for a verdict that is none."""
    return next((kind for kind in KINDS if kind.name == name), None)


def kind_rejected(disposition: str | None) -> SpamKind | None:
    """The kind that a call of this disposition was rejected for; None for another disposition."""
    return next((kind for kind in KINDS if kind.disposition == disposition), None)


def dispositions() -> Iterator[str]:
    """What a call can have ended as, a rejection for each kind included."""
    return iter(dict.fromkeys((*map(str, Disposition), *(kind.disposition for kind in KINDS))))


def names() -> Iterator[str]:
    """Every kind's name, in the table's order."""
    return (kind.name for kind in KINDS)
