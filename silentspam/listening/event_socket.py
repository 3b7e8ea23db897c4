"""FreeSWITCH's event socket: channel variables of a living call, and the end of a side's recording.

A call is one of FreeSWITCH's where its id is a UUID; which of several has it only they know, so they are
asked one after the other. Read in its source, not measured: `uuid_setvar_multi` and `uuid_record … stop`.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from silentspam.errors import ChannelError
from silentspam.freeswitch.commands import commands
from silentspam.listening.alerts import CallAlert, told_variables

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9 ._,+:-]", re.ASCII)
"""What would end or change a value."""


class EventSockets:
    """`freeswitch.event_sockets` (implements `outbox.Way`)."""

    name = "freeswitch"

    def __init__(self, addresses: Sequence[str], password: str) -> None:
        self._addresses = tuple(addresses)
        self._password = password

    def tell(self, alert: CallAlert) -> bool:
        """Set the variables of the call's channel; whether it was still up. Raises ChannelError."""
        if not alert.live or not _UUID.fullmatch(alert.uniqueid):
            return False
        values = {name: _UNSAFE.sub("_", value) for name, value in told_variables(alert).items()}
        pairs = ";".join(f"{name}={value}" for name, value in values.items())
        return self._ask(f"uuid_setvar_multi {alert.uniqueid} {pairs}")

    def stop_side(self, uniqueid: str, path: Path) -> None:
        """Have a side recorded no longer: this file alone. Raises ChannelError."""
        if _UUID.fullmatch(uniqueid):
            self._ask(f"uuid_record {uniqueid} stop {path}")

    def _ask(self, command: str) -> bool:
        """Whether one of them did it. Raises ChannelError where none did, and not all could be asked."""
        trouble: ChannelError | None = None
        for address in self._addresses:
            try:
                with commands(address, self._password) as ours:
                    if ours.api(command).startswith("+OK"):
                        return True
            except ChannelError as error:
                trouble = error
        if trouble is not None:
            raise trouble
        return False
