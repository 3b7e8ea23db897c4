"""A FreeSWITCH that replays: over real TCP, what fourteen recorded sessions of a real one said (recordings/).

It is no FreeSWITCH: neither CI nor any package registry has one. It connects to the program as FreeSWITCH
does, for each call; answers each `sendmsg` with the recorded events under the program's own Event-UUID;
writes recordings as the real recorder leaves them; goes on with the dialplan when the program leaves; and
tells whoever is on its own event socket how calls ended. One thread serves hundreds of calls.

    with Replaying(("127.0.0.1", 8084)) as switch:
        outcome = switch.call(Caller(opening=codes)).wait()
"""

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from uuid import uuid4

from tests.freeswitch import answers
from tests.freeswitch.callers import Caller, Outcome
from tests.freeswitch.leg import Leg
from tests.freeswitch.loop import Loop
from tests.freeswitch.recorded import library, said
from tests.freeswitch.wire import Died, Fault, Take, Wire

PASSWORD = "ClueCon"


class Inbound:
    """A program that is connected to the event socket of the switch."""

    def __init__(self, switch: "Replaying", connection: socket.socket) -> None:
        self._switch = switch
        self._received = b""
        self._is_in = False
        self.events: set[str] = set()
        self.wire = Wire(switch.loop, connection, self._take, cuts=switch.next_cuts())
        self.wire.send(b"Content-Type: auth/request\n\n")

    def _take(self, received: bytes) -> None:
        if not received:
            self._switch.inbound.discard(self)
            return
        self._received += received
        while b"\n\n" in self._received:
            command, _, self._received = self._received.partition(b"\n\n")
            self._obey(command.decode("utf-8", "replace").strip("\r\n"))

    def _obey(self, command: str) -> None:
        word, _, rest = command.partition("\n")[0].partition(" ")
        if word == "exit":
            self._leave("+OK bye")
        elif not self._is_in:
            self._is_in = word == "auth" and rest == self._switch.password
            if self._is_in:
                self.wire.send(answers.reply("+OK accepted"))
            elif word == "auth":
                self._leave("-ERR invalid")
            else:
                self.wire.send(answers.reply("-ERR command not found"))
        elif word in ("event", "events"):
            names = [name for name in rest.split() if name not in ("plain", "xml", "json")]
            self.events |= set(names)
            enabled = "+OK event listener enabled plain" if names else "-ERR no keywords supplied"
            self.wire.send(answers.reply(enabled))
        elif word == "api":
            none = self._switch.none_deleted
            self.wire.send(answers.api_response(answers.api(rest, self._switch.find, none_deleted=none)))
        else:
            self.wire.send(answers.reply("-ERR command not found"))

    def _leave(self, text: str) -> None:
        self.wire.send(answers.reply(text))
        self.wire.close()
        self._switch.inbound.discard(self)


class Replaying:
    """program: where `socket` connects to. speed: so many of its seconds pass in one of ours.

    cuts: what is sent is cut into pieces and joined at random, by this seed. none_deleted: what `sched_del`
    prints when there was nothing to delete (src: `+OK Deleted: 0`; not measured). event_port: 0 for any that
    is free. disk_bytes: what the disk takes of a recording; below 0 no file can be begun, None: all.
    failures: what went wrong in the replay itself.
    """

    def __init__(
        self,
        program: tuple[str, int],
        *,
        password: str = PASSWORD,
        speed: float = 1.0,
        cuts: int | None = None,
        none_deleted: str = "+OK Deleted: 0\n",
        event_port: int = 0,
    ) -> None:
        self.program = program
        self.password = password
        self.none_deleted = none_deleted
        self.disk_bytes: int | None = None
        self.library = library()
        self.loop = Loop(speed)
        self.inbound: set[Inbound] = set()
        self._cuts = itertools.count(cuts) if cuts is not None else None
        self._seeds = itertools.count(cuts or 0)
        self._legs: dict[str, Leg] = {}
        self._faults: dict[str, Fault] = {}
        self._event_port = event_port
        self._listener: socket.socket | None = None

    def __enter__(self) -> "Replaying":
        self.loop.start()
        self.listen()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.loop.stop()
        if self._listener is not None:
            self._listener.close()
        for connection in self.inbound:
            connection.wire.cut()

    @property
    def failures(self) -> list[BaseException]:
        return self.loop.failures

    @property
    def event_port(self) -> int:
        """The port of its event socket."""
        return self._event_port

    def listen(self) -> None:
        """Open the event socket."""
        self._listener = socket.create_server(("127.0.0.1", self._event_port))
        self._event_port = int(self._listener.getsockname()[1])
        listener = self._listener
        self.loop.give(lambda: self.loop.watch(listener, lambda _: self._accept(listener)))

    def deafen(self) -> None:
        """Close the event socket and all its connections, as a FreeSWITCH that is restarted."""

        def close() -> None:
            if self._listener is not None:
                self.loop.forget(self._listener)
                self._listener.close()
                self._listener = None
            for connection in list(self.inbound):
                connection.wire.cut()
            self.inbound.clear()

        self._done(close)

    def call(self, caller: Caller, *, fault: Fault | None = None) -> Outcome:
        """Have a call come in; its outcome is filled as it goes on."""
        outcome = Outcome()
        guard = {"SILENTSPAM_GUARD": "agent XML public"} if caller.guard_seconds else {}
        dialplan = {"SILENTSPAM_STARTED_AT": str(int(time.time()))} | guard
        caller = caller.with_variables(dialplan)
        leg = Leg(self, caller, outcome, seed=next(self._seeds))
        self._legs[outcome.uuid] = leg
        if fault is not None:
            self._faults[outcome.uuid] = fault
        self.loop.give(leg.begin)
        return outcome

    def wait_for_listeners(self, event: str = "CHANNEL_HANGUP_COMPLETE", seconds: float = 30.0) -> None:
        """Wait until somebody on the event socket wants such events. Raises TimeoutError."""
        until = time.monotonic() + seconds
        while not any(event in connection.events for connection in list(self.inbound)):
            if time.monotonic() > until:
                raise TimeoutError(f"nobody has asked for {event}")
            time.sleep(0.01)

    # --- what a call needs ----------------------------------------------------------------------------------

    def find(self, leg_uuid: str) -> Leg | None:
        return self._legs.get(leg_uuid)

    def ended(self, leg: Leg) -> None:
        self._legs.pop(leg.uuid, None)

    def next_cuts(self) -> int | None:
        return next(self._cuts) if self._cuts is not None else None

    def wire(self, connection: socket.socket, take: Take, died: Died, uuid: str) -> Wire:
        fault = self._faults.pop(uuid, None)
        return Wire(self.loop, connection, take, fault=fault, died=died, cuts=self.next_cuts())

    def publish(self, event: str, block: bytes) -> None:
        """Tell those on the event socket who have asked for it."""
        for connection in list(self.inbound):
            if event in connection.events or "ALL" in connection.events:
                connection.wire.send(answers.event(block))

    def agent_hung_up(self) -> None:
        """The end of an agent's leg, as it was recorded: no call of ours."""
        for frame in said("inbound_esl_park"):
            if frame.headers.get("Event-Name") == "CHANNEL_HANGUP_COMPLETE":
                recorded = frame.headers["Unique-ID"]
                if frame.headers["Call-Direction"] == "outbound":
                    self.publish(
                        "CHANNEL_HANGUP_COMPLETE",
                        frame.body.replace(recorded.encode(), str(uuid4()).encode()),
                    )

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self.inbound.add(Inbound(self, listener.accept()[0]))

    def _done(self, work: Callable[[], object]) -> None:
        """Have it done in the loop, and wait."""
        done = threading.Event()
        self.loop.give(lambda: (work(), done.set()))
        done.wait(10)
