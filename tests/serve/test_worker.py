"""What a worker makes of the end of its supervisor's line."""

import pytest

from silentspam.serve import beat
from silentspam.serve.hub import Hub
from silentspam.serve.worker import Worker


@pytest.mark.parametrize("unread", [False, True], ids=["all beats were read", "a beat is unread"])
def test_a_supervisor_that_is_gone_ends_no_call(unread: bool) -> None:
    """A line with something unread ends with a reset: the worker drains all the same."""
    supervisors, line = beat.pair()
    worker, drained = Worker.__new__(Worker), []
    worker._line, worker._hub = line, Hub()
    worker._drain = lambda: drained.append(True)  # type: ignore[method-assign]
    worker._hub.watch(line.fileno(), lambda _: worker._hear_supervisor())
    worker._hub.turn(0)
    assert drained == []
    beat.send(line, beat.Beat(ready=True))
    if not unread:
        assert beat.receive(supervisors)
    supervisors.close()
    worker._hub.turn(1)
    worker._hub.turn(0)
    assert drained == [True]
    line.close()
