"""The calls of a worker: a thread each, no more than there is room for, and none beyond its deadline."""

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from silentspam.errors import SilentSpamError

ENDS = 64
"""Threads beside those for screenings: ends of calls, which take no place of one."""

HAND_BACKS = 16
"""Calls that are told at once that there is no room; beyond, they are closed without a word. The dialplan
bridges both."""

FLOOD = 4096
"""Connections that may wait for a thread: more are closed at once, and the dialplan bridges."""

Serve = Callable[[socket.socket, bytes, bool], None]


@dataclass(frozen=True)
class _Running:
    connection: socket.socket
    until: float


class Calls:
    """Runs `serve(connection, received, full)` for each connection; never more than `limit` screenings."""

    def __init__(
        self, *, limit: int, refused: Callable[[str], None], failed: Callable[[Exception], None]
    ) -> None:
        self._limit = limit
        self._pool = ThreadPoolExecutor(limit + ENDS, thread_name_prefix="call")
        self._spare_pool = ThreadPoolExecutor(HAND_BACKS, thread_name_prefix="handed back")
        self._refused = refused
        self._failed = failed
        self._running: dict[int, _Running] = {}
        self._lock = threading.Lock()
        self._screenings = self._handing_back = 0
        self._next = 0

    @property
    def open(self) -> int:
        """Connections that are being served, or wait for a thread."""
        return len(self._running)

    @property
    def screenings(self) -> int:
        """Calls being screened."""
        return self._screenings

    def take(
        self, connection: socket.socket, received: bytes, *, serve: Serve, ends: bool, longest: float
    ) -> None:
        """Serve a connection in a thread of its own. ends: it takes no place of a screening."""
        with self._lock:
            full = not ends and self._screenings >= self._limit
            flood = len(self._running) >= self._limit + FLOOD or (full and self._handing_back >= HAND_BACKS)
            self._next += 1
            number = self._next
            if not flood:
                self._screenings += not ends and not full
                self._handing_back += full
                self._running[number] = _Running(connection, time.monotonic() + longest)
        if full or flood:
            self._refused("flood" if flood else "full")
        if flood:
            connection.close()
            return
        connection.setblocking(True)
        pool = self._spare_pool if full else self._pool
        counted = not ends and not full
        try:
            pool.submit(self._run, number, connection, received, serve, full, counted)
        except RuntimeError:  # the system gives no more threads
            self._refused("no thread")
            self._over(number, connection, counted=counted, full=full)

    def cut_overdue(self) -> int:
        """Cut the connections past their time: a thread may be stuck on a disk, the caller is not."""
        now = time.monotonic()
        overdue = [one for one in list(self._running.values()) if one.until < now]
        for one in overdue:
            with suppress(OSError):
                one.connection.shutdown(socket.SHUT_RDWR)
        return len(overdue)

    def cut_all(self) -> None:
        """Cut every connection: Asterisk goes on with the call."""
        for one in list(self._running.values()):
            with suppress(OSError):
                one.connection.shutdown(socket.SHUT_RDWR)

    def _run(
        self, number: int, connection: socket.socket, received: bytes, serve: Serve, full: bool, counted: bool
    ) -> None:
        try:
            serve(connection, received, full)
        except SilentSpamError as error:
            self._failed(error)
        except Exception as error:  # noqa: BLE001  no defect of ours may cost the thread that the next call needs
            self._failed(error)
        finally:
            self._over(number, connection, counted=counted, full=full)

    def _over(self, number: int, connection: socket.socket, *, counted: bool, full: bool = False) -> None:
        with suppress(OSError):
            connection.close()
        with self._lock:
            self._running.pop(number, None)
            self._screenings -= counted
            self._handing_back -= full
