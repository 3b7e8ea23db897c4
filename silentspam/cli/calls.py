"""`silentspam calls`: the call log, and why one call was treated as it was."""

import argparse
import csv
import json
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.call import VerdictKind
from silentspam.cli.common import (
    add_config_option,
    add_key_option,
    configuration,
    openings_of,
    printable,
    table,
    verb_parser,
)
from silentspam.kinds.table import KINDS, dispositions, names

if TYPE_CHECKING:
    from silentspam.config import Config

EXAMPLES = """\
  silentspam calls --since 2h
  silentspam calls --disposition REJECTED_CALLER_SILENCE --since 2026-11-01 --format csv > rejected.csv
  silentspam calls --kind fax --since 1d
  silentspam calls --number 5551234
  silentspam calls why 3f0c9c1e-5d7a-4a55-9d1f-0a2b3c4d5e6f --picture call.png"""

HIDDEN = ("embedding",)
"""Columns that are long and say nothing to people."""

VERDICTS = list(dict.fromkeys((*map(str, VerdictKind), *names())))

_UNITS = {"m": 60, "h": 3600, "d": 86400}

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""What makes a spreadsheet run a cell, in full width too (OWASP, CSV injection)."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "calls", "show the call log, or explain one call", EXAMPLES)
    parser.add_argument(
        "--since", type=moment, metavar="TIME", help="from this time on: 30m, 2h, 7d, or ISO 8601"
    )
    parser.add_argument("--until", type=moment, metavar="TIME", help="before this time")
    parser.add_argument("--disposition", choices=list(dispositions()), metavar="RESULT", help="call result")
    heard = parser.add_mutually_exclusive_group()
    heard.add_argument("--verdict", choices=VERDICTS, metavar="VERDICT", help="what was heard")
    heard.add_argument(
        "--kind",
        dest="verdict",
        type=_suspected_of,
        metavar="KIND",
        help=f"suspects of one kind: {', '.join(kind.key for kind in KINDS)}",
    )
    parser.add_argument("--number", help="ANI or caller ID")
    parser.add_argument("--line", help="calls of this line of dead air (`silentspam attacks`)")
    parser.add_argument(
        "--failed-open",
        action="store_const",
        const=True,
        help="only calls let through because something failed",
    )
    parser.add_argument(
        "--limit", type=int, default=50, metavar="N", help="at most N, newest first; 0: all (50)"
    )
    parser.add_argument(
        "--format", choices=("table", "csv", "json"), default="table", help="how to print (table)"
    )
    parser.add_argument(
        "--with-embedding",
        action="store_true",
        help="with the opening's place in the space of lines, in CSV and JSON (base64 of float16)",
    )
    add_config_option(parser)
    parser.set_defaults(run=run)
    _add_why(parser.add_subparsers(dest="action", metavar="why CALL_ID"))


def _add_why(actions: Any) -> None:
    why = actions.add_parser(
        "why",
        aliases=["show"],
        help="every reason behind one call's fate, and where it came from",
        epilog="example: silentspam calls why 3f0c9c1e-5d7a-4a55-9d1f-0a2b3c4d5e6f",
    )
    why.add_argument("call_id", metavar="CALL_ID")
    why.add_argument(
        "--picture",
        type=Path,
        metavar="FILE.png",
        help="draw what its kept audio tells of where it came from: the caller's side, else the opening",
    )
    add_key_option(why)
    add_config_option(why, default=argparse.SUPPRESS)  # else it would undo `calls --config FILE why`
    why.set_defaults(run=run_why)


def _suspected_of(key: str) -> str:
    """An argument type: the verdict of a kind by its key."""
    for kind in KINDS:
        if kind.key == key:
            return kind.name
    raise argparse.ArgumentTypeError(f"{key!r} is none of {', '.join(kind.key for kind in KINDS)}")


def moment(text: str) -> float:
    """A time as seconds since the epoch: so long ago (30m, 2h, 7d), or ISO 8601 (UTC without a zone)."""
    ago = re.fullmatch(r"(\d+(?:\.\d+)?)([mhd])", text)
    if ago:
        return max(time.time() - float(ago[1]) * _UNITS[ago[2]], 0.0)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is neither 30m, 2h, 7d nor an ISO 8601 time") from error
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def run(args: argparse.Namespace) -> int:
    """Print the rows that match, newest first."""
    from silentspam.calllog.query import Filter

    wanted = Filter(
        since=args.since,
        until=args.until,
        disposition=args.disposition,
        verdict=args.verdict,
        number=args.number,
        failed_open=args.failed_open,
        line=_line_id(args),
        limit=args.limit or -1,
    )
    hidden = () if args.with_embedding else HIDDEN
    rows = [{k: v for k, v in row.items() if k not in hidden} for row in _rows(args, wanted)]
    {"table": _print_table, "csv": _print_csv, "json": _print_json}[args.format](rows)
    return 0


def run_why(args: argparse.Namespace) -> int:
    """Explain one call; exit code 1 when there is no such call."""
    from silentspam.calllog.query import Filter
    from silentspam.explain import explain

    rows = _rows(args, Filter(call_id=args.call_id))
    if not rows:
        print(f"silentspam calls why: no call {printable(args.call_id)}", file=sys.stderr)
        return 1
    print("\n".join(map(printable, explain(rows[0], _label(args), since=_since(args, rows[0])))))
    if args.picture:
        from silentspam.cli.call_picture import draw_call

        shown = draw_call(configuration(args), rows[0], args.picture, openings_of(args))
        print(printable(f"{args.picture} shows {shown}"))
    return 0


def _line_id(args: argparse.Namespace) -> str | None:
    if args.line is None:
        return None
    from silentspam.cli.attack_views import line_named

    return line_named(configuration(args), args.line).line_id


def _since(args: argparse.Namespace, row: dict[str, Any]) -> list[str]:
    """What became of the call's line since, and what the call taught."""
    from silentspam import assembly
    from silentspam.calllog.line_calls import LineCalls
    from silentspam.lines.lessons import OF_LINES
    from silentspam.lines.teaching import told

    config = configuration(args)
    taught = LineCalls(assembly.database(config)).taught(args.call_id)
    by_id = {line.line_id: line for line in assembly.lines(config).lines()}
    named = dict.fromkeys(filter(None, (row["line_id"], taught.line_id if taught else None)))
    lines = [by_id[line_id] for line_id in named if line_id in by_id]
    outcome, line_id = (taught.outcome, taught.line_id) if taught else (None, None)
    since = told(outcome, line_id, lines, of_line=row["verdict"] in OF_LINES)
    return [*since, *_plays(config, args.call_id), *_provenance(config, args.call_id)]


def _provenance(config: "Config", call_id: str) -> list[str]:
    """Where the call came from by its audio, if that was told."""
    from silentspam import assembly
    from silentspam.calllog.provenance import ProvenanceTable
    from silentspam.listening.words import told

    row = ProvenanceTable(assembly.database(config)).of_call(call_id)
    return [] if row is None else told(row)


def _plays(config: "Config", call_id: str) -> list[str]:
    """The recordings that the call was found to play once it was over, as they stand now."""
    from silentspam import assembly
    from silentspam.calllog.recordings import RecordingTables

    return [
        f"it plays recording {one.recording_id[:8]} {one.name!r} from its second {call.begin_seconds:.1f} on "
        f"(evidence {call.evidence:.1f}), which is {one.standing} now: silentspam recordings calls "
        f"{one.recording_id[:8]}"
        for call, one in RecordingTables(assembly.database(config)).played_by(call_id)
    ]


def _label(args: argparse.Namespace) -> str | None:
    """The label of a call that counts, in words; None without one."""
    from silentspam import assembly
    from silentspam.calllog.labels import Labels
    from silentspam.calllog.query import Filter

    labels = Labels(assembly.database(configuration(args)))
    (call,) = labels.calls(Filter(call_id=args.call_id), ("call_id",))
    if call.label is None:
        return None
    kind = f" ({call.label.kind})" if call.label.kind else ""
    said = f"{call.label.label}{kind} by {call.label.labelled_by} ({call.label.source}): {call.label.note}"
    return said + ("; another source says otherwise" if call.contradictory else "")


def _rows(args: argparse.Namespace, wanted: Any) -> list[dict[str, Any]]:
    from silentspam import assembly

    config = configuration(args)
    assembly.take_in_unlogged(config)
    assembly.close_unended(config)
    return assembly.call_log(config).rows(wanted)


def _print_table(rows: list[dict[str, Any]]) -> None:
    from silentspam.explain import when

    heads = (
        "started",
        "call id",
        "caller",
        "called",
        "verdict",
        "probability",
        "challenge",
        "result",
        "ended by",
    )
    columns = (
        "call_id",
        "caller_id",
        "dnis",
        "verdict",
        "spam_probability",
        "challenge_result",
        "disposition",
    )
    print(
        table(
            heads, [(when(row["started_at"]), *(_cell(row[c]) for c in columns), _ended(row)) for row in rows]
        )
    )


def _ended(row: dict[str, Any]) -> str:
    return _cell(row["ended_by"]) + (" (failed open)" if row["failed_open"] else "")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _print_csv(rows: list[dict[str, Any]]) -> None:
    from silentspam.calllog.schema import COLUMNS

    names = list(rows[0]) if rows else [name for name in COLUMNS if name not in HIDDEN]
    writer = csv.DictWriter(sys.stdout, fieldnames=names)
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)


def _harmless(value: Any) -> Any:
    """What a caller sets must not become a formula in somebody's spreadsheet; +15551234 is a number."""
    formula = isinstance(value, str) and value.lstrip().startswith(_FORMULA) and not value[1:].isdecimal()
    return f"'{value}" if formula else value


def _print_json(rows: list[dict[str, Any]]) -> None:
    lists = ("reasons", "challenge_attempts", "kind_probabilities")
    shaped = [row | {name: json.loads(row[name] or "[]") for name in lists} for row in rows]
    print(json.dumps(shaped, indent=1, ensure_ascii=False))
