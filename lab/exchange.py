"""What the lab needs of a telephone switch, and Asterisk as the lab has it.

A Switch is one program that is started and stopped. An Exchange knows how one is set up for scenarios, and
what is different there: what an installation's YAML says, how an agent is dialled, what a call leaves.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from lab import product
from lab.asterisk import Asterisk, root_folder
from lab.ports import Ports
from lab.scenarios import Scenario
from lab.switchboard import switchboard
from lab.trunks import Trunk, trunk_endpoints


class Switch(Protocol):
    """One telephone switch of the lab."""

    log_file: Path

    @property
    def pid(self) -> int:
        """The process id of the running switch; 0 of one that is not the lab's own."""

    @property
    def sip(self) -> int:
        """The SIP port that callers call."""

    def start(self) -> None:
        """Start it, and wait until it takes calls."""

    def stop(self) -> None:
        """Stop it, and leave nothing of it behind."""

    def active_channels(self) -> int:
        """How many channels there are: 0 when every call is over."""


class Exchange(Protocol):
    """One kind of switch, for the lab's runner."""

    def names(self, work: Path) -> Mapping[str, str]:
        """What `{name}` stands for in the configuration of scenarios; makes the files that these are."""

    def sections(self, scenario: Scenario) -> Mapping[str, Mapping[str, Any]]:
        """Keys of the YAML of a scenario's installation, by section."""

    def agent(self, scenario: Scenario) -> str:
        """The dial string of a scenario's agent."""

    def placed(self, scenario: Scenario) -> Scenario:
        """The scenario as it is placed there."""

    def set_up(self, work: Path, attempts: Sequence[Scenario], configs: Mapping[str, Path]) -> Switch:
        """A switch with an extension for each scenario; `configs` is its YAML file by its folder."""


class AsteriskExchange:
    """Asterisk, with calls screened by scripts, or where `resident` by `silentspam serve` over FastAGI."""

    def __init__(self, ports: Ports, *, resident: bool, trunks: Mapping[str, Trunk]) -> None:
        self._ports = ports
        self._resident = resident
        self._trunks = trunks

    def names(self, work: Path) -> Mapping[str, str]:
        """Prompts that ask twice, and empty ones; where there are none, Asterisk's own are quick ones."""
        return {
            "prompts_twice": str(product.make_prompts_twice(work / "prompts-twice")),
            "empty_prompts": str(product.make_empty_prompts(work / "empty-prompts")),
            "quick_prompts": str(work / "no-such-folder"),
        }

    def sections(self, scenario: Scenario) -> Mapping[str, Mapping[str, Any]]:
        """The server of the installation, where there is one."""
        if not self._resident:
            return {}
        return {"server": {"port": self._ports.agi(scenario.number), "metrics_port": 0, "workers": 1}}

    def agent(self, scenario: Scenario) -> str:
        """An endpoint of PJSIP."""
        return f"PJSIP/{scenario.agent_name}"

    def placed(self, scenario: Scenario) -> Scenario:
        """With the address of its server, where it has one."""
        if not self._resident:
            return scenario
        address = f"agi://127.0.0.1:{self._ports.agi(scenario.number)}"
        return dataclasses.replace(scenario, agi=f"{address}/screen", agi_ended=f"{address}/ended")

    def set_up(self, work: Path, attempts: Sequence[Scenario], configs: Mapping[str, Path]) -> Asterisk:
        """The product's scripts and dialplan in place, and an Asterisk that includes them."""
        dialplan = product.install(work, product.write_config(work, {}, {}))
        parts = switchboard(attempts, self._ports, configs)
        if any(scenario.trunk for scenario in attempts):
            parts["AGENTS"] += "\n" + trunk_endpoints(self._trunks)
        return Asterisk(work, self._ports, parts=parts, dialplan=dialplan, root=root_folder())
