"""`silentspam attacks follow`: a further server of a call database learns, and knows what others learnt."""

import signal
import threading
from types import FrameType

from silentspam.config import Config
from silentspam.errors import ConfigError
from silentspam.serve.following import Follower


def follow(config: Config, *, seconds: float) -> int:
    """Look every `seconds` until SIGTERM; returns the exit code."""
    if not config.lines.enabled:
        raise ConfigError("lines.enabled is false: there is nothing to follow")
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    follower = Follower(config)
    while not stopped.is_set():
        follower.look()
        stopped.wait(seconds)
    return 0
