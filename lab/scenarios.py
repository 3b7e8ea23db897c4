"""The tables `lab/scenarios.yaml` and `lab/sequences.yaml` as values, checked as they are read.

Seconds everywhere; `expect` maps columns of the call log to what the row must hold. A sequence is one
scenario for each of its calls, all of one name and number.
"""

import dataclasses
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Any

import yaml

from lab.callers import AGENT_BEHAVIOURS, CALLER_BEHAVIOURS
from lab.trunks import TRUNKS

TABLES = (Path(__file__).parent / "scenarios.yaml", Path(__file__).parent / "sequences.yaml")
SIPP_FOLDER = Path(__file__).parent / "sipp"
FIRST_EXTENSION, ATTEMPT_EXTENSIONS = 1001, 1000
FIRST_AREA_CODE, ATTEMPT_AREA_CODES = 202, 100
"""Of callers' numbers: one for each caller of a sequence, and others for each attempt."""
AWAY = "away"
SPEECH = ("", "some", "none")
ROUTES = ("dial", "queue", "own_dial", "dial_nobody")
OF_SCRIPTS = ("kill_agi", "break_config")
"""Troubles of the process that is started for a call."""
MODEL_STATES = ("", "shadow", "promoted", "broken_shadow", "broken_active")

Row = Mapping[str, object]


class ScenarioError(Exception):
    """The scenario table is not usable, or a scenario is asked for that it does not have."""


@dataclass(frozen=True, kw_only=True)
class Hears:
    """What the caller must hear; `asked` is how many digits, `barge_in` by when a key must be pressed [s].

    refused: the response to the INVITE, with its Reason (RFC 3326), of a call that must not be answered.
    """

    ring: bool = False
    agent: bool = False
    asked: int | None = None
    barge_in: float | None = None
    refused: str = ""


@dataclass(frozen=True, kw_only=True)
class CallerPart:
    """What the caller sends and does: a sound and a behaviour, or a SIPp file.

    `number_ends` is added to the number in the SIP URI, `name` is the display name: for hostile ones.
    `headers` go into the INVITE.
    """

    sends: str = ""
    number_ends: str = ""
    name: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    does: str = "waits"
    seconds: float = 0.0
    sipp: str = ""


@dataclass(frozen=True, kw_only=True)
class AgentPart:
    """What the agent does."""

    does: str
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What must be told of where the call came from; alerts: their kinds, and none but these.

    networks: those that the signature must hold; live: told while the call goes on.
    """

    networks: tuple[str, ...] = ()
    last_codec: str = ""
    line: str | None = None
    alerts: tuple[str, ...] = ()
    live: bool = False


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One whole call, and the row that it must leave in the call log.

    given: what the command line is told before the call; {ani}, {dnis} and {agent} are the scenario's own,
    {sounds} is the folder of sounds, {recording} the recording that is known then, {call} the newest call.
    claims: the YAML file of what numbers and trunks claim; origin: what the listener must tell of the call.
    trunk: the network that carries the call to the product; "" where the caller calls it directly.
    place: which call of its sequence it is, from 1; 0 for a scenario of one call. who: which of its callers.
    """

    name: str
    about: str
    number: int
    place: int = 0
    who: int = 0
    attempt: int = 0
    caller: CallerPart
    agent: AgentPart
    expect: Row
    trunk: str = ""
    route: str = "dial"
    rings: int = 20
    config: Mapping[str, Any] = field(default_factory=dict)
    given: tuple[str, ...] = ()
    agi: str = ""
    agi_ended: str = ""
    trouble: str = ""
    models: str = ""
    speech: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin | None = None
    hears: Hears = field(default_factory=Hears)

    def expecting(self, names: Mapping[str, str]) -> "Scenario":
        """The scenario with `{name}` in its expectations replaced by `names[name]`."""
        filled = {
            column: wanted.format(**names) if isinstance(wanted, str) else wanted
            for column, wanted in self.expect.items()
        }
        return dataclasses.replace(self, expect=filled)

    @property
    def late_columns(self) -> tuple[str, ...]:
        """What is expected of a model on trial, which judges when the row is written already."""
        return tuple(
            name for name, wanted in self.expect.items() if name.startswith("shadow_") and wanted is not None
        )

    @property
    def label(self) -> str:
        """What a report calls it."""
        return f"{self.name}/{self.place}" if self.place else self.name

    @property
    def extension(self) -> str:
        """The number that is called (DNIS), another one for each attempt."""
        return str(FIRST_EXTENSION + ATTEMPT_EXTENSIONS * self.attempt + self.number)

    @property
    def dialled(self) -> str:
        """What its caller dials: a carrier is told by which trunk the call is to go on."""
        return f"{self.trunk}-{self.extension}" if self.trunk else self.extension

    @property
    def ani(self) -> str:
        """The caller's number, its own for each scenario, caller and attempt; 555-01xx is fictitious."""
        return f"{FIRST_AREA_CODE + ATTEMPT_AREA_CODES * self.attempt + self.who}555{100 + self.number:04d}"

    @property
    def agent_name(self) -> str:
        """The agent's endpoint."""
        return f"agent-{self.extension}"

    def told(self, names: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
        """`given` as arguments of the command line; `names` has what is not the scenario's own."""
        own = {"ani": self.ani, "dnis": self.extension, "agent": f"PJSIP/{self.agent_name}"}
        for line in self.given:
            yield tuple(line.format_map(ChainMap(names, own)).split())  # type: ignore[arg-type]

    @property
    def folder(self) -> str:
        """The name of the folder with its installation, another one for each attempt."""
        return f"{self.name}-again" if self.attempt else self.name

    @property
    def can_be_resident(self) -> bool:
        """Whether its call can be screened over FastAGI too: it is not about the scripts, or their start."""
        return not self.agi and not self.agi_ended and self.trouble not in OF_SCRIPTS

    def again(self) -> "Scenario":
        """The same call once more: with a folder, numbers and an agent that the first one has not touched."""
        return dataclasses.replace(self, attempt=self.attempt + 1)


def load_scenarios(*tables: Path) -> tuple[Scenario, ...]:
    """Read the tables, the lab's own where none is named. Raises ScenarioError with the scenario's name."""
    texts = (table.read_text(encoding="utf-8") for table in tables or TABLES)
    entries = list(chain.from_iterable(map(yaml.safe_load, texts)))
    names = [entry.get("name") for entry in entries]
    for name in names:
        if names.count(name) > 1:
            raise ScenarioError(f"{name}: two scenarios have one name")
    return tuple(chain.from_iterable(_scenarios(entry, number) for number, entry in enumerate(entries)))


def choose(scenarios: Sequence[Scenario], names: Sequence[str]) -> tuple[Scenario, ...]:
    """The scenarios and sequences named, in the tables' order; all where none is. Raises ScenarioError."""
    known = {scenario.name for scenario in scenarios}
    for name in names:
        if name not in known:
            raise ScenarioError(f"no scenario {name!r}: `python -m lab --list` shows them")
    return tuple(scenario for scenario in scenarios if not names or scenario.name in names)


def _scenarios(entry: Mapping[str, Any], number: int) -> Iterator[Scenario]:
    """The calls of an entry: one, or those of a sequence, each `times` times and from a new number.

    Calls with the same `caller_is` come from one number.
    """
    if "calls" not in entry:
        yield _scenario({**entry, "number": number})
        return
    shared = {key: value for key, value in entry.items() if key != "calls"}
    callers, strangers = dict[str, int](), count()
    place = 0
    for call in entry["calls"]:
        for _ in range(call.get("times", 1)):
            place += 1
            known_as = call.get("caller_is", f"stranger {next(strangers)}")
            who = callers.setdefault(known_as, len(callers))
            own = {key: value for key, value in call.items() if key not in ("times", "caller_is")}
            yield _scenario({**shared, **own, "number": number, "place": place, "who": who})


def _scenario(entry: Mapping[str, Any]) -> Scenario:
    name = str(entry.get("name", f"number {entry['number']}"))
    try:
        scenario = Scenario(
            **{
                **entry,
                "attempt": 0,
                "caller": CallerPart(**entry["caller"]),
                "agent": AgentPart(**entry["agent"]),
                "hears": Hears(**entry.get("hears", {})),
                "origin": _origin(entry["origin"]) if "origin" in entry else None,
            }
        )
    except (KeyError, TypeError) as error:
        raise ScenarioError(f"scenario {name}: {error}") from error
    _check(scenario)
    return scenario


def _origin(entry: Mapping[str, Any]) -> Origin:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    return Origin(**values)


def _check(scenario: Scenario) -> None:
    caller, agent = scenario.caller, scenario.agent
    faults = (
        (caller.does not in CALLER_BEHAVIOURS, f"callers cannot {caller.does!r}"),
        (agent.does not in AGENT_BEHAVIOURS and agent.does != AWAY, f"agents cannot {agent.does!r}"),
        (bool(caller.sends) == bool(caller.sipp), "a caller either sends a sound or is a SIPp file"),
        (bool(caller.sipp) and not (SIPP_FOLDER / caller.sipp).is_file(), f"no file {caller.sipp!r}"),
        (scenario.models not in MODEL_STATES, f"models {scenario.models!r} is no state of a registry"),
        (scenario.speech not in SPEECH, f"speech {scenario.speech!r} is not one of some, none"),
        (scenario.route not in ROUTES, f"route {scenario.route!r} is not one of {', '.join(ROUTES)}"),
        (scenario.trunk not in ("", *TRUNKS), f"trunk {scenario.trunk!r} is not one of {', '.join(TRUNKS)}"),
    )
    for wrong, what in faults:
        if wrong:
            raise ScenarioError(f"scenario {scenario.name}: {what}")
