"""Real calls by the hundred: one Asterisk, SIPp as callers with audio and as agents, and one screener.

Callers are half people, half dead air, each a SIPp that sends one sound of the lab to every call. A person is
bridged to an agent whose media are echoed, and Asterisk ends the call after a talk. How many calls were open
at once is taken from the call log: of a call with both its halves, beginning and end are in its row.
"""

import heapq
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from benchmarks import proc
from benchmarks.load import Figures, quantiles, wait_for_rows
from benchmarks.screener import Screener
from lab import debian
from lab.asterisk import Asterisk, root_folder
from lab.ports import Ports
from lab.product import REPOSITORY, database_of
from lab.scenarios import SIPP_FOLDER
from lab.sounds import DEAD_AIR, SPEECH
from lab.switchboard import AGENT

EXTENSION = "1000"
TALK_SECONDS = 10
CALL_SECONDS = 12.8
"""Of either kind: two of recording, then a talk, or a question and a farewell."""
GRACE_SECONDS = 60.0
FIRST_RTP, RTP_OF_A_SIPP = 10_000, 2500
"""Media lie below the lab's blocks of ports: Asterisk's first, then each SIPp's."""
KINDS = {SPEECH: ("20255", "BRIDGED"), DEAD_AIR: ("30355", "REJECTED_CALLER_SILENCE")}
"""By sound: how the callers' numbers begin, and what must become of the calls."""


class CallPorts(Ports):
    """A block of the lab with more ports for media than a lab needs."""

    @property
    def rtp(self) -> tuple[int, int]:
        return FIRST_RTP, FIRST_RTP + RTP_OF_A_SIPP - 1


@contextmanager
def exchange(work: Path, screener: Screener) -> Iterator[tuple[Asterisk, Ports]]:
    """An Asterisk whose calls the screener screens. Raises AsteriskError, PortsError, DebianError."""
    ports = CallPorts()
    try:
        agent = AGENT.format(name="agent", transport="udp", contact=f"sip:agent@127.0.0.1:{ports.phones(0)}")
        parts = {"INBOUND": _extension(screener, work), "AGENTS": agent, "QUEUES": ""}
        dialplan = REPOSITORY / "dialplan" / "extensions_silentspam.conf"
        with Asterisk(work, ports, parts=parts, dialplan=dialplan, root=root_folder()) as asterisk:
            yield asterisk, ports
    finally:
        ports.release()


def _extension(screener: Screener, work: Path) -> str:
    url = f"agi://{screener.address[0]}:{screener.address[1]}"
    settings = {
        "SILENTSPAM_AGI": f"{url}/screen",
        "SILENTSPAM_AGI_ENDED": f"{url}/ended",
        "SILENTSPAM_UNLOGGED": str(work / "unlogged.jsonl"),
    }
    return "\n".join(
        [
            f"exten => {EXTENSION},1,NoOp(a load)",
            *(f" same => n,Set({name}={value})" for name, value in settings.items()),
            f" same => n,Gosub(silentspam-dial,s,1(PJSIP/agent,20,S({TALK_SECONDS})))",
            " same => n,Hangup()",
        ]
    )


def run(
    asterisk: Asterisk,
    ports: Ports,
    screener: Screener,
    sounds: dict[str, list[Path]],
    *,
    at_once: int,
    seconds: float,
) -> Figures:
    """Have so many calls open at once for so long, and say what became of each."""
    rate = at_once / CALL_SECONDS
    calls = round(rate * (seconds + CALL_SECONDS) / len(KINDS))
    roles = screener.roles()
    pids = [pid for found in roles.values() for pid in found]
    before, before_asterisk = proc.total_cpu(pids), proc.total_cpu([asterisk.pid])
    statuses = _place(asterisk, ports, sounds, rate=rate / len(KINDS), calls=calls)
    total = calls * len(KINDS)
    rows = wait_for_rows(screener.config, total)
    found = outcomes(database_of(screener.config))
    return {
        "wanted_at_once": at_once,
        "calls": total,
        "rate": rate,
        "rows": rows,
        "sipp": statuses,
        **found,
        "cpu_ms_in_all": 1000 * (proc.total_cpu(pids) - before) / total,
        "asterisk_cpu_ms": 1000 * (proc.total_cpu([asterisk.pid]) - before_asterisk) / total,
        "restarted": sum(len(set(one) - set(screener.roles()[role])) for role, one in roles.items()),
    }


def _place(
    asterisk: Asterisk, ports: Ports, sounds: dict[str, list[Path]], *, rate: float, calls: int
) -> dict[str, int]:
    """Run the callers until all their calls are over; exit codes of SIPp, 0 where every call went well."""
    longest = calls / rate + CALL_SECONDS + GRACE_SECONDS
    with ExitStack() as stack:
        agents = _sipp(asterisk, ports, 0, "agent.xml", ["-rtp_echo"])
        stack.callback(_stop, agents)
        callers = {}
        for number, (sound, (first, _)) in enumerate(KINDS.items(), 1):
            audio = sounds[sound][0].with_suffix(".ulaw")
            keys = ["-key", "number", first, "-key", "sound", str(audio), "-s", EXTENSION]
            pace = ["-r", f"{1000 * rate:.0f}", "-rp", "1000s", "-m", str(calls), "-l", str(10 * calls)]
            callers[sound] = _sipp(
                asterisk, ports, number, "crowd.xml", [*keys, *pace, f"127.0.0.1:{ports.sip}"]
            )
            stack.callback(_stop, callers[sound])
        return {sound: _exit_code(process, longest) for sound, process in callers.items()}


def _sipp(
    asterisk: Asterisk, ports: Ports, number: int, scenario: str, arguments: Sequence[str]
) -> "subprocess.Popen[bytes]":
    first = FIRST_RTP + RTP_OF_A_SIPP * (number + 1)
    media = ["-min_rtp_port", str(first), "-max_rtp_port", str(first + RTP_OF_A_SIPP - 1)]
    where = ["-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", str(ports.phones(number))]
    return subprocess.Popen(
        [
            *debian.program_command(asterisk.root, "usr/bin/sipp"),
            *("-sf", str(SIPP_FOLDER / scenario)),
            *(*where, *media, "-nostdin", *arguments),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=asterisk.work,
    )


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def _exit_code(process: "subprocess.Popen[bytes]", seconds: float) -> int:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return -1


def outcomes(database: Path) -> Figures:
    """What became of the calls, by kind; those that are not as they must be; how many were open at once."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute("SELECT * FROM calls")]
    faults: Counter[str] = Counter(fault for row in rows for fault in _faults(row))
    return {
        "failed": sum(bool(_faults(row)) for row in rows),
        "faults": dict(faults.most_common(10)),
        "dispositions": dict(Counter(row["disposition"] or "none" for row in rows)),
        "open_most": most_at_once([(row["started_at"], row["ended_at"]) for row in rows if row["ended_at"]]),
        "waits_ms": {
            "recording's end to verdict": quantiles(
                row["judged_at"] - row["recorded_at"] for row in rows if row["judged_at"]
            )
        },
    }


def _faults(row: dict[str, Any]) -> list[str]:
    """What is wrong with a call's row."""
    wanted = next((end for first, end in KINDS.values() if str(row["ani"]).startswith(first)), None)
    found = [f"failed open: {row['failed_open_cause']}"] if row["failed_open"] else []
    if row["disposition"] != wanted:
        found.append(f"{row['disposition']} in place of {wanted}")
    if row["screened_at"] is None or row["ended_at"] is None:
        found.append("half a row")
    return found


def most_at_once(calls: Sequence[tuple[float, float]]) -> int:
    """Of calls by beginning and end: how many were open at one moment at most."""
    ends: list[float] = []
    most = 0
    for start, end in sorted(calls):
        while ends and ends[0] <= start:
            heapq.heappop(ends)
        heapq.heappush(ends, end)
        most = max(most, len(ends))
    return most
