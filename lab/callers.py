"""How the lab's callers and agents behave: each behaviour is a generator, stepped while the call lasts.

A caller with `hears` finds out the asked digit from the audio alone (`lab.hearing`) and takes
`REACTION_SECONDS` to press. Behaviours end by returning; the call goes on until a side hangs up.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.hearing import Ear, Heard

if TYPE_CHECKING:
    from lab.phones import Phone

REACTION_SECONDS = 0.3

Behaviour = Iterator[None]


@dataclass
class Scene:
    """One scenario while it runs: the caller's phone, the agent's once it was called, and what was heard."""

    caller: "Phone"
    ear: Ear
    agent: "Phone | None" = None
    asked: tuple[str, ...] = ()
    _listened: int = 0
    _known: int = 0

    def next_digit(self) -> Heard | None:
        """The next digit asked for, once its word has been heard."""
        start = self._listened
        heard = self.caller.heard(start)
        if start + heard.size == self._known:
            return None
        self._known = start + heard.size
        found = self.ear.digit(heard)
        if found is None:
            # Keep only what a word that has begun may need.
            self._listened = max(self._listened, start + heard.size - self.ear.memory)
            return None
        self._listened = start + found.end
        self.asked = (*self.asked, found.digit)
        return found


def _pause(seconds: float) -> Behaviour:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield


def _hear(scene: Scene) -> Iterator[None]:
    """Wait for the next digit to be asked; the recording grows about every 0.25 s."""
    while scene.next_digit() is None:
        yield from _pause(0.1)


def _answered(scene: Scene) -> Behaviour:
    while scene.caller.up_at is None:
        yield


def _waits(scene: Scene, seconds: float) -> Behaviour:
    """Say or send what there is, and wait for what comes."""
    return
    yield


def _leaves(scene: Scene, seconds: float) -> Behaviour:
    """Hang up so many seconds after the answer."""
    yield from _answered(scene)
    yield from _pause(seconds)
    scene.caller.leave()


def _leaves_agent(scene: Scene, seconds: float) -> Behaviour:
    """Hang up so many seconds after the agent has answered."""
    while scene.agent is None or scene.agent.up_at is None:
        yield
    yield from _pause(seconds)
    scene.caller.leave()


def _leaves_ringing_agent(scene: Scene, seconds: float) -> Behaviour:
    """Hang up so many seconds after the agent's phone began to ring."""
    while scene.agent is None:
        yield
    yield from _pause(seconds)
    scene.caller.leave()


def _leaves_ivr(scene: Scene, seconds: float) -> Behaviour:
    """Hang up so many seconds after a digit was asked for."""
    yield from _hear(scene)
    yield from _pause(seconds)
    scene.caller.leave()


def _presses_right(scene: Scene, seconds: float) -> Behaviour:
    """Press the key that is asked for, and talk to the agent for so many seconds."""
    yield from _hear(scene)
    yield from _pause(REACTION_SECONDS)
    scene.caller.press(scene.asked[-1])
    yield from _leaves_agent(scene, seconds)


def _presses_wrong(scene: Scene, seconds: float) -> Behaviour:
    """Press another key than the one asked for, each time."""
    while True:
        yield from _hear(scene)
        yield from _pause(REACTION_SECONDS)
        scene.caller.press(_wrong(scene.asked[-1]))


def _presses_wrong_then_right(scene: Scene, seconds: float) -> Behaviour:
    """Press a wrong key first and the right one when asked again, then talk to the agent."""
    yield from _hear(scene)
    yield from _pause(REACTION_SECONDS)
    scene.caller.press(_wrong(scene.asked[-1]))
    yield from _presses_right(scene, seconds)


def _wrong(digit: str) -> str:
    return str((int(digit) + 1) % 10)


CALLER_BEHAVIOURS: dict[str, Callable[[Scene, float], Behaviour]] = {
    "waits": _waits,
    "leaves": _leaves,
    "leaves_agent": _leaves_agent,
    "leaves_ringing_agent": _leaves_ringing_agent,
    "leaves_ivr": _leaves_ivr,
    "presses_right": _presses_right,
    "presses_wrong": _presses_wrong,
    "presses_wrong_then_right": _presses_wrong_then_right,
}


def _agent_answers(agent: "Phone", seconds: float) -> Behaviour:
    """Answer at once and wait for the caller to end."""
    agent.accept(180)
    agent.accept(200)
    yield


def _agent_ends(agent: "Phone", seconds: float) -> Behaviour:
    """Answer at once and end the call so many seconds later."""
    agent.accept(180)
    agent.accept(200)
    while agent.up_at is None:
        yield
    yield from _pause(seconds)
    agent.leave()


def _agent_rings(agent: "Phone", seconds: float) -> Behaviour:
    """Let it ring."""
    agent.accept(180)
    yield


def _agent_busy(agent: "Phone", seconds: float) -> Behaviour:
    agent.accept(486)
    yield


AGENT_BEHAVIOURS: dict[str, Callable[["Phone", float], Behaviour]] = {
    "answers": _agent_answers,
    "ends": _agent_ends,
    "rings": _agent_rings,
    "busy": _agent_busy,
}
