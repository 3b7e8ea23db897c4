"""Asterisk's console: channel variables of a living call, and the end of a side's recording.

Measured on Asterisk 22.10: `dialplan set chanvar CHANNEL NAME VALUE` and `mixmonitor stop CHANNEL ID` act at
once and cost a process of some 10 ms each. A file that is deleted while MixMonitor writes to it is not made
again; what it still writes is gone with the call.
"""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from silentspam.errors import SilentSpamError
from silentspam.listening.alerts import CallAlert, told_variables

SECONDS = 5.0
"""For a command of the console."""

_CHANNEL = re.compile(r"[A-Za-z0-9/@._;:+-]{1,80}", re.ASCII)
_GONE = "no such channel"
_UNSAFE = re.compile(r"[^A-Za-z0-9 ._,+:-]", re.ASCII)
"""What would end or change a word of a command."""


class ConsoleError(SilentSpamError):
    """The console did not do what it was told; the message names the key `provenance.asterisk`."""


class Console:
    """Runs `provenance.asterisk`, words before the console's command (implements `outbox.Way`)."""

    name = "channel"

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)

    def tell(self, alert: CallAlert) -> bool:
        """Set the variables of the call's channel; whether it was still up. Raises ConsoleError."""
        if not alert.live or not _CHANNEL.fullmatch(alert.channel):
            return False
        for name, value in told_variables(alert).items():
            plain = _UNSAFE.sub("_", value)
            said = self._run(f'dialplan set chanvar {alert.channel} {name} "{plain}"')
            if _GONE in said.lower():
                return False
        return True

    def stop_side(self, channel: str, path: Path) -> None:
        """Have a side recorded no longer: this file alone, whatever else the channel is recorded to.

        Raises ConsoleError.
        """
        if not _CHANNEL.fullmatch(channel):
            return
        for line in self._run(f"mixmonitor list {channel}").splitlines():
            number, _, file = line.partition("\t")
            if file.strip() in (str(path.with_suffix("")), str(path)):
                self._run(f"mixmonitor stop {channel} {number.strip()}")

    def _run(self, command: str) -> str:
        try:
            done = subprocess.run(
                [*self._command, command],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=SECONDS,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ConsoleError(f"provenance.asterisk: {error}") from error
        if done.returncode:
            said = " ".join((done.stdout + done.stderr).split())[:200]
            raise ConsoleError(f"provenance.asterisk: {command.split()[:2]}: exit {done.returncode}: {said}")
        return done.stdout
