"""FreeSWITCH for the lab's runner: one for all scenarios, and a `silentspam serve` for each installation."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import product
from lab.asterisk import root_folder, sounds_folder
from lab.audio import read_mulaw, write_wav
from lab.exchange import Switch
from lab.freeswitch.dialplan import agent_of, extensions, users
from lab.freeswitch.event_socket import EventSocket
from lab.freeswitch.program import FreeSwitch
from lab.freeswitch.running import RunningFreeSwitch
from lab.freeswitch.state import PROFILE
from lab.ports import Ports
from lab.scenarios import Scenario

CONTEXT = "public"


@dataclass(frozen=True, kw_only=True)
class Installed:
    """What there is of FreeSWITCH: a program to start, or one that runs and a file of its dialplan.

    modules: the program's folder of modules, None: its own. sip_port, event_port: None: of the lab's block.
    """

    program: Path | None = None
    dialplan: Path | None = None
    modules: Path | None = None
    host: str = "127.0.0.1"
    event_port: int | None = None
    sip_port: int | None = None
    password: str = "ClueCon"
    profile: str = PROFILE
    context: str = CONTEXT


class FreeSwitchExchange:
    """FreeSWITCH, with calls screened by `silentspam serve` over the event socket."""

    def __init__(self, ports: Ports, installed: Installed) -> None:
        self._ports = ports
        self._installed = installed
        self._sip = installed.sip_port or ports.sip
        self._event_socket = EventSocket(
            host=installed.host,
            port=installed.event_port or ports.event_socket,
            password=installed.password,
        )

    def names(self, work: Path) -> Mapping[str, str]:
        """Prompts that ask twice, and quick ones of the digit alone, as WAV files."""
        twice = product.make_prompts_twice(work / "prompts-twice")
        for prompt in twice.glob("*.ulaw"):
            write_wav(prompt.with_suffix(".wav"), read_mulaw(prompt))
        return {
            "prompts_twice": str(twice),
            "empty_prompts": str(product.make_empty_prompts(work / "empty-prompts")),
            "quick_prompts": str(_make_quick_prompts(work / "quick-prompts")),
        }

    def sections(self, scenario: Scenario) -> Mapping[str, Mapping[str, Any]]:
        """The server of the installation, and FreeSWITCH's sockets."""
        number = scenario.number
        return {
            "server": {"port": self._ports.agi(number), "metrics_port": 0, "workers": 1},
            "freeswitch": {
                "port": self._ports.freeswitch(number),
                "event_sockets": [str(self._event_socket)],
                "password": self._event_socket.password,
            },
        }

    def agent(self, scenario: Scenario) -> str:
        """A user of the directory."""
        return agent_of(scenario)

    def placed(self, scenario: Scenario) -> Scenario:
        """As it is: the dialplan knows the server's port."""
        return scenario

    def set_up(self, work: Path, attempts: Sequence[Scenario], configs: Mapping[str, Path]) -> Switch:
        """The dialplan for the scenarios, and a FreeSWITCH to start or the one that runs."""
        installed = self._installed
        text = extensions(
            attempts, self._ports, configs, profile=installed.profile, context=installed.context
        )
        if installed.dialplan is not None:
            return RunningFreeSwitch(
                sip=self._sip,
                event_socket=self._event_socket,
                dialplan=installed.dialplan,
                extensions=text,
                profile=installed.profile,
            )
        if installed.program is None:
            raise ValueError("neither a program nor a dialplan of a FreeSWITCH that runs")
        return FreeSwitch(
            work / "freeswitch",
            program=installed.program,
            modules=installed.modules,
            sip=self._sip,
            rtp=self._ports.rtp,
            event_socket=self._event_socket,
            parts={"EXTENSIONS": text, "USERS": users(attempts, self._ports, profile=installed.profile)},
        )


def _make_quick_prompts(folder: Path) -> Path:
    """Prompts that are the digit alone, in a voice that callers know (Asterisk's); returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    digits = sounds_folder(root_folder()) / "digits"
    for digit in range(10):
        shutil.copyfile(digits / f"{digit}.wav", folder / f"press-{digit}.wav")
    return folder
