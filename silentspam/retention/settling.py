"""What becomes of one call's recording when the call is over: kept, sealed or deleted, decided once."""

from collections.abc import Callable
from pathlib import Path

from silentspam.retention import RetentionError, names, shelf
from silentspam.retention.keys import read_public_key
from silentspam.retention.names import Form
from silentspam.retention.rules import Rules
from silentspam.retention.shelf import Shelf, Stored


def retain(
    path: Path, rules: Rules, *, challenged: bool, mark: Callable[[str], None] = lambda _call_id: None
) -> None:
    """Do with a call's recording what the rules say; `mark` notes in its row that it is deleted.

    The file leaves its place before its row is told and is deleted after: what breaks off in between is
    finished by `silentspam retain`. Raises RetentionError, OSError, or what `mark` raises: a recording that
    cannot be sealed stays in plain.
    """
    found = names.parsed(path.name)
    if found is None or found[1] is not Form.PLAIN:
        raise RetentionError(f"{path}: not named as a call's recording: left as it is")
    call_id = found[0]
    with shelf.opened(path.parent) as folder:
        if not rules.keeps(call_id, challenged=challenged):
            _delete(folder, Stored(path.name, call_id, Form.PLAIN, 0, 0.0), mark)
        else:
            _keep(folder, path.name, rules)


def _delete(folder: Shelf, stored: Stored, mark: Callable[[str], None]) -> None:
    folder.withdraw(stored)
    mark(stored.call_id)
    folder.remove(names.going_name(stored.call_id))


def _keep(folder: Shelf, name: str, rules: Rules) -> None:
    folder.restrict(name)
    if rules.encrypt_to is not None:
        folder.seal(name, read_public_key(rules.encrypt_to))
