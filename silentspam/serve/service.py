"""What the calls of every switch have in common: models, lines and the screening itself.

One Service holds what was read from one state of the configuration; a reload makes another, and calls in
progress go on with theirs.
"""

import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from silentspam import assembly
from silentspam.call import Call, CallRecord, Decision, Mode
from silentspam.calllog.entry import screened
from silentspam.channel import Channel
from silentspam.config import PROMPT_SECONDS, Config
from silentspam.errors import ServerBusy
from silentspam.judging import LazyJudge, listeners_for
from silentspam.screening import Judge, Screener, Stage, fail_open, screen_call
from silentspam.serve.hub import Link
from silentspam.serve.journal import Journal
from silentspam.serve.keeping import ModelKeeper, SnapshotKeeper
from silentspam.serve.metering import Meter, is_suspect
from silentspam.serve.stream import SocketStream
from silentspam.verdict import Verdict

if TYPE_CHECKING:
    from silentspam.audio import Recording
    from silentspam.model import SpamModel

HAND_BACK_SECONDS = 2.0
"""What a call that there is no room for may take [s]."""

RECENT_CALLS = 500
"""Judged calls over which a worker tells what share it challenged."""


Verdicts = Callable[["SpamModel", "Recording", Config], Verdict]


class Service:
    """Screens calls under one configuration, each in a greenlet of its own."""

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
        self.journal = journal
        self.meter = meter
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

    def stream(self, link: Link, received: bytes, *, full: bool) -> SocketStream:
        """A call's connection with the deadlines of this configuration; received: what has come of it."""
        seconds = HAND_BACK_SECONDS if full else self.config.limits.screening_seconds
        return SocketStream(
            link,
            received=received,
            reply_seconds=min(self._reply_seconds, seconds),
            deadline=time.monotonic() + seconds,
        )

    def screen(self, call: Call, channel: Channel, *, ring: bool, full: bool) -> CallRecord:
        """Screen a call; full: it is handed back at once. ring: the caller hears ring tone."""
        screener = replace(self._screener, judge=self._judge(), ring=ring)
        record = _handed_back(call, channel, screener) if full else screen_call(call, channel, screener)
        record.screener = self._name
        return record

    def add(self, record: CallRecord) -> None:
        """Keep the row of a call that was screened."""
        self.journal.add(screened(record))
        if record.judged_at is not None:
            self.recent.append(is_suspect(record))

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


def _handed_back(call: Call, channel: Channel, screener: Screener) -> CallRecord:
    """The record of a call that there was no room for: bridged at once, and the row says why."""
    record = CallRecord(call=call, mode=screener.mode, decision=Decision.BRIDGE)
    fail_open(record, ServerBusy("all of server.calls_per_worker are in use"))
    record.screened_at = screener.clock()
    try:
        channel.announce(call.call_id)
        channel.hand_back(record)
    except Exception as error:  # noqa: BLE001  whatever it was, the row is there and the dialplan goes on
        fail_open(record, error)
    screener.observe(Stage.DECIDED, record)
    return record
