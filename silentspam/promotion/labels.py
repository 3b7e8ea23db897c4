"""Labels of calls as the call database holds them, where people have given any."""

from silentspam.calllog.sqlite_database import SqliteDatabase


def labels(database: SqliteDatabase) -> dict[str, str]:
    """Label by call id; a call whose sources contradict each other has none. Raises CallLogError."""
    statement = (
        "SELECT call_id, MIN(label) AS label FROM labels GROUP BY call_id HAVING MIN(label) = MAX(label)"
    )
    with database.transaction(write=False) as connection:
        return {row["call_id"]: row["label"] for row in connection.execute(statement)}
