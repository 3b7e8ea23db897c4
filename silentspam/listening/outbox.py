"""Notifications on their way: a thread and a bounded queue each, so that one that hangs holds up nothing.

What does not fit is dropped and counted: the call log keeps every alert. The newest are the ones that wait.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from silentspam.errors import SilentSpamError
from silentspam.listening.alerts import CallAlert

CAPACITY = 1000
"""Notifications of one way that wait at most."""


class Way(Protocol):
    """How somebody is told."""

    name: str

    def tell(self, alert: CallAlert) -> bool:
        """Tell of one call; False where there was nobody to tell, of a call that is over.

        Raises SilentSpamError or OSError where that fails."""


Count = Callable[[str, str], None]
"""Is told the way and the result of each notification: sent, skipped, failed, dropped."""


class Outbox:
    """One way's queue; `failed` is told in words why a notification was given up."""

    def __init__(self, way: Way, count: Count, failed: Callable[[str], None]) -> None:
        self._way = way
        self._count = count
        self._failed = failed
        self._waiting: deque[CallAlert] = deque()
        self._changed = threading.Condition()
        self._busy = self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"outbox {way.name}", daemon=True)
        self._thread.start()

    def put(self, alert: CallAlert) -> None:
        """Have somebody told, soon; never waits."""
        with self._changed:
            if len(self._waiting) >= CAPACITY:
                self._waiting.popleft()
                self._count(self._way.name, "dropped")
            self._waiting.append(alert)
            self._changed.notify_all()

    def close(self, seconds: float) -> None:
        """Give what waits so long to be told [s]; what is left then is dropped."""
        until = time.monotonic() + seconds
        with self._changed:
            while (self._waiting or self._busy) and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            for _ in self._waiting:
                self._count(self._way.name, "dropped")
            self._waiting.clear()
            self._closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        while (alert := self._next()) is not None:
            try:
                result = "sent" if self._way.tell(alert) else "skipped"
            except (SilentSpamError, OSError) as error:
                result = "failed"
                self._failed(f"{self._way.name}: call {alert.call_id}: {error}")
            except Exception as error:  # noqa: BLE001  the next notification needs this thread
                result = "failed"
                self._failed(f"{self._way.name}: call {alert.call_id}: {type(error).__name__}")
            self._count(self._way.name, result)
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _next(self) -> CallAlert | None:
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            if not self._waiting:
                return None
            self._busy = True
            return self._waiting.popleft()


def every(ways: Sequence[Callable[[CallAlert], None]]) -> Callable[[CallAlert], None]:
    """One function that tells all of them."""

    def notify(alert: CallAlert) -> None:
        for way in ways:
            way(alert)

    return notify
