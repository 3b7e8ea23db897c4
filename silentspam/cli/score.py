"""`silentspam score`: judge recordings as a live call would be judged, for every kind of SPAM."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from silentspam.cli.common import (
    add_config_option,
    add_key_option,
    configuration,
    openings_of,
    printable,
    table,
    verb_parser,
)
from silentspam.errors import AudioError
from silentspam.verdict import Verdict

EXAMPLES = """\
  silentspam score /var/lib/silentspam/recordings
  silentspam score --format jsonl suspects/*.ulaw > verdicts.jsonl
  silentspam score --plot call.png call.wav"""

FIELDS = (
    "kind",
    "spam_probability",
    "threshold",
    "model_id",
    "digital_silence_share",
    "seconds",
    "reasons",
    "kind_probabilities",
)


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "score", "judge recordings by their opening", EXAMPLES)
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="raw .ulaw or 8 kHz mono .wav, or a folder of them",
    )
    parser.add_argument("--format", choices=("table", "jsonl"), default="table", help="how to print (table)")
    parser.add_argument(
        "--model", type=Path, metavar="DIR", help="model folder (default: the configured one)"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw waveform, spectrogram and bases")
    add_key_option(parser)
    add_config_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when a recording could not be read; the others are judged all the same."""
    from silentspam import judging
    from silentspam.audio_files import find_recordings
    from silentspam.model import load_model

    config, openings = configuration(args), openings_of(args)
    model = load_model(args.model or judging.model_folder(config))
    listeners = judging.listeners_for(config)
    paths = list(find_recordings(args.paths))
    if args.plot and len(paths) != 1:
        print(f"silentspam score: --plot draws one recording, {len(paths)} are named", file=sys.stderr)
        return 2
    if not paths:
        raise AudioError(f"no recordings (.ulaw, .wav) in {', '.join(map(str, args.paths))}")
    verdicts, failed = [], 0
    for path in _with_progress(paths):
        try:
            recording = openings.read(path, max_seconds=config.recording.seconds)
        except AudioError as error:
            print(f"silentspam score: {printable(error)}", file=sys.stderr)
            failed += 1
            continue
        verdict = model.judge(
            recording,
            threshold=config.model.threshold if args.model is None else None,
            max_false_challenge_rate=config.model.max_false_challenge_rate,
            min_seconds=config.model.min_seconds,
            max_digital_silence_share=config.model.max_digital_silence_share,
        )
        verdict = judging.settled(verdict, recording, model, listeners, config)
        if args.format == "jsonl":
            print(_json_line(path, verdict))
        verdicts.append((path, verdict))
    if args.format == "table":
        print(_table(verdicts))
    if args.plot and not failed:
        from silentspam.cli.plot import plot_opening

        if len(recording.codes) < model.params.stft.window_length:
            raise AudioError(f"{path}: {recording.seconds:.3f} s are too short for a spectrogram")
        plot_opening(recording, args.plot, title=f"{path.name}: {verdict.kind}", stft=model.params.stft)
    return 1 if failed else 0


def _with_progress(paths: list[Path]) -> Any:
    if len(paths) < 100:
        return paths
    try:
        from tqdm import tqdm
    except ImportError:
        return paths
    return tqdm(paths, unit="recording", disable=None)


def _json_line(path: Path, verdict: Verdict) -> str:
    told = {name: getattr(verdict, name) for name in FIELDS}
    return json.dumps({"path": str(path)} | told | {"kind_probabilities": dict(verdict.kind_probabilities)})


def _table(verdicts: list[tuple[Path, Verdict]]) -> str:
    def figure(value: float | None, digits: int) -> str:
        return "-" if value is None else f"{value:.{digits}f}"

    heads = ("recording", "kind", "probability", "threshold", "silence", "seconds", "reason")
    rows = [
        (
            str(path),
            str(verdict.kind),
            figure(verdict.spam_probability, 3),
            figure(verdict.threshold, 3),
            f"{verdict.digital_silence_share:.0%}",
            figure(verdict.seconds, 2),
            verdict.reasons[0] if verdict.reasons else "",
        )
        for path, verdict in verdicts
    ]
    return table(heads, rows)
