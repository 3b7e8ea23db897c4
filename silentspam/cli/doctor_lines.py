"""What `silentspam check` has to say of line memory: what calls are judged with, and whether it learns."""

import time
from collections.abc import Iterator
from pathlib import Path

from silentspam import assembly, judging
from silentspam.cli.doctor import GOOD, WARNING, Finding, Identity, fault
from silentspam.config import Config
from silentspam.errors import CallLogError, LineError, ModelError
from silentspam.lines.snapshot import FILE_NAME, read_snapshot

MANY_WAITING = 20
"""Calls waiting to be learnt from that say that nobody learns: each is, as soon as its row is written."""


def lines(config: Config, identity: Identity) -> Iterator[Finding]:
    """Findings on line memory; none where it is off. Its folder is examined with all others."""
    if not config.lines.enabled:
        return
    yield _snapshot(config, identity)
    yield from _spent(config)
    try:
        yield _learning(config)
    except CallLogError:
        return  # there is none yet, or it was found fault with already


def _snapshot(config: Config, identity: Identity) -> Finding:
    from silentspam.model import load_model

    path = Path(config.lines.folder) / FILE_NAME
    try:
        model = load_model(judging.model_folder(config))
    except ModelError:
        return Finding(WARNING, f"lines in {path}: not compared, as there is no model", "see the model above")
    if model.ground is None:
        remedy = "train it with this version, or set lines.enabled to false: then it has the whole budget"
        return Finding(
            WARNING, f"lines: model {model.model_id} has no space for them: none is learnt", remedy
        )
    if path.exists() and not identity.may(path, "r"):
        return fault(f"{path}: {identity.name} may not read it: no call is asked for its line", f"rm {path}")
    try:
        snapshot = read_snapshot(path.parent)
    except LineError as error:
        return Finding(WARNING, f"{path}: {error}: no call is asked for its line", f"rm {path}")
    if snapshot is None:
        return Finding(GOOD, f"lines in {path}: written when the first call is learnt from")
    if snapshot.space_id != model.ground.space_id:
        text = f"{path}: lines of space {snapshot.space_id}, the model's is {model.ground.space_id}"
        return Finding(WARNING, text, "replaced when the first call under this model is learnt from")
    return Finding(
        GOOD,
        f"lines in {path}: {len(snapshot.told)}, as of {_ago(snapshot.made_at)}; "
        f"{snapshot.credit.left:.1f} false challenges may come at once",
    )


def _spent(config: Config) -> Iterator[Finding]:
    """Kinds of which no call is challenged now, because people passed too often."""
    try:
        snapshot = read_snapshot(Path(config.lines.folder))
    except LineError:
        return  # told already
    for kind, credit in snapshot.kind_credits.items() if snapshot else ():
        if not credit.allows_kind:
            text = f"{kind}: its budget of false challenges is spent: its calls are bridged"
            yield Finding(WARNING, text, f"see who passed: `silentspam calls --verdict {kind}`")


def _learning(config: Config) -> Finding:
    store = assembly.lines(config)
    waiting, last = store.waiting(), store.last_learnt_at()
    text = f"lines: {waiting} calls wait to be learnt from, the last lesson was "
    text += "never" if last is None else _ago(last)
    if waiting < MANY_WAITING:
        return Finding(GOOD, text)
    return Finding(WARNING, text, "Asterisk's console says why, after `silentspam: lines:`")


def _ago(moment: float) -> str:
    """How long ago a moment was, in words; a clock may be late."""
    seconds = max(time.time() - moment, 0.0)
    for unit, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name} ago"
    return f"{seconds:.0f} s ago"
