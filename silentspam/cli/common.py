"""What several verbs share: the options `--config` and `--key`, and tables for people."""

import argparse
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.config import Config, config_path, load_config

if TYPE_CHECKING:
    from silentspam.retention.openings import Openings

KEY_VARIABLE = "SILENTSPAM_KEY_FILE"


def add_config_option(parser: argparse.ArgumentParser, *, default: str | None = None) -> None:
    """`--config FILE`, with the same search as the call path."""
    parser.add_argument(
        "--config",
        default=default,
        metavar="FILE",
        help="configuration file (default: $SILENTSPAM_CONFIG, else /etc/silentspam/silentspam.yaml)",
    )


def configuration(args: argparse.Namespace) -> Config:
    """The configuration that the options name. Raises ConfigError."""
    return load_config(config_path(args.config))


def add_key_option(parser: argparse.ArgumentParser) -> None:
    """`--key FILE`, once for each private key that opens sealed recordings."""
    parser.add_argument(
        "--key",
        action="append",
        type=Path,
        metavar="FILE",
        help=f"private key that opens sealed recordings (default: ${KEY_VARIABLE})",
    )


def key_files(args: argparse.Namespace) -> list[Path]:
    """The key files that the options name, else the environment variable (several with `:` between them)."""
    named = os.environ.get(KEY_VARIABLE, "").split(os.pathsep)
    return args.key or [Path(name) for name in named if name]


def openings_of(args: argparse.Namespace) -> "Openings":
    """What reads recordings, plain or sealed. Raises RetentionError for a key that cannot be read."""
    from silentspam.retention.openings import openings

    return openings(key_files(args))


def at_least(lowest: int) -> Callable[[str], int]:
    """An argument type: a whole number from `lowest` on."""

    def whole_number(text: str) -> int:
        if not text.isdecimal() or int(text) < lowest:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {lowest} on")
        return int(text)

    return whole_number


def verb_parser(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, summary: str, examples: str
) -> argparse.ArgumentParser:
    """A verb's parser, with its examples at the end of `--help`."""
    return subparsers.add_parser(
        name,
        help=summary,
        description=summary[:1].upper() + summary[1:] + ".",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def action(
    actions: Any, name: str, summary: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    """The parser of one of a verb's actions, which `run` does."""
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}."
    )
    parser.set_defaults(run=run)
    return parser


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, two spaces apart; no cell can steer the terminal."""
    lines = [list(heads), *([printable(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def path_text(path: Path) -> str:
    """A path as JSON can tell it: bytes of a name that are no UTF-8 are escaped (`\\xff`)."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def printable(text: object) -> str:
    """A text of whatever origin on one line of a terminal: what would steer it is escaped."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in str(text)
    )
