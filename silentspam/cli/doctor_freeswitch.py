"""What `silentspam check` has to say of FreeSWITCH: dialplan, modules, the server it asks, prompts."""

import os
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from silentspam.cli.doctor import GOOD, WARNING, Finding, Identity, fault, wanted_prompts
from silentspam.cli.doctor_freeswitch_lines import lines
from silentspam.cli.doctor_server import readiness
from silentspam.cli.freeswitch_files import (
    DEFAULT_PASSWORD,
    PORT,
    dialplan_path,
    dialplan_text,
    event_socket_settings,
    freeswitch_user,
)
from silentspam.config import Config
from silentspam.errors import ChannelError, SilentSpamError
from silentspam.freeswitch.commands import commands

SECONDS = 2.0
TURNED_AWAY_SECONDS = 0.5
"""A server that does not want us closes a moment after its `connect`; one that does waits for a call."""
CONNECT = b"connect\n\n"

MODULES = (
    "mod_event_socket",
    "mod_sofia",
    "mod_dptools",
    "mod_commands",
    "mod_dialplan_xml",
    "mod_sndfile",
    "mod_tone_stream",
)
PROGRAMS = ("freeswitch", "/usr/bin/freeswitch", "/usr/local/freeswitch/bin/freeswitch")
MEASURED = (1, 10)
"""The version that facts and recordings come from is 1.10.12."""

_VERSION = re.compile(r"Version (\d+)\.(\d+)")


def freeswitch(config: Config, etc: Path, identity: Identity, *, beside: bool = False) -> Iterator[Finding]:
    """Findings on FreeSWITCH, whose configuration folder is `etc`. beside: an Asterisk is here too."""
    if beside and (name := freeswitch_user()):
        identity = Identity(name)
        yield from _recordings(config, identity)
    yield _dialplan(config, etc, identity)
    yield from lines(config, etc)
    yield from _server(config)
    if not config.freeswitch.event_sockets:
        text = "freeswitch.event_sockets is empty: no row gets its end while FreeSWITCH runs"
        yield Finding(WARNING, text, 'set it to ["127.0.0.1:8021"], or what event_socket.conf.xml has')
    for place in config.freeswitch.event_sockets:
        yield from _event_socket(place, config.freeswitch.password)
    yield from _password(config, etc)
    yield _prompts(config, identity)


def _dialplan(config: Config, etc: Path, identity: Identity) -> Finding:
    path = dialplan_path(etc)
    try:
        wanted = dialplan_text(config)
    except SilentSpamError as error:
        return fault(str(error), "name another file in call_log.unlogged")
    try:
        found = path.read_text("utf-8", "replace")
    except OSError as error:
        return fault(f"{path}: {error.strerror}", "silentspam install --switch freeswitch")
    if not identity.may(path, "r"):
        return fault(f"{path}: {identity.name} may not read it", f"chmod a+r {path}")
    if found != wanted:
        remedy = "compare, then silentspam install --switch freeswitch"
        return Finding(WARNING, f"{path}: differs from this version's", remedy)
    return Finding(GOOD, f"{path}: this version's")


def _recordings(config: Config, identity: Identity) -> Iterator[Finding]:
    """FreeSWITCH writes the openings itself; where it may not, its calls fail open."""
    for folder in filter(None, (Path(config.recording.folder), config.legs_folder)):
        if not (identity.may(folder, "w") and identity.may(folder, "x")):
            text = f"{folder}: {identity.name} may not write it: calls from FreeSWITCH are not screened"
            yield fault(text, "a group of both switches' users on it, chmod 2770 (docs/serving.md)")


def _server(config: Config) -> Iterator[Finding]:
    section = config.freeswitch
    if section.port is None:
        yield fault("freeswitch.port is null: FreeSWITCH is not served", f"set it to {PORT}, and restart it")
        return
    where = f"server {section.address}:{section.port}"
    try:
        with socket.create_connection(
            _reachable(section.address, section.port), timeout=SECONDS
        ) as connection:
            said, own = _greeting(connection), connection.getsockname()[0]
            kept = said == CONNECT and _is_kept(connection)
    except OSError as error:
        yield fault(f"{where}: {error}: no call is screened", "systemctl status silentspam; freeswitch.port")
        return
    if said != CONNECT:
        yield fault(
            f"{where}: {said[:20]!r} and not `connect`", "another program listens there: freeswitch.port"
        )
    elif not kept:
        yield fault(f"{where}: turns {own} away", f"add {own} to server.allowed_clients, and restart it")
    else:
        yield Finding(GOOD, f"{where}: says `connect` to {own}")
        yield from readiness(config)


def _reachable(address: str, port: int) -> tuple[str, int]:
    """Where a server that listens on every address is reached from here."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address), port


def _greeting(connection: socket.socket) -> bytes:
    said = b""
    while len(said) < len(CONNECT) and (received := connection.recv(len(CONNECT) - len(said))):
        said += received
    return said


def _is_kept(connection: socket.socket) -> bool:
    connection.settimeout(TURNED_AWAY_SECONDS)
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return True


def _event_socket(place: str, password: str) -> Iterator[Finding]:
    try:
        with commands(place, password, seconds=SECONDS) as freeswitch_says:
            version = freeswitch_says.api("version")
            found = [freeswitch_says.api(f"module_exists {module}") for module in MODULES]
    except ChannelError as error:
        yield fault(
            f"{error}: no row gets its end",
            f"start FreeSWITCH ({_program()}); freeswitch.event_sockets and freeswitch.password as in "
            "event_socket.conf.xml, whose apply-inbound-acl has this address",
        )
        return
    yield _version(place, version)
    for module, there in zip(MODULES, found, strict=True):
        if there != "true":
            yield fault(
                f"{place}: {module} is not loaded", f"load it in modules.conf.xml; fs_cli -x 'load {module}'"
            )


def _version(place: str, version: str) -> Finding:
    first = version.splitlines()[0] if version else "no version"
    found = _VERSION.search(first)
    if found and (int(found[1]), int(found[2])) >= MEASURED:
        return Finding(GOOD, f"event socket {place}: {first}")
    return Finding(WARNING, f"event socket {place}: {first}", "only FreeSWITCH 1.10 is known to work")


def _program() -> str:
    return next(filter(None, map(shutil.which, PROGRAMS)), "no program of that name found here")


def _password(config: Config, etc: Path) -> Iterator[Finding]:
    """FreeSWITCH's own password is known to everybody, and opens a shell to whoever reaches the port."""
    settings = event_socket_settings(etc)
    if settings is None or settings.password != DEFAULT_PASSWORD or settings.is_loopback:
        return
    yield Finding(
        WARNING,
        f"event_socket.conf.xml: listens on {settings.listen} with the password it ships with",
        "set listen-ip to 127.0.0.1 or another password, and that in freeswitch.password too",
    )


def _prompts(config: Config, identity: Identity) -> Finding:
    folder = config.challenge_settings().prompts
    paths = [folder / f"{name}.wav" for name in wanted_prompts(config)]
    missing = [path.stem for path in paths if not (path.is_file() and path.stat().st_size)]
    if missing:
        return Finding(
            WARNING,
            f"prompts in {folder}: {', '.join(missing)} missing as .wav",
            "8 kHz, 16 bits, mono; who cannot be asked is put through",
        )
    if not all(os.access(path, os.R_OK) for path in paths) or not identity.may(paths[0], "r"):
        return fault(f"prompts: {identity.name} may not read {folder}", "give them to all to read")
    return Finding(GOOD, f"prompts in {folder}: complete as .wav")
