"""`silentspam provenance`: what the audio of finished calls says of where they came from."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.call_picture import draw
from silentspam.cli.claims_option import HEADS as METADATA_HEADS
from silentspam.cli.claims_option import add_claims_options, metadata_of
from silentspam.cli.common import add_key_option, openings_of, path_text, printable, table, verb_parser
from silentspam.errors import AudioError

if TYPE_CHECKING:
    from silentspam.provenance.analysis import Analysis

EXAMPLES = """\
  silentspam provenance call.ulaw
  silentspam provenance /var/spool/asterisk/monitor
  silentspam provenance --format jsonl calls/*.wav > provenance.jsonl
  silentspam provenance call.ulaw --plot call.png
  silentspam provenance call.ulaw --expect cellular,pstn?
  silentspam provenance call.ulaw --claims claims.yaml --ani +442079460000 --trunk bank-e1

One side of a call a file, the caller's: two seconds tell little, fifteen much. It is for calls that are over,
never on the call path."""

LIKELY = 0.5
"""Probability from which on a codec or a network is named in the table."""

HEADS = (
    "recording",
    "seconds",
    "lost",
    "packets",
    "concealed",
    "clarity",
    "floor",
    "codecs",
    "networks",
    "why",
)


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "provenance", "say where calls came from, by their sound", EXAMPLES)
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="raw .ulaw or 8 kHz mono .wav, or a folder of them",
    )
    parser.add_argument("--format", choices=("table", "jsonl"), default="table", help="how to print (table)")
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="FILE.png",
        help="draw the call; of several, FILE-1.png and so on in their order",
    )
    add_claims_options(parser)
    add_key_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when a recording could not be read; the others are analysed all the same."""
    import msgspec

    from silentspam.audio_files import find_recordings
    from silentspam.provenance.analysis import examine

    openings, paths, metadata = openings_of(args), list(find_recordings(args.paths)), metadata_of(args)
    if not paths:
        raise AudioError(f"no recordings (.ulaw, .wav) in {', '.join(map(str, args.paths))}")
    pictures = _pictures(args.plot, len(paths))
    rows, failed = [], False
    for path, picture in zip(paths, pictures, strict=True):
        try:
            recording = openings.read(path)
        except AudioError as error:
            print(f"silentspam provenance: {printable(str(error))}", file=sys.stderr)
            failed = True
            continue
        examination = examine(recording)
        analysis = examination.analysis
        if picture:
            draw(picture, recording, examination, title=printable(path.name))
        told = metadata.against(examination) if metadata else {}
        if args.format == "jsonl":
            row = {"path": path_text(path), **msgspec.to_builtins(analysis), **told}
            print(msgspec.json.encode(row).decode(), flush=True)
        else:
            rows.append((*_row(path, analysis), *(metadata.cells(told) if metadata else ())))
    if rows:
        print(table((*HEADS, *(METADATA_HEADS if metadata else ())), rows))
    return 1 if failed else 0


def _pictures(plot: Path | None, n: int) -> list[Path | None]:
    """The picture of each of n recordings."""
    if plot is None or n == 1:
        return [plot] * n
    return [plot.with_name(f"{plot.stem}-{number}{plot.suffix}") for number in range(1, n + 1)]


def _row(path: Path, found: "Analysis") -> tuple[str, ...]:
    noise = found.noise or {}
    clarity, floor = noise.get("clarity_db"), noise.get("floor_dbfs")
    return (
        printable(path.name),
        f"{found.seconds:.1f}",
        f"{found.loss_rate:.1%}",
        f"{found.packet_ms} ms" if found.packet_ms else "-",
        f"{found.concealed_rate:.1%}",
        "-" if clarity is None else f"{clarity:.1f} dB",
        "-" if floor is None else f"{floor:.0f} dBFS",
        _likely(found.codecs),
        _likely(found.networks),
        "; ".join(found.reasons),
    )


def _likely(chances: dict[str, float]) -> str:
    told = [f"{name} {chance:.2f}" for name, chance in chances.items() if chance >= LIKELY]
    return " ".join(told) or "-"
