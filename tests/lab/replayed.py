"""The lab's scenarios through the FreeSWITCH that replays (tests/freeswitch/replaying.py): no SIP, no media.

Installations, servers, faults and rows are the lab's own. What callers and agents do is told to the replay,
and what a caller hears is what the program asked to be played. Each installation has a replay of its own.

    python -m tests.lab.replayed [SCENARIO…]
"""

import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lab import runner
from lab.freeswitch import table
from lab.freeswitch.exchange import FreeSwitchExchange, Installed
from lab.outcome import Outcome
from lab.ports import Ports
from lab.report import reasons
from lab.report import table as as_table
from lab.scenarios import AWAY, Scenario, choose
from lab.sounds import SPEECH, take
from lab.troubles import TROUBLES
from lab.worker import Observation
from tests.freeswitch import callers
from tests.freeswitch.callers import RIGHT, WRONG, Agent, Caller, Fate, Heard, Moment
from tests.freeswitch.replaying import Replaying

REACTION = 1.0
"""Seconds after a question begins."""
TALKS = 60.0
LEAVES = {
    "leaves": Moment.ANSWER,
    "leaves_agent": Moment.BRIDGED,
    "leaves_ringing_agent": Moment.AGENT_RINGS,
    "leaves_ivr": Moment.QUESTION,
    "presses_right": Moment.BRIDGED,
    "presses_wrong_then_right": Moment.BRIDGED,
}
PRESSES = {
    "presses_right": (RIGHT,),
    "presses_wrong": (WRONG, WRONG),
    "presses_wrong_then_right": (WRONG, RIGHT),
}
FATES = {"answers": Fate.CALLER_ENDS, "ends": Fate.AGENT_ENDS, "rings": Fate.NO_ANSWER, "busy": Fate.BUSY}


class Replays:
    """Every installation's replay, as the one switch of the lab's runner."""

    pid = 0

    def __init__(self, ports: Ports, scenarios: Sequence[Scenario], log_file: Path) -> None:
        self.sip = ports.sip
        self.log_file = log_file
        self.of = {
            scenario.number: Replaying(
                ("127.0.0.1", ports.freeswitch(scenario.number)), event_port=ports.sipp(scenario.number)
            )
            for scenario in scenarios
        }
        self._stack = ExitStack()

    def start(self) -> None:
        for replay in self.of.values():
            self._stack.enter_context(replay)

    def stop(self) -> None:
        self._stack.close()

    def active_channels(self) -> int:
        return 0


class Exchange(FreeSwitchExchange):
    """FreeSWITCH's, with the event socket of the installation's own replay."""

    def __init__(self, ports: Ports) -> None:
        super().__init__(ports, Installed())
        self.ports = ports

    def sections(self, scenario: Scenario) -> Mapping[str, Mapping[str, Any]]:
        sections = dict(super().sections(scenario))
        event_socket = f"127.0.0.1:{self.ports.sipp(scenario.number)}"
        return sections | {"freeswitch": {**sections["freeswitch"], "event_sockets": [event_socket]}}

    def set_up(self, work: Path, attempts: Sequence[Scenario], configs: Mapping[str, Path]) -> Replays:
        return Replays(self.ports, attempts, work / "log")


class Lab(runner.Lab):
    """A lab whose calls are replayed."""

    def __init__(self, work: Path, scenarios: Sequence[Scenario]) -> None:
        super().__init__(work, scenarios, resident=True, exchange=Exchange)

    def __enter__(self) -> "Lab":
        super().__enter__()
        self._placing = Placing(self.switch, self._sounds)  # type: ignore[assignment, arg-type]
        return self


class Placing:
    """Tells a replay what a scenario's caller and agent do, and makes the scenario's trouble meanwhile."""

    def __init__(self, replays: Replays, sounds: Mapping[str, Sequence[Path]]) -> None:
        self._replays = replays
        self._sounds = sounds

    def play(self, scenario: Scenario, story: Path, config: Path) -> Observation:
        replay = self._replays.of[scenario.number]
        if scenario.trouble != "server_away":
            replay.wait_for_listeners()
        began = time.time()
        outcome = replay.call(self._caller(scenario))
        line = Line(began, outcome)
        trouble = TROUBLES[scenario.trouble](line, 0, config)  # type: ignore[arg-type]
        left, ended = object(), False
        while not outcome.over.wait(0.02):
            ended = ended or next(trouble, left) is left
            if time.time() - began > 90:
                return Observation(fault=f"the call has not ended: {outcome.noticed}")
        if replay.failures:
            return Observation(fault=f"the replay failed: {replay.failures}")
        return line.observed(scenario, trouble_done=ended or next(trouble, left) is left)

    def _caller(self, scenario: Scenario) -> Caller:
        caller = scenario.caller
        sounds = self._sounds[caller.sends or SPEECH]
        opening = take(sounds, scenario.place).with_suffix(".ulaw").read_bytes()
        leaves = LEAVES.get(caller.does)
        return Caller(
            opening=None if caller.sipp == "no_rtp.xml" else opening,
            number=scenario.ani,
            dnis=scenario.extension,
            answers=tuple((REACTION, key) for key in PRESSES.get(caller.does, ())),
            leaves=(leaves, caller.seconds) if leaves else None,
            agent=_agent(scenario),
            variables=_emergency(scenario),
        )


class Line:
    """A caller's line, as troubles and verdicts know it."""

    def __init__(self, began: float, outcome: callers.Outcome) -> None:
        self._began = began
        self._outcome = outcome

    def seconds_up(self) -> float:
        answered = self._first(Heard.ANSWERED)
        return 0.0 if answered is None else time.time() - answered

    def observed(self, scenario: Scenario, *, trouble_done: bool) -> Observation:
        outcome, with_agent = self._outcome, self._first(Heard.WITH_AGENT)
        asked = [path for _, path in outcome.heard(Heard.SOUND) if "/press-" in path]
        answered = self._first(Heard.ANSWERED)
        is_refused = answered is None and outcome.hung_up_with is not None
        return Observation(
            answered_at=answered,
            agent_answered_at=with_agent,
            asked=tuple(asked),
            pressed=tuple(
                (self._began + seconds + REACTION, "?") for seconds, _ in outcome.heard(Heard.SOUND)
            ),
            ring_while_recorded=float(bool(outcome.heard(Heard.TONE))),
            ring_while_bridged=0.0,
            agent_heard_dbfs=None if with_agent is None else -20.0,
            refused=scenario.hears.refused if is_refused else "",
            trouble_done=trouble_done,
        )

    def _first(self, what: Heard) -> float | None:
        heard = self._outcome.heard(what)
        return self._began + heard[0][0] if heard else None


def _agent(scenario: Scenario) -> Agent:
    agent = scenario.agent
    fate = Fate.NOBODY if agent.does == AWAY else FATES[agent.does]
    rings = scenario.rings if fate is Fate.NO_ANSWER else 0.3
    return Agent(fate=fate, rings=rings, talks=agent.seconds if fate is Fate.AGENT_ENDS else TALKS)


def _emergency(scenario: Scenario) -> dict[str, str]:
    """What FreeSWITCH makes of SIP's headers (src); a Priority that is no token is none to it."""
    priority = scenario.caller.headers.get("Priority", "")
    return {"sip_i_priority": priority} if priority.replace("-", "").isalnum() else {}


def run(work: Path, names: Sequence[str]) -> list[Outcome]:
    """Run scenarios by their names, all that can be placed where none is."""
    placed = table.runnable(table.load(), attached=False)
    with Lab(work, choose(placed, names)) as lab:
        return lab.run(lambda one: print(one.scenario.label, *one.faults, flush=True))


if __name__ == "__main__":
    outcomes = run(Path(tempfile.mkdtemp(prefix="silentspam-replayed-")), sys.argv[1:])
    print(as_table(outcomes), reasons(outcomes), sep="\n\n")
    sys.exit(any(outcome.faults for outcome in outcomes))
