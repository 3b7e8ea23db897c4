"""A session's commands, each to its end: what a screening says to FreeSWITCH and waits for.

Every wait has a limit. A hangup that is told of meanwhile raises ChannelHangup, and the dialplan having the
call back ChannelError: whoever waits for a key must not go on with a caller who is with an agent by now.
"""

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from silentspam.errors import ChannelError, ChannelHangup
from silentspam.freeswitch.frames import Frame, Headers
from silentspam.freeswitch.session import EslSession

REPLY_SECONDS = 5.0
"""FreeSWITCH answers a command within milliseconds [s]."""
APPLICATION_SECONDS = 5.0
"""An application that takes no time of its own is over within 50 ms [s]."""

HANGUP_SECONDS = 1.0
"""From the end of the application `hangup` to the hangup's event [s], which comes first as long as one thread
delivers events: a busy FreeSWITCH starts more (src: switch_event.c)."""

Found = TypeVar("Found")


class Stream(Protocol):
    """Where the bytes go (`serve.stream`).

    `receive` gives b"" at the end, and raises TimeoutError when nothing came within so many seconds.
    """

    def write(self, data: bytes, /) -> object: ...

    def receive(self, seconds: float, /) -> bytes: ...


class Dialogue:
    """Drives a session over a stream. Every command raises ChannelHangup and ChannelError."""

    def __init__(self, stream: Stream, session: EslSession, *, reply_seconds: float = REPLY_SECONDS) -> None:
        self.session = session
        self._stream = stream
        self._reply_seconds = reply_seconds
        self._silence = ""

    def command(self, *lines: str) -> Frame:
        """Send a command; its reply."""
        return self._ask(self.session.command(*lines), lines[0])

    def api(self, command: str) -> str:
        """Run an api command; what it prints. ChannelError where that is an error."""
        said = self.command(f"api {command}").text
        if said.startswith(("-ERR", "-USAGE")):
            raise ChannelError(f"api {command.partition(' ')[0]}: {said[:200]}")
        return said

    def start(self, application: str, argument: str = "") -> str:
        """Have an application run; the id that its end will bear."""
        number, command = self.session.execute(application, argument)
        said = self._ask(command, application).text
        if not said.startswith("+OK"):
            raise ChannelError(f"{application}: refused ({said[:200] or 'no reason given'})")
        return number

    def finish(self, application: str, number: str, seconds: float = APPLICATION_SECONDS) -> Headers:
        """Wait for an application's end: its last event."""
        return self._await(lambda: self.session.take_completed(number), seconds, application)

    def execute(self, application: str, argument: str = "", seconds: float = APPLICATION_SECONDS) -> Headers:
        """Run an application to its end."""
        return self.finish(application, self.start(application, argument), seconds)

    def hang_up(self, cause: str) -> None:
        """End the call. ChannelError where it went on."""
        self.session.check()
        try:
            self.execute("hangup", cause)
            self._await(lambda: None, HANGUP_SECONDS, "hangup")
        except ChannelHangup:
            return

    def _ask(self, command: bytes, what: str) -> Frame:
        """Once a reply did not come nothing is asked any more: it could come as that to another command."""
        self.session.check()
        if self._silence:
            raise ChannelError(self._silence)
        try:
            self._stream.write(command)
        except OSError as error:
            raise self.session.ended() from error
        try:
            return self._await(self._reply, self._reply_seconds, what)
        except ChannelHangup:
            raise
        except ChannelError as error:
            self._silence = str(error)
            raise

    def _reply(self) -> Frame | None:
        return self.session.replies.popleft() if self.session.replies else None

    def _await(self, found: Callable[[], Found | None], seconds: float, what: str) -> Found:
        """Take in what comes until this is found; what had come before counts first, a hangup next."""
        until = time.monotonic() + seconds
        while True:
            if (result := found()) is not None:
                return result
            self.session.check()
            try:
                received = self._stream.receive(max(0.0, until - time.monotonic()))
            except TimeoutError as error:
                raise ChannelError(f"{what}: FreeSWITCH gave no answer within {seconds:g} s") from error
            except OSError as error:
                raise self.session.ended() from error
            if not received:
                raise self.session.ended()
            self.session.feed(received)
