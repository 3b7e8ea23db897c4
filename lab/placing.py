"""Places one call: a worker process with the caller's telephone and the agent's, watched until it ends."""

import dataclasses
import json
import multiprocessing
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

from lab import debian, product
from lab.asterisk import sounds_folder
from lab.exchange import Switch
from lab.ports import Ports
from lab.pulse import Pulse
from lab.scenarios import SIPP_FOLDER, Scenario
from lab.sounds import SPEECH, take
from lab.worker import Observation, Task, run_worker

START_GAP_SECONDS = 0.75
"""So that no AGI process starts while another one, 2.1 s after its own start, judges."""
WORKER_SECONDS = 100.0

PROCESSES = multiprocessing.get_context("forkserver")
"""Workers are forked from a server that has imported everything: their start must not slow the calls down."""
PROCESSES.set_forkserver_preload(["lab.worker", "lab.phones"])


class Placing:
    """Places calls on a switch, one beginning after the other, from several threads.

    root: where SIPp and Asterisk's own sounds are; carrier_sip: the port where calls by a trunk begin;
    sounds: files by name that callers play.
    """

    def __init__(
        self,
        *,
        switch: Switch,
        root: Path,
        carrier_sip: int,
        ports: Ports,
        pulse: Pulse,
        sounds: Mapping[str, Sequence[Path]],
    ) -> None:
        self._switch = switch
        self._root = root
        self._carrier_sip = carrier_sip
        self._ports = ports
        self._pulse = pulse
        self._sounds = sounds
        self._gate = threading.Lock()
        self._next_start = 0.0

    def play(self, scenario: Scenario, story: Path, config: Path) -> Observation:
        """Place the call of a story in its folder, and tell how it went."""
        folder = story / str(scenario.place or "")
        folder.mkdir(exist_ok=True)
        task_file, observation_file = folder / "task.json", folder / "observation.json"
        task_file.write_text(json.dumps(dataclasses.asdict(self._task(scenario, folder, config)), indent=1))
        log_file = folder / "worker.log"
        worker = PROCESSES.Process(target=run_worker, args=(task_file, observation_file, log_file))
        self._await_turn(worker.start)
        began = time.monotonic()
        seen = self._await_worker(worker, observation_file, log_file)
        late = max(seen.lost_seconds, self._pulse.latest(began, time.monotonic()))
        return dataclasses.replace(seen, late_seconds=late)

    def _await_turn(self, start: Callable[[], None]) -> None:
        """Let calls begin one after the other: two AGI processes starting at once would delay both."""
        with self._gate:
            time.sleep(max(0.0, self._next_start - time.monotonic()))
            start()
            self._next_start = time.monotonic() + START_GAP_SECONDS

    def _await_worker(self, worker: BaseProcess, observation_file: Path, log_file: Path) -> Observation:
        worker.join(WORKER_SECONDS)
        if worker.is_alive():
            worker.kill()
            worker.join()
            return Observation(fault=f"the phones did not end within {WORKER_SECONDS:.0f} s")
        if worker.exitcode != 0 or not observation_file.is_file():
            return Observation(fault=f"the phones failed, exit {worker.exitcode}: see {log_file}")
        return Observation(**json.loads(observation_file.read_text()))

    def _task(self, scenario: Scenario, folder: Path, config: Path) -> Task:
        caller, number, root = scenario.caller, scenario.number, self._root
        return Task(
            folder=str(folder),
            extension=scenario.dialled,
            ani=scenario.ani,
            sip_port=self._carrier_sip if scenario.trunk else self._switch.sip,
            port=self._ports.phones(number),
            media_port=self._ports.media(number),
            sipp_port=self._ports.sipp(number),
            caller=caller.does,
            caller_seconds=caller.seconds,
            caller_number_ends=caller.number_ends,
            caller_name=caller.name or caller.does,
            caller_headers=dict(caller.headers),
            caller_plays=str(take(self._sounds[caller.sends], scenario.place)) if caller.sends else "",
            sipp_file=str(SIPP_FOLDER / caller.sipp) if caller.sipp else "",
            sipp_program=debian.program_command(root, "usr/bin/sipp"),
            sipp_sound=str(self._sounds[SPEECH][0].with_suffix(".ulaw")),
            agent=scenario.agent.does,
            agent_seconds=scenario.agent.seconds,
            agent_plays=str(self._sounds[SPEECH][0]),
            prompts=str(product.PROMPTS),
            fallback_prompts=str(sounds_folder(root) / "digits"),
            trouble=scenario.trouble,
            asterisk_pid=self._switch.pid,
            config=str(config),
        )
