"""Writes docs/capacity.md from the figures that `make load` measured.

    .venv/bin/python -m docs.capacity --figures figures

Reads sessions.json, screenings.json, real-calls.json, kinds.json and provenance-cost.json (`--json` of
`benchmarks.sessions`, `.screenings`, `.real_calls`, `.kinds` and `.provenance`) of that folder. What is not
there is named as not measured; a figure beyond its limit is marked; every number of the last section is
worked out in it from those above, or named as an assumption.
"""

import argparse
import json
import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from docs.markdown import Markdown
from silentspam.errors import SilentSpamError

Document = dict[str, Any]

OUT = Path(__file__).parent / "capacity.md"
CALLS_A_DAY = 1_000_000
BUSY_HOUR_SHARE = 0.17
"""Of a business day's calls in its busiest hour: an assumption, at the upper end of what is usual."""
BUSY = 0.6
"""Of a core's time that may be taken in the busiest hour; the rest is for bursts and for what fails."""
OPENING_BYTES = 16_000
MEMORY_POINTS = 8

ABOUT = (
    "Scripted peers speak FastAGI as Asterisk 22 does, line by line; recordings and prompts take their real "
    "time. The peers, the screener and its SQLite database share one machine, so what the peers take is not "
    "there for the screener. Three calls in four are challenged, as in an attack in full swing: on a quiet "
    "day a call costs less. Dead air is synthetic, people are licensed recordings. A call with a fault is "
    "one that the dialplan was told something else about than it should have been, that failed open, whose "
    "session broke or hung, or whose end was not logged."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document; returns 1 where a file cannot be read or written."""
    parser = argparse.ArgumentParser(prog="python -m docs.capacity", description=__doc__)
    parser.add_argument("--figures", type=Path, required=True, metavar="DIR", help="folder of the JSON files")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE", help="the Markdown file to write")
    options = parser.parse_args(arguments)
    try:
        write(options.figures, options.out)
    except (SilentSpamError, OSError, ValueError, KeyError, TypeError) as error:
        print(f"docs.capacity: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def write(figures: Path, out: Path) -> None:
    """Write `out`. Raises SilentSpamError, OSError, ValueError, KeyError, TypeError."""
    screenings, calls = _read(figures / "screenings.json"), _read(figures / "real-calls.json")
    document = Markdown(
        out, "# Capacity", "`make load` measures everything on this page again and writes it."
    )
    _sessions(document, _read(figures / "sessions.json"))
    _kinds(document, _read(figures / "kinds.json"))
    _provenance(document, _read(figures / "provenance-cost.json"))
    _screenings(document, screenings)
    _real_calls(document, calls)
    _million(document, screenings, calls)
    document.write()


def _read(path: Path) -> Document | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _sessions(document: Markdown, figures: Document | None) -> None:
    document.add("## Sessions a second")
    if figures is None:
        return document.not_measured("python -m benchmarks.sessions")
    ours = figures["ours"]
    document.add(
        f"A trivial dialogue of {figures['commands']} commands at {figures['clients']} clients, all servers "
        "in one run with the same client in interleaved rounds; medians. Ours has two workers where nothing "
        "else is said; the others have one process, which is what they offer. `socketserver` and `asyncio` "
        "hold no deadline and no limit."
    )
    best = {name: next(one["rate"] for one in figures["servers"] if one["name"] == name) for name in ours}
    document.table(
        (
            "server",
            "sessions a second",
            "CPU a session",
            "client, of a core",
            *(f"{name} to it" for name in ours),
        ),
        [
            (
                one["name"],
                f"{one['rate']:.0f}",
                f"{1e6 * one['server_cpu']:.0f} µs",
                f"{one['client_share']:.2f}",
                *(f"{rate / one['rate']:.2f}" for rate in best.values()),
            )
            for one in figures["servers"]
        ],
    )


def _kinds(document: Markdown, figures: Document | None) -> None:
    document.add("## One verdict")
    if figures is None:
        return document.not_measured("python -m benchmarks.kinds")
    whole = next(one for one in figures["parts"] if one["name"] == "all kinds")
    reached = "reached" if whole["p50_ms"] <= figures["aim_ms"] else "**missed**"
    document.add(
        f"CPU time of one core, {figures['openings']} openings {figures['rounds']} times, each part in turn "
        f"on each; {figures['known']} recordings are known. Milliseconds are this machine's at that moment, "
        "the ratio to dead air alone says more. A listener on its own pays for what it shares with others in "
        f"a call. Of all kinds at most {figures['aim_ms']:g} ms in the median were wanted: {reached}."
    )
    document.table(
        (
            "part",
            "p50 [ms]",
            "p99 [ms]",
            "to dead air alone",
            *(f"p50 of {sort}" for sort in figures["sorts"]),
        ),
        [
            (
                one["name"],
                *(f"{one[figure]:.2f}" for figure in ("p50_ms", "p99_ms", "ratio")),
                *(f"{median:.2f}" for median in one["p50_ms_by_sort"]),
            )
            for one in figures["parts"]
        ],
    )


def _provenance(document: Markdown, figures: Document | None) -> None:
    document.add("## Where a call came from")
    if figures is None:
        return document.not_measured("python -m benchmarks.provenance")
    aims = {"whole examination": figures["aim_ms"], "identification": figures["identify_aim_ms"]}
    document.add(
        f"CPU time of one core for {figures['seconds']:g} s of one side, off the call path: "
        f"{figures['calls']} calls of licensed speech through real codecs, {figures['rounds']} times, each "
        f"part in turn on each. Identification is among {figures['lines']:,} lines. The ratio is to one "
        "verdict of dead air, in the same run."
    )
    document.table(
        ("part", "p50 [ms]", "p99 [ms]", "to dead air alone", "wanted p50 [ms]"),
        [
            (
                one["name"],
                f"{one['p50_ms']:.2f}{_mark(one['p50_ms'], aims.get(one['name']))}",
                f"{one['p99_ms']:.2f}",
                f"{one['ratio']:.1f}",
                f"at most {aims[one['name']]:g}" if one["name"] in aims else "–",
            )
            for one in figures["parts"]
        ],
    )
    document.table(
        ("seconds of a call", *(seconds for seconds in figures["memory_mb"])),
        [("peak memory of a process [MB]", *(f"{peak:.0f}" for peak in figures["memory_mb"].values()))],
    )


def _mark(figure: float, aim: float | None) -> str:
    return ": **missed**" if aim is not None and figure > aim else ""


def _screenings(document: Markdown, figures: Document | None) -> None:
    document.add("## Whole screenings", ABOUT)
    if figures is None or "run" not in figures:
        return document.not_measured("python -m benchmarks.screenings")
    run = figures["run"]
    document.add(
        f"{run['calls']} calls at {run['rate']:g} a second ({run['arrivals']} arrivals) on "
        f"{figures['cores']} cores, at most {run['open_most']} in progress at once, "
        f"{run['session_seconds']:.1f} s each on average."
    )
    _limits(document, figures["limits"])
    document.table(
        ("wait [ms]", *next(iter(run["waits_ms"].values()))),
        [(what, *map(_ms, waits.values())) for what, waits in run["waits_ms"].items()],
    )
    document.table(
        ("process", "CPU a call [ms]", "memory at the end [MB]"),
        [
            *(
                (role, f"{cpu:.2f}", f"{run['memory']['by_role'][role]:.0f}")
                for role, cpu in run["cpu_ms"].items()
            ),
            ("in all", f"{run['cpu_ms_in_all']:.2f}", f"{run['memory']['last']:.0f}"),
            ("the peers", f"{run['peer']['cpu_ms']:.2f}", "–"),
            ("dead air's verdict alone, in a loop just after", _ms(run.get("verdict_ms")), "–"),
        ],
    )
    _soak(document, figures)
    _search(document, figures.get("search"))


def _soak(document: Markdown, figures: Document) -> None:
    document.add("### Memory over many calls")
    if "soak" not in figures:
        return document.not_measured("python -m benchmarks.screenings --soak 100000")
    run = figures["soak"]
    document.add(
        f"{run['calls']} calls at {run['rate']:g} a second; the callers hurry, a second of theirs takes "
        f"{run['pace']:g} s."
    )
    _limits(document, figures["soak_limits"])
    points = run["memory"]["over_time"]
    chosen = [points[number * (len(points) - 1) // (MEMORY_POINTS - 1)] for number in range(MEMORY_POINTS)]
    document.table(
        ("after [s]", *(f"{moment:.0f}" for moment, _ in chosen)),
        [("resident memory of all processes [MB]", *(f"{size:.0f}" for _, size in chosen))],
    )


def _search(document: Markdown, runs: Sequence[Document] | None) -> None:
    document.add("### The highest rate")
    if not runs:
        return document.not_measured("python -m benchmarks.screenings --search")
    held = [run for run in runs if run["held"]]
    if held:
        best = max(held, key=lambda run: run["rate"])
        document.add(
            f"**{best['rate']:.0f} calls a second** hold what callers notice, no fault and p99 within its "
            f"limit, {best['open_most']} at once."
        )
    else:
        document.add("No rate that was tried holds what callers notice.")
    document.table(
        (
            "calls a second",
            "at once",
            "faults",
            "p99 to the decision [ms]",
            "CPU a call [ms]",
            "cores",
            "holds",
        ),
        [
            (
                f"{run['rate']:.0f}",
                str(run["open_most"]),
                str(run["failed"]),
                _ms(run["waits_ms"]["recording's end to decision"]["p99"]),
                f"{run['cpu_ms_in_all']:.2f}",
                f"{run['cores']:.2f}",
                "yes" if run["held"] else "no",
            )
            for run in sorted(runs, key=lambda run: run["rate"])
        ],
    )


def _real_calls(document: Markdown, figures: Document | None) -> None:
    document.add("## Real calls")
    if figures is None:
        return document.not_measured("python -m benchmarks.real_calls")
    run = figures["run"]
    outcomes = ", ".join(f"{name} {count}" for name, count in sorted(run["dispositions"].items()))
    document.add(
        f"{run['calls']} SIP calls with audio through Asterisk 22, half people, half dead air, with SIPp on "
        f"both sides and all of it on {figures['cores']} cores: {outcomes}. A call costs Asterisk "
        f"{run['asterisk_cpu_ms']:.0f} ms of CPU time, of some twelve seconds, and the screener "
        f"{run['cpu_ms_in_all']:.1f} ms."
    )
    _limits(document, figures["limits"])
    held = [
        one["wanted_at_once"] for one in (run | {"held": True}, *figures.get("search", ())) if one["held"]
    ]
    if figures.get("search"):
        document.add(f"The highest number of calls at once at which that held: **{max(held)}**.")
    else:
        document.not_measured("python -m benchmarks.real_calls --search")


def _million(document: Markdown, screenings: Document | None, calls: Document | None) -> None:
    """What the figures above mean for the paper's volume."""
    document.add("## A million calls a business day")
    if screenings is None or "run" not in screenings:
        return document.not_measured("python -m benchmarks.screenings")
    run = screenings["run"]
    peak = CALLS_A_DAY * BUSY_HOUR_SHARE / 3600
    cpu, seconds, memory = run["cpu_ms_in_all"] / 1000, run["session_seconds"], run["memory"]["last"]
    lines = [
        f"- Calls in the busiest hour, if it has {BUSY_HOUR_SHARE:.0%} of the day's (an assumption): "
        f"{CALLS_A_DAY:,} × {BUSY_HOUR_SHARE} / 3600 s = **{peak:.0f} a second**.",
        f"- Cores of the screener, if {BUSY:.0%} of a core may be taken: {peak:.0f} a second × "
        f"{1000 * cpu:.2f} ms / {BUSY} = {peak * cpu / BUSY:.2f}: **{math.ceil(peak * cpu / BUSY)}**.",
        f"- Calls in progress (Little's law): {peak:.0f} a second × {seconds:.1f} s = "
        f"**{peak * seconds:.0f}**; {run['open_most']} were measured.",
        f"- Memory: {memory:.0f} MB, as measured with {run['open_most']} in progress.",
        f"- CPU time of a whole day: {CALLS_A_DAY:,} × {1000 * cpu:.2f} ms = "
        f"{CALLS_A_DAY * cpu / 3600:.1f} core hours.",
        f"- Recordings, if all are kept: {CALLS_A_DAY:,} × {OPENING_BYTES:,} bytes = "
        f"{CALLS_A_DAY * OPENING_BYTES / 1e9:.0f} GB a day (`retention` keeps fewer).",
    ]
    if calls is not None:
        asterisk = calls["run"]["asterisk_cpu_ms"] / 1000
        lines.append(
            f"- Asterisk itself, of which there must be several: {peak:.0f} a second × "
            f"{1000 * asterisk:.0f} ms / {BUSY} = {peak * asterisk / BUSY:.1f} cores, "
            "for calls as short as those above."
        )
    document.add("\n".join(lines), _verdict(screenings.get("search"), peak))


def _verdict(runs: Sequence[Document] | None, peak: float) -> str:
    held = max((run["rate"] for run in runs or () if run["held"]), default=None)
    if held is None:
        return "What one machine holds at most was not measured, or none of the rates tried held."
    machines = math.ceil(peak / held)
    return (
        f"The machine measured, which ran the callers too, holds {held:.0f} a second: {peak:.0f} / "
        f"{held:.0f} = {peak / held:.2f}, so **{machines}** of it; one more, for the day when one fails."
    )


def _limits(document: Markdown, limits: Iterable[tuple[str, float, str, float]]) -> None:
    rows = []
    for what, figure, way, wanted in limits:
        mark = "" if _holds(figure, way, wanted) else ": **missed**"
        rows.append((what, f"{figure:.4g}{mark}", f"{way} {wanted:g}"))
    document.table(("measured", "figure", "wanted"), rows)


def _holds(figure: float, way: str, wanted: float) -> bool:
    """Whether a figure is within its limit: `at most` or `at least` so much."""
    return figure <= wanted if way == "at most" else figure >= wanted


def _ms(wait: float | None) -> str:
    return "–" if wait is None else f"{wait:.1f}"


if __name__ == "__main__":
    sys.exit(main())
