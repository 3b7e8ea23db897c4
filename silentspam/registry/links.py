"""Which model judges and which is on trial: two symbolic links, read once a call.

A link is resolved to the model's own folder before any file of it is read, so that a promotion in between
cannot mix the files of two models.
"""

import enum
import errno
import os
import re
from pathlib import Path

from silentspam.errors import ModelError

MODEL_ID = re.compile(r"[0-9a-f]{12}")
"""What a model's folder is called in the registry: no other name is ever made a path."""

REMEDY = (
    ": move it away, and no model of the registry has the role (the shipped one judges) until one is given it"
)


class Role(enum.StrEnum):
    """What a model does in an installation, and the name of the link that says so."""

    ACTIVE = "active"
    SHADOW = "shadow"


def model_in(registry: Path, role: Role) -> Path | None:
    """The folder of the model that has the role, None where no model has it.

    The folder may be missing or damaged: whoever loads it finds out. Raises ModelError when the link cannot
    be read or names no model id: then it is not known who should judge, and nobody must guess.
    """
    link = registry / role
    try:
        name = os.readlink(link)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ModelError(f"model.registry: {link}: {_why(error)}") from error
    if not MODEL_ID.fullmatch(name):
        raise ModelError(f"model.registry: {link}: {name!r} is not a model id (12 digits of 0-9 a-f){REMEDY}")
    return (registry / name).resolve()


def checked_id(name: str, where: str) -> str:
    """The name if it can be a model id. Raises ModelError, which begins with `where`."""
    if not MODEL_ID.fullmatch(name):
        raise ModelError(f"{where}: {name!r} is not a model id (12 digits of 0-9 a-f)")
    return name


def _why(error: OSError) -> str:
    return f"not a symbolic link{REMEDY}" if error.errno == errno.EINVAL else str(error.strerror or error)
