"""`silentspam attacks follow`: a further server of a call database learns, and knows what others learnt."""

import signal
import sys
import threading
from dataclasses import dataclass, field
from types import FrameType

from silentspam import assembly
from silentspam.config import Config
from silentspam.errors import ConfigError, SilentSpamError
from silentspam.serve.following import Follower


@dataclass
class GateFollower:
    """Keeps this machine's gate file equal to the database's lists and switch."""

    config: Config
    _fault: str = field(default="", init=False)

    def look(self) -> None:
        """Publish once if something is new; what goes wrong is said once."""
        try:
            assembly.publish_gate(self.config)
        except (SilentSpamError, OSError) as error:
            if str(error) != self._fault:
                print(f"silentspam attacks follow: gate: {error}", file=sys.stderr, flush=True)
            self._fault = str(error)
            return
        self._fault = ""


def follow(config: Config, *, seconds: float) -> int:
    """Look every `seconds` until SIGTERM; returns the exit code."""
    if not config.lines.enabled:
        raise ConfigError("lines.enabled is false: there is nothing to follow")
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    follower, gate = Follower(config), GateFollower(config)
    while not stopped.is_set():
        follower.look()
        gate.look()
        stopped.wait(seconds)
    return 0
