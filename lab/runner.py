"""Runs scenarios: one Asterisk, and a worker process for each call; several calls at once.

Every scenario has its own folder, configuration, caller number and agent, so that they do not meet.
"""

import dataclasses
import json
import multiprocessing
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from lab import debian, models, product, troubles
from lab.asterisk import Asterisk, root_folder, sounds_folder
from lab.ports import Ports
from lab.pulse import Pulse
from lab.scenarios import SIPP_FOLDER, Row, Scenario
from lab.sounds import SPEECH, make_sounds
from lab.switchboard import switchboard
from lab.verdicts import faults
from lab.worker import Observation, Task, run_worker

AT_ONCE = 5
"""Calls at once: more would make two cores late, and the callers' audio with them."""
START_GAP_SECONDS = 0.75
"""So that no AGI process starts while another one, 2.1 s after its own start, judges."""
WORKER_SECONDS = 100.0
ROW_SECONDS = 20.0
BUSY_SECONDS = 0.1
"""A machine that was so late during a call, five frames, may have spoilt it."""
SPEECH_SECONDS = 30.0

PROCESSES = multiprocessing.get_context("forkserver")
"""Workers are forked from a server that has imported everything: their start must not slow the calls down."""
PROCESSES.set_forkserver_preload(["lab.worker"])


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one scenario: `skipped` is a reason, `faults` is empty where all went right."""

    scenario: Scenario
    row: Row | None = None
    observation: Observation | None = None
    faults: tuple[str, ...] = ()
    skipped: str = ""
    placed_again: str = ""
    """Why the call was placed a second time, if it was; all else here is of that one."""

    @property
    def passed(self) -> bool:
        """Whether everything was as the table says."""
        return not self.faults and not self.skipped

    @property
    def late_seconds(self) -> float:
        """How late the machine was at worst during the call."""
        return self.observation.late_seconds if self.observation else 0.0

    @property
    def spoilt(self) -> bool:
        """Whether it failed, and the machine may be why."""
        return bool(self.faults) and self.late_seconds >= BUSY_SECONDS


class Lab:
    """A work folder with the product installed and an Asterisk running; a context manager."""

    def __init__(self, work: Path, scenarios: Sequence[Scenario]) -> None:
        self.work = work
        self.scenarios = tuple(scenarios)
        self._ports = Ports()
        self._gate = threading.Lock()
        self._next_start = 0.0
        self._sounds: Mapping[str, Path] = {}
        self._names: Mapping[str, str] = {}

    def __enter__(self) -> "Lab":
        root = root_folder()
        self._sounds = make_sounds(self.work / "sounds")
        (self.work / "shared").mkdir(parents=True)
        self._names = {
            "prompts_twice": str(product.make_prompts_twice(self.work / "prompts-twice")),
            "empty_prompts": str(product.make_empty_prompts(self.work / "empty-prompts")),
        }
        self.scenarios = tuple(self._furnish(scenario) for scenario in self.scenarios)
        dialplan = product.install(self.work, product.write_config(self.work, self.work / "shared", {}, {}))
        attempts = (*self.scenarios, *(scenario.again() for scenario in self.scenarios))
        configs = {scenario.folder: self._config(scenario) for scenario in attempts}
        parts = switchboard(attempts, self._ports, configs)
        self.asterisk = Asterisk(self.work, self._ports, parts=parts, dialplan=dialplan, root=root)
        self.asterisk.start()
        self._pulse = Pulse(self.work / "pulse")
        self._pulse.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._pulse.stop()
        self.asterisk.stop()
        self._ports.release()

    def _folder(self, scenario: Scenario) -> Path:
        return self.work / "calls" / scenario.folder

    def _config(self, scenario: Scenario) -> Path:
        return self._folder(scenario) / "silentspam.yaml"

    def _furnish(self, scenario: Scenario) -> Scenario:
        """Folder, configuration and models of a scenario; before any call, which this work would delay."""
        folder = self._folder(scenario)
        folder.mkdir(parents=True)
        names = {**self._names, "work": str(folder)}
        # A promotion is measured on the calls of the database: a second attempt has one without any.
        shared = folder / "shared" if scenario.attempt else self.work / "shared"
        config = product.write_config(folder, shared, scenario.config, names)
        return scenario.expecting(models.prepare(scenario.models, folder, config))

    def run(self, tell: Callable[[Outcome], None] = lambda outcome: None) -> list[Outcome]:
        """Run all scenarios, several at once; `tell` hears of each as it ends. In the table's order.

        A call that failed while the machine was late is placed once more, alone, after all others.
        """
        with ThreadPoolExecutor(AT_ONCE) as pool:

            def run_and_tell(scenario: Scenario) -> Outcome:
                outcome = self._place(scenario)
                if not outcome.spoilt:
                    tell(outcome)
                return outcome

            outcomes = list(pool.map(run_and_tell, self.scenarios))
        for number, first in enumerate(outcomes):
            if first.spoilt:
                outcomes[number] = self._place_again(first)
                tell(outcomes[number])
        return outcomes

    def _place_again(self, first: Outcome) -> Outcome:
        """Place a call once more, with nothing left of the first."""
        why = f"the machine was busy, {1000 * first.late_seconds:.0f} ms late ({'; '.join(first.faults)})"
        second = self._place(self._furnish(first.scenario.again()))
        return dataclasses.replace(second, scenario=first.scenario, placed_again=why)

    def _place(self, scenario: Scenario) -> Outcome:
        folder = self._folder(scenario)
        try:
            troubles.prepare(scenario.trouble, folder)
        except troubles.TroubleError as error:
            return Outcome(scenario=scenario, skipped=str(error))
        try:
            observation = self._play(scenario, folder)
        finally:
            troubles.repair(scenario.trouble, folder)
        config = self._config(scenario)
        try:
            row_waits = scenario.trouble in troubles.ROW_WAITS or bool(scenario.agi_ended)
            row = product.wait_for_row(
                config, scenario.ani, seconds=ROW_SECONDS, row_waits=row_waits, columns=scenario.late_columns
            )
            if scenario.speech:
                product.measure_speech(config, seconds=SPEECH_SECONDS)
                row = product.wait_for_row(config, scenario.ani, seconds=ROW_SECONDS, row_waits=False)
        except product.ProductError as error:
            return Outcome(scenario=scenario, observation=observation, faults=(str(error),))
        wrong = faults(scenario, row, observation)
        return Outcome(scenario=scenario, row=row, observation=observation, faults=wrong)

    def _await_turn(self, start: Callable[[], None]) -> None:
        """Let calls begin one after the other: two AGI processes starting at once would delay both."""
        with self._gate:
            time.sleep(max(0.0, self._next_start - time.monotonic()))
            start()
            self._next_start = time.monotonic() + START_GAP_SECONDS

    def _play(self, scenario: Scenario, folder: Path) -> Observation:
        task_file, observation_file = folder / "task.json", folder / "observation.json"
        task_file.write_text(json.dumps(dataclasses.asdict(self._task(scenario, folder)), indent=1))
        log_file = folder / "worker.log"
        worker = PROCESSES.Process(target=run_worker, args=(task_file, observation_file, log_file))
        self._await_turn(worker.start)
        began = time.monotonic()
        seen = self._await_worker(worker, observation_file, log_file)
        late = max(seen.lost_seconds, self._pulse.latest(began, time.monotonic()))
        return dataclasses.replace(seen, late_seconds=late)

    def _await_worker(self, worker: BaseProcess, observation_file: Path, log_file: Path) -> Observation:
        worker.join(WORKER_SECONDS)
        if worker.is_alive():
            worker.kill()
            worker.join()
            return Observation(fault=f"the phones did not end within {WORKER_SECONDS:.0f} s")
        if worker.exitcode != 0 or not observation_file.is_file():
            return Observation(fault=f"the phones failed, exit {worker.exitcode}: see {log_file}")
        return Observation(**json.loads(observation_file.read_text()))

    def _task(self, scenario: Scenario, folder: Path) -> Task:
        caller, number, root = scenario.caller, scenario.number, self.asterisk.root
        return Task(
            folder=str(folder),
            extension=scenario.extension,
            ani=scenario.ani,
            sip_port=self._ports.sip,
            port=self._ports.phones(number),
            media_port=self._ports.media(number),
            sipp_port=self._ports.sipp(number),
            caller=caller.does,
            caller_seconds=caller.seconds,
            caller_number_ends=caller.number_ends,
            caller_name=caller.name or caller.does,
            caller_plays=str(self._sounds[caller.sends]) if caller.sends else "",
            sipp_file=str(SIPP_FOLDER / caller.sipp) if caller.sipp else "",
            sipp_program=debian.program_command(root, "usr/bin/sipp"),
            sipp_sound=str(self._sounds[SPEECH].with_suffix(".ulaw")),
            agent=scenario.agent.does,
            agent_seconds=scenario.agent.seconds,
            agent_plays=str(self._sounds[SPEECH]),
            prompts=str(product.PROMPTS),
            fallback_prompts=str(sounds_folder(root) / "digits"),
            trouble=scenario.trouble,
            asterisk_pid=self.asterisk.pid,
            config=str(self._config(scenario)),
        )
