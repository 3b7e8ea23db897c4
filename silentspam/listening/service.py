"""The listener as the configuration says, for the verb `listen` and for the process of a resident server."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from silentspam.call import CallProvenance
from silentspam.calllog.database import Database
from silentspam.calllog.entry import Entry, traced
from silentspam.calllog.provenance import ProvenanceTable
from silentspam.config import Config
from silentspam.errors import NoCallLogError, SilentSpamError
from silentspam.listening import metrics
from silentspam.listening.console import Console
from silentspam.listening.desk import Desk, Places, Tell
from silentspam.listening.event_socket import EventSockets
from silentspam.listening.knowledge import Knowledge
from silentspam.listening.listener import Listener
from silentspam.listening.marking import PAUSE_SECONDS, Marker
from silentspam.listening.outbox import Outbox, Way, every
from silentspam.listening.waiting import Row
from silentspam.listening.webhook import Webhook
from silentspam.metrics import Registry
from silentspam.provenance.line_store import LineStore

Item = TypeVar("Item")

CLOSING_SECONDS = 20.0
"""What all notifications that wait are given together at the end [s]."""

BY = "silentspam listen"
"""Who marks lines."""


class Service:
    """Listens, marks and notifies; `tell` is told what happens."""

    def __init__(
        self,
        config: Config,
        database: Database,
        write: Callable[[Entry], object],
        *,
        registry: Registry,
        tell: Tell,
        kept: Callable[[Path, Row], None] = lambda _path, _row: None,
        mark_pause: float = PAUSE_SECONDS,
    ) -> None:
        """write: makes a row durable, or raises CallLogError; kept: does with a side that is kept
        (`collection.keep_legs`) what `retention` says; mark_pause: between two looks for
        lines to mark [s]."""
        section = config.provenance
        self._registry, self._tell = registry, tell
        self._table = ProvenanceTable(database)
        store = LineStore(Path(section.store), by=BY)
        self._knowledge = Knowledge(store, Path(section.claims) if section.claims else None)
        switches = _switches(config)
        self._outboxes = [self._outbox(way) for way in (*switches, *_webhooks(config))]
        self._marker = (
            Marker(store=store, table=self._table, failed=self._not_marked, pause=mark_pause)
            if section.mark_fraud
            else None
        )
        self._listener = Listener(
            places=Places(
                sides=Path(config.collection.legs),
                folder=Path(section.folder),
                shared=config.collection.caller_leg,
                keep=config.collection.keep_legs,
            ),
            desk=Desk(
                rows_of=self._table.calls,
                told_of=self._table.of_call,
                write=lambda row: write(traced(row)),
                knowledge=self._knowledge,
                notify=every([box.put for box in self._outboxes]),
                stop_side=partial(_stop_side, switches),
                kept=kept,
                tell=tell,
            ),
            seconds=section.seconds,
            alert_risk=section.alert_risk,
            registry=registry,
        )
        self._faults: dict[str, str] = {}

    def turn(self) -> Iterator[CallProvenance]:
        """Take every file's turn, then mark lines; yields the rows that are durable.

        What fails is said once, and tried again at the next turn.
        """
        yield from self._attempt("claims", self._check_claims)
        yield from self._attempt("listen", self._listener.run)
        if self._marker is not None:
            for name in self._attempt("mark", self._marker.run):
                self._registry.add(metrics.MARKS)
                self._tell("marked for fraud", {"line": name})

    @property
    def healthy(self) -> bool:
        """Whether nothing failed at the last turn."""
        return not self._faults

    def close(self) -> None:
        """Give notifications that wait their time, then let go."""
        until = time.monotonic() + CLOSING_SECONDS
        for box in self._outboxes:
            box.close(until - time.monotonic())

    def _check_claims(self) -> Iterator[CallProvenance]:
        """Whether claims can be read is said before a call comes whose claims are not weighed."""
        self._knowledge.claims()
        yield from ()

    def _attempt(self, chore: str, work: Callable[[], Iterator[Item]]) -> Iterator[Item]:
        """Do it; what goes wrong is said once, and so is that it is over."""
        try:
            yield from work()
        except NoCallLogError:
            return  # a new installation has none until its first call
        except (SilentSpamError, OSError) as error:
            text = f"{type(error).__name__}: {error}"[:500]
            self._registry.add(metrics.FAULTS, chore)
            if text != self._faults.get(chore):
                self._tell("failed", {"chore": chore, "error": text})
            self._faults[chore] = text
            return
        if self._faults.pop(chore, None):
            self._tell("works again", {"chore": chore})

    def _not_marked(self, words: str) -> None:
        self._registry.add(metrics.FAULTS, "mark")
        self._tell("failed", {"chore": "mark", "error": words[:500]})

    def _outbox(self, way: Way) -> Outbox:
        count = partial(self._registry.add, metrics.TOLD)
        return Outbox(way, count, lambda words: self._tell("failed", {"chore": "notify", "error": words}))


def _switches(config: Config) -> list[Console | EventSockets]:
    """Those that are told of alerts, and to stop recording."""
    found: list[Console | EventSockets] = []
    if config.provenance.asterisk:
        found.append(Console(config.provenance.asterisk))
    if config.freeswitch.port is not None and config.freeswitch.event_sockets:
        found.append(EventSockets(config.freeswitch.event_sockets, config.freeswitch.password))
    return found


def _stop_side(switches: Sequence[Console | EventSockets], row: Row, path: Path) -> None:
    """By its name Asterisk knows a channel, by its id FreeSWITCH; each leaves the other's alone."""
    for switch in switches:
        name = row["uniqueid"] if isinstance(switch, EventSockets) else row["channel"]
        switch.stop_side(str(name or ""), path)


def _webhooks(config: Config) -> list[Way]:
    section = config.provenance
    if not section.webhook:
        return []
    return [Webhook(section.webhook, seconds=section.webhook_seconds, attempts=section.webhook_attempts)]
