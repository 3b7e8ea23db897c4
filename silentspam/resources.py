"""Where the files that ship with the package lie: the model inside it, the admin's folders beside it.

In a checkout the folders stand at its top; a wheel installs them under share/silentspam.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped_model() -> Path:
    """The model folder inside the package."""
    return _PACKAGE / "models" / "default"


def shipped_noise() -> Path:
    """The folder of the trees that know noise, inside the package."""
    return _PACKAGE / "models" / "noise"


def shipped(name: str) -> Path:
    """A folder that ships with the package: agi_scripts, dialplan, config, ivr_prompts, systemd, monitoring.

    Where it is missing this is the path at which it should be: whoever reads it says so.
    """
    checkout = _PACKAGE.parent
    if (checkout / "setup.cfg").is_file():
        return checkout / name
    import sysconfig

    return Path(sysconfig.get_path("data")) / "share" / "silentspam" / name
