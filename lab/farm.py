"""Asterisk servers, resident screeners and what stands between them, on loopback, for calls under faults.

One screener with SQLite, or several before one PostgreSQL, each with folders of its own for what is a
machine's own (spool, gate, lines), and one folder of recordings that Asterisk writes and screeners read.
"""

import sqlite3
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab import product
from lab.asterisk import Asterisk, root_folder
from lab.haproxy import Backend, HAProxy
from lab.ports import Ports
from lab.server import Server
from lab.sounds import make_sounds
from lab.stream import EXTENSION, TALK_SECONDS, Stream, desk_port
from lab.switchboard import AGENT

BALANCER = 20
"""The number of HAProxy's port; the screeners' come before it, two each."""
ROWS_SECONDS = 45.0
Row = dict[str, Any]


class FarmPorts(Ports):
    """A block with all its media ports for one Asterisk."""

    @property
    def rtp(self) -> tuple[int, int]:
        return self.base + 150, self.base + 699


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a farm has. balanced: HAProxy stands between; postgres: where calls are kept, SQLite without;
    changes: keys of every screener's YAML; environment: of Asterisk and screeners alike."""

    switches: int = 1
    screeners: int = 1
    balanced: bool = False
    postgres: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


class Farm:
    """Everything running, in a work folder; a context manager."""

    def __init__(self, work: Path, plan: Plan) -> None:
        self.work = work
        self.plan = plan
        self.recordings = work / "recordings"
        self.switches: list[Asterisk] = []
        self.screeners: list[Server] = []
        self.balancer: HAProxy | None = None
        self._stack = ExitStack()

    def __enter__(self) -> "Farm":
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def stream(self, *, rates: Mapping[str, float], seconds: float) -> Stream:
        """A stream of calls to all Asterisk servers, evenly; enter it to begin."""
        return Stream(
            self.work / "stream",
            root_folder(),
            self._phones,
            switches=[ports.sip for ports in self._ports],
            sounds=self._sounds,
            rates=rates,
            seconds=seconds,
        )

    def rows(self) -> list[Row]:
        """The call log as it is in the database now."""
        if self.plan.postgres:
            import psycopg
            from psycopg.rows import dict_row

            with psycopg.connect(self.plan.postgres, row_factory=dict_row) as connection:
                return connection.execute("SELECT * FROM calls").fetchall()
        database = self.work / "calls.db"
        if not database.exists():
            return []
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10.0)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute("SELECT * FROM calls")]

    def wait_for_rows(self, numbers: set[str], seconds: float = ROWS_SECONDS) -> list[Row]:
        """Wait until each of these callers has a row with its end; what there is when the time is up."""
        until = time.monotonic() + seconds
        while True:
            rows = self.rows()
            ended = {row["ani"] for row in rows if row["ended_at"] is not None}
            if numbers <= ended or time.monotonic() > until:
                return rows
            time.sleep(0.5)

    def config(self, number: int = 0) -> Path:
        """The YAML file of a screener."""
        return self.work / f"screener-{number + 1}" / "silentspam.yaml"

    def backends(self) -> list[Backend]:
        """The screeners as HAProxy is told of them."""
        return [
            Backend(name=f"screener-{number + 1}", port=self._agi(number), metrics_port=self._agi(number) + 1)
            for number in range(self.plan.screeners)
        ]

    def _start(self) -> None:
        self._sounds = make_sounds(self.work / "sounds")
        self._phones = self._leased(Ports())
        self._ports = [self._leased(FarmPorts()) for _ in range(self.plan.switches)]
        self.recordings.mkdir(exist_ok=True)
        for number in range(self.plan.screeners):
            self._write_config(number)
            server = Server(self.config(number), environment=self.plan.environment)
            self.screeners.append(self._stack.enter_context(server))
        if self.plan.balanced:
            balancer = HAProxy(self.work / "haproxy", self._phones.agi(BALANCER), self.backends())
            self.balancer = self._stack.enter_context(balancer)
        dialplan = product.install(self.work, self.config())
        for number, ports in enumerate(self._ports):
            self.switches.append(self._stack.enter_context(self._switch(number, ports, dialplan)))

    def _leased(self, ports: Ports) -> Ports:
        self._stack.callback(ports.release)
        return ports

    def _agi(self, screener: int) -> int:
        return self._phones.agi(2 * screener)

    def _write_config(self, number: int) -> None:
        folder = self.config(number).parent
        folder.mkdir()
        changes: dict[str, Any] = {
            "call_log": {"database": str(self.work / "calls.db")},
            "recording": {"folder": str(self.recordings)},
            "server": {
                "port": self._agi(number),
                "metrics_port": self._agi(number) + 1,
                "workers": 2,
                "drain_seconds": 60,
            },
        }
        if self.plan.postgres:
            changes["call_log"] |= {"postgres": self.plan.postgres}
        for section, keys in self.plan.changes.items():
            changes[section] = {**changes.get(section, {}), **keys} if isinstance(keys, Mapping) else keys
        product.write_config(folder, changes, {"work": str(self.work)})
        if number == 0 and self.plan.postgres:
            product.silentspam("db", "migrate", "--config", str(self.config()))

    def _switch(self, number: int, ports: Ports, dialplan: Path) -> Asterisk:
        work = self.work / f"switch-{number + 1}"
        agent = AGENT.format(
            name="agent", transport="udp", contact=f"sip:agent@127.0.0.1:{desk_port(self._phones)}"
        )
        return Asterisk(
            work,
            ports,
            parts={"INBOUND": self._inbound(number), "AGENTS": agent, "QUEUES": ""},
            dialplan=dialplan,
            environment=self.plan.environment,
            system_name=f"switch{number + 1}",
        )

    def _inbound(self, number: int) -> str:
        screener = min(number, self.plan.screeners - 1)
        port = self._phones.agi(BALANCER) if self.plan.balanced else self._agi(screener)
        settings = {
            "SILENTSPAM_AGI": f"agi://127.0.0.1:{port}/screen",
            "SILENTSPAM_AGI_ENDED": f"agi://127.0.0.1:{port}/ended",
            # On the machine of a screener, whose clerk takes these rows in.
            "SILENTSPAM_UNLOGGED": str(self.config(screener).parent / "unlogged.jsonl"),
        }
        lines = [f"exten => {EXTENSION},1,NoOp(a farm)"]
        lines += [f" same => n,Set({name}={value})" for name, value in settings.items()]
        dial = f"TryExec(Gosub(silentspam-dial,s,1(PJSIP/agent,20,S({TALK_SECONDS}))))"
        return "\n".join([*lines, f" same => n,{dial}", " same => n,Hangup()"])
