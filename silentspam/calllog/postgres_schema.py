"""The schema in PostgreSQL: which one is there, whether it can be used, and how it is brought up to date."""

from silentspam.calllog.database import SchemaVersion
from silentspam.calllog.psycopg_session import ImpatientConnection
from silentspam.calllog.schema import POSTGRES_STEPS
from silentspam.errors import CallLogError

MIGRATION_LOCK = 0x51_1E_27_02
"""The advisory lock of a change of the schema: a number of our own."""


def version_of(connection: ImpatientConnection) -> int | None:
    """The version of the schema; None when there are no tables."""
    (there,) = connection.execute("SELECT to_regclass('schema_version')").fetchone() or (None,)
    if there is None:
        return None
    (version,) = connection.execute("SELECT MAX(version) FROM schema_version").fetchone() or (None,)
    return version


def check_version(connection: ImpatientConnection) -> None:
    """Raises CallLogError, with a remedy, unless the tables are those that this version knows."""
    found, known = version_of(connection), len(POSTGRES_STEPS)
    if found == known:
        return
    if found is None:
        raise CallLogError("call_log.postgres: there are no tables yet: run `silentspam db migrate`")
    remedy = "update Silentspam" if found > known else "run `silentspam db migrate`"
    raise CallLogError(
        f"call_log.postgres: the call log has schema {found}, this version knows {known}: {remedy}"
    )


def migrated(connection: ImpatientConnection) -> SchemaVersion:
    """Take the steps that are missing, within the transaction that is open."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
    (encoding,) = connection.execute("SHOW server_encoding").fetchone() or ("",)
    if encoding != "UTF8":
        raise CallLogError(f"call_log.postgres: the database's encoding is {encoding}: create it with UTF8")
    found, known = version_of(connection), len(POSTGRES_STEPS)
    if found is not None and found > known:
        check_version(connection)
    if found is None:
        connection.execute("CREATE TABLE schema_version (version BIGINT NOT NULL, changed_at TIMESTAMPTZ)")
    if found != known:
        for step in filter(None, POSTGRES_STEPS[found or 0 :]):
            connection.execute(step)
        connection.execute("INSERT INTO schema_version VALUES (%s, now())", (known,))
    return SchemaVersion(found, known)
