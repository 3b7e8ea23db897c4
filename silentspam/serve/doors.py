"""The listening sockets that all workers share: one for Asterisk, one for FreeSWITCH where it is served."""

import socket
from contextlib import suppress

from silentspam.config import Config
from silentspam.serve.protocols import AGI, FREESWITCH, Leaving, Protocol

BACKLOG = 1024


class Doors:
    """Opened at the start, in the supervisor, and open until it stops: no connection is refused meanwhile."""

    def __init__(self, config: Config) -> None:
        """Raises OSError naming the address that cannot be had and its keys."""
        server, freeswitch = config.server, config.freeswitch
        wanted: list[tuple[Protocol, str, str, int]] = [(AGI, "server", server.address, server.port)]
        if freeswitch.port is not None:
            wanted.append((FREESWITCH, "freeswitch", freeswitch.address, freeswitch.port))
        self._doors: list[tuple[Protocol, socket.socket, Leaving]] = []
        try:
            for protocol, section, address, port in wanted:
                self._doors.append((protocol, listen(section, address, port), Leaving(protocol)))
        except OSError:
            self.close()
            raise

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What a worker inherits: Asterisk's socket, then FreeSWITCH's."""
        return tuple(listener.fileno() for _, listener, _ in self._doors)

    def turn_away(self) -> None:
        """Send on whoever waits: the switches bridge those calls."""
        for protocol, listener, leaving in self._doors:
            with suppress(OSError):
                while True:
                    connection = listener.accept()[0]
                    protocol.open(connection)
                    leaving.add(connection)

    def look(self) -> None:
        """Close whom `turn_away` has sent on, when that may be; to be called again and again."""
        for _, _, leaving in self._doors:
            leaving.look()

    def close(self) -> None:
        """Close the sockets: connections that no worker takes are refused."""
        for _, listener, _ in self._doors:
            listener.close()


def listen(section: str, address: str, port: int) -> socket.socket:
    """A listening socket. section: of the configuration, whose `address` and `port` these are. Raises OSError
    naming them."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setblocking(False)
    try:
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        where = f"{section}.address {address}, {section}.port {port}"
        raise OSError(error.errno, f"{where}: {error.strerror}") from error
    return listener
