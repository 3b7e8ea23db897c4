"""What `silentspam check` has to say of the resident server, and of names that several Asterisks want.

Nothing where the dialplan names no server and the call log is this machine's own.
"""

import ipaddress
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from silentspam.cli.doctor import GOOD, WARNING, Finding, fault
from silentspam.config import Config

PORT = 4573
"""FastAGI's own, which agi:// has for its default."""

SECONDS = 2.0
TURNED_AWAY_SECONDS = 0.5
"""A server that does not want us closes at once; one that does waits for our greeting."""

SCREENS, ENDS = "SILENTSPAM_AGI", "SILENTSPAM_AGI_ENDED"

_ADDRESS = re.compile(rf"\b({ENDS}|{SCREENS})\s*=>?\s*(h?agi)://([^\s/,)\]\"']+)(/[^\s,)\"']*)?")
_PLACE = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:]+)(?::([0-9]{1,5}))?")

_SYSTEM_NAME = re.compile(r"(?mi)^[ \t]*systemname[ \t]*=>?[ \t]*[^\s;]")


@dataclass(frozen=True)
class Asked:
    """What the dialplan asks: which variable, agi or hagi, host and port, and the path."""

    variable: str
    scheme: str
    host: str
    port: int
    path: str


def server(config: Config, etc: Path) -> Iterator[Finding]:
    """Findings on the servers that the dialplan in `etc` names."""
    yield from _system_name(config, etc / "asterisk.conf")
    asked = [found for path in sorted(etc.glob("*.conf")) for found in _asked(path)]
    if not asked:
        return
    yield from _paths(asked)
    for host, port in sorted({(one.host, one.port) for one in asked if one.scheme == "agi"}):
        yield from _place(config, host, port)
    if any(one.scheme == "hagi" for one in asked):
        yield Finding(WARNING, "hagi:// in the dialplan: its SRV records are not looked up", "place a call")


def _system_name(config: Config, conf: Path) -> Iterator[Finding]:
    """Several Asterisks may use a call log on PostgreSQL; without names their calls look like one's."""
    if config.call_log.postgres is None or not conf.is_file():
        return
    if not _SYSTEM_NAME.search(conf.read_text("utf-8", "replace")):
        text = f"{conf}: no systemname: a call whose Asterisk is restarted may stay without an end for a day"
        yield Finding(WARNING, text, "set systemname in [options], another for each Asterisk of the call log")


def _asked(conf: Path) -> Iterator[Asked]:
    text = re.sub(r"(?m);.*$", "", conf.read_text("utf-8", "replace"))
    for variable, scheme, authority, path in _ADDRESS.findall(text):
        place = _PLACE.fullmatch(authority)
        if place is not None:
            port = int(place[2] or PORT)
            yield Asked(variable, scheme, place[1].strip("[]"), port, (path or "").strip("/"))


def _paths(asked: list[Asked]) -> Iterator[Finding]:
    """A hangup handler that screens, or a screening that only logs, is a slip of the pen."""
    for one in asked:
        if (one.path == "ended") != (one.variable == ENDS):
            wanted = "/ended" if one.variable == ENDS else "/screen"
            yield fault(f"{one.variable}: path /{one.path}", f"end its address in {wanted}")
    if not any(one.variable == ENDS for one in asked):
        text = f"{SCREENS} names a server, {ENDS} none: a process of its own logs each call's end"
        yield Finding(WARNING, text, f"set {ENDS}=agi://…/ended too")


def _place(config: Config, host: str, port: int) -> Iterator[Finding]:
    where = f"server {host}:{port}"
    try:
        with socket.create_connection((host, port), timeout=SECONDS) as connection:
            own = connection.getsockname()[0]
            turned_away = _is_turned_away(connection)
    except OSError as error:
        remedy = "systemctl status silentspam; server.address and server.port; the firewall"
        yield fault(f"{where}: {error}: no call is screened", remedy)
        return
    if turned_away:
        yield fault(f"{where}: turns {own} away", f"add {own} to server.allowed_clients, and restart it")
        return
    yield Finding(GOOD, f"{where}: takes connections of {own}")
    if _is_here(host):
        yield from readiness(config)
    else:
        text = f"recording.folder {config.recording.folder}: {host} reads there what Asterisk writes here"
        yield Finding(WARNING, f"{text}, which cannot be tried from here", "mount one folder on both")


def _is_turned_away(connection: socket.socket) -> bool:
    connection.settimeout(TURNED_AWAY_SECONDS)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def _is_here(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def readiness(config: Config) -> Iterator[Finding]:
    """What the server on this machine says of itself."""
    section = config.server
    if not section.metrics_port:
        return
    host = f"[{section.metrics_address}]" if ":" in section.metrics_address else section.metrics_address
    address = f"http://{host}:{section.metrics_port}/readyz"
    try:
        with urllib.request.urlopen(address, timeout=SECONDS):
            yield Finding(GOOD, f"{address}: ready")
    except (urllib.error.URLError, OSError) as error:
        remedy = "journalctl -u silentspam; server.metrics_address and server.metrics_port need a restart"
        yield Finding(WARNING, f"{address}: {error}", remedy)
