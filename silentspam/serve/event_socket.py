"""FreeSWITCH's own event socket, held open: connected again and again, and heard until told to stop.

Whatever it does, refuse, hang, die or talk nonsense, the next connection is tried after a pause; calls that
go on meanwhile are heard of when they end.
"""

import socket
import threading
import time
from collections.abc import Callable

from silentspam.errors import ChannelError
from silentspam.freeswitch.frames import Headers
from silentspam.freeswitch.inbound import InboundSession

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
"""Between two connections; it doubles as long as none is heard for longer than that."""
CONNECT_SECONDS = 5.0
GREETING_SECONDS = 10.0
"""From the connection to the first event that would be heard."""
QUIET_SECONDS = 20.0
"""After so much silence a sign of life is asked for."""
SILENT_SECONDS = 30.0
"""After so much FreeSWITCH is taken for hung, and connected anew."""
TURN_SECONDS = 0.5
LAST_SECONDS = 0.3
"""When it is to stop, what has been sent is still read."""
RECEIVED = 65_536


class EventSocket:
    """One event socket, in a thread of its own.

    hear: takes each hangup event; say: (event, facts) for the log, each change once; failed: the error of a
    connection that came to nothing or was lost.
    """

    def __init__(
        self,
        address: str,
        password: str,
        *,
        hear: Callable[[Headers], None],
        say: Callable[..., None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._address = address
        self._password = password
        self._hear, self._say, self._failed = hear, say, failed
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"event socket {address}", daemon=True)
        self._said = ""
        self.heard = False
        """Whether every call that ends now is heard of."""

    def start(self) -> None:
        """Connect, and go on for ever. Raises RuntimeError where no thread is to be had."""
        self._thread.start()

    def stop(self) -> None:
        """Have it end; `join` waits for that."""
        self._stopped.set()

    def join(self, seconds: float) -> None:
        """Wait until it has ended."""
        self._thread.join(seconds)

    def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopped.is_set():
            begun_at = time.monotonic()
            try:
                self._listen()
            except Exception as error:  # noqa: BLE001  whatever it was, the calls after it are to be heard
                held = self.heard and time.monotonic() > begun_at + LONGEST_PAUSE_SECONDS
                pause = FIRST_PAUSE_SECONDS if held else min(2 * pause, LONGEST_PAUSE_SECONDS)
                self._lose(error)
                self._stopped.wait(pause)
        self.heard = False

    def _lose(self, error: Exception) -> None:
        lost, self.heard = self.heard, False
        self._failed(error)
        text = f"{type(error).__name__}: {error}"[:500]
        if lost or text != self._said:
            name = "event socket lost" if lost else "event socket not heard"
            self._say(name, address=self._address, error=text)
        self._said = text

    def _listen(self) -> None:
        """One connection. Raises OSError or ChannelError when it is over, unless told to stop."""
        host, _, port = self._address.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS) as connection:
            connection.settimeout(TURN_SECONDS)
            session, watch = InboundSession(self._password), _Watch()
            while not self._stopped.is_set():
                self._turn(connection, session)
                if watch.wants_sign(session):
                    connection.sendall(session.ask())
            connection.settimeout(LAST_SECONDS)
            until = time.monotonic() + 3 * LAST_SECONDS
            while session.listening and time.monotonic() < until and self._turn(connection, session):
                pass

    def _turn(self, connection: socket.socket, session: InboundSession) -> bool:
        """Take what comes within the connection's time; False where nothing did."""
        try:
            received = connection.recv(RECEIVED)
        except TimeoutError:
            return False
        if not received:
            raise ChannelError("FreeSWITCH has closed the connection")
        try:
            session.feed(received)
        finally:
            for event in session.take_events():
                self._hear(event)
        if to_send := session.take_to_send():
            connection.sendall(to_send)
        if session.listening and not self.heard:
            self.heard, self._said = True, ""
            self._say("event socket heard", address=self._address)
        return True


class _Watch:
    """How long a connection has been silent; a frame heard in part is silence."""

    def __init__(self) -> None:
        self._begun_at = self._heard_at = time.monotonic()
        self._frames = 0
        self._asked = False

    def wants_sign(self, session: InboundSession) -> bool:
        """Whether a sign of life is to be asked for now. Raises ChannelError where it is too late for one."""
        now = time.monotonic()
        if session.frames != self._frames:
            self._frames, self._heard_at, self._asked = session.frames, now, False
        if not session.listening and now > self._begun_at + GREETING_SECONDS:
            raise ChannelError(f"FreeSWITCH has not let us listen within {GREETING_SECONDS:g} s")
        if now > self._heard_at + SILENT_SECONDS:
            raise ChannelError(f"FreeSWITCH has said nothing for {SILENT_SECONDS:g} s")
        if self._asked or not session.listening or now < self._heard_at + QUIET_SECONDS:
            return False
        self._asked = True
        return True
