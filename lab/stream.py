"""A steady stream of real calls: SIPp callers with audio, agents at a desk, and what became of each call.

Callers are people (a recorded voice) and dead air (synthetic), each kind one SIPp for each Asterisk. A caller
has a number of its own and waits 45 s; the desk answers every call that is put through, and Asterisk ends it
after a short talk. Who reached an agent is known from the log of the desk alone, and not from Asterisk or us.
"""

import dataclasses
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import debian
from lab.ports import Ports
from lab.priority import media_first
from lab.scenarios import SIPP_FOLDER
from lab.sounds import DEAD_AIR, SPEECH

TALK_SECONDS = 2
PATIENCE_SECONDS = 45.0
LONGEST_SECONDS = 60.0
"""Of a call, whatever happens to it."""
KINDS = (SPEECH, DEAD_AIR)
EXTENSION = "1000"

_LINE = re.compile(r"(placed|answered|ended|left|reached) (\d+) .*?(\d{9,}\.\d+)\s*$")


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What a caller and the desk saw of one call; times are seconds since the epoch, None: never."""

    number: str
    sound: str
    switch: int
    placed: float
    answered: float | None = None
    reached: float | None = None
    ended: float | None = None
    left: float | None = None

    def having(self, what: str, moment: float) -> "Fate":
        """The same with one more moment, by the name of its field."""
        known: dict[str, Any] = {what: moment}
        return dataclasses.replace(self, **known)

    @property
    def waited(self) -> float | None:
        """Seconds from the call to the agent."""
        return None if self.reached is None else self.reached - self.placed


class Stream:
    """Calls to one or more Asterisk servers. `begin` it, do harm, `finish` it.

    rates: calls a second of each sound, in all; seconds: for how long calls are placed.
    """

    def __init__(
        self,
        work: Path,
        root: Path,
        ports: Ports,
        *,
        switches: Sequence[int],
        sounds: Mapping[str, Sequence[Path]],
        rates: Mapping[str, float],
        seconds: float,
    ) -> None:
        self._work, self._root, self._ports = work, root, ports
        self._switches = tuple(switches)
        self._sounds = sounds
        self._rates = {sound: rate / len(self._switches) for sound, rate in rates.items()}
        self._seconds = seconds
        self._running: list[subprocess.Popen[bytes]] = []
        self._callers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Stream":
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()

    def begin(self) -> None:
        """Seat the agents and let the calls come."""
        self._work.mkdir(parents=True, exist_ok=True)
        self._sipp("desk", desk_port(self._ports), 0, ["-sf", str(SIPP_FOLDER / "desk.xml"), "-rtp_echo"])
        place = 1
        for switch, sip_port in enumerate(self._switches):
            for sound in KINDS:
                if calls := round(self._rates[sound] * self._seconds):
                    caller = self._sipp(
                        f"{sound}-{switch}",
                        desk_port(self._ports) + place,
                        place,
                        self._arguments(sound, switch, sip_port, calls),
                    )
                    self._callers.append(caller)
                place += 1

    def finish(self) -> list[Fate]:
        """Wait until every call is over; returns their fates in the order they were placed."""
        until = time.monotonic() + self._seconds + LONGEST_SECONDS + 40.0
        for caller in self._callers:
            with suppress(subprocess.TimeoutExpired):
                caller.wait(max(0.1, until - time.monotonic()))
        return self.fates()

    def cease(self) -> None:
        """Place no further calls."""
        for caller in self._callers:
            with suppress(ProcessLookupError):
                caller.send_signal(signal.SIGUSR1)

    def fates(self) -> list[Fate]:
        """What is known of every call by now."""
        found: dict[str, Fate] = {}
        for switch in range(len(self._switches)):
            for sound in KINDS:
                for word, number, moment in self._logged(f"{sound}-{switch}"):
                    known = found.get(number) or Fate(
                        number=number, sound=sound, switch=switch, placed=moment
                    )
                    found[number] = known.having(word, moment)
        for word, number, moment in self._logged("desk"):
            if number in found:
                found[number] = found[number].having(word, moment)
        return sorted(found.values(), key=lambda fate: fate.placed)

    def _arguments(self, sound: str, switch: int, sip_port: int, calls: int) -> list[str]:
        audio = self._sounds[sound][0].with_suffix(".ulaw")
        keys = ["-key", "number", prefix(sound, switch), "-key", "sound", str(audio), "-s", EXTENSION]
        pace = ["-r", str(max(1, round(1000 * self._rates[sound]))), "-rp", "1000s"]
        limits = ["-m", str(calls), "-l", str(calls)]
        return ["-sf", str(SIPP_FOLDER / "patient.xml"), *keys, *pace, *limits, f"127.0.0.1:{sip_port}"]

    def _sipp(self, name: str, port: int, place: int, arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
        media = media_ports(self._ports, place)
        where = ["-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", str(port)]
        where += ["-min_rtp_port", str(media[0]), "-max_rtp_port", str(media[1])]
        logs = ["-trace_logs", "-log_file", str(self._work / f"{name}.log"), "-trace_err"]
        logs += ["-error_file", str(self._work / f"{name}.errors")]
        with (self._work / f"{name}.screen").open("wb") as screen, media_first():
            process = subprocess.Popen(
                [*debian.program_command(self._root, "usr/bin/sipp"), *where, *logs, "-nostdin", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=subprocess.STDOUT,
                cwd=self._work,
            )
        self._running.append(process)
        return process

    def _logged(self, name: str) -> list[tuple[str, str, float]]:
        path = self._work / f"{name}.log"
        if not path.exists():
            return []
        found = (_LINE.match(line) for line in path.read_text(errors="replace").splitlines())
        return [(match[1], match[2], float(match[3])) for match in found if match]


def prefix(sound: str, switch: int) -> str:
    """How the numbers of these callers begin."""
    return f"{2 + KINDS.index(sound)}0{switch}555"


def desk_port(ports: Ports) -> int:
    """The SIP port of the agents; the callers' come after it."""
    return ports.phones(0)


def media_ports(ports: Ports, place: int) -> tuple[int, int]:
    """The media ports of one SIPp, of which there are five at most: the desk, and two callers a switch."""
    first = ports.base + 100 + 120 * place
    return first, first + 119
