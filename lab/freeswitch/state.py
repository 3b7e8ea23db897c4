"""What a FreeSWITCH says of itself over its event socket: profiles, modules, calls.

The commands and what they print: mod_commands.c and mod_sofia.c.
"""

import re

from lab.freeswitch.event_socket import EventSocket, EventSocketError

PROFILE = "internal"
"""Of mod_sofia, in the lab's own configuration."""
MODULES = (
    "mod_event_socket",
    "mod_sofia",
    "mod_commands",
    "mod_dptools",
    "mod_dialplan_xml",
    "mod_sndfile",
    "mod_tone_stream",
)
"""What the dialplan and the program need."""


class FreeSwitchError(Exception):
    """FreeSWITCH is not there, does not start, or refuses."""


def is_running(status: str, profile: str = PROFILE) -> bool:
    """Whether `sofia status` says that a profile runs."""
    return bool(re.search(rf"^\s*{re.escape(profile)}\s+profile\s.*\bRUNNING\b", status, re.MULTILINE))


def check_modules(event_socket: EventSocket) -> None:
    """Whether all modules are loaded that are needed. Raises FreeSwitchError with those that are not."""
    missing = [module for module in MODULES if ask(event_socket, f"module_exists {module}") != "true"]
    if missing:
        raise FreeSwitchError(f"FreeSWITCH has not loaded {', '.join(missing)}")


def active_channels(event_socket: EventSocket) -> int:
    """The sessions that `status` counts. Raises FreeSwitchError."""
    match = re.search(r"^(\d+) session\(s\) - peak", ask(event_socket, "status"), re.MULTILINE)
    if match is None:
        raise FreeSwitchError("'status' gives no count of sessions")
    return int(match[1])


def reload_dialplan(event_socket: EventSocket) -> None:
    """Have the configuration read again. Raises FreeSwitchError."""
    if not (said := ask(event_socket, "reloadxml")).startswith("+OK"):
        raise FreeSwitchError(f"reloadxml: {said}")


def ask(event_socket: EventSocket, command: str) -> str:
    """What a command of the console prints. Raises FreeSwitchError."""
    try:
        return event_socket.api(command)
    except EventSocketError as error:
        raise FreeSwitchError(str(error)) from error
