"""A session border on loopback that loses packets: SIP and RTP of a trunk go through it, one trunk each.

It stands where two networks meet: what one Asterisk offers and the other answers is rewritten (RFC 4566) so
that both send their media here. Packets towards the product are dropped by Gilbert's model, seeded by the
number called, so that one call loses the same packets every time; nothing else is touched. RTCP is not
carried, and requests within a dialog go from Contact to Contact, past it.
"""

import asyncio
import json
import multiprocessing
import os
import re
import signal
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from lab.priority import prefer
from silentspam.training.network import Loss

HOME = "127.0.0.1"
AHEAD = 6000
"""Packets that are decided when a call begins: two minutes of 20 ms, then the same again."""
RTP_HEADER = 12
PARENT_SECONDS = 0.5

Address = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Border:
    """One trunk's border: the port where the carrier calls it, the loopback address from which the product
    is called, and what it loses; product: the product's SIP port."""

    name: str
    port: int
    address: str
    product: int
    loss: Loss = field(default_factory=Loss)
    seed: int = 1


class Borders:
    """The process with all borders, scheduled as media is; a context manager.

    What was carried of each call is in `report` when it has stopped: `[{"trunk", "called", "packets",
    "lost": [number of the packet, …]}, …]`.
    """

    def __init__(self, borders: Sequence[Border], report: Path) -> None:
        self._report = report
        self._running = multiprocessing.get_context("forkserver").Process(
            target=run_borders, args=(tuple(borders), report), daemon=True
        )

    def __enter__(self) -> "Borders":
        self._running.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.terminate()
        self._running.join()

    def calls(self) -> list[dict[str, Any]]:
        """What was carried, once it has stopped."""
        return json.loads(self._report.read_text(encoding="ascii")) if self._report.is_file() else []


class _Port(asyncio.DatagramProtocol):
    """A UDP port: what arrives is given to `received(datagram, from)`."""

    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._received(data, addr)

    def error_received(self, exc: Exception) -> None:
        """A port that is closed already: the call ends, and what comes late goes nowhere."""

    def send(self, datagram: bytes, to: Address | None) -> None:
        if to is not None:
            self._transport.sendto(datagram, to)

    @property
    def number(self) -> int:
        return int(self._transport.get_extra_info("sockname")[1])


async def _open(address: str, port: int, received: Callable[[bytes, Address], None]) -> _Port:
    loop = asyncio.get_running_loop()
    _, opened = await loop.create_datagram_endpoint(lambda: _Port(received), local_addr=(address, port))
    return opened


class Media:
    """The RTP of one call: `towards` is what the carrier sends to, `back` what the product sends to."""

    def __init__(self, called: str, lost: npt.NDArray[np.bool_]) -> None:
        self.called = called
        self.carrier: Address | None = None
        self.product: Address | None = None
        self.packets, self.lost = 0, list[int]()
        self._pattern = lost
        self._first: int | None = None
        self._count = -1

    async def open(self, address: str) -> None:
        """Take a port on each side."""
        self.towards = await _open(HOME, 0, self._from_carrier)
        self.back = await _open(address, 0, self._from_product)

    def _from_carrier(self, packet: bytes, _: Address) -> None:
        if len(packet) >= RTP_HEADER and not self._loses(packet):
            self.back.send(packet, self.product)

    def _from_product(self, packet: bytes, _: Address) -> None:
        self.towards.send(packet, self.carrier)

    def _loses(self, packet: bytes) -> bool:
        """By the sequence number (RFC 3550), so that lateness changes nothing."""
        sequence = int.from_bytes(packet[2:4], "big")
        if self._first is None:
            self._first = sequence
        number = (sequence - self._first) & 0xFFFF
        self.packets += 1
        if not self._pattern[number % len(self._pattern)]:
            return False
        self.lost.append(number)
        return True


class _Crossing:
    """One border while it runs: the calls it has carried, by their Call-ID."""

    def __init__(self, border: Border) -> None:
        self._border = border
        self._carrier: Address | None = None
        self._underway: set[asyncio.Task[None]] = set()
        self.media: dict[str, Media] = {}

    async def open(self) -> None:
        border = self._border
        self._front = await _open(HOME, border.port, self._from_carrier)
        self._back = await _open(border.address, border.port, self._from_product)

    def _from_carrier(self, message: bytes, sender: Address) -> None:
        self._carrier = sender
        onward = asyncio.ensure_future(self._onward(message))
        self._underway.add(onward)
        onward.add_done_callback(self._underway.discard)

    async def _onward(self, message: bytes) -> None:
        text = message.decode("utf-8", errors="surrogateescape")
        if (offered := sdp_port(text)) is not None:
            media = await self._media(text)
            media.carrier = (HOME, offered)
            text = with_media(text, self._border.address, media.back.number)
        self._back.send(text.encode("utf-8", errors="surrogateescape"), (HOME, self._border.product))

    async def _media(self, text: str) -> Media:
        call_id = header(text, "Call-ID")
        if call_id not in self.media:
            match = re.match(r"INVITE sips?:([^@;>]*)@", text)
            called = match[1] if match else ""
            rng = np.random.default_rng([self._border.seed, zlib.crc32(called.encode())])
            self.media[call_id] = Media(called, self._border.loss.draw(AHEAD, rng))
            await self.media[call_id].open(self._border.address)
        return self.media[call_id]

    def _from_product(self, message: bytes, _: Address) -> None:
        text = message.decode("utf-8", errors="surrogateescape")
        media = self.media.get(header(text, "Call-ID"))
        if media is not None and (answered := sdp_port(text)) is not None:
            media.product = (HOME, answered)
            text = with_media(text, HOME, media.towards.number)
        self._front.send(text.encode("utf-8", errors="surrogateescape"), self._carrier)

    def told(self) -> list[dict[str, Any]]:
        name = self._border.name
        return [
            {"trunk": name, "called": one.called, "packets": one.packets, "lost": one.lost}
            for one in self.media.values()
        ]


def header(text: str, name: str) -> str:
    """A header of a SIP message, by its full name; "" where there is none."""
    match = re.search(rf"^{name} *: *(.*?)\r?$", text, re.MULTILINE | re.IGNORECASE)
    return match[1] if match else ""


def sdp_port(text: str) -> int | None:
    """The port of the audio that a message's SDP describes; None where it has none."""
    match = re.search(r"^m=audio (\d+) ", text, re.MULTILINE)
    return int(match[1]) if match else None


def with_media(text: str, address: str, port: int) -> str:
    """A message whose SDP names another address and port for the audio; its length put right."""
    head, gap, body = text.partition("\r\n\r\n")
    body = re.sub(r"^(c=IN IP4 )\S+", rf"\g<1>{address}", body, flags=re.MULTILINE)
    body = re.sub(r"^(m=audio )\d+", rf"\g<1>{port}", body, flags=re.MULTILINE)
    length = len(body.encode("utf-8", errors="surrogateescape"))
    head = re.sub(r"^(Content-Length *: *)\d+", rf"\g<1>{length}", head, flags=re.MULTILINE | re.IGNORECASE)
    return head + gap + body


async def _carry(borders: Sequence[Border], report: Path) -> None:
    crossings = [_Crossing(border) for border in borders]
    for crossing in crossings:
        await crossing.open()
    ended, parent = asyncio.Event(), os.getppid()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    while not ended.is_set() and os.getppid() == parent:
        try:
            await asyncio.wait_for(ended.wait(), PARENT_SECONDS)
        except TimeoutError:
            continue
    report.write_text(json.dumps([call for one in crossings for call in one.told()]), encoding="ascii")


def run_borders(borders: Sequence[Border], report: Path) -> None:
    """The process: carry until it is ended, or its parent is gone."""
    prefer()
    asyncio.run(_carry(borders, report))
