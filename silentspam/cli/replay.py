"""`silentspam replay`: a timeline of calls through the whole decision and all learning, faster than live."""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import add_config_option, at_least, configuration, table, verb_parser

if TYPE_CHECKING:
    from silentspam.config import Config
    from silentspam.replay.replay import Replay, Replayed
    from silentspam.replay.summary import CampaignFigures, Summary
    from silentspam.replay.timeline import TimelineCall
    from silentspam.verdict import Verdict

EXAMPLES = """\
  silentspam replay --calls docs/timelines/day.csv --recordings corpus-day
  silentspam replay --calls calls.csv --recordings /var/lib/silentspam/recordings --config tried.yaml
  silentspam replay --calls calls.csv --recordings calls --format jsonl > decisions.jsonl

CALLS is a CSV file with the columns time (seconds), recording (below --recordings), ani, passes (yes or no:
would this caller pass a challenge?) and, if wanted, campaign. The screening is the live one, in mode enforce
whatever the configuration says; only the clock, the channel and chance are simulated: docs/replay.md."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "replay", "try decisions and learning on a timeline of calls", EXAMPLES)
    parser.add_argument("--calls", type=Path, required=True, metavar="CSV", help="the timeline")
    parser.add_argument(
        "--recordings", type=Path, required=True, metavar="DIR", help="folder of its openings"
    )
    parser.add_argument(
        "--format",
        choices=("table", "jsonl"),
        default="table",
        help="print the summary (table), or every call and the summary to standard error (jsonl)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the summary there as JSON")
    parser.add_argument("--seed", type=at_least(0), default=0, metavar="N", help="seed of all chance (0)")
    parser.add_argument(
        "--workers",
        type=at_least(1),
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes that listen to the recordings (one a core)",
    )
    parser.add_argument(
        "--model", type=Path, metavar="DIR", help="model folder (default: the configured one)"
    )
    add_config_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Replay the timeline and print what it came to."""
    from silentspam.replay.summary import summarise
    from silentspam.replay.timeline import is_sorted, read_timeline

    config = configuration(args)
    calls = read_timeline(args.calls, args.recordings)
    if not is_sorted(calls):
        print(f"silentspam replay: {args.calls}: replayed by time, not in its order", file=sys.stderr)
    replay = _replay(args, config, calls)
    started = time.monotonic()
    replayed = list(_printed(_with_progress(replay.run(calls), len(calls)), args.format))
    summary = summarise(replayed, seconds=time.monotonic() - started)
    if args.json:
        args.json.write_text(json.dumps(summary.document(), indent=1) + "\n", encoding="utf-8")
    print(_text(summary), file=sys.stderr if args.format == "jsonl" else sys.stdout)
    return 0


def _replay(args: argparse.Namespace, config: "Config", calls: "list[TimelineCall]") -> "Replay":
    from silentspam.judging import model_folder
    from silentspam.lines.ground import load_reference
    from silentspam.model import load_model
    from silentspam.replay.replay import Replay, new_memory

    folder = args.model or model_folder(config)
    ground = load_model(folder).ground
    memory = new_memory(config, ground, load_reference(folder) if ground else None)
    if memory is None:
        why = "lines.enabled is false" if ground else f"{folder} holds none"
        print(f"silentspam replay: without line memory: {why}", file=sys.stderr)
    verdicts = _verdicts(args, folder, config, calls)
    return Replay(config, verdicts, memory, folder=args.recordings, seed=args.seed)


def _verdicts(
    args: argparse.Namespace, folder: Path, config: "Config", calls: "list[TimelineCall]"
) -> "Mapping[str, Verdict]":
    from silentspam.replay.judging import judge_all

    names = {call.recording for call in calls}
    with _bar(len(names), "recording") as bar:
        return judge_all(folder, names, args.recordings, config, workers=args.workers, progress=bar.update)


def _with_progress(replayed: "Iterator[Replayed]", total: int) -> "Iterator[Replayed]":
    with _bar(total, "call") as bar:
        for one in replayed:
            bar.update(1)
            yield one


def _bar(total: int, unit: str) -> Any:
    from tqdm import tqdm

    return tqdm(total=total, unit=unit, file=sys.stderr, disable=None)


def _printed(replayed: "Iterable[Replayed]", form: str) -> "Iterator[Replayed]":
    from silentspam.replay.summary import call_document

    for one in replayed:
        if form == "jsonl":
            print(json.dumps(call_document(one)))
        yield one


def _text(summary: "Summary") -> str:
    return "\n\n".join(part for part in (_campaigns(summary), _people(summary)) if part)


def _campaigns(summary: "Summary") -> str:
    if not summary.campaigns:
        return ""
    figures = summary.document()
    heads = ("campaign", "calls", "caught by", "after s", "bridged before", "bridged in all", "recall after")
    return (
        f"{table(heads, map(_campaign_row, summary.campaigns))}\n"
        f"calls of a campaign bridged unchallenged: {figures['bridged_median']:g} in the median, "
        f"{figures['bridged_worst']} in the worst"
    )


def _campaign_row(one: "CampaignFigures") -> tuple[str, ...]:
    return (
        one.campaign,
        str(one.calls),
        one.caught_by or "never",
        "-" if one.seconds_until is None else f"{one.seconds_until:.0f}",
        str(one.bridged_before),
        str(one.bridged),
        "-" if one.recall_after is None else f"{one.recall_after:.2%}",
    )


def _people(summary: "Summary") -> str:
    low, high = summary.false_challenges.interval
    speed = f", {summary.calls_per_second:.0f} a second" if summary.calls_per_second else ""
    return "\n".join(
        [
            f"people challenged: {summary.false_challenges.hits} of {summary.people} "
            f"({summary.false_challenges.value:.2%}, 95 % {low:.2%} to {high:.2%}): "
            f"{_counts(summary.false_by_cause)}; turned away: {summary.turned_away}",
            f"people, by what they were taken for: {_counts(summary.false_by_kind)}; all: "
            f"{_counts(summary.challenged_by_kind)}; rejected unasked: {summary.rejected_unasked}",
            f"all challenges: {_counts(summary.challenged_by_cause)}; held back by the budget: "
            f"{_counts(summary.held_back)}",
            f"{summary.calls} calls{speed}; {summary.not_judged} not judged, "
            f"{summary.failed_open} failed open",
        ]
    )


def _counts(counts: "Mapping[str, int]") -> str:
    return ", ".join(f"{cause} {n}" for cause, n in counts.items()) or "none"
