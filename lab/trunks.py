"""Networks through which the lab's callers come: a carrier, an Asterisk of its own that takes a caller's
G.711, transcodes it and sends it on by a trunk, through a border that loses packets (lab/lossy.py).

The product's Asterisk tells trunks apart by the address they come from, as a real one does. Asterisk has
libgsm, Speex, Opus, AMR and G.726, but neither iLBC nor G.729.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.asterisk import Asterisk
from lab.lossy import Border, Borders
from lab.ports import Ports
from silentspam.training.network import Loss

if TYPE_CHECKING:
    from lab.scenarios import Scenario

FIRST_ADDRESS = 2
"""Of the first trunk, in 127.0.0.0/8; phones and agents have 127.0.0.1."""
RINGS = 90
"""Seconds; the caller's patience ends a call before."""


@dataclass(frozen=True, kw_only=True)
class Trunk:
    """A trunk by its codec, as Asterisk names it, and what is lost on it before the product.

    buffered: the product's Asterisk has a jitter buffer on it, which conceals what it knows how to.
    """

    codec: str
    loss: Loss = field(default_factory=Loss)
    seed: int = 1
    buffered: bool = False


TRUNKS: Mapping[str, Trunk] = {
    "mobile": Trunk(codec="gsm"),
    "voip": Trunk(codec="speex", loss=Loss(share=0.02, burst=1.2)),
}
"""What a scenario may name as its trunk."""

ENDPOINT = """\
[{name}]
type=endpoint
transport=udp
context={context}
disallow=all
allow={codec}
direct_media=no
dtmf_mode=rfc4733
{more}
"""
JITTER_BUFFER = "set_var=JITTERBUFFER(adaptive)=default"
IDENTIFY = """\
[{name}]
type=identify
endpoint={name}
match={address}
"""
AOR = """\
[{name}]
type=aor
contact=sip:127.0.0.1:{port}
"""


def address_of(number: int) -> str:
    """The loopback address from which the product is called by a trunk."""
    return f"127.0.0.{FIRST_ADDRESS + number}"


def trunk_endpoints(trunks: Mapping[str, Trunk]) -> str:
    """The product's side: an endpoint for each trunk, known by its address."""
    return "\n".join(
        ENDPOINT.format(
            name=name, context="inbound", codec=trunk.codec, more=JITTER_BUFFER if trunk.buffered else ""
        )
        + "\n"
        + IDENTIFY.format(name=name, address=address_of(number))
        for number, (name, trunk) in enumerate(trunks.items())
    )


class Carrier:
    """The carrier's Asterisk and its borders to the product's, which listens at `product`.

    A call to what a scenario dials goes on to its extension, by its trunk.
    """

    def __init__(
        self,
        work: Path,
        scenarios: "Iterable[Scenario]",
        trunks: Mapping[str, Trunk],
        *,
        product: int,
        root: Path,
    ) -> None:
        work.mkdir(parents=True)
        (work / "empty.conf").touch()
        self._ports = Ports()
        self._stack = ExitStack()
        borders = [
            Border(
                name=name,
                port=self._ports.phones(number),
                address=address_of(number),
                product=product,
                loss=trunk.loss,
                seed=trunk.seed,
            )
            for number, (name, trunk) in enumerate(trunks.items())
        ]
        self._borders = Borders(borders, work / "borders.json")
        parts = {"INBOUND": _routes(scenarios), "AGENTS": _outward(borders, trunks), "QUEUES": ""}
        self._asterisk = Asterisk(
            work,
            self._ports,
            parts=parts,
            dialplan=work / "empty.conf",
            root=root,
            system_name="carrier",
        )

    def start(self) -> None:
        """Start the borders and the Asterisk. Raises AsteriskError, with nothing left running."""
        self._stack.callback(self._ports.release)
        try:
            self._stack.enter_context(self._borders)
            self._stack.enter_context(self._asterisk)
        except BaseException:
            self._stack.close()
            raise

    def stop(self) -> None:
        """Stop both."""
        self._stack.close()

    @property
    def sip(self) -> int:
        """The SIP port that callers call."""
        return self._ports.sip

    def carried(self) -> list[dict[str, Any]]:
        """Packets carried and lost of each call, once it has stopped."""
        return self._borders.calls()


def _routes(scenarios: "Iterable[Scenario]") -> str:
    calls = {scenario.dialled: scenario for scenario in scenarios if scenario.trunk}
    return "\n".join(
        f"exten => {dialled},1,Dial(PJSIP/{call.extension}@{call.trunk},{RINGS})\n same => n,Hangup()"
        for dialled, call in calls.items()
    )


def _outward(borders: Sequence[Border], trunks: Mapping[str, Trunk]) -> str:
    """The carrier's side: each trunk ends at its border."""
    return "\n".join(
        ENDPOINT.format(
            name=border.name, context="nowhere", codec=trunks[border.name].codec, more=f"aors={border.name}"
        )
        + "\n"
        + AOR.format(name=border.name, port=border.port)
        for border in borders
    )
