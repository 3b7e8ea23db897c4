"""`silentspam install --server`: the systemd unit of the resident server, for this machine."""

import os
import re
from pathlib import Path

from silentspam import resources
from silentspam.cli.installer import group_of
from silentspam.config import Config
from silentspam.errors import SilentSpamError
from silentspam.installation import folders

UNIT = "silentspam.service"
UNITS = Path("/etc/systemd/system")


def unit(config: Config, config_file: Path, *, python: str, user: str) -> str:
    """The shipped unit with this program, configuration and user, and every folder that calls write to.

    `python` is the interpreter's absolute path; the program stands beside it. Raises SilentSpamError where it
    does not, and for a path that systemd would read otherwise.
    """
    program = Path(python).parent / "silentspam"
    if not os.access(program, os.X_OK):
        raise SilentSpamError(f"{program}: not there; name the interpreter of its environment with --python")
    command = f"{program} serve --config {config_file.absolute()}"
    settings = {"ExecStart": command, "ReadWritePaths": " ".join(_writable(config))}
    settings["ReadOnlyPaths"] = f"-{config.model.registry}"
    settings["TimeoutStopSec"] = f"{config.server.drain_seconds + 45:g}s"
    if user:
        settings |= {"User": user, "Group": group_of(user)}
    text = (resources.shipped("systemd") / UNIT).read_text(encoding="utf-8")
    for key, value in settings.items():
        if re.search(r"[%\"'\\$]|\s\s", value):
            raise SilentSpamError(f"{key}={value}: systemd would read that otherwise; write the unit by hand")
        text = re.sub(rf"(?m)^{key}=.*$", lambda _, line=f"{key}={value}": line, text)  # type: ignore[misc]
    return text


def what_is_left(switch: str = "asterisk") -> str:
    """What an admin does then, for asterisk or freeswitch."""
    start = "\nThen, for the resident server (docs/serving.md):\n"
    start += "  1. systemctl daemon-reload; systemctl enable --now silentspam"
    if switch == "freeswitch":
        return start
    return (
        f"{start}\n"
        "  2. in extensions.conf, [globals]:   SILENTSPAM_AGI=agi://127.0.0.1/screen\n"
        "                                      SILENTSPAM_AGI_ENDED=agi://127.0.0.1/ended\n"
        "  3. asterisk -rx 'dialplan reload', then: silentspam check"
    )


def _writable(config: Config) -> list[str]:
    """The folders that calls write to, without those that lie in another; none may hold a space."""
    paths = {*folders(config), Path(config.gate.folder), Path(config.collection.legs)}
    outer = sorted(path for path in paths if not any(path.is_relative_to(other) for other in paths - {path}))
    for path in outer:
        if " " in str(path):
            raise SilentSpamError(f"{path}: a space in it ends a path of ReadWritePaths")
    return [str(path) for path in outer]
