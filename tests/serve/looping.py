"""A hub that is turned by the test itself, with the calls in it and the peers that they speak with."""

import socket
import time
from collections.abc import Callable
from typing import Any

from silentspam.serve.hub import Hub, Link
from tests.serve.resident import PATIENCE


def turn_until(hub: Hub, ask: Callable[[], Any]) -> None:
    """Turn the loop until `ask` answers yes."""
    deadline = time.monotonic() + PATIENCE
    while not ask():
        assert time.monotonic() < deadline, "it did not come to pass"
        hub.turn(0.02)


def within(hub: Hub, *works: Callable[[], Any]) -> list[Any]:
    """Do each work in a greenlet of its own, turn until all are over, and give what they returned.

    Raises what the first of them raised.
    """
    results: dict[int, Any] = {}
    faults: list[Exception] = []

    def done(number: int, work: Callable[[], Any]) -> None:
        results[number] = None
        try:
            results[number] = work()
        except Exception as error:  # noqa: BLE001  raised again below, outside the loop
            faults.append(error)
        finally:
            over.add(number)

    over: set[int] = set()
    for number, work in enumerate(works):
        hub.spawn(lambda number=number, work=work: done(number, work))  # type: ignore[misc]
    turn_until(hub, lambda: len(over) == len(works))
    if faults:
        raise faults[0]
    return [results[number] for number in range(len(works))]


def soon(seconds: float = PATIENCE) -> float:
    """A time limit that no test should come to (monotonic)."""
    return time.monotonic() + seconds


class Ends:
    """Two ends of a connection: ours as a link of the hub, and the peer's."""

    def __init__(self, hub: Hub) -> None:
        self.ours, self.peer = socket.socketpair()
        self.peer.settimeout(PATIENCE)
        self.link = Link(hub, self.ours)

    def close(self) -> None:
        self.link.close()
        self.peer.close()
