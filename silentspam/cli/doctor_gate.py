"""What `silentspam check` has to say of the gate: its file, the switch, and whether the guard has acted."""

from collections.abc import Iterator
from pathlib import Path

from silentspam import assembly
from silentspam.cli.doctor import GOOD, WARNING, Finding, Identity, fault
from silentspam.config import Config
from silentspam.errors import CallLogError, GateError
from silentspam.explain import when
from silentspam.gate.file import FILE_NAME, Gate, read
from silentspam.gate.rules import said
from silentspam.gate.terms import SwitchState


def gate(config: Config, identity: Identity) -> Iterator[Finding]:
    """Findings on what is decided before any audio. Its folder is examined with all others."""
    path = Path(config.gate.folder) / FILE_NAME
    if path.exists() and not identity.may(path, "r"):
        yield fault(
            f"{path}: {identity.name} may not read it: no list is asked", f"chown {identity.name} {path}"
        )
        return
    try:
        found = read(path.parent)
    except GateError as error:
        yield fault(f"{error}: no list is asked", "silentspam lists publish")
        return
    if found is None:
        yield Finding(GOOD, f"gate in {path}: written when the first call is over")
        return
    header = found.header
    yield Finding(
        GOOD,
        f"gate in {path}: {header.n_listed} listed numbers, {header.n_passed} of callers who passed, "
        f"{header.n_dnis} called numbers with terms, as of {when(header.made_at)}",
    )
    yield from _switch(found)
    if not config.gate.emergency_numbers:
        yield Finding(WARNING, "gate.emergency_numbers is empty", "name those of your country")
    yield from _behind(config, found)


def _switch(found: Gate) -> Iterator[Finding]:
    event = found.header.switch
    if event is not None and event.state is not SwitchState.ON:
        yield Finding(
            WARNING, f"{said(event)}, {when(event.changed_at)}", "silentspam switch on, when it is over"
        )
    if waiting := len(found.header.waiting):
        yield Finding(
            WARNING, f"gate: {waiting} changes wait for the call database", "silentspam lists publish"
        )


def _behind(config: Config, found: Gate) -> Iterator[Finding]:
    """Lists that differ from the database's: whoever is to publish them does not."""
    try:
        listed, terms = assembly.gate_tables(config).listed(), assembly.gate_tables(config).terms()
    except CallLogError:
        return  # there is none yet, or it was found fault with already
    if (len(listed), len(terms)) != (found.header.n_listed, found.header.n_dnis):
        text = (
            f"gate: the call database has {len(listed)} listed numbers and terms of {len(terms)} called ones"
        )
        yield Finding(WARNING, text, "silentspam lists publish")
