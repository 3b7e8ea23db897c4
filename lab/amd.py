"""`python -m lab.amd`: what Asterisk's own AMD() says of the openings of a corpus, on real calls.

AMD() was made for the calls one places, to tell an answering machine from a person by pauses and words. Here
it is asked about inbound callers, MACHINE being taken as a suspicion. SIPp sends each opening code by code,
over and over, since AMD() listens for longer than the two seconds that an opening has.
"""

import argparse
import json
import logging
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

from lab import debian
from lab.asterisk import Asterisk, AsteriskError, root_folder
from lab.debian import DebianError
from lab.ports import Ports, PortsError
from lab.priority import prefer
from lab.pulse import Pulse
from lab.scenarios import SIPP_FOLDER
from silentspam.errors import SilentSpamError
from silentspam.training.dataset import Labelled, read_labels, without_silence
from silentspam.training.operating_point import Rate

SCENARIO = SIPP_FOLDER / "opening.xml"
SETTINGS = {
    # Asterisk's sample amd.conf: 2.5 s of initial silence, 5 s in all.
    "amd-shipped": "AMD()",
    # The time that Silentspam takes: initialSilence and totalAnalysisTime [ms].
    "amd-two-seconds": "AMD(1900,,,2000)",
}
FIRST_CALLER = 2_025_550_000
AT_ONCE = 6
CALL_SECONDS = 20
ATTEMPTS, LATE_SECONDS = 3, 0.04
"""A call is placed again where the machine was two frames late, whatever AMD() said of it."""
LOST = "LOST"
ABOUT = (
    "Real SIP calls through a real Asterisk, each opening sent over and over until AMD() has decided. "
    "MACHINE is taken as a suspicion, and beside it MACHINE because of the initial silence alone: the cause "
    "by which an admin could tell dead air from an answering machine. AMD() hears no difference between a "
    "person who does not speak at once and a machine that never will. Dead air is synthetic."
)
SILENT_CAUSE = "INITIALSILENCE"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What AMD() said of one opening; status LOST where the call brought no answer."""

    recording: str
    label: str
    kind: str
    setting: str
    status: str
    cause: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Place the calls; returns 0, 1 where the recordings cannot be used, 2 where no call could be placed."""
    parser = argparse.ArgumentParser(prog="python -m lab.amd", description=__doc__)
    parser.add_argument("--recordings", type=Path, required=True, metavar="DIR")
    parser.add_argument("--labels", type=Path, required=True, metavar="CSV")
    parser.add_argument(
        "--openings", type=int, default=40, metavar="N", help="half dead air, half people (40)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="which openings (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures for `compare --amd`")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        rows = without_silence(read_labels(options.labels, options.recordings))
        rows = choose(rows, options.openings, options.seed)
        figures = measure(rows, lambda done: logging.info("%d of %d calls", done, len(rows) * len(SETTINGS)))
    except SilentSpamError as error:
        print(f"lab.amd: {error}", file=sys.stderr)
        return 1
    except (AsteriskError, DebianError, PortsError) as error:
        print(f"lab.amd: {error}", file=sys.stderr)
        return 2
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for line in figures["lines"]:
        statuses = ", ".join(f"{name} {count}" for name, count in sorted(line["statuses"].items()))
        print(f"{line['setting']:18} {line['openings']:24} {statuses}")
    return 0


def choose(rows: Sequence[Labelled], n_openings: int, seed: int) -> tuple[Labelled, ...]:
    """Half dead air, each of another campaign while there are such, and half people; by chance."""
    rng = np.random.default_rng(seed)
    mixed = [rows[index] for index in rng.permutation(len(rows))]
    spam = [row for row in mixed if row.is_spam]
    first = {row.group: row for row in reversed(spam)}
    spam.sort(key=lambda row: first[row.group] is not row)
    people = [row for row in mixed if not row.is_spam]
    return (*spam[: n_openings // 2], *people[: n_openings - n_openings // 2])


def measure(rows: Sequence[Labelled], tell: Callable[[int], None] = lambda done: None) -> dict[str, Any]:
    """Place a call for each opening and setting, and count. Raises AsteriskError, DebianError, PortsError."""
    work = Path(tempfile.mkdtemp(prefix="silentspam-amd-"))
    ports = Ports()
    try:
        answers, version = _place_calls(work, ports, rows, tell)
    finally:
        ports.release()
        shutil.rmtree(work, ignore_errors=True)
    return {
        "about": ABOUT,
        "version": version,
        "settings": SETTINGS,
        "calls": len(answers),
        "lines": list(_lines(answers)),
        "answers": [asdict(answer) for answer in answers],
    }


def _place_calls(
    work: Path, ports: Ports, rows: Sequence[Labelled], tell: Callable[[int], None]
) -> tuple[list[Answer], str]:
    root, said = root_folder(), work / "amd.csv"
    (work / "etc").mkdir(parents=True)
    shutil.copyfile(root / "etc" / "asterisk" / "amd.conf", work / "etc" / "amd.conf")
    (work / "empty.conf").touch()
    parts = {"INBOUND": _extensions(said), "AGENTS": "", "QUEUES": ""}
    with Asterisk(work, ports, parts=parts, dialplan=work / "empty.conf", root=root) as asterisk:
        asterisk.cli("module load app_amd.so")
        if "AMD" not in asterisk.cli("core show application AMD"):
            raise AsteriskError("Asterisk has no application AMD")
        version = asterisk.cli("core show version").split(" built")[0].strip()
        slots: SimpleQueue[int] = SimpleQueue()
        for slot in range(AT_ONCE):
            slots.put(slot)
        calls = [(extension, index) for extension in SETTINGS for index in range(len(rows))]

        def place(call: tuple[str, int]) -> None:
            slot = slots.get()
            try:
                for _ in range(ATTEMPTS):
                    began = time.monotonic()
                    _call(work, ports, root, slot, call[0], str(FIRST_CALLER + call[1]), rows[call[1]].path)
                    if pulse.latest(began, time.monotonic()) < LATE_SECONDS:
                        return
            finally:
                slots.put(slot)

        with Pulse(work / "pulse") as pulse, ThreadPoolExecutor(AT_ONCE, initializer=prefer) as pool:
            for done, _ in enumerate(pool.map(place, calls), 1):
                if done % 20 == 0 or done == len(calls):
                    tell(done)
    return [_answer(rows[index], extension, index, _said(said)) for extension, index in calls], version


def _extensions(said: Path) -> str:
    return "\n".join(
        f"exten => {extension},1,Answer()\n same => n,{application}\n"
        f" same => n,Set(FILE({said},,,al,u)=${{CALLERID(num)}}|{extension}|${{AMDSTATUS}}|${{AMDCAUSE}})\n"
        f" same => n,Hangup()"
        for extension, application in SETTINGS.items()
    )


def _call(work: Path, ports: Ports, root: Path, slot: int, extension: str, ani: str, opening: Path) -> None:
    """One call by SIPp, which ends with it; a call that fails leaves no answer."""
    sipp_ports = ["-p", str(ports.sipp(slot)), "-mp", str(ports.media(slot))]
    addresses = ["-i", "127.0.0.1", "-mi", "127.0.0.1", f"127.0.0.1:{ports.sip}"]
    keys = ["-s", extension, "-key", "number", ani, "-key", "sound", str(opening.resolve())]
    command = [*debian.program_command(root, "usr/bin/sipp"), "-sf", str(SCENARIO), *sipp_ports]
    subprocess.run(
        [*command, *addresses, *keys, "-m", "1", "-nostdin", "-timeout", f"{CALL_SECONDS}s"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=work,
        timeout=CALL_SECONDS + 10,
        check=False,
    )


def _said(file: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """By caller and extension, AMDSTATUS and AMDCAUSE."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    fields = [line.split("|") for line in lines if line.count("|") == 3]
    return {(ani, extension): (status, cause) for ani, extension, status, cause in fields}


def _answer(
    row: Labelled, extension: str, index: int, said: dict[tuple[str, str], tuple[str, str]]
) -> Answer:
    status, cause = said.get((str(FIRST_CALLER + index), extension), (LOST, ""))
    return Answer(
        recording=row.recording,
        label="spam" if row.is_spam else "ham",
        kind=row.kind,
        setting=SETTINGS[extension],
        status=status or LOST,
        cause=cause,
    )


def _lines(answers: Iterable[Answer]) -> Iterator[dict[str, Any]]:
    """By setting: dead air, people, and each kind of people; the share that AMD() calls a machine."""
    everyone = list(answers)
    for setting in SETTINGS.values():
        here = [answer for answer in everyone if answer.setting == setting]
        ham = [answer for answer in here if answer.label == "ham"]
        parts = {"dead air": [answer for answer in here if answer.label == "spam"], "people": ham}
        for kind in sorted({answer.kind for answer in ham if answer.kind}):
            parts[f"people: {kind}"] = [answer for answer in ham if answer.kind == kind]
        for name, part in parts.items():
            answered = [answer for answer in part if answer.status != LOST]
            machines = [answer for answer in answered if answer.status == "MACHINE"]
            silent = [answer for answer in machines if answer.cause.startswith(SILENT_CAUSE)]
            yield {
                "setting": setting,
                "openings": name,
                "statuses": dict(Counter(answer.status for answer in part)),
                "machine": _share(len(machines), len(answered)),
                "silent": _share(len(silent), len(answered)),
            }


def _share(hits: int, n: int) -> dict[str, Any]:
    rate = Rate(hits=hits, n=n)
    low, high = rate.interval
    value = rate.value if n else None
    return {"hits": hits, "n": n, "rate": value, "low": low, "high": high, "interval": "Wilson"}


if __name__ == "__main__":
    sys.exit(main())
