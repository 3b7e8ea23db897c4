"""`silentspam speech`: how long callers spoke, measured on the recorded sides of finished calls."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import (
    add_config_option,
    add_key_option,
    at_least,
    configuration,
    openings_of,
    printable,
    table,
    verb_parser,
)

if TYPE_CHECKING:
    from silentspam.config import Config
    from silentspam.training.caller_speech import SpeechDetector
    from silentspam.training.legs import LegSweep, Row

EXAMPLES = """\
  silentspam speech                      measure what has come in (a timer can run it)
  silentspam speech --watch 60           the same, every minute
  silentspam speech recordings/*.ulaw    measure these files, and write nothing

It measures the callers' sides that `collection.caller_leg: true` records, writes the seconds of speech to the
call log and removes each side (collection.keep_legs keeps them). What it cannot measure it sets aside."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "speech", "measure how long callers spoke", EXAMPLES)
    parser.add_argument("recordings", nargs="*", type=Path, metavar="PATH", help="only measure these")
    parser.add_argument("--watch", type=at_least(1), metavar="SECONDS", help="go on, so often")
    add_key_option(parser)
    add_config_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when a side could not be measured, or belongs to no call of the log."""
    from silentspam.training.caller_speech import SpeechDetector

    detector = SpeechDetector()
    if args.recordings:
        return _only_measure(args, detector)
    sweep = _sweep(args, detector)
    code = _sweep_once(sweep)
    _learn(args)
    while args.watch:
        sys.stdout.flush()
        time.sleep(args.watch)
        code = _sweep_once(sweep)
        _learn(args)
    return code


def _learn(args: argparse.Namespace) -> None:
    """Let speech that was heard weaken its line now; what fails is learnt with the next call."""
    from silentspam import assembly
    from silentspam.errors import SilentSpamError

    try:
        assembly.learn_lines(configuration(args))
    except (SilentSpamError, OSError) as error:
        print(f"silentspam: lines are learnt later: {printable(error)}", file=sys.stderr)


def _only_measure(args: argparse.Namespace, detector: "SpeechDetector") -> int:
    from silentspam.audio_files import find_recordings
    from silentspam.errors import AudioError

    code, openings = 0, openings_of(args)
    for path in find_recordings(args.recordings):
        try:
            recording = openings.read(path)
        except AudioError as error:
            print(f"silentspam: {printable(error)}", file=sys.stderr)
            code = 1
            continue
        spoken = detector.speech_seconds(recording)
        print(f"{spoken:.2f} s of speech in {recording.seconds:.2f} s  {printable(path)}")
    return code


def _sweep(args: argparse.Namespace, detector: "SpeechDetector") -> "LegSweep":
    from silentspam import assembly
    from silentspam.calllog.entry import heard
    from silentspam.calllog.query import Filter
    from silentspam.errors import SilentSpamError
    from silentspam.training.legs import LegSweep

    config = configuration(args)
    if not Path(config.collection.legs).is_dir():
        raise SilentSpamError(
            f"collection.legs {config.collection.legs}: no such folder: nothing was recorded yet "
            f"(collection.caller_leg is {str(config.collection.caller_leg).lower()})"
        )
    log = assembly.call_log(config)
    return LegSweep(
        folder=Path(config.collection.legs),
        detector=detector,
        row_of=lambda call_id: next(iter(log.rows(Filter(call_id=call_id))), None),
        write=lambda speech: log.write(heard(speech)),
        keep=config.collection.keep_legs,
        kept=lambda path, row: _retain(config, path, row),
        wanted=_wanted(config),
    )


def _wanted(config: "Config") -> "Callable[[str], bool]":
    """Whether `silentspam listen` has still to hear a call's side."""
    from silentspam import assembly
    from silentspam.calllog.provenance import ProvenanceTable

    if not config.provenance.enabled:
        return lambda _call_id: False
    table = ProvenanceTable(assembly.database(config))
    return lambda call_id: table.of_call(call_id) is None


def _retain(config: "Config", path: Path, row: "Row") -> None:
    from silentspam import assembly

    assembly.retain_side(config, path, challenged=row["challenged_at"] is not None)


def _sweep_once(sweep: "LegSweep") -> int:
    from silentspam.training.legs import Fate

    rows, fates = [], Counter[Fate]()
    for leg in sweep.run():
        fates[leg.fate] += 1
        if leg.speech is not None:
            speech = leg.speech
            rows.append(
                (
                    speech.call_id,
                    f"{speech.caller_speech_seconds:.2f} s",
                    f"{speech.caller_leg_seconds:.2f} s",
                    speech.speech_detector,
                )
            )
        elif leg.fate is not Fate.WAITS:
            print(f"silentspam: {leg.fate}: {leg.path.name}: {leg.why}", file=sys.stderr)
    if rows:
        print(table(("call id", "speech", "recorded", "detector"), rows))
    print(", ".join(f"{fates[fate]} {fate}" for fate in Fate))
    return 1 if fates[Fate.UNKNOWN] or fates[Fate.SET_ASIDE] else 0
