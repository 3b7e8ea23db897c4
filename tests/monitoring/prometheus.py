"""Prometheus's own programs for tests: Debian's package, unpacked and never installed."""

import os
import subprocess
from functools import cache
from pathlib import Path

import pytest

from lab.debian import fetch

FOLDER = Path(__file__).parents[2] / "monitoring" / "prometheus"
RULES = FOLDER / "silentspam.rules.yml"


@cache
def program(name: str) -> str:
    """The path of promtool or prometheus; skips where nothing may be fetched."""
    if os.environ.get("SILENTSPAM_TEST_FETCH") != "1":
        pytest.skip("SILENTSPAM_TEST_FETCH is not set: nothing is fetched")
    return str(fetch(["prometheus"], "bookworm", closure=False) / "usr" / "bin" / name)


def promtool(*arguments: object) -> str:
    """What promtool says; fails where it finds fault."""
    done = subprocess.run(
        [program("promtool"), *map(str, arguments)], capture_output=True, text=True, check=False, cwd=FOLDER
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
