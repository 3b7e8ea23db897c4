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
BLOCK = 500
BLOCKS = 24


class PortsError(Exception):
    """Every block of ports is taken."""


class Ports:
    """A leased block: one port for each part of a lab, and two ranges for RTP."""

    def __init__(self) -> None:
        for number in range(BLOCKS):
            lease = _lease(number)
            if lease is None:
                continue
            base = FIRST_PORT + number * BLOCK
            if all(_is_free(base + offset) for offset in range(4)):
                self._lease: IO[str] = lease
                self.sip, self.phones, self.sipp, self.dead = range(base, base + 4)
                self.rtp = (base + 20, base + 239)
                self.phone_rtp = base + 240
                return
            lease.close()
        raise PortsError(f"no free block of {BLOCK} ports from {FIRST_PORT} on")

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
