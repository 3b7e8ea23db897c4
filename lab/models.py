"""Models other than the shipped one, and what `silentspam models` is told of them before a scenario's call.

The other model is the shipped one with another statement in its card: it judges alike and has another id.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from lab.product import REPOSITORY, silentspam

SHIPPED = REPOSITORY / "silentspam" / "models" / "default"
STATEMENT = "The shipped model under another id, for the lab."
OTHER_MODEL = "other_model"
"""Stands in a scenario's expectations, in braces, for the id of the other model."""


def make_other_model(folder: Path) -> Path:
    """Write the other model; returns `folder`."""
    folder.mkdir(parents=True)
    files = {path.name: path.read_bytes() for path in SHIPPED.iterdir() if path.name != "SHA256SUMS"}
    card = json.loads(files["card.json"]) | {"statement": STATEMENT}
    files["card.json"] = json.dumps(card).encode()
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    for name, content in {**files, "SHA256SUMS": sums.encode()}.items():
        (folder / name).write_bytes(content)
    return folder


def prepare(what: str, folder: Path, config: Path) -> dict[str, str]:
    """Bring a scenario's registry into the state of that name; returns what its expectations may name.

    Raises ProductError when the command line refuses.
    """
    if not what:
        return {}
    other = make_other_model(folder / "trained")
    model_id = silentspam("models", "add", str(other), "--config", str(config)).split()[1]
    STATES[what](model_id, config)
    return {OTHER_MODEL: model_id}


def _shadow(model_id: str, config: Path) -> None:
    silentspam("models", "shadow", model_id, "--config", str(config))


def _promoted(model_id: str, config: Path) -> None:
    silentspam("models", "promote", model_id, "--config", str(config))


def _broken_shadow(model_id: str, config: Path) -> None:
    _shadow(model_id, config)
    (config.parent / "models" / model_id / "roots.npy").unlink()


def _broken_active(model_id: str, config: Path) -> None:
    _promoted(model_id, config)
    (config.parent / "models" / model_id / "roots.npy").unlink()


STATES: dict[str, Callable[[str, Path], None]] = {
    "shadow": _shadow,
    "promoted": _promoted,
    "broken_shadow": _broken_shadow,
    "broken_active": _broken_active,
}
