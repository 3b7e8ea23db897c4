"""The calls of a worker: a greenlet each, and no more than there is room for."""

import socket
from collections.abc import Callable

from silentspam.serve.hub import Hub, Link

HAND_BACKS = 64
"""Calls that are told at once that there is no room; beyond, they are closed without a word. The dialplan
bridges both."""

FLOOD = 4096
"""Connections beside the screenings: ends of calls, which take no place of one. More are closed at once."""

Serve = Callable[[Link, bytes, bool], None]
Leave = Callable[[socket.socket], None]


class Calls:
    """Runs `serve(link, received, full)` for each connection; never more than `limit` screenings."""

    def __init__(
        self, hub: Hub, *, limit: int, refused: Callable[[str], None], failed: Callable[[Exception], None]
    ) -> None:
        self._hub = hub
        self._limit = limit
        self._refused = refused
        self._failed = failed
        self._links: set[Link] = set()
        self._screenings = self._handing_back = 0

    @property
    def open(self) -> int:
        """Connections that are being served."""
        return len(self._links)

    @property
    def screenings(self) -> int:
        """Calls being screened."""
        return self._screenings

    def take(
        self,
        connection: socket.socket,
        received: bytes,
        *,
        serve: Serve,
        ends: bool,
        leave: Leave = socket.socket.close,
    ) -> None:
        """Serve a connection, up to where it has to wait first. ends: it takes no place of a screening.

        leave: closes one that is not served.
        """
        full = not ends and self._screenings >= self._limit
        flood = len(self._links) >= self._limit + FLOOD or (full and self._handing_back >= HAND_BACKS)
        if full or flood:
            self._refused("flood" if flood else "full")
        if flood:
            leave(connection)
            return
        try:
            self._hub.spawn(lambda: self._run(connection, received, serve, ends=ends, full=full))
        except Exception as error:  # noqa: BLE001  what cannot even begin costs that connection alone
            self._failed(error)
            leave(connection)

    def cut_all(self) -> None:
        """Cut every connection: the switch goes on with the call."""
        for link in list(self._links):
            link.shut()

    def _run(
        self, connection: socket.socket, received: bytes, serve: Serve, *, ends: bool, full: bool
    ) -> None:
        screening = not ends and not full
        link = Link(self._hub, connection)
        self._links.add(link)
        self._screenings += screening
        self._handing_back += full
        try:
            serve(link, received, full)
        except Exception as error:  # noqa: BLE001  no defect of ours may cost the loop that all calls need
            self._failed(error)
        finally:
            self._links.discard(link)
            self._screenings -= screening
            self._handing_back -= full
            link.close()
