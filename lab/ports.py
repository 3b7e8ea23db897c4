"""Blocks of UDP and TCP ports on loopback, so that two labs can run at once.

A block is leased by a file lock in the temporary folder: it is free again when the process that holds it
ends, however it ends. The blocks lie below the kernel's ephemeral ports (32768 upwards on Linux).
"""

import fcntl
import socket
import tempfile
from pathlib import Path
from typing import IO

FIRST_PORT = 20_000
BLOCK = 960
BLOCKS = 13
FIRST_AGI_PORT = 18_000
"""Of resident screeners: below the blocks, so many for each block as there are scenarios."""
FIRST_SOCKET_PORT = 16_500
"""Of resident screeners for FreeSWITCH, below those."""
SCENARIOS = 100
"""How many scenarios a block has ports for."""


class PortsError(Exception):
    """Every block of ports is taken."""


class Ports:
    """A leased block: the switch's ports, and those of each scenario's phones by its number."""

    def __init__(self) -> None:
        for number in range(BLOCKS):
            lease = _lease(number)
            if lease is None:
                continue
            self.base = FIRST_PORT + number * BLOCK
            self._agi_base = FIRST_AGI_PORT + number * SCENARIOS
            self._socket_base = FIRST_SOCKET_PORT + number * SCENARIOS
            if all(_is_free(port) for port in (self.sip, self.dead, self.event_socket)):
                self._lease: IO[str] = lease
                return
            lease.close()
        raise PortsError(f"no free block of {BLOCK} ports from {FIRST_PORT} on")

    @property
    def sip(self) -> int:
        """The switch's own SIP port, UDP and TCP."""
        return self.base

    @property
    def dead(self) -> int:
        """A port where nothing listens."""
        return self.base + 1

    @property
    def event_socket(self) -> int:
        """The port of FreeSWITCH's own event socket."""
        return self.base + 2

    @property
    def rtp(self) -> tuple[int, int]:
        """The first and the last port of the switch's media."""
        return self.base + 210, self.base + 359

    def phones(self, scenario: int) -> int:
        """The SIP port of a scenario's pjsua2 phones."""
        return self.base + 10 + scenario

    def sipp(self, scenario: int) -> int:
        """The SIP port of a scenario's SIPp."""
        return self.base + 10 + SCENARIOS + scenario

    def media(self, scenario: int) -> int:
        """The first of six ports for the media of a scenario's phones."""
        return self.base + 360 + 6 * scenario

    def agi(self, scenario: int) -> int:
        """The port of a scenario's resident screener."""
        return self._agi_base + scenario

    def freeswitch(self, scenario: int) -> int:
        """The port where a scenario's resident screener is called by FreeSWITCH."""
        return self._socket_base + scenario

    def release(self) -> None:
        """Give the block back before the process ends."""
        self._lease.close()


def _lease(number: int) -> IO[str] | None:
    path = Path(tempfile.gettempdir()) / f"silentspam-lab-ports-{number}.lock"
    try:
        lease = path.open("w")
    except PermissionError:  # another user's lab made it
        return None
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lease.close()
        return None
    return lease


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
