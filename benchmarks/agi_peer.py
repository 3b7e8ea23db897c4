"""A scripted exchange at the other end of FastAGI: thousands of calls at once, in one process on one epoll.

Calls arrive at given moments, whether or not those before them are done, as they do in a telephone network;
what a caller or a prompt takes, takes real time (times `pace`). When the screener has closed a session, the
call's hangup handler opens one of the script `ended`, as the dialplan does. Times are seconds of the
monotonic clock. The peer counts its own CPU time: it shares the machine with what it measures. (asyncio on
uvloop, measured against the same servers, took as much.)
"""

import heapq
import itertools
import random
import select
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from benchmarks.agi_call import FIRST_NUMBER, SCREEN, Caller, Dialogue, Notes, Sounds

TALK_SECONDS = 1.0
"""From the screening's end to the hangup of a caller who was bridged."""
EVENTS_AT_ONCE = 256
PATIENCE_SECONDS = 120.0
"""A session that is open for longer is given up, as a fault."""
MUST_BE = ((b"SILENTSPAM_SCREENED", b"1"), (b"SILENTSPAM_FAILED_OPEN", b""))
"""An unset variable is an empty one to the dialplan."""


@dataclass(frozen=True, kw_only=True)
class Exchanged:
    """All calls of a run, how many were open at most, and what the peer itself took.

    late: how late its timers were, a sample [s]; cpu: its CPU time, of `seconds` in all [s].
    """

    calls: Sequence[Notes]
    open_most: int
    late: Sequence[float]
    cpu: float
    seconds: float


class Session:
    """One connection: the dialogue on it, lines that wait for a reply that takes time, and that reply."""

    __slots__ = ("buffer", "deadline", "dialogue", "reply", "sock", "unsent")

    def __init__(self, sock: socket.socket, dialogue: Dialogue, unsent: list[bytes], deadline: float) -> None:
        self.sock = sock
        self.dialogue = dialogue
        self.unsent = unsent
        self.deadline = deadline
        self.buffer = b""
        self.reply: bytes | None = None


@dataclass
class Exchange:
    """An exchange that calls one FastAGI server.

    pace: what a second of a caller's time takes [s]; whole_environment: in one write, not a line each as
    Asterisk sends it; patience: of a session, real time [s].
    """

    address: tuple[str, int]
    sounds: Sounds
    pace: float = 1.0
    talk_seconds: float = TALK_SECONDS
    whole_environment: bool = False
    patience: float = PATIENCE_SECONDS
    _sessions: dict[int, Session] = field(default_factory=dict)
    _due: list[tuple[float, int, Session | Dialogue]] = field(default_factory=list)
    _late: list[float] = field(default_factory=list)

    def run(self, arrivals: Iterable[tuple[float, Caller]]) -> Exchanged:
        """Place calls at their moments, in seconds from now, until each is over."""
        self._epoll, self._turns, self._calls = select.epoll(), itertools.count(), list[Notes]()
        self._screening = self._open_most = 0
        start, cpu = time.monotonic(), time.process_time()
        coming = iter(arrivals)
        following = next(coming, None)
        while following is not None or self._sessions or self._due:
            now = time.monotonic()
            while following is not None and start + following[0] <= now:
                self._place(following[1], now)
                following = next(coming, None)
            wake = self._serve_timers(now)
            if following is not None:
                wake = min(wake, start + following[0])
            self._serve_sockets(max(0.0, min(wake - time.monotonic(), 1.0)))
        self._epoll.close()
        return Exchanged(
            calls=self._calls,
            open_most=self._open_most,
            late=self._late,
            cpu=time.process_time() - cpu,
            seconds=time.monotonic() - start,
        )

    def _place(self, caller: Caller, now: float) -> None:
        number = len(self._calls)
        notes = Notes(caller=caller, arrived=now)
        self._calls.append(notes)
        variables = {
            b"CALLERID(ANI)": b"%d" % (FIRST_NUMBER + number),
            b"SILENTSPAM_STARTED_AT": b"%.3f" % time.time(),
        }
        self._screening += 1
        self._open_most = max(self._open_most, self._screening)
        self._connect(Dialogue(SCREEN, number, notes, variables, self.sounds), now)

    def _connect(self, dialogue: Dialogue, now: float) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        greeting = dialogue.greeting(f"{dialogue.notes.arrived:.6f}")
        unsent = [greeting] if self.whole_environment else greeting.splitlines(keepends=True)
        self._sessions[sock.fileno()] = Session(sock, dialogue, unsent, now + self.patience)
        sock.connect_ex(self.address)  # what comes of it, EPOLLOUT tells
        self._epoll.register(sock.fileno(), select.EPOLLOUT)

    def _serve_timers(self, now: float) -> float:
        """Give the replies that are due; returns when the next one is."""
        due = self._due
        while due and due[0][0] <= now:
            moment, turn, what = heapq.heappop(due)
            if turn % 64 == 0:
                self._late.append(now - moment)
            if isinstance(what, Dialogue):
                self._connect(what, now)
            elif what.reply is not None:
                reply, what.reply = what.reply, None
                what.dialogue.given(now)
                self._send(what, reply)
                self._answer(what, now)
        return due[0][0] if due else now + 1.0

    def _serve_sockets(self, seconds: float) -> None:
        for fd, event in self._epoll.poll(seconds, EVENTS_AT_ONCE):
            session = self._sessions[fd]
            if event & select.EPOLLOUT:
                self._greet(session, fd)
            else:
                self._read(session)
        if self._sessions:
            self._give_up()

    def _greet(self, session: Session, fd: int) -> None:
        if error := session.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return self._close(session, f"no connection: error {error}")
        self._epoll.modify(fd, select.EPOLLIN)
        for part in session.unsent:
            self._send(session, part)
        session.unsent = []

    def _read(self, session: Session) -> None:
        try:
            chunk = session.sock.recv(16_384)
        except OSError as error:
            return self._close(session, f"the connection broke: {error}")
        if not chunk:
            return self._close(session)
        session.buffer = session.buffer + chunk if session.buffer else chunk
        if session.reply is None:
            self._answer(session, time.monotonic())

    def _answer(self, session: Session, now: float) -> None:
        """Answer the lines that have come, up to one that takes time."""
        replies = []
        while session.reply is None:
            line, newline, rest = session.buffer.partition(b"\n")
            if not newline:
                break
            session.buffer = rest
            reply, seconds = session.dialogue.answer(line, now)
            if seconds:
                session.reply = reply
                heapq.heappush(self._due, (now + seconds * self.pace, next(self._turns), session))
            else:
                replies.append(reply)
        if replies:
            self._send(session, b"".join(replies))

    def _send(self, session: Session, what: bytes) -> None:
        with suppress(OSError):  # whoever has closed is met again at the next read
            session.sock.send(what)

    def _give_up(self) -> None:
        """Sessions are in the order of their beginning: look at the oldest."""
        oldest = next(iter(self._sessions.values()))
        if oldest.deadline < time.monotonic():
            self._close(oldest, f"not over after {self.patience:.0f} s")

    def _close(self, session: Session, fault: str = "") -> None:
        del self._sessions[session.sock.fileno()]
        session.sock.close()
        session.reply = None
        dialogue, now = session.dialogue, time.monotonic()
        if dialogue.script == SCREEN:
            self._screening -= 1
            dialogue.notes.closed = now
            dialogue.notes.faults += [fault] if fault else _screening_faults(dialogue)
            self._expect_end(dialogue, now)
        else:
            dialogue.notes.ended = now
            if fault or dialogue.variables.get(b"SILENTSPAM_LOGGED") != b"1":
                dialogue.notes.faults.append(f"its end was not logged {fault}".strip())

    def _expect_end(self, dialogue: Dialogue, now: float) -> None:
        """The caller hangs up after a talk, or is hung up on at once: then its hangup handler runs."""
        rejected = dialogue.variables.get(b"SILENTSPAM_ACTION") == b"REJECT"
        after = 0.0 if rejected else self.talk_seconds * self.pace
        heapq.heappush(self._due, (now + after, next(self._turns), dialogue.hung_up(rejected=rejected)))


def _screening_faults(dialogue: Dialogue) -> list[str]:
    """What the dialplan was told that it should not have been."""
    found, caller = dialogue.variables, dialogue.notes.caller
    faults = [
        f"{name.decode()} is {found.get(name, b'').decode()!r}"
        for name, wanted in MUST_BE
        if found.get(name, b"") != wanted
    ]
    action = found.get(b"SILENTSPAM_ACTION", b"not set")
    if action != caller.action:
        faults.append(f"{caller.name}: {action.decode()} in place of {caller.action.decode()}")
    if caller.challenged != (dialogue.notes.asked is not None):
        faults.append(f"{caller.name}: {'not challenged' if caller.challenged else 'challenged'}")
    return faults


def even(rate: float, calls: int) -> Iterator[float]:
    """Arrivals at even distances, `rate` a second."""
    return (number / rate for number in range(calls))


def poisson(rate: float, calls: int, seed: int) -> Iterator[float]:
    """Arrivals of callers who know nothing of each other: a Poisson stream of `rate` a second."""
    chance = random.Random(seed)
    return itertools.accumulate(chance.expovariate(rate) for _ in range(calls))
