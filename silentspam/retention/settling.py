"""What becomes of recordings when their calls are over: kept, sealed or deleted, decided once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from silentspam.errors import SilentSpamError
from silentspam.retention import RetentionError, names, shelf
from silentspam.retention.keys import read_public_key
from silentspam.retention.names import Form
from silentspam.retention.rules import Rules
from silentspam.retention.shelf import Shelf, Stored

Mark = Callable[[Sequence[str]], None]
"""Notes in the rows of these calls that their recordings are deleted."""


@dataclass(frozen=True)
class Over:
    """The recording of a call that is over."""

    path: Path
    challenged: bool


def retain(over: Over, rules: Rules, *, mark: Mark = lambda _call_ids: None) -> None:
    """Do with a call's recording what the rules say.

    The file leaves its place before its row is told and is deleted after: what breaks off in between is
    finished by `silentspam retain`. Raises RetentionError, OSError, or what `mark` raises: a recording that
    cannot be sealed stays in plain.
    """
    if not _stays(over, rules):
        _delete([over], mark)


def retain_many(overs: Iterable[Over], rules: Rules, *, mark: Mark) -> list[Exception]:
    """The same for many calls, whose rows are told together; returns what went wrong.

    A recording that is not there is no error: the switch made none, or somebody was faster. Raises what
    `mark` raises.
    """
    leaving: list[Over] = []
    troubles: list[Exception] = []
    for over in overs:
        try:
            if not _stays(over, rules):
                leaving.append(over)
        except FileNotFoundError:
            continue
        except (OSError, SilentSpamError) as error:
            troubles.append(error)
    if leaving:
        _delete(leaving, mark)
    return troubles


def _stays(over: Over, rules: Rules) -> bool:
    """Whether the recording is kept, and is now as it is to be; else it has left its place."""
    call_id = _call_id(over.path)
    with shelf.opened(over.path.parent) as folder:
        if rules.keeps(call_id, challenged=over.challenged):
            _keep(folder, over.path.name, rules)
            return True
        folder.withdraw(Stored(over.path.name, call_id, Form.PLAIN, 0, 0.0))
        return False


def _call_id(path: Path) -> str:
    found = names.parsed(path.name)
    if found is None or found[1] is not Form.PLAIN:
        raise RetentionError(f"{path}: not named as a call's recording: left as it is")
    return found[0]


def _keep(folder: Shelf, name: str, rules: Rules) -> None:
    folder.restrict(name)
    if rules.encrypt_to is not None:
        folder.seal(name, read_public_key(rules.encrypt_to))


def _delete(leaving: Sequence[Over], mark: Mark) -> None:
    """Tell the rows, then delete what has left its place."""
    mark([_call_id(over.path) for over in leaving])
    for over in leaving:
        with shelf.opened(over.path.parent) as folder:
            folder.remove(names.going_name(_call_id(over.path)))
