"""Plays one scenario's caller and agent in a process of its own: pjsua2 allows one stack and four calls.

`run_worker` reads a Task and writes an Observation, both JSON. Times are seconds of the epoch.
"""

import dataclasses
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.audio import SAMPLE_RATE, level
from lab.callers import AGENT_BEHAVIOURS, CALLER_BEHAVIOURS, Behaviour, Scene
from lab.hearing import Ear, ring_share
from lab.priority import media_first
from lab.troubles import TROUBLES

if TYPE_CHECKING:
    from lab.phones import Phone, Phones

SCENE_SECONDS = 75.0
"""The longest scene: two attempts at every prompt, and a goodbye."""
AFTER_SECONDS = 0.5
TALK_SECONDS = 10.0
"""With an agent, beyond what the behaviours are told: then nobody is going to end the call."""
SIPP_MEDIA_OFFSET = 4
"""SIPp's media ports come after those of the agent's phone."""
RECORDED_FROM, RECORDED_TO = 0.3, 1.8
"""The stretch after the answer in which the caller is surely being recorded [s]."""
BRIDGE_SETTLED = 0.5
VOICE_DBFS = -45.0


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a worker needs to play one scenario."""

    folder: str
    extension: str
    ani: str
    sip_port: int
    port: int
    media_port: int
    sipp_port: int
    caller: str
    caller_seconds: float
    caller_plays: str
    caller_number_ends: str
    caller_name: str
    caller_headers: dict[str, str]
    sipp_file: str
    sipp_program: list[str]
    sipp_sound: str
    agent: str
    agent_seconds: float
    agent_plays: str
    prompts: str
    fallback_prompts: str
    trouble: str
    asterisk_pid: int
    config: str


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What the caller and the agent saw and heard."""

    answered_at: float | None = None
    agent_answered_at: float | None = None
    over_at: float | None = None
    asked: tuple[str, ...] = ()
    pressed: tuple[tuple[float, str], ...] = ()
    ring_while_recorded: float | None = None
    ring_while_bridged: float | None = None
    agent_heard_dbfs: float | None = None
    refused: str = ""
    """The final response to the INVITE, other than 200, and its Reason header."""
    lost_seconds: float = 0.0
    """What the caller's recording is short of: a phone whose clock is late by half a second skips it."""
    late_seconds: float = 0.0
    """How late the machine was at worst while the call lasted."""
    trouble_done: bool = True
    fault: str = ""


def play(task: Task) -> Observation:
    """Play the scenario to its end and return what was seen and heard."""
    from lab.phones import Phones  # --help and --list are for those too who have no pjsua2 yet

    scenes: list[Scene] = []
    agents: list[Phone] = []
    running: list[Behaviour] = []

    def on_incoming(agent: "Phone", _caller: str) -> None:
        agents.append(agent)
        if scenes:
            scenes[0].agent = agent
        running.append(AGENT_BEHAVIOURS[task.agent](agent, task.agent_seconds))

    phones = Phones(
        Path(task.folder),
        sip_port=task.sip_port,
        port=task.port,
        rtp_port=task.media_port,
        agent_plays=Path(task.agent_plays),
        on_incoming=on_incoming,
    )
    with phones:
        if task.sipp_file:
            _run_sipp(task, phones, running)
            agent = agents[0] if agents else None
            return Observation(agent_answered_at=agent.up_at if agent else None)
        number, name = task.ani + task.caller_number_ends, task.caller_name
        plays, headers = Path(task.caller_plays), task.caller_headers
        caller = phones.call(task.extension, number=number, name=name, play=plays, headers=headers)
        scene = Scene(caller, Ear.of_prompts(Path(task.prompts), Path(task.fallback_prompts)))
        scenes.append(scene)
        running.append(CALLER_BEHAVIOURS[task.caller](scene, task.caller_seconds))
        trouble = TROUBLES[task.trouble](caller, task.asterisk_pid, Path(task.config))
        running.append(trouble)
        talk_seconds = TALK_SECONDS + max(task.caller_seconds, task.agent_seconds)
        fault = _run_scene(phones, scene, running, talk_seconds=talk_seconds)
    return _observe(scene, trouble_done=_has_ended(trouble), fault=fault)


def _has_ended(behaviour: Behaviour) -> bool:
    """Step a behaviour, and say whether it has ended."""
    ended = object()
    return next(behaviour, ended) is ended


def _run_scene(phones: "Phones", scene: Scene, running: list[Behaviour], *, talk_seconds: float) -> str:
    deadline = time.monotonic() + SCENE_SECONDS
    while not scene.caller.over:
        if time.monotonic() > deadline:
            return f"the call lasted longer than {SCENE_SECONDS:.0f} s"
        if scene.agent is not None and scene.agent.seconds_up() > talk_seconds:
            return "nobody ended the call with the agent"
        phones.step()
        running[:] = [behaviour for behaviour in running if not _has_ended(behaviour)]
    settled = time.monotonic() + AFTER_SECONDS
    while time.monotonic() < settled:
        phones.step()
    return ""


def _run_sipp(task: Task, phones: "Phones", running: list[Behaviour]) -> None:
    ports = ["-p", str(task.sipp_port), "-mp", str(task.media_port + SIPP_MEDIA_OFFSET)]
    addresses = ["-i", "127.0.0.1", "-mi", "127.0.0.1", f"127.0.0.1:{task.sip_port}"]
    numbers = ["-s", task.extension, "-key", "number", task.ani, "-key", "sound", task.sipp_sound]
    command = [*task.sipp_program, "-sf", task.sipp_file, *ports, *addresses, *numbers]
    with (Path(task.folder) / "sipp.log").open("wb") as log:
        with media_first():
            sipp = subprocess.Popen(
                [*command, "-m", "1", "-nostdin", "-timeout", f"{SCENE_SECONDS:.0f}s", "-trace_err"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=task.folder,
            )
        try:
            deadline = time.monotonic() + SCENE_SECONDS
            while sipp.poll() is None and time.monotonic() < deadline:
                phones.step()
                running[:] = [behaviour for behaviour in running if not _has_ended(behaviour)]
        finally:
            if sipp.poll() is None:
                sipp.send_signal(signal.SIGKILL)
            sipp.wait()


def _observe(scene: Scene, *, trouble_done: bool, fault: str) -> Observation:
    caller, agent = scene.caller, scene.agent
    heard = caller.heard()
    begin = caller.media_at or caller.made_at

    def between(start: float, end: float) -> Any:
        first, last = (max(0, int((moment - begin) * SAMPLE_RATE)) for moment in (start, end))
        return heard[first:last]

    answered = caller.up_at or begin
    recorded = between(answered + RECORDED_FROM, answered + RECORDED_TO)
    agent_up = agent.up_at if agent is not None else None
    over = caller.over_at or time.time()
    bridged = between(agent_up + BRIDGE_SETTLED, over) if agent_up is not None else None
    return Observation(
        answered_at=caller.up_at,
        agent_answered_at=agent_up,
        over_at=caller.over_at,
        asked=scene.asked,
        pressed=tuple(caller.pressed),
        ring_while_recorded=ring_share(recorded) if recorded.size else None,
        ring_while_bridged=ring_share(bridged) if bridged is not None else None,
        agent_heard_dbfs=max(level(bridged), -96.0) if bridged is not None and bridged.size else None,
        refused=caller.refused,
        lost_seconds=max(0.0, over - begin - heard.size / SAMPLE_RATE),
        trouble_done=trouble_done,
        fault=fault,
    )


def run_worker(task_file: Path, observation_file: Path, log_file: Path) -> None:
    """The process: read the task, play it, write the observation. What the stack prints goes to the log."""
    with log_file.open("wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    task = Task(**json.loads(task_file.read_text(encoding="utf-8")))
    observation_file.write_text(json.dumps(dataclasses.asdict(play(task))), encoding="utf-8")
