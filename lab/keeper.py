"""A resident screener that is started again when it has died, as systemd does on an installation."""

import threading

from lab.server import Server

RESTART_SECONDS = 1.0
"""RestartSec of our systemd unit."""
AWAY_SECONDS = 5.0
"""How long a server stays away for a scenario that begins without one."""
STEP_SECONDS = 0.1


class Keeper:
    """Keeps one server running; a context manager that starts and stops it.

    away: it is not running at first, and comes only after AWAY_SECONDS, when its call is with an agent.
    """

    def __init__(self, server: Server, *, away: bool = False) -> None:
        self.server = server
        self._away = away
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> "Keeper":
        if not self._away:
            self.server.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.server.stop()

    def _keep(self) -> None:
        pause = AWAY_SECONDS if self._away else RESTART_SECONDS
        while not self._over.wait(STEP_SECONDS):
            if not self.server.running:
                if self._over.wait(pause):
                    return
                self.server.kill()  # what the dead one has left behind
                self.server.start()
                pause = RESTART_SECONDS
