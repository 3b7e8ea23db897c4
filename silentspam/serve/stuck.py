"""Calls that Asterisk itself keeps, and how the next call on the same Asterisk sets them free.

Asterisk 22 times a recording by the wall clock: a clock that is set back an hour in the middle of one makes
it an hour longer, and the end of the AGI session ends it no sooner (measured; TIMEOUT(absolute) goes by that
clock too). Another channel can send such a call on its way: ChannelRedirect to the place in the dialplan
where a screening ends without a word, if the channel of that name is still the same call.
"""

import re
import threading
import time
from collections import deque
from dataclasses import dataclass

from silentspam import variables
from silentspam.agi.session import AgiSession
from silentspam.call import Call
from silentspam.errors import ChannelError, ChannelHangup

PLACE = "silentspam,T,1"
"""Context, extension and priority of dialplan/extensions_silentspam.conf."""

WHERE = f"${{UNIQUEID}}|${{CONTEXT}}|${{{variables.AGI_STATUS}}}"
SCREENING = f"{PLACE.partition(',')[0]}|"
"""Only a call that is still in its screening is sent on, never one that has gone on by itself: it may be with
an agent."""

KEPT_SECONDS = 600.0
"""Nobody waits so long: what is older is forgotten."""

AT_ONCE = 5
"""Calls that one session sees to: it has a caller of its own."""

_CHANNEL = re.compile(r"[\w./@:+-]{1,100}", re.ASCII)


@dataclass(frozen=True)
class _Stuck:
    channel: str
    uniqueid: str
    until: float


class StuckCalls:
    """The calls of one worker that gave no reply. Thread-safe."""

    def __init__(self) -> None:
        self._calls: deque[_Stuck] = deque(maxlen=1000)
        self._lock = threading.Lock()

    def note(self, call: Call) -> None:
        """A call whose switch gave no reply in time: it may be kept."""
        if _CHANNEL.fullmatch(call.channel) and call.uniqueid:
            self._calls.append(_Stuck(call.channel, call.uniqueid, time.monotonic() + KEPT_SECONDS))

    def free(self, session: AgiSession) -> int:
        """Send on what is stuck on this session's Asterisk; returns how many. ChannelHangup goes through."""
        freed = 0
        for stuck in self._taken():
            try:
                told = session.get_full_variable(WHERE, stuck.channel)
                uniqueid = told.partition("|")[0]
                if told == f"{stuck.uniqueid}|{SCREENING}":
                    session.execute("EXEC", "ChannelRedirect", f'"{stuck.channel},{PLACE}"')
                    freed += 1
                elif not uniqueid:
                    self._put_back(stuck)
            except ChannelHangup:
                self._put_back(stuck)
                raise
            except ChannelError:
                self._put_back(stuck)
        return freed

    def _taken(self) -> list[_Stuck]:
        if not self._calls:
            return []
        with self._lock:
            return [self._calls.popleft() for _ in range(min(AT_ONCE, len(self._calls)))]

    def _put_back(self, stuck: _Stuck) -> None:
        """It is on another Asterisk, or over: tried again until it is forgotten."""
        if time.monotonic() < stuck.until:
            self._calls.append(stuck)
