"""A border carries a call's SIP and RTP, and loses the packets that Gilbert's model names, and no others."""

import contextlib
import socket
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lab.lossy import AHEAD, HOME, Border, Borders, header, sdp_port, with_media
from silentspam.training.network import Loss

LOSS, SEED, CALLED = Loss(share=0.2, burst=2.0), 7, "1042"
SDP = "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP 3 101\r\n"


def message(first: str, port: int) -> str:
    body = SDP.format(port=port)
    return f"{first}\r\nCall-ID: c1\r\nContent-Length: {len(body)}\r\n\r\n{body}"


def rtp(sequence: int, payload: bytes = b"speech") -> bytes:
    return b"\x80\x03" + sequence.to_bytes(2, "big") + bytes(8) + payload


def phone() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind((HOME, 0))
    opened.settimeout(10.0)
    return opened


def port_of(opened: socket.socket) -> int:
    return int(opened.getsockname()[1])


def test_a_message_without_sdp_stays_as_it_is() -> None:
    told = "SIP/2.0 180 Ringing\r\nCall-ID: c1\r\nContent-Length: 0\r\n\r\n"
    assert sdp_port(told) is None
    assert with_media(told, "127.0.0.9", 9) == told
    assert header(told, "call-id") == "c1"
    assert header(told, "Reason") == ""


def test_the_length_of_a_message_follows_its_sdp() -> None:
    told = with_media(message("SIP/2.0 200 OK", 4000), "127.0.0.200", 40001)
    assert sdp_port(told) == 40001
    assert "c=IN IP4 127.0.0.200\r\n" in told
    assert int(header(told, "Content-Length")) == len(told.partition("\r\n\r\n")[2])


class Call:
    """A carrier's and a product's ends of one call over a running border."""

    def __init__(self, border: Border, product: socket.socket) -> None:
        self.carrier_media, self.product_media = phone(), phone()
        with phone() as carrier:
            invite = message(f"INVITE sip:{CALLED}@127.0.0.1", port_of(self.carrier_media)).encode()
            offered, came_from = invited(carrier, (HOME, border.port), product, invite)
            self.came_from = came_from[0]
            self.to_carrier = ("127.0.0.2", sdp_port(offered.decode()) or 0)
            product.sendto(message("SIP/2.0 200 OK", port_of(self.product_media)).encode(), came_from)
            self.to_product = (HOME, sdp_port(carrier.recv(4096).decode()) or 0)


def invited(
    carrier: socket.socket, border: tuple[str, int], product: socket.socket, invite: bytes
) -> tuple[bytes, tuple[str, int]]:
    """Invite again until the border's process has started, as SIP over UDP does."""
    product.settimeout(0.2)
    for _ in range(150):
        carrier.sendto(invite, border)
        with contextlib.suppress(TimeoutError):
            return product.recvfrom(4096)
    raise TimeoutError("no border after 30 s")


@pytest.fixture
def product() -> Iterator[socket.socket]:
    with phone() as opened:
        yield opened


def test_a_call_loses_the_packets_of_its_pattern_and_no_others(
    product: socket.socket, tmp_path: Path
) -> None:
    with phone() as free:
        number = port_of(free)
    border = Border(
        name="mobile", port=number, address="127.0.0.2", product=port_of(product), loss=LOSS, seed=SEED
    )
    running = Borders([border], tmp_path / "borders.json")
    first, sent = 65_500, 200
    with running:
        call = Call(border, product)
        assert call.came_from == "127.0.0.2"
        for index in range(sent):
            call.carrier_media.sendto(rtp((first + index) & 0xFFFF), call.to_product)
        call.product_media.sendto(rtp(5, b"agent"), call.to_carrier)
        assert call.carrier_media.recv(4096) == rtp(5, b"agent")
        pattern = LOSS.draw(AHEAD, np.random.default_rng([SEED, zlib.crc32(CALLED.encode())]))[:sent]
        heard = [call.product_media.recv(4096) for _ in range(sent - pattern.sum())]
    numbers = [(int.from_bytes(packet[2:4], "big") - first) & 0xFFFF for packet in heard]
    assert numbers == np.flatnonzero(~pattern).tolist()
    assert running.calls() == [
        {"trunk": "mobile", "called": CALLED, "packets": sent, "lost": np.flatnonzero(pattern).tolist()}
    ]


def test_nothing_is_told_of_a_border_that_never_ran(tmp_path: Path) -> None:
    assert Borders([], tmp_path / "borders.json").calls() == []
