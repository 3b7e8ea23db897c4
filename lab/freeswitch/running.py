"""A FreeSWITCH that runs already, for the lab: it gets the lab's extensions, and loses them at the end."""

from contextlib import suppress
from pathlib import Path

from lab.freeswitch.event_socket import EventSocket
from lab.freeswitch.state import (
    FreeSwitchError,
    active_channels,
    ask,
    check_modules,
    is_running,
    reload_dialplan,
)


class RunningFreeSwitch:
    """A FreeSWITCH that runs already; its dialplan has the lab's extensions as long as the lab needs them.

    dialplan: the file for them, in a folder that its XML dialplan includes; it must not be there. profile: of
    mod_sofia, which calls agents.
    """

    pid = 0

    def __init__(
        self, *, sip: int, event_socket: EventSocket, dialplan: Path, extensions: str, profile: str
    ) -> None:
        self.sip = sip
        self.event_socket = event_socket
        self.log_file = dialplan
        self._dialplan = dialplan
        self._extensions = extensions
        self._profile = profile
        self._written = False

    def start(self) -> None:
        """Write the extensions, and have them read. Raises FreeSwitchError, with nothing left of them."""
        check_modules(self.event_socket)
        if not is_running(ask(self.event_socket, "sofia status"), self._profile):
            raise FreeSwitchError(f"--profile {self._profile}: mod_sofia has no such profile that runs")
        try:
            with self._dialplan.open("x", encoding="utf-8") as file:
                self._written = True
                file.write(f"<include>\n{self._extensions}\n</include>\n")
        except OSError as error:
            self.stop()
            raise FreeSwitchError(f"--dialplan {self._dialplan}: {error.strerror}") from error
        try:
            reload_dialplan(self.event_socket)
        except FreeSwitchError:
            self.stop()
            raise

    def stop(self) -> None:
        """Take them out again; one that is gone by now reads its dialplan when it comes back."""
        if self._written:
            self._written = False
            self._dialplan.unlink(missing_ok=True)
            with suppress(FreeSwitchError):
                reload_dialplan(self.event_socket)

    def active_channels(self) -> int:
        """How many channels there are, whoever's. Raises FreeSwitchError."""
        return active_channels(self.event_socket)
