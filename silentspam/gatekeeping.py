"""The gate as the configuration describes it: who is asked for each call, and what keeps its file up to date.

`assembly` has these with the configured database. All but `gatekeeper` is work for after a call.
"""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from silentspam.config import Config
from silentspam.errors import GateError
from silentspam.gate.file import Gate, read
from silentspam.gate.keeper import Gatekeeper
from silentspam.gate.rejection import Rejection
from silentspam.gate.rules import GateSettings, without_plus
from silentspam.gate.terms import SwitchCause, SwitchEvent, SwitchState
from silentspam.kinds.table import KINDS

if TYPE_CHECKING:
    from silentspam.calllog.gate import GateTables


def gatekeeper(config: Config) -> Gatekeeper:
    """Who decides before any audio; one serves all calls under a configuration."""
    settings = GateSettings(
        mode=config.mode,
        emergency_numbers=without_plus(config.gate.emergency_numbers),
        trust_seconds=_trust_seconds(config),
    )
    return Gatekeeper(Path(config.gate.folder), settings)


def rejection(config: Config) -> Rejection:
    """How rejected calls are ended."""
    section = config.rejection
    return Rejection(
        hangup_cause=section.hangup_cause,
        sip_603=section.sip_603,
        contact=section.redress_contact or config.challenge.contact_number,
    )


def switch_of(config: Config) -> SwitchEvent | None:
    """The throw of the switch that this machine's calls go by; None where it was never thrown."""
    gate = _gate(config)
    return gate.header.switch if gate else None


def throw_switch(config: Config, event: SwitchEvent, *, only_if_on: bool = False) -> SwitchEvent | None:
    """Throw the switch for this machine's next call; returns the event as it counts.

    `publish_gate` brings it to the other servers. only_if_on: nothing is done, and None returned, unless the
    switch is on. Raises GateError when the file cannot be written.
    """
    from silentspam.gate import writing

    return writing.throw(Path(config.gate.folder), event, only_if_on=only_if_on)


def throw_switch_elsewhere(config: Config, tables: "GateTables", event: SwitchEvent) -> None:
    """Throw the switch for all servers of the call database while this machine's file cannot be written.

    This one follows when its file can be (`publish_gate`). Raises CallLogError.
    """
    tables.throw(event.following(switch_of(config)))


def publish_gate(config: Config, tables: "GateTables") -> bool:
    """Bring this machine's file and the database together; True where the file was written.

    Throws of the switch that wait in the file go into the database first; then lists and the newest throw
    come out of it, where something is new.
    """
    gate, since = _gate(config), time.time() - _trust_seconds(config)
    waiting = gate.header.waiting if gate else ()
    if waiting:
        tables.copy(waiting)
    elif gate and gate.header.fingerprint == tables.fingerprint(passed_since=since):
        return False
    from silentspam.gate import writing

    found = tables.published(passed_since=since)
    writing.publish(
        Path(config.gate.folder),
        found.lists,
        fingerprint=found.fingerprint,
        now=time.time(),
        switch=found.switch,
        taken={event.event_id for event in waiting},
    )
    return True


def guard(config: Config, tables: "GateTables") -> SwitchEvent | None:
    """Switch to shadow where the newest calls say that the model is bad; returns what was done.

    Calls from before the switch was thrown last do not count: an operator has seen them.
    """
    from silentspam.gate.guard import GuardSettings, judge

    switch = switch_of(config)
    if switch is not None and switch.state is not SwitchState.ON:
        return None
    since = switch.changed_at if switch else 0.0
    settings = GuardSettings(
        challenged_share=config.gate.guard_challenged_share,
        false_factor=config.gate.guard_false_factor,
        rate=config.model.max_false_challenge_rate,
        kinds=tuple(kind.name for kind in KINDS if kind.listener),
    )
    finding = judge(tables.newest_calls(config.gate.guard_calls, since=since), settings)
    return _fall_back(config, finding) if finding else None


def _fall_back(config: Config, finding: str) -> SwitchEvent | None:
    event = SwitchEvent(
        state=SwitchState.SHADOW,
        cause=SwitchCause.GUARD,
        changed_at=time.time(),
        changed_by="rate guard",
        note=finding,
    )
    thrown = throw_switch(config, event, only_if_on=True)
    if thrown is not None:
        told = f"silentspam: rate guard: nobody is challenged until `silentspam switch on`: {finding}"
        print(told, file=sys.stderr)
    return thrown


def _gate(config: Config) -> Gate | None:
    """This machine's file; None where it is missing or no use, and is to be written anew."""
    try:
        return read(Path(config.gate.folder))
    except GateError:
        return None


def _trust_seconds(config: Config) -> float:
    return config.lines.trust_passed_hours * 3600
