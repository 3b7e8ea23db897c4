"""Where the files that ship with the package lie: the model inside it, the admin's folders beside it.

In a checkout the folders stand at its top; a wheel installs them under share/silentspam.
"""

import sys
import sysconfig
from pathlib import Path

from silentspam.errors import SilentSpamError

_PACKAGE = Path(__file__).resolve().parent


def shipped_model() -> Path:
    """The model folder inside the package."""
    return _PACKAGE / "models" / "default"


def shipped(name: str) -> Path:
    """A folder that ships with the package: agi_scripts, dialplan, config or ivr_prompts."""
    candidates = (
        _PACKAGE.parent / name,
        Path(sysconfig.get_path("data")) / "share" / "silentspam" / name,
        Path(sys.prefix) / "share" / "silentspam" / name,
    )
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise SilentSpamError(f"{name}/ is missing: looked in {', '.join(map(str, candidates))}")
