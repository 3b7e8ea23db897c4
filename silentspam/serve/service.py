"""What a worker does with one connection whose AGI environment is there: screen a call, or log its end.

One Service holds what was read from one state of the configuration; a reload makes another, and calls in
progress go on with theirs.
"""

import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from silentspam import assembly, variables
from silentspam.agi.channel import AgiChannel, call_from_environment
from silentspam.agi.ended import call_end, read_facts
from silentspam.agi.session import AgiSession
from silentspam.call import Call, CallRecord, Decision, Mode
from silentspam.calllog.entry import ended, screened
from silentspam.config import PROMPT_SECONDS, Config
from silentspam.errors import ServerBusy, SilentSpamError
from silentspam.judging import LazyJudge, listeners_for
from silentspam.screening import Judge, Screener, Stage, fail_open, screen_call
from silentspam.serve.front import split_greeting
from silentspam.serve.hub import Link
from silentspam.serve.journal import Journal
from silentspam.serve.keeping import ModelKeeper, SnapshotKeeper
from silentspam.serve.metering import Meter, is_suspect
from silentspam.serve.stream import GRACE_SECONDS, SocketStream
from silentspam.serve.stuck import StuckCalls
from silentspam.verdict import Verdict

if TYPE_CHECKING:
    from silentspam.audio import Recording
    from silentspam.model import SpamModel

SCRIPT = "agi_network_script"
ENDED = "ended"
"""`AGI(agi://host/ended)` in the hangup handler; any other path screens."""

HAND_BACK_SECONDS = 2.0
"""What a call that there is no room for may take [s]."""

RECENT_CALLS = 500
"""Judged calls over which a worker tells what share it challenged."""


Verdicts = Callable[["SpamModel", "Recording", Config], Verdict]


class Service:
    """Serves connections under one configuration, each in a greenlet of its own."""

    def __init__(
        self,
        config: Config,
        *,
        journal: Journal,
        meter: Meter,
        pause: Callable[[float], None] = time.sleep,
        judge: Verdicts | None = None,
        before: "Service | None" = None,
    ) -> None:
        """pause: lets other calls go on for so many seconds. judge: gives a model's verdict. before: the one
        under the configuration before this; its model judges on until there is a newer."""
        self.config = config
        self._models: ModelKeeper = ModelKeeper(
            config,
            lambda text: meter.log.event("model", text=text),
            pause=pause,
            before=before._models if before else None,
        )
        self._verdict = judge
        self._hearers = lru_cache(maxsize=1)(lambda: listeners_for(config, resident=True))
        self.recent: deque[bool] = deque(maxlen=RECENT_CALLS)
        self._lines = SnapshotKeeper(config)
        self._journal = journal
        self._meter = meter
        self._stuck: StuckCalls = before._stuck if before else StuckCalls()
        self._screener = replace(assembly.screener(config), observe=meter.observe)
        self._name = socket.gethostname()
        self._reply_seconds = config.server.reply_seconds + max(
            PROMPT_SECONDS, config.challenge.key_seconds, config.recording.seconds
        )

    @property
    def model_id(self) -> str:
        """The id of the model that judges; "" where none does."""
        return "" if self.config.mode is Mode.COLLECT else self._models.model_id

    def ready(self) -> None:
        """Have the model, before the first call needs it; without one, calls fail open."""
        if self.config.mode is not Mode.COLLECT:
            self._models.load()
            self._hearers()  # also where there is no model yet: a call must not be the one to wait for it
            LazyJudge(self.config, load=self._models.current, listen=self._hearers).prepare()

    def try_again(self) -> None:
        """Have another go at a model that could not be loaded, if it is time, and listeners look for what is
        newer, which the next call is to be judged with; called every second."""
        if self.config.mode is not Mode.COLLECT:
            self._models.retry()
            self._hearers().look()

    def serve(self, link: Link, received: bytes, *, full: bool) -> None:
        """One AGI dialogue to its end; full: a call is handed back at once."""
        started_at = time.time()
        seconds = HAND_BACK_SECONDS if full else self.config.limits.screening_seconds
        greeting, received = split_greeting(received)
        stream = SocketStream(
            link,
            received=received,
            reply_seconds=min(self._reply_seconds, seconds),
            deadline=time.monotonic() + seconds,
        )
        session = AgiSession(stream, stream, greeting=greeting, ends_with_call=False)
        if session.env.get(SCRIPT, "").strip("/") == ENDED:
            self._log_end(session)
            return
        record = self._screen(session, started_at, full=full)
        if stream.unanswered:
            self._stuck.note(record.call)
        else:
            self._free_others(session)
        link.close()  # the caller goes on; what becomes of the row is no longer his affair
        self._journal.add(screened(record))
        if record.judged_at is not None:
            self.recent.append(is_suspect(record))

    def _screen(self, session: AgiSession, started_at: float, *, full: bool) -> CallRecord:
        ani = "" if full else session.get_variable("CALLERID(ANI)")
        call = call_from_environment(session.env, call_id=Call.new_id(), ani=ani, started_at=started_at)
        channel = AgiChannel(
            session,
            ring_tone=self.config.recording.ring_tone,
            legs=self.config.legs_folder,
            challenge_too=self.config.collection.caller_leg,
            longest=self.config.limits.screening_seconds + 2 * GRACE_SECONDS,
        )
        screener = replace(self._screener, judge=self._judge())
        record = _handed_back(call, channel, screener) if full else screen_call(call, channel, screener)
        record.screener = self._name
        return record

    def _free_others(self, session: AgiSession) -> None:
        """What is still open of a session that has handed its call back is of use to calls that are stuck."""
        with suppress(SilentSpamError):
            if freed := self._stuck.free(session):
                self._meter.log.event("stuck calls sent on", calls=freed)

    def _judge(self) -> Judge:
        """A judge of one call's own; in collection the same for all."""
        if self.config.mode is Mode.COLLECT:
            return self._screener.judge
        return LazyJudge(
            self.config,
            load=self._models.current,
            look=self._lines.current,
            judge=self._verdict,
            listen=self._hearers,
        )

    def _log_end(self, session: AgiSession) -> None:
        """A row that no disk takes is left to Asterisk, which writes it itself."""
        get = read_facts(session)
        end = call_end(session.env, get, ended_at=time.time())
        if self._journal.add(ended(end)):
            session.set_variable(variables.LOGGED, "1")
        # Asterisk lets go of us when the caller leaves the screening: what we know is on no variable.
        left_screening = get(variables.AGI_STATUS) == "HANGUP" and not get(variables.SCREENED)
        self._meter.ended(end, counted=left_screening)


def _handed_back(call: Call, channel: AgiChannel, screener: Screener) -> CallRecord:
    """The record of a call that there was no room for: bridged at once, and the row says why."""
    record = CallRecord(call=call, mode=screener.mode, decision=Decision.BRIDGE)
    fail_open(record, ServerBusy("all of server.calls_per_worker are in use"))
    record.screened_at = screener.clock()
    try:
        channel.announce(call.call_id)
        channel.hand_back(record)
    except SilentSpamError as error:
        fail_open(record, error)
    screener.observe(Stage.DECIDED, record)
    return record
