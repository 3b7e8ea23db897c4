"""What `silentspam check` has to say of the registry: who may change it, and the model on trial."""

from collections.abc import Iterator
from pathlib import Path

from silentspam.cli.doctor import GOOD, WARNING, Finding, Identity, fault
from silentspam.config import Config
from silentspam.errors import ModelError
from silentspam.registry.links import Role, model_in


def registry(config: Config, identity: Identity) -> Iterator[Finding]:
    """Findings on the registry as Asterisk's user meets it; the active model is looked at by itself."""
    from silentspam.model import load_model

    folder = Path(config.model.registry)
    if not folder.is_dir():
        yield Finding(GOOD, f"registry {folder}: created with the first model of your own")
        return
    if not (identity.may(folder, "r") and identity.may(folder, "x")):
        yield fault(f"registry {folder}: {identity.name} may not read it", f"chmod -R a+rX {folder}")
    elif identity.is_other and identity.may(folder, "w"):
        remedy = f"chown -R root {folder}: who answers calls need not choose who judges them"
        yield Finding(WARNING, f"registry {folder}: {identity.name} may change it", remedy)
    else:
        yield Finding(GOOD, f"registry {folder}: readable by {identity.name}")
    try:
        trial = model_in(folder, Role.SHADOW)
        if trial is not None:
            yield Finding(GOOD, f"shadow model {load_model(trial).model_id}: judges beside the active one")
    except ModelError as error:
        yield Finding(WARNING, f"shadow model: {error}", "it judges nothing: silentspam models shadow --off")
