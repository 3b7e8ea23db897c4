"""Runs scenarios: one Asterisk, and a worker process for each call; several calls at once.

Every scenario has an installation (folder, configuration, call log, lines), a caller's number and an agent,
so that they do not meet. The calls of a sequence share all that, and come one after the other.
"""

import dataclasses
import json
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, groupby
from multiprocessing.process import BaseProcess
from pathlib import Path

from lab import debian, listening, models, product, troubles
from lab.asterisk import Asterisk, root_folder, sounds_folder
from lab.ports import Ports
from lab.pulse import Pulse
from lab.scenarios import SIPP_FOLDER, Row, Scenario
from lab.server import Server
from lab.sounds import SPEECH, make_sounds, take
from lab.switchboard import switchboard
from lab.trunks import TRUNKS, Carrier, Trunk, trunk_endpoints
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
LEARNING_SECONDS = 20.0

PROCESSES = multiprocessing.get_context("forkserver")
"""Workers are forked from a server that has imported everything: their start must not slow the calls down."""
PROCESSES.set_forkserver_preload(["lab.worker", "lab.phones"])


Story = tuple[Scenario, ...]
"""The calls of one installation: those of a sequence, or a single one."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one call: `skipped` is a reason, `faults` is empty where all went right."""

    scenario: Scenario
    row: Row | None = None
    told: Row | None = None
    """Where it came from, if that was to be told."""
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
    """A work folder with the product installed and an Asterisk running; a context manager.

    resident: calls are screened by `silentspam serve`, one for each installation, and not by scripts.
    trunks: by their names, those that scenarios may come by; without one that does, none is set up.
    """

    def __init__(
        self,
        work: Path,
        scenarios: Sequence[Scenario],
        *,
        resident: bool = False,
        trunks: Mapping[str, Trunk] = TRUNKS,
    ) -> None:
        self.work = work
        self.trunks = trunks
        self.resident = resident
        self.scenarios = tuple(scenarios)
        self._ports = Ports()
        self._gate = threading.Lock()
        self._next_start = 0.0
        self._sounds: Mapping[str, Sequence[Path]] = {}
        self._names: Mapping[str, str] = {}

    def __enter__(self) -> "Lab":
        root = root_folder()
        self._sounds = make_sounds(self.work / "sounds")
        self._names = {
            "prompts_twice": str(product.make_prompts_twice(self.work / "prompts-twice")),
            "empty_prompts": str(product.make_empty_prompts(self.work / "empty-prompts")),
        }
        self.scenarios = tuple(chain.from_iterable(map(self._furnish, self._stories())))
        dialplan = product.install(self.work, product.write_config(self.work, {}, {}))
        attempts = (*self.scenarios, *(scenario.again() for scenario in self.scenarios))
        configs = {scenario.folder: self._config(scenario) for scenario in attempts}
        parts = switchboard(attempts, self._ports, configs)
        if self._by_trunk(attempts):
            parts["AGENTS"] += "\n" + trunk_endpoints(self.trunks)
        self.asterisk = Asterisk(self.work, self._ports, parts=parts, dialplan=dialplan, root=root)
        self.asterisk.start()
        self.carrier = self._start_carrier(attempts, root)
        self._pulse = Pulse(self.work / "pulse")
        self._pulse.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._pulse.stop()
        if self.carrier is not None:
            self.carrier.stop()
        self.asterisk.stop()
        self._ports.release()

    def _start_carrier(self, attempts: Sequence[Scenario], root: Path) -> Carrier | None:
        """The carrier of the calls that come by a trunk; None where none does."""
        if not (carried := self._by_trunk(attempts)):
            return None
        carrier = Carrier(self.work / "carrier", carried, self.trunks, product=self._ports.sip, root=root)
        carrier.start()
        return carrier

    @staticmethod
    def _by_trunk(attempts: Sequence[Scenario]) -> list[Scenario]:
        return [scenario for scenario in attempts if scenario.trunk]

    def _folder(self, scenario: Scenario) -> Path:
        return self.work / "calls" / scenario.folder

    def _config(self, scenario: Scenario) -> Path:
        return self._folder(scenario) / "silentspam.yaml"

    def _stories(self) -> list[Story]:
        return [tuple(calls) for _, calls in groupby(self.scenarios, key=lambda scenario: scenario.name)]

    def _furnish(self, story: Story) -> Story:
        """Folder, configuration and models of a story; before any call, which this work would delay."""
        first = story[0]
        folder = self._folder(first)
        folder.mkdir(parents=True)
        server = {"server": {"port": self._ports.agi(first.number), "metrics_port": 0, "workers": 1}}
        changes = {**first.config, **server} if self.resident else dict(first.config)
        if any(scenario.origin for scenario in story):
            changes |= listening.sections(folder, first)
        config = product.write_config(
            folder, changes, {**self._names, "work": str(folder), "dnis": first.extension}
        )
        known = models.prepare(first.models, folder, config)
        self._tell_product(first)
        return tuple(self._by_way_of(scenario.expecting(known)) for scenario in story)

    def _tell_product(self, scenario: Scenario) -> None:
        """What the scenario has the command line told before its call. Raises ProductError."""
        config = self._config(scenario)
        sounds = {"sounds": str(self.work / "sounds")}
        known = product.KnownRecordings(config, seconds=LEARNING_SECONDS, names=sounds)
        for arguments in scenario.told(known):
            product.silentspam(*arguments, "--config", str(config))

    def _by_way_of(self, scenario: Scenario) -> Scenario:
        """The scenario with the address of its server, where it has one."""
        if not self.resident:
            return scenario
        address = f"agi://127.0.0.1:{self._ports.agi(scenario.number)}"
        return dataclasses.replace(scenario, agi=f"{address}/screen", agi_ended=f"{address}/ended")

    @contextmanager
    def _served(self, story: Story) -> Iterator[None]:
        """The story's server, while it is told."""
        config = self._config(story[0])
        if self.resident:
            with Server(config):
                yield
        elif any(scenario.origin for scenario in story):
            with listening.Listener(config):
                yield
        else:
            yield

    def run(self, tell: Callable[[Outcome], None] = lambda outcome: None) -> list[Outcome]:
        """Run all scenarios, several at once; `tell` hears of each as it ends. In the tables' order.

        A story of which a call failed while the machine was late is told once more, alone, after all others.
        The longest begin first, so that none of them is left for the end.
        """
        stories = self._stories()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            begun = {
                story[0].name: pool.submit(self._tell_story, story, tell)
                for story in sorted(stories, key=len, reverse=True)
            }
        told = [begun[story[0].name].result() for story in stories]
        for number, first in enumerate(told):
            if _is_spoilt(first):
                told[number] = self._tell_again(first)
                for outcome in told[number]:
                    tell(outcome)
        return list(chain.from_iterable(told))

    def _tell_story(self, story: Story, tell: Callable[[Outcome], None]) -> list[Outcome]:
        outcomes = self._place_all(story)
        if not _is_spoilt(outcomes):
            for outcome in outcomes:
                tell(outcome)
        return outcomes

    def _tell_again(self, first: Sequence[Outcome]) -> list[Outcome]:
        """Place the calls of a story once more, with nothing left of the first ones."""
        story = tuple(outcome.scenario for outcome in first)
        second = self._place_all(self._furnish(tuple(scenario.again() for scenario in story)))
        return [
            dataclasses.replace(outcome, scenario=scenario, placed_again=_why_again(before))
            for outcome, scenario, before in zip(second, story, first, strict=True)
        ]

    def _place_all(self, story: Story) -> list[Outcome]:
        """Place the calls of a story one after the other, until one of them fails."""
        outcomes: list[Outcome] = []
        with self._served(story):
            for scenario in story:
                if outcomes and not outcomes[-1].passed:
                    outcomes.append(Outcome(scenario=scenario, skipped="a call before it did not pass"))
                else:
                    outcomes.append(self._place(scenario))
        return outcomes

    def _place(self, scenario: Scenario) -> Outcome:
        folder = self._folder(scenario)
        try:
            if scenario.place > 1:
                self._tell_product(scenario)
                time.sleep(product.IN_FORCE_SECONDS if scenario.given else 0.0)
        except product.ProductError as error:
            return Outcome(scenario=scenario, faults=(str(error),))
        placed_at = time.time()
        try:
            troubles.prepare(scenario.trouble, folder)
        except troubles.TroubleError as error:
            return Outcome(scenario=scenario, skipped=str(error))
        try:
            observation = self._play(scenario)
        finally:
            troubles.repair(scenario.trouble, folder)
        config = self._config(scenario)
        try:
            row = self._row(scenario, config, placed_at)
        except product.ProductError as error:
            return Outcome(scenario=scenario, observation=observation, faults=(str(error),))
        wrong, told = faults(scenario, row, observation), None
        if scenario.origin is not None and row is not None:
            told = listening.told_of(config, row)
            wrong += listening.faults(scenario.origin, told, config, row)
        return Outcome(scenario=scenario, row=row, told=told, observation=observation, faults=wrong)

    def _row(self, scenario: Scenario, config: Path, placed_at: float) -> Row | None:
        """The call's row as the table describes it. Raises ProductError."""
        waits = scenario.trouble in troubles.ROW_WAITS or bool(scenario.agi_ended and not self.resident)
        row = product.wait_for_row(
            config,
            scenario.ani,
            seconds=ROW_SECONDS,
            row_waits=waits,
            columns=scenario.late_columns,
            since=placed_at if scenario.place else 0.0,
        )
        if scenario.speech:
            product.measure_speech(config, seconds=SPEECH_SECONDS)
            row = product.wait_for_row(config, scenario.ani, seconds=ROW_SECONDS)
        if scenario.place:
            product.wait_until_learnt(config, seconds=LEARNING_SECONDS)
        return row

    def _await_turn(self, start: Callable[[], None]) -> None:
        """Let calls begin one after the other: two AGI processes starting at once would delay both."""
        with self._gate:
            time.sleep(max(0.0, self._next_start - time.monotonic()))
            start()
            self._next_start = time.monotonic() + START_GAP_SECONDS

    def _play(self, scenario: Scenario) -> Observation:
        folder = self._folder(scenario) / str(scenario.place or "")
        folder.mkdir(exist_ok=True)
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
            extension=scenario.dialled,
            ani=scenario.ani,
            sip_port=self.carrier.sip if scenario.trunk and self.carrier else self._ports.sip,
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
            asterisk_pid=self.asterisk.pid,
            config=str(self._config(scenario)),
        )


def _is_spoilt(outcomes: Sequence[Outcome]) -> bool:
    return any(outcome.spoilt for outcome in outcomes)


def _why_again(first: Outcome) -> str:
    """Why a story is told again, said of the call that failed."""
    if not first.spoilt:
        return ""
    return f"the machine was busy, {1000 * first.late_seconds:.0f} ms late ({'; '.join(first.faults)})"
