"""What `silentspam check` has to say of what is kept of callers: keys, who may read it, and the timer."""

import stat
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from silentspam.cli.doctor import GOOD, WARNING, Finding, Identity
from silentspam.config import Config
from silentspam.retention import RetentionError, shelf
from silentspam.retention.keys import read_public_key, sodium
from silentspam.retention.names import Form
from silentspam.retention.rules import DAY
from silentspam.retention.shelf import Stored

LOOKED_AT = 2000
"""Files of a folder that are looked at: a sign is enough."""

LATE_DAYS = 2.0
"""So many days after it was due a recording says that nobody deletes any."""

LATE_SECONDS = 86_400.0
"""An opening that is in plain for so long, though it should be sealed, says that nothing seals it [s]."""

TIMER = Path("/etc/systemd/system/timers.target.wants/silentspam-retain.timer")
SYSTEMD = Path("/run/systemd/system")
"""There where systemd runs (sd_booted(3))."""


def retention(
    config: Config, identity: Identity, *, timer: Path = TIMER, systemd: Path = SYSTEMD
) -> Iterator[Finding]:
    """Findings on recordings and what becomes of them; nothing of it keeps a call from being screened."""
    folders = [
        folder for folder in (Path(config.recording.folder), Path(config.collection.legs)) if folder.is_dir()
    ]
    yield from filter(None, map(_open_to_all, folders))
    found = [stored for folder in folders for stored in _some(folder)]
    if config.retention.encrypt_to is not None:
        yield _key(Path(config.retention.encrypt_to), identity)
        yield from _in_plain(Path(config.recording.folder))
    yield _deleting(config, found, timer=timer, systemd=systemd)


def _open_to_all(folder: Path) -> Finding | None:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not mode & stat.S_IRWXO:
        return None
    text = f"{folder}: mode {mode:04o}: everybody on this machine may look for recordings in it"
    return Finding(WARNING, text, f"chmod o-rwx {folder}")


def _some(folder: Path) -> list[Stored]:
    try:
        with shelf.opened(folder) as files:
            return list(islice(files.recordings(), LOOKED_AT))
    except (RetentionError, OSError):
        return []  # `check` has said so of the folder already, or it is not ours to look into


def _key(path: Path, identity: Identity) -> Finding:
    """Whether openings can be sealed, by this machine's user and never opened by it."""
    stays = "openings stay in plain"
    try:
        sodium()
        key = read_public_key(path)
    except RetentionError as error:
        remedy = "make one with `silentspam retain --new-key`, or install the library"
        return Finding(WARNING, f"retention.encrypt_to: {error}: {stays}", remedy)
    if not identity.may(path, "r"):
        return Finding(WARNING, f"{path}: {identity.name} may not read it: {stays}", f"chmod a+r {path}")
    private = path.with_suffix(".key")
    if private.exists():
        text = f"{private}: lies on the machine that records: who has it can open every opening"
        return Finding(WARNING, text, "move it to where recordings are listened to, and keep a copy safe")
    return Finding(GOOD, f"openings are sealed to key {key.key_id.hex()} ({path})")


def _in_plain(folder: Path) -> Iterator[Finding]:
    now = time.time()
    late = sum(one.form is Form.PLAIN and now - one.modified > LATE_SECONDS for one in _some(folder))
    if late:
        yield Finding(
            WARNING, f"{folder}: {late} openings in plain for a day", "silentspam retain seals them"
        )


def _deleting(config: Config, found: list[Stored], *, timer: Path, systemd: Path) -> Finding:
    days = config.retention.recording_days
    kept = f"recordings are kept ({config.retention.recordings})"
    if not days:
        return Finding(GOOD, f"{kept} without an end: retention.recording_days is 0")
    due = time.time() - (days + LATE_DAYS) * DAY
    late = sum(one.form is not Form.PARTIAL and one.modified < due for one in found)
    if late:
        text = f"{kept} for {days:g} days, but {late} are older"
        return Finding(WARNING, text, "silentspam retain --dry-run says why; enable silentspam-retain.timer")
    if systemd.is_dir() and not timer.is_symlink():
        remedy = "systemctl enable --now silentspam-retain.timer, or run `silentspam retain` every night"
        return Finding(WARNING, f"{kept} for {days:g} days, but no timer deletes them", remedy)
    return Finding(GOOD, f"{kept} for {days:g} days, then deleted by `silentspam retain`")
