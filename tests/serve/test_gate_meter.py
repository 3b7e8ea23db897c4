"""The switch as gauges, by the file that the real writer puts in place."""

import time
from pathlib import Path

import pytest

from silentspam.gate.file import FILE_NAME
from silentspam.gate.terms import SwitchCause, SwitchEvent, SwitchState
from silentspam.gate.writing import throw
from silentspam.metrics import Registry
from silentspam.serve.gate_meter import GateMeter


def _thrown(folder: Path, state: SwitchState, cause: SwitchCause) -> None:
    throw(folder, SwitchEvent(state=state, cause=cause, changed_at=time.time(), changed_by="ada"))


def _gauges(registry: Registry) -> tuple[str, float, float]:
    """The state that is 1, whether the guard acted, whether the file is usable."""
    state = registry.copy()
    (name,) = [name for name, cell in state["silentspam_switch"].items() if cell == [1.0]]
    return name, state["silentspam_guard_acted"][""][0], state["silentspam_gate_usable"][""][0]


def test_without_a_file_calls_are_screened_as_configured(tmp_path: Path) -> None:
    registry = Registry()
    GateMeter(tmp_path, registry).look()
    assert _gauges(registry) == ("ON", 0.0, 1.0)


@pytest.mark.parametrize("state", SwitchState)
@pytest.mark.parametrize("cause", SwitchCause)
def test_every_throw_is_told_and_who_did_it(tmp_path: Path, state: SwitchState, cause: SwitchCause) -> None:
    registry = Registry()
    meter = GateMeter(tmp_path, registry)
    meter.look()
    _thrown(tmp_path, state, cause)
    meter.look()
    guarded = cause is SwitchCause.GUARD and state is not SwitchState.ON
    assert _gauges(registry) == (state, float(guarded), 1.0)


def test_a_torn_file_is_no_use_and_says_nothing_of_the_switch(tmp_path: Path) -> None:
    registry = Registry()
    _thrown(tmp_path, SwitchState.OFF, SwitchCause.OPERATOR)
    meter = GateMeter(tmp_path, registry)
    meter.look()
    (tmp_path / FILE_NAME).write_bytes(b"torn")
    meter.look()
    assert _gauges(registry) == ("ON", 0.0, 0.0)
