"""Gates with these lists and this switch, as a call meets them: through the bytes of a file."""

from typing import Any

from silentspam.call import Call, Mode
from silentspam.gate.file import Gate, Header, decode, encode
from silentspam.gate.packing import Lists, packed
from silentspam.gate.rules import GateSettings
from silentspam.gate.terms import SwitchCause, SwitchEvent, SwitchState

NOW = 1_700_000_000.0
ANI, CALLER_ID, DNIS = "2025550101", "2025550102", "5550200"
SETTINGS = GateSettings(
    mode=Mode.ENFORCE, emergency_numbers=frozenset({"112", "911"}), trust_seconds=86_400.0
)


def a_gate(switch: SwitchEvent | None = None, **lists: Any) -> Gate:
    return decode(encode(packed(Lists(**lists), Header(switch=switch))))


def a_call(**own: Any) -> Call:
    return Call(**{"call_id": "c", "started_at": NOW, "ani": ANI, "caller_id": CALLER_ID, "dnis": DNIS} | own)


def thrown(state: SwitchState, at: float = NOW, *, cause: SwitchCause = SwitchCause.OPERATOR) -> SwitchEvent:
    return SwitchEvent(state=state, cause=cause, changed_at=at, changed_by="ada", note="a reason")
