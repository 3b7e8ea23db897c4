"""Media goes first where the user may have it, and nothing fails where not."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.priority import MEDIA, SCENE, media_first, prefer, prefer_session


def _alone(do: Callable[[], tuple[int, int]]) -> tuple[int, int]:
    """What `do` returns in a thread of its own, so that this one keeps its priority."""
    said: list[tuple[int, int]] = []
    thread = threading.Thread(target=lambda: said.append(do()))
    thread.start()
    thread.join()
    return said[0]


def _mine() -> tuple[int, int]:
    return os.sched_getscheduler(0), os.sched_getparam(0).sched_priority


def _may() -> bool:
    def try_it() -> tuple[int, int]:
        prefer()
        return _mine()

    return _alone(try_it) == (os.SCHED_RR, MEDIA)


def test_what_starts_first_carries_media_and_the_caller_of_it_comes_after() -> None:
    inside: list[tuple[int, int]] = []

    def play() -> tuple[int, int]:
        with media_first():
            inside.append(_alone(_mine))
        return _mine()

    after = _alone(play)
    if _may():
        assert (inside[0], after) == ((os.SCHED_RR, MEDIA), (os.SCHED_RR, SCENE))
    else:
        assert inside[0] == after == _mine()


def test_a_refusal_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    monkeypatch.setattr(Path, "write_text", refuse)
    with media_first():
        prefer()
        prefer_session(os.getpid())
