"""A real `silentspam serve` and a replaying FreeSWITCH that asks it: what the tests of whole calls share."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from silentspam import resources
from tests.fakes import noise, tone
from tests.freeswitch.callers import Caller, Outcome
from tests.freeswitch.replaying import PASSWORD, Replaying
from tests.freeswitch.wire import Fault
from tests.serve.resident import PATIENCE, Resident, eventually, free_port

SPEECH = tone(2.2).codes.tobytes()
DEAD_AIR = noise(2.2).codes.tobytes()
"""Longer than an opening: a caller does not stop."""
SPEED = 4.0
PROMPTS = resources.shipped("ivr_prompts") / "en"
HEARD = 'silentspam_event_sockets{which="heard"}'
_numbers = itertools.count()
PATIENT_GUARD = 600.0
"""A guard that no busy machine meets [s of the telephone world]."""


@dataclass
class Office:
    """A server and the switch that asks it."""

    server: Resident
    switch: Replaying

    def call(self, caller: Caller, *, fault: Fault | None = None) -> Outcome:
        """A call to its end, of a number of its own: who has passed a challenge is not asked again."""
        outcome = self.begin(caller, fault=fault).wait(PATIENCE)
        assert self.switch.failures == []
        return outcome

    def begin(self, caller: Caller, *, fault: Fault | None = None) -> Outcome:
        """A call that goes on by itself."""
        return self.switch.call(replace(caller, number=f"555{next(_numbers):07d}"), fault=fault)

    def rows_of(self, outcome: Outcome) -> list[dict[str, Any]]:
        """Its rows as they are now."""
        return [row for row in self.server.rows() if row["uniqueid"] == outcome.uuid]

    def row_of(self, outcome: Outcome, *columns: str) -> dict[str, Any]:
        """Its only row, when these columns are in it."""

        def found() -> dict[str, Any] | None:
            rows = self.rows_of(outcome)
            assert len(rows) < 2, rows
            return rows[0] if rows and all(rows[0][column] is not None for column in columns) else None

        row: dict[str, Any] = eventually(found)
        return row


@contextmanager
def an_office(
    folder: Path, model: Path, *, speed: float = SPEED, cuts: int | None = None, **settings: Any
) -> Iterator[Office]:
    """settings: sections of the configuration, merged into those of the tests."""
    port = free_port()
    with Replaying(("127.0.0.1", port), speed=speed, cuts=cuts) as switch:
        server = Resident(folder, model)
        server.settings["challenge"] = {"prompts": str(PROMPTS)}
        server.settings["freeswitch"] = {
            "port": port,
            "event_sockets": [f"127.0.0.1:{switch.event_port}"],
            "password": PASSWORD,
        }
        for section, values in settings.items():
            server.settings.setdefault(section, {}).update(values)
        with server:
            if server.settings["freeswitch"]["event_sockets"]:
                switch.wait_for_listeners(seconds=PATIENCE)
            yield Office(server, switch)
