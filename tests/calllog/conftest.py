"""The databases that the contract holds for: SQLite, and PostgreSQL on a real server of its own.

The server is `postgres_server`. Its database `calls` is emptied for every test.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.postgres import PostgresServer
from silentspam.calllog.database import Database
from silentspam.calllog.postgres import PostgresDatabase
from silentspam.calllog.sqlite import SqliteDatabase

NewDatabase = Callable[[], Database]

EMPTIED = (
    "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
    + ("AND tablename <> 'schema_version' LOOP EXECUTE 'DELETE FROM ' || t; END LOOP; END $$")
)


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> Iterator[PostgresDatabase]:
    """An empty database with the newest schema, on the server."""
    database = PostgresDatabase(postgres_server.address("calls"), busy_seconds=60)
    _empty(database)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def new_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> NewDatabase:
    """Makes an empty database each time it is called: SQLite's is another one, PostgreSQL's is emptied."""
    if request.param == "sqlite":
        return lambda: SqliteDatabase(_folder(tmp_path_factory) / "calls.db", busy_seconds=60)
    database: PostgresDatabase = request.getfixturevalue("postgres")
    return lambda: _empty(database)


@pytest.fixture
def database(new_database: NewDatabase) -> Database:
    """An empty database of each kind."""
    return new_database()


def _folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("log")


def _empty(database: PostgresDatabase) -> PostgresDatabase:
    with database.transaction(write=True) as connection:
        connection.execute(EMPTIED)
    return database
