"""Settings for every test: hypothesis draws the same examples each time, and never measures time."""

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests import models

if TYPE_CHECKING:
    from lab.postgres import PostgresServer

hypothesis.settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("ci")


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good model folder: read it, do not change it."""
    return models.write(tmp_path_factory.mktemp("models") / "good")


MakeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def make_once(tmp_path_factory: pytest.TempPathFactory) -> MakeOnce:
    """Makes a folder once for all processes of a test run: `make_once(name, write)` has `write` fill it.

    The one that comes first makes it, the others wait: read it, do not change it.
    """
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def make(name: str, write: Callable[[Path], object]) -> Path:
        folder = root / f"once-{name}"
        with (root / f"once-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.is_dir():
                unfinished = tmp_path_factory.mktemp(name) / "unfinished"
                write(unfinished)
                unfinished.rename(folder)
        return folder

    return make


@pytest.fixture
def below_a_file(tmp_path: Path) -> Path:
    """A path that nobody can create, root included: its parent is a regular file."""
    (tmp_path / "file").write_text("in the way")
    return tmp_path / "file" / "below"


@pytest.fixture(scope="session")
def postgres_server() -> "Iterator[PostgresServer]":
    """A real PostgreSQL server of this test process, with a database `calls` of the newest schema.

    It is Debian's (`lab.postgres`), and ends with the tests. A test that breaks it mends it again.
    """
    from lab.debian import cache_folder
    from lab.postgres import PostgresServer
    from silentspam.calllog.postgres import PostgresDatabase

    cached = list(cache_folder().glob("debian/*-postgresql-*"))
    if not cached and os.environ.get("SILENTSPAM_TEST_FETCH") != "1":
        pytest.skip("PostgreSQL is not cached, and SILENTSPAM_TEST_FETCH is not set: nothing is fetched")
    with PostgresServer() as server:
        server.create("calls")
        PostgresDatabase(server.address("calls")).migrate()
        yield server
