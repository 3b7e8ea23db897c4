"""`silentspam review`: look at the calls that no rule can tell, and say by one key what they were."""

import argparse
import getpass
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from silentspam.cli.calls import moment
from silentspam.cli.common import (
    add_config_option,
    add_key_option,
    at_least,
    openings_of,
    printable,
    verb_parser,
)
from silentspam.retention.names import SEALED

if TYPE_CHECKING:
    from silentspam.audio import Recording
    from silentspam.calllog.labels import LabelledCall
    from silentspam.retention.openings import Openings

EXAMPLES = """\
  silentspam review                                     s spam, h ham, u unsure, k skip, z undo, q quit
  silentspam review --play 'play -q -t ul -r 8000 -c 1'
  silentspam review --order newest --since 1d --png pictures

Each answer is written at once; 1, 2 … are spam of another kind than suspected. Calls wait here after
`labels derive` or without it: failed the challenge and speech not measured, or signs that contradict. Digital
silence is never here."""

ORDERS = ("informative", "newest")


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "review", "label calls by looking at them, one key a call", EXAMPLES)
    parser.add_argument(
        "--order", choices=ORDERS, default=ORDERS[0], help="nearest to the threshold first, or newest"
    )
    parser.add_argument("--since", type=moment, metavar="TIME", help="only calls from this time on")
    parser.add_argument("--limit", type=at_least(1), metavar="N", help="at most N calls")
    parser.add_argument("--png", type=Path, metavar="DIR", help="draw each call's opening there as well")
    parser.add_argument("--play", metavar="COMMAND", help="what plays a raw mu-law file, for the key p")
    parser.add_argument("--by", metavar="NAME", help="who labels (you)")
    add_key_option(parser)
    add_config_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Review what waits."""
    from silentspam.calllog.labels import LabelSource
    from silentspam.calllog.query import Filter
    from silentspam.calllog.schema import COLUMNS
    from silentspam.cli.labels import label_store
    from silentspam.cli.review_desk import Desk, Tools
    from silentspam.labels.waiting import Order, waiting

    store, openings = label_store(args), openings_of(args)
    calls = store.calls(Filter(since=args.since), tuple(COLUMNS))
    queue = waiting(calls, order=Order(args.order))[: args.limit]
    if args.png:
        args.png.mkdir(parents=True, exist_ok=True)
    tools = Tools(
        show=lambda call, number: _show(call, f"{number + 1} of {len(queue)}", args.png, openings),
        play=lambda call: _play(call, args.play, openings),
        say=_say,
        write=lambda label: store.write([label]),
        remove=lambda call_id: store.remove(call_id, LabelSource.REVIEW),
        by=args.by or getpass.getuser(),
    )
    answered = Desk(queue, tools).run(keys(sys.stdin))
    print(f"{answered} answered, {len(queue) - answered} still wait")
    return 0


def keys(stream: TextIO) -> Iterator[str]:
    """One key after the other: without Enter at a terminal, and every character of a pipe."""
    if not stream.isatty():
        while character := stream.read(1):
            if not character.isspace():
                yield character.lower()
        return
    import termios
    import tty

    before = termios.tcgetattr(stream)
    try:
        tty.setcbreak(stream, termios.TCSADRAIN)  # keeps the keys that were typed ahead
        while character := stream.read(1):
            yield character.lower()
    finally:
        termios.tcsetattr(stream, termios.TCSADRAIN, before)


def _say(line: str) -> None:
    print(line, flush=True)


def _show(call: "LabelledCall", place: str, png: Path | None, openings: "Openings") -> None:
    """The picture, the figures, and what is known of the call."""
    from silentspam.audio import dbfs
    from silentspam.cli.review_desk import HELP
    from silentspam.cli.terminal_picture import draw
    from silentspam.errors import AudioError
    from silentspam.explain import explain
    from silentspam.labels.rules import find

    lines = [f"--- {place} ---"]
    try:
        recording = openings.read(Path(str(call.row["recording"])))
    except AudioError as error:
        lines.append(f"(no picture: {error})")
    else:
        samples = recording.samples.astype("float64")
        rms, peak = (samples**2).mean() ** 0.5 if len(samples) else 0.0, abs(samples).max(initial=0.0)
        lines += draw(recording)
        lines.append(
            f"level {dbfs(rms):.1f} dBFS, peak {dbfs(peak):.1f} dBFS, "
            f"digital silence {recording.digital_silence_share:.0%}"
        )
        if png:
            _draw(call, recording, png)
    lines += [_probability(call), *explain(call.row), f"here because it {find(call.row).why}", HELP]
    print("\n".join(map(printable, lines)), flush=True)


def _probability(call: "LabelledCall") -> str:
    probability, threshold = call.row["spam_probability"], call.row["threshold"]
    if probability is None or threshold is None:
        return "not judged by a model"
    return f"spam probability {float(probability):.3f} (threshold {float(threshold):.3f})"


def _draw(call: "LabelledCall", recording: "Recording", folder: Path) -> None:
    """A missing matplotlib costs the picture, not the review."""
    from silentspam.errors import SilentSpamError
    from silentspam.spectrum import StftParams

    call_id = str(call.row["call_id"])
    path = folder / f"{Path(str(call.row['recording'])).stem}.png"
    try:
        from silentspam.cli.plot import plot_opening

        plot_opening(recording, path, title=call_id, stft=StftParams())
        print(f"picture: {path}")
    except (SilentSpamError, OSError) as error:
        print(f"silentspam: {error}", file=sys.stderr)


def _play(call: "LabelledCall", command: str | None, openings: "Openings") -> None:
    """The path is an argument of its own, read by no shell. What is sealed is played from a passing copy."""
    from silentspam.errors import AudioError

    if not command:
        _say("name a player with --play COMMAND")
        return
    try:
        path = openings.find(Path(str(call.row["recording"])))
        with tempfile.NamedTemporaryFile(suffix=".ulaw") as copy:
            if path.suffix == SEALED:
                copy.write(openings.read(path).codes.tobytes())
                copy.flush()
                path = Path(copy.name)
            subprocess.run([*shlex.split(command), str(path)], check=False)
    except (OSError, ValueError, AudioError) as error:
        print(f"silentspam: --play {command}: {error}", file=sys.stderr)
