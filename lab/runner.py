"""Runs scenarios: one switch, and a worker process for each call; several calls at once.

Every scenario has an installation (folder, configuration, call log, lines), a caller's number and an agent,
so that they do not meet. The calls of a sequence share all that, and come one after the other.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, groupby
from pathlib import Path

from lab import listening, models, product, troubles
from lab.asterisk import Asterisk, AsteriskError, root_folder
from lab.exchange import AsteriskExchange, Exchange
from lab.keeper import Keeper
from lab.outcome import Outcome, Story, is_spoilt, why_again
from lab.placing import Placing
from lab.ports import Ports
from lab.pulse import Pulse
from lab.scenarios import Row, Scenario
from lab.server import Server
from lab.sounds import make_sounds
from lab.trunks import TRUNKS, Carrier, Trunk
from lab.verdicts import faults

AT_ONCE = 5
"""Calls at once: more would make two cores late, and the callers' audio with them."""
ROW_SECONDS = 20.0
SPEECH_SECONDS = 30.0
LEARNING_SECONDS = 20.0


class Lab:
    """A work folder with the product installed and a switch running; a context manager.

    resident: calls are screened by `silentspam serve`, one for each installation, and not by scripts.
    trunks: by their names, those that scenarios may come by; without one that does, none is set up.
    exchange: makes the switch, given the ports; without one it is Asterisk.
    """

    def __init__(
        self,
        work: Path,
        scenarios: Sequence[Scenario],
        *,
        resident: bool = False,
        trunks: Mapping[str, Trunk] = TRUNKS,
        exchange: Callable[[Ports], Exchange] | None = None,
    ) -> None:
        self.work = work
        self.trunks = trunks
        self.resident = resident
        self.scenarios = tuple(scenarios)
        self._ports = Ports()
        self._exchange = (
            exchange(self._ports)
            if exchange is not None
            else AsteriskExchange(self._ports, resident=resident, trunks=trunks)
        )
        self._sounds: Mapping[str, Sequence[Path]] = {}
        self._names: Mapping[str, str] = {}

    def __enter__(self) -> "Lab":
        root = root_folder()
        self._sounds = make_sounds(self.work / "sounds")
        self._names = self._exchange.names(self.work)
        self.scenarios = tuple(chain.from_iterable(map(self._furnish, self._stories())))
        attempts = (*self.scenarios, *(scenario.again() for scenario in self.scenarios))
        configs = {scenario.folder: self._config(scenario) for scenario in attempts}
        self.switch = self._exchange.set_up(self.work, attempts, configs)
        self.switch.start()
        self.carrier = self._start_carrier(attempts, root)
        self._pulse = Pulse(self.work / "pulse")
        self._pulse.start()
        self._placing = Placing(
            switch=self.switch,
            root=root,
            carrier_sip=self.carrier.sip if self.carrier else self.switch.sip,
            ports=self._ports,
            pulse=self._pulse,
            sounds=self._sounds,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._pulse.stop()
        if self.carrier is not None:
            self.carrier.stop()
        self.switch.stop()
        self._ports.release()

    @property
    def asterisk(self) -> Asterisk:
        """The switch, where it is Asterisk. Raises AsteriskError."""
        if not isinstance(self.switch, Asterisk):
            raise AsteriskError("the switch of this lab is not Asterisk")
        return self.switch

    def _start_carrier(self, attempts: Sequence[Scenario], root: Path) -> Carrier | None:
        """The carrier of the calls that come by a trunk; None where none does."""
        if not (carried := self._by_trunk(attempts)):
            return None
        carrier = Carrier(self.work / "carrier", carried, self.trunks, product=self.switch.sip, root=root)
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
        changes = {**first.config, **self._exchange.sections(first)}
        if any(scenario.origin for scenario in story):
            changes |= listening.sections(folder, first)
        config = product.write_config(
            folder, changes, {**self._names, "work": str(folder), "dnis": first.extension}
        )
        known = models.prepare(first.models, folder, config)
        self._tell_product(first)
        return tuple(self._exchange.placed(scenario.expecting(known)) for scenario in story)

    def _tell_product(self, scenario: Scenario) -> None:
        """What the scenario has the command line told before its call. Raises ProductError."""
        config = self._config(scenario)
        names = {"sounds": str(self.work / "sounds"), "agent": self._exchange.agent(scenario)}
        known = product.KnownRecordings(config, seconds=LEARNING_SECONDS, names=names)
        for arguments in scenario.told(known):
            product.silentspam(*arguments, "--config", str(config))

    @contextmanager
    def _served(self, story: Story) -> Iterator[None]:
        """The story's server, while it is told."""
        config = self._config(story[0])
        if self.resident:
            with self._server(config, story[0].trouble):
                yield
        elif any(scenario.origin for scenario in story):
            with listening.Listener(config):
                yield
        else:
            yield

    @staticmethod
    def _server(config: Path, trouble: str) -> Server | Keeper:
        """The server of an installation; one that comes to harm is started again."""
        if trouble not in troubles.OF_SERVERS:
            return Server(config)
        return Keeper(Server(config), away=trouble == troubles.SERVER_AWAY)

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
            if is_spoilt(first):
                told[number] = self._tell_again(first)
                for outcome in told[number]:
                    tell(outcome)
        return list(chain.from_iterable(told))

    def _tell_story(self, story: Story, tell: Callable[[Outcome], None]) -> list[Outcome]:
        outcomes = self._place_all(story)
        if not is_spoilt(outcomes):
            for outcome in outcomes:
                tell(outcome)
        return outcomes

    def _tell_again(self, first: Sequence[Outcome]) -> list[Outcome]:
        """Place the calls of a story once more, with nothing left of the first ones."""
        story = tuple(outcome.scenario for outcome in first)
        second = self._place_all(self._furnish(tuple(scenario.again() for scenario in story)))
        return [
            dataclasses.replace(outcome, scenario=scenario, placed_again=why_again(before))
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
            observation = self._placing.play(scenario, folder, self._config(scenario))
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
