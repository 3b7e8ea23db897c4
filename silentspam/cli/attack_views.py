"""What `silentspam attacks` shows, put together from the call database, the snapshot and the recordings."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from silentspam import assembly
from silentspam.calllog.line_calls import LineCall, LineCalls
from silentspam.calllog.query import Filter
from silentspam.cli.common import openings_of, printable, table
from silentspam.config import Config
from silentspam.errors import AudioError, LineError, ModelError, SilentSpamError
from silentspam.lines.line import Line
from silentspam.lines.snapshot import Snapshot, read_snapshot
from silentspam.reports.attacks import DAY, HOUR, Attack
from silentspam.reports.attacks import attacks as counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from silentspam.audio import Recording
    from silentspam.retention.openings import Openings

DRAWN = 100
"""Recordings of a line that its picture is made of, newest first."""

CANDIDATES_NAMED = 5


def attacks(config: Config, *, since: float, now: float) -> list[Attack]:
    """Every line, the one heard of last first, with its calls from `since` on."""
    lines = assembly.lines(config).lines()
    calls = LineCalls(assembly.database(config)).of_all(since)
    return counted(lines, calls, now=now, space_id=_space_id(config))


def _space_id(config: Config) -> str | None:
    """The active model's; None where it knows no lines, or cannot be read."""
    try:
        basis = assembly.line_basis(config)
    except ModelError as error:
        print(f"silentspam attacks: {error}", file=sys.stderr)
        return None
    return basis.ground.space_id if basis else None


def line_named(config: Config, name: str) -> Line:
    """The line whose id is, or alone begins with, `name`. Raises LineError, naming the candidates."""
    found = [line for line in assembly.lines(config).lines() if line.line_id.startswith(name)]
    exact = [line for line in found if line.line_id == name]
    if len(exact or found) == 1 and name:
        return (exact or found)[0]
    if not found or not name:
        raise LineError(f"no line {name!r}: `silentspam attacks --all` has every line")
    some = ", ".join(line.line_id for line in found[:CANDIDATES_NAMED])
    more = f" and {len(found) - CANDIDATES_NAMED} others" if len(found) > CANDIDATES_NAMED else ""
    raise LineError(f"{len(found)} lines begin with {name!r}: {some}{more}")


def say_standing(config: Config) -> None:
    """Say what is odd about this machine's lines: a list alone would look as if they were in use."""
    if not config.lines.enabled:
        print("silentspam attacks: lines.enabled is false: no call is judged by them", file=sys.stderr)
    waiting = assembly.lines(config).waiting()
    if waiting:
        print(f"silentspam attacks: {waiting} calls are still to be learnt from", file=sys.stderr)
    try:
        if read_snapshot(Path(config.lines.folder)) is None and assembly.lines(config).lines(expired=False):
            print(
                f"silentspam attacks: lines.folder {config.lines.folder} has no snapshot: calls on this "
                "machine know no lines (`silentspam attacks follow` keeps one)",
                file=sys.stderr,
            )
    except LineError as error:
        print(f"silentspam attacks: calls on this machine know no lines: {error}", file=sys.stderr)


def show(args: argparse.Namespace, config: Config, *, now: float) -> int:
    """Print everything about one line, and write picture and page."""
    from silentspam.reports.attack_sections import document, line_sections
    from silentspam.reports.figures import plain
    from silentspam.reports.grid import as_page, as_text
    from silentspam.reports.page import png, write_page, write_whole

    line = line_named(config, args.line)
    calls = list(LineCalls(assembly.database(config)).of_line(line.line_id))
    (one,) = counted([line], calls, now=now, space_id=_space_id(config))
    events = assembly.lines(config).events(line.line_id)
    wanted = args.picture or args.html
    figure = _picture(config, line, calls, openings_of(args)) if wanted else None
    draw = (lambda: figure) if figure is not None else None
    sections = line_sections(one, calls, events, listed=args.calls, draw=draw)
    if args.json:
        extra = {"numbers_used": dict(one.activity.numbers), "by_hand": events, "newest": calls[: args.calls]}
        print(json.dumps(plain(document(one) | extra), indent=1, ensure_ascii=False))
    else:
        print(as_text(sections, table))
    if args.picture and figure is not None:
        write_whole(args.picture, png(figure))
        print(f"written: {args.picture}", file=sys.stderr)
    if args.html:
        write_page(args.html, as_page(f"Line {line.line_id}", sections))
        print(f"written: {args.html}", file=sys.stderr)
    return 0


def _picture(config: Config, line: Line, calls: Sequence[LineCall], openings: "Openings") -> "Figure":
    """The line drawn from the recordings of its calls that are still there. Raises SilentSpamError."""
    from silentspam.reports.line_pictures import line_figure

    named = [Path(call.recording) for call in calls if call.recording]
    recordings = _readable(named, config.recording.seconds, openings)
    if not recordings:
        raise SilentSpamError(
            f"line {line.line_id}: no recording to draw: {len(calls)} calls, {len(named)} with a recording, "
            "and none of the files can be read any more"
        )
    title = f"line {line.line_id[:8]}: {len(recordings)} of {len(calls)} calls"
    return line_figure(recordings, title=title)


def _readable(paths: Sequence[Path], seconds: float, openings: "Openings") -> "list[Recording]":
    from silentspam.retention.names import is_there

    found: list[Recording] = []
    for path in paths:
        try:
            found.append(openings.read(path, max_seconds=seconds))
        except (AudioError, OSError) as error:
            if is_there(path):
                print(f"silentspam attacks: left out of the picture: {printable(error)}", file=sys.stderr)
        if len(found) == DRAWN:
            break
    return found


def prometheus(config: Config, *, now: float) -> str:
    """Line memory and the budget as metrics, for node_exporter's textfile collector."""
    from silentspam.metrics import exposition
    from silentspam.reports.attack_metrics import Standing, metrics
    from silentspam.reports.call_sections import Configured
    from silentspam.reports.cases import COLUMNS, cases
    from silentspam.reports.tables import volumes

    store, log = assembly.lines(config), assembly.call_log(config)
    space_id = _space_id(config)
    hour, day = (volumes(cases(log.iterate(Filter(since=now - age), COLUMNS))) for age in (HOUR, DAY))
    calls = LineCalls(assembly.database(config)).of_all(now - DAY)
    standing = Standing(
        attacks=counted(store.lines(expired=False), calls, now=now, space_id=space_id),
        hour=hour,
        day=day,
        configured=Configured(
            budget=sum(config.rates().values()),
            share=config.collection.challenge_share,
            quiet_share=config.lines.exploration_share if config.lines.enabled else 0.0,
        ),
        waiting=store.waiting(),
        snapshot=_usable_snapshot(config, space_id),
        credit=None if space_id is None else store.credit(space_id).left,
        version=None if space_id is None else store.version(space_id),
        now=now,
    )
    return exposition(metrics(standing))


def _usable_snapshot(config: Config, space_id: str | None) -> Snapshot | None:
    """What calls on this machine are judged with; None where they are judged without lines."""
    try:
        snapshot = read_snapshot(Path(config.lines.folder))
    except LineError:
        return None
    usable = snapshot is not None and snapshot.space_id == space_id and config.lines.enabled
    return snapshot if usable else None
