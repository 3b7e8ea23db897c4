"""Writes docs/faults.md from what `make faults` measured.

    .venv/bin/python -m docs.faults figures/faults.json

Every number and every saying of the log is in that file (`python -m lab.faults --json`): how often a fault
was made, what callers and agents saw, and what the call log and the screeners' logs hold of it.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from docs import faults_freeswitch as of_freeswitch
from docs.markdown import Markdown
from lab.fault_results import USUAL_SECONDS
from silentspam.errors import SilentSpamError

Document = Mapping[str, Any]

OUT = Path(__file__).parent / "faults.md"
SAYINGS, SAYING = 4, 90
"""Of the logs, the most frequent of each kind; characters of each."""

ABOUT = """\
Each fault below is made in the lab while calls come in: real Asterisk 22, real SIP callers with audio, and
`silentspam serve` with two workers. Two people a second and a dead-air call every three seconds are placed
before, during and after it. People have to reach an agent, as the agents' desk noted it; dead air is
synthetic. `make faults` makes them all and writes this page, `make test` a few; `python -m lab.faults
--list` shows them.

*As ever*: the call went as without the fault: a person was judged and bridged, dead air rejected. *Failed
open*: bridged because the screening failed, and the row says so. *Lost*: a person whom no agent answered,
or dead air that nobody ended. *Rows*: calls with a row and its end, of those that Asterisk had answered or
put through."""

HEADS = ("fault", "calls", "as ever", "failed open", "lost", "rows", "callers noticed", "the logs say")

BOUNDS = (
    (
        "a worker",
        "the supervisor, after 5 s without a sign of life: its callers are bridged, others are served",
    ),
    (
        "every worker, and none comes back",
        "the supervisor, after 6 s: it closes what waits; Asterisk bridges",
    ),
    (
        "the supervisor",
        "no call needs it. HAProxy takes the server out after 1 s and cuts its calls off; systemd's watchdog "
        "kills the service after 10 s (`WatchdogSec`)",
    ),
    (
        "the whole screener, or its machine",
        "HAProxy, after 1 s; without it the dialplan, 15 s after a screening began (`SILENTSPAM_PATIENCE`), "
        "or `limits.screening_seconds` + 10 s after a challenge did",
    ),
    ("a client that is silent, or stops half-way", "the worker, after `server.greeting_seconds`"),
    (
        "Asterisk, in the middle of a command",
        "the worker, after `server.reply_seconds` and what the command may take",
    ),
    ("the database, in any way", "the clerk alone: rows wait in the spool, in order, and no call with them"),
    (
        "Asterisk, restarted",
        "the clerk, or the next call's hangup handler: a later call of that Asterisk with a smaller number "
        "shows it, and `end_cause` says so. A call without any report for 24 h gets an end too",
    ),
)
"""Who hangs or is gone; who notices, and when."""

FOUND = """\
**Asterisk waits for a FastAGI server without end.** It has a limit of 2 s for the connection and none for
an answer: with a server that took connections and was silent, callers waited until they left, and their
channels for ever. So the dialplan sets TIMEOUT(absolute) while a resident screener is asked, comes back
through the extension `T`, and puts your own limit back.

**A clock that is set back stops Asterisk's.** It times recordings, waits and TIMEOUT(absolute) by the wall
clock: an hour back in the middle of a recording makes that an hour longer, and closing the AGI session does
not end it. The worker notices that no reply comes, and the next call on the same Asterisk sends the caller
on (ChannelRedirect). Where no other call comes, the caller waits: let clocks be slewed, not stepped
(chrony's `makestep` only at boot).

**What nothing here can save.** A call whose Asterisk dies is over; its row gets an end and no
`disposition`, as nobody knows how far it had come. A machine that loses its power loses the rows of its
last second, which were not synced yet. Where the spool *and* `SILENTSPAM_UNLOGGED` are on one full disk,
rows are only in the server's own log, whole, a line each."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document; returns 1 where a file cannot be read or written."""
    parser = argparse.ArgumentParser(prog="python -m docs.faults", description=__doc__)
    parser.add_argument("results", type=Path, metavar="FILE", help="what python -m lab.faults --json wrote")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE", help="the Markdown file to write")
    options = parser.parse_args(arguments)
    try:
        write(json.loads(options.results.read_text(encoding="utf-8")), options.out)
    except (SilentSpamError, OSError, ValueError, KeyError) as error:
        print(f"docs.faults: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def write(results: Sequence[Document], out: Path) -> None:
    """Write the document. Raises ReportError, KeyError."""
    page = Markdown(out, "<!-- Written by `make faults`: do not edit. -->", "# Faults", ABOUT)
    page.add(_in_all(results))
    page.table(HEADS, [_row(result) for result in results])
    page.add("## Who notices, and when")
    page.table(("who hangs or is gone", "who notices, and when"), BOUNDS)
    page.add("## What was found in making them", FOUND)
    add_freeswitch(page)
    page.write()


def add_freeswitch(page: Markdown) -> None:
    """The section on FreeSWITCH, which no figures are for."""
    page.add(of_freeswitch.TITLE, of_freeswitch.ABOUT)
    page.table(of_freeswitch.HEADS, of_freeswitch.ROWS)
    page.add(of_freeswitch.FOUND)


def _in_all(results: Sequence[Document]) -> str:
    made = [result for result in results if not result["not_made"]]
    calls = sum(one["placed"] for one in made)
    missing = sum(one["rows_expected"] - one["rows_found"] for one in made)
    lost = sum(len(one["lost"]) for one in made)
    wrong = sum(len(one["rows_wrong"]) for one in made)
    return (
        f"**{len(made)} of {len(results)} faults were made, under {calls:,} calls: {lost} calls lost, "
        f"{missing} rows lost, {wrong} rows wrong.**"
    )


def _row(result: Document) -> tuple[str, ...]:
    if result["not_made"]:
        return (result["about"], *["-"] * 5, "not made here", result["not_made"])
    return (
        result["about"],
        str(result["placed"]),
        str(result["right"]),
        str(result["unscreened"]),
        str(len(result["lost"])),
        f"{result['rows_found']} of {result['rows_expected']}",
        noticed(result),
        said(result),
    )


def noticed(result: Document) -> str:
    """What the callers noticed, in words."""
    words = []
    if result["ended_by_fault"]:
        words.append(f"{result['ended_by_fault']} calls ended with Asterisk, or found none")
    if (most := result["waited_most"]) is not None and most > USUAL_SECONDS:
        words.append(f"{result['late']} waited longer for the agent, {most:.1f} s at most")
    if result["unscreened"]:
        words.append(f"{result['unscreened']} were put through unscreened")
    return "; ".join(words) or f"nothing: an agent after {result['waited_most']:.1f} s at most"


def said(result: Document) -> str:
    """What the rows' causes and the screeners' logs say, the most frequent first."""
    causes = [f"`{text}` ({count})" for text, count in _most(result["causes"])]
    events = [f"{text} ({count})" for text, count in _most(result["events"])]
    parts = [f"rows: {'; '.join(causes)}"] if causes else []
    parts += [f"server: {'; '.join(events)}"] if events else []
    return ". ".join(parts) or "nothing out of the ordinary"


def _most(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    most = sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:SAYINGS]
    return [(text if len(text) <= SAYING else f"{text[:SAYING]} …", count) for text, count in most]


if __name__ == "__main__":
    sys.exit(main())
