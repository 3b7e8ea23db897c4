"""What belongs to an installation on FreeSWITCH, and where it lies: shared by `install` and `check`."""

import html
import re
from dataclasses import dataclass
from pathlib import Path

from silentspam import resources
from silentspam.config import Config
from silentspam.errors import SilentSpamError
from silentspam.installation import user_exists
from silentspam.sections import CallLogSection

ETC = Path("/etc/freeswitch")
"""Debian's; /usr/local/freeswitch/conf where it was built."""
DIALPLAN = "000_silentspam.xml"
"""FreeSWITCH includes a context's folder by the order of names: this comes before those that it ships."""
CONTEXT = Path("dialplan") / "public"
PORT = 8084
DEFAULT_PASSWORD = "ClueCon"

_PLAIN = re.compile(r"/[\w./-]+", re.ASCII)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_PARAMETER = re.compile(r'<param\s+name="([\w-]+)"\s+value="([^"]*)"')


@dataclass(frozen=True)
class EventSocketSettings:
    """What event_socket.conf.xml says: where FreeSWITCH listens, and with which password."""

    listen: str
    port: str
    password: str

    @property
    def is_loopback(self) -> bool:
        return self.listen in ("127.0.0.1", "::1", "localhost")


def freeswitch_user() -> str:
    """The user that Debian's package runs it as, "" where there is none."""
    return "freeswitch" if user_exists("freeswitch") else ""


def dialplan_path(etc: Path) -> Path:
    """Where the dialplan's file goes."""
    return etc / CONTEXT / DIALPLAN


def dialplan_text(config: Config) -> str:
    """The shipped dialplan, with this configuration's file for the lines of calls that nobody screened.

    Raises SilentSpamError for a path that a shell would read otherwise.
    """
    text = (resources.shipped("dialplan") / "freeswitch" / "silentspam.xml").read_text(encoding="utf-8")
    unlogged = config.call_log.unlogged
    if not _PLAIN.fullmatch(unlogged):
        raise SilentSpamError(
            f"call_log.unlogged is {unlogged!r}: FreeSWITCH writes it by a shell: only an absolute path of "
            "letters, digits, _ . - and /"
        )
    return text.replace(CallLogSection().unlogged, unlogged)


def without_comments(xml: str) -> str:
    """The text that FreeSWITCH goes by."""
    return _COMMENT.sub("", xml)


def event_socket_settings(etc: Path) -> EventSocketSettings | None:
    """Of `etc`/autoload_configs/event_socket.conf.xml; None where it is not there or cannot be read."""
    try:
        text = (etc / "autoload_configs" / "event_socket.conf.xml").read_text("utf-8", "replace")
    except OSError:
        return None
    found = {name: html.unescape(value) for name, value in _PARAMETER.findall(without_comments(text))}
    return EventSocketSettings(
        listen=found.get("listen-ip", "::"),
        port=found.get("listen-port", "8021"),
        password=found.get("password", DEFAULT_PASSWORD),
    )
