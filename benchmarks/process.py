"""One AGI process, from its start to the end of its dialogue, against the same script with scikit-learn.

The peer answers at once, so what is counted is the process's own CPU time and memory, as the kernel reports
them for the child. The recording it is given is synthetic noise. This module imports nothing heavy: a child's
peak memory counts what its parent held at the fork.
"""

import ctypes
import os
import random
import statistics
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from silentspam import resources

N_RUNS = 15

PR_SET_CHILD_SUBREAPER = 36
"""Linux, prctl(2): orphans below this process become its children, so that their cost is counted too."""

WITH_SKLEARN = (
    "import sklearn.ensemble; import sys; from silentspam.embedded import main; sys.exit(main('screen'))"
)

QUIET_CODES = (0xFF, 0x7F, 0xFE, 0x7E, 0xFD, 0x7D)
"""Mu-law codes of ±0, ±8 and ±16 of 32768: noise at about −72 dBFS."""

ENVIRONMENT = (
    "agi_channel: PJSIP/bench-1",
    "agi_uniqueid: 1.1",
    "agi_callerid: 5551234",
    "agi_dnid: 100",
    "",
)


@dataclass(frozen=True)
class Cost:
    """CPU time, user and system, of a call's processes together [s]; the larger one's peak memory [bytes]."""

    cpu: float
    memory: float


def costs() -> tuple[Cost, Cost]:
    """The AGI script's cost, and the same with scikit-learn imported, run turn by turn."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    script = [sys.executable, "-I", str(resources.shipped("agi_scripts") / "silentspam.py")]
    heavy = [sys.executable, "-I", "-c", WITH_SKLEARN]
    with tempfile.TemporaryDirectory() as folder:
        config = _config(Path(folder))
        samples = [(_run(script, config), _run(heavy, config)) for _ in range(N_RUNS)]
    return _median([light for light, _ in samples]), _median([sklearn for _, sklearn in samples])


def _median(runs: list[Cost]) -> Cost:
    return Cost(statistics.median(run.cpu for run in runs), statistics.median(run.memory for run in runs))


def _config(folder: Path) -> Path:
    path = folder / "silentspam.yaml"
    log = f"{{database: {folder}/calls.db, spool: {folder}/spool, unlogged: {folder}/unlogged.jsonl}}"
    path.write_text(
        f"call_log: {log}\nrecording: {{folder: {folder}/recordings}}\nmode: shadow\n",
        encoding="utf-8",
    )
    return path


def _run(command: list[str], config: Path) -> Cost:
    process = subprocess.Popen(
        [*command, f"--config={config}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process has no pipes")
    print("\n".join(ENVIRONMENT), file=process.stdin, flush=True)
    for line in process.stdout:
        print(_reply(line), file=process.stdin, flush=True)
    process.stdout.close()
    cost = Cost(0.0, 0.0)
    with suppress(ChildProcessError):
        while True:  # the screening, and the process that it leaves behind to write the row
            _, status, usage = os.wait4(-1, 0)
            if os.waitstatus_to_exitcode(status):
                raise RuntimeError(f"{command}: exit status {os.waitstatus_to_exitcode(status)}")
            cost = Cost(cost.cpu + usage.ru_utime + usage.ru_stime, max(cost.memory, usage.ru_maxrss * 1024))
    process.returncode = 0
    return cost


def _reply(line: str) -> str:
    if line.startswith("RECORD FILE"):
        stem = line.split('"')[1]
        Path(f"{stem}.ulaw").write_bytes(bytes(random.Random(1).choices(QUIET_CODES, k=16_000)))
        return "200 result=0 (timeout) endpos=16000"
    return "200 result=1" if line.startswith("SET") else "200 result=0"
