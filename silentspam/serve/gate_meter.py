"""What the switch says on this machine, as gauges: read from the gate's file, as every call reads it."""

from pathlib import Path

from silentspam.errors import GateError
from silentspam.gate.file import Gate, GateFile
from silentspam.gate.terms import SwitchCause, SwitchState
from silentspam.metrics import Registry
from silentspam.serve.clerk_metrics import GATE_USABLE, GUARD, SWITCH


class GateMeter:
    """Looks at one folder; costs a stat() while nothing changes."""

    def __init__(self, folder: Path, registry: Registry) -> None:
        self._file = GateFile(folder)
        self._registry = registry

    def look(self) -> None:
        """Set the gauges. A gate that says nothing is ON: calls are screened as configured."""
        try:
            gate, usable = self._file.read_if_changed(), 1.0
        except GateError:
            gate, usable = None, 0.0
        switch = (gate or Gate()).header.switch
        state = switch.state if switch else SwitchState.ON
        guarded = switch is not None and switch.cause is SwitchCause.GUARD and state is not SwitchState.ON
        for known in SwitchState:
            self._registry.put(SWITCH, known, at=float(known is state))
        self._registry.put(GUARD, at=float(guarded))
        self._registry.put(GATE_USABLE, at=usable)
