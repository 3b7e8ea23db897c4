"""The options of `python -m lab --switch freeswitch`."""

import argparse
import ipaddress
from dataclasses import replace
from pathlib import Path

from lab.freeswitch.exchange import CONTEXT, Installed
from lab.freeswitch.program import find_program
from lab.freeswitch.state import PROFILE, FreeSwitchError

PASSWORD = "ClueCon"
HIGHEST_PORT = 65_535
LOOPBACK = "127.0.0.1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is asked of a FreeSWITCH that is installed, or runs."""
    group = parser.add_argument_group("with --switch freeswitch")
    group.add_argument("--freeswitch", type=Path, metavar="PATH", help="the program, where it is not found")
    group.add_argument("--modules", type=Path, metavar="DIR", help="its modules, where they are elsewhere")
    group.add_argument("--sip-port", type=int, metavar="N", help="SIP port on 127.0.0.1 (a free one)")
    group.add_argument(
        "--event-socket", metavar="HOST:PORT", help="FreeSWITCH's own event socket (127.0.0.1, a free port)"
    )
    group.add_argument("--password", default=PASSWORD, metavar="P", help=f"of the event socket ({PASSWORD})")
    group.add_argument(
        "--attach",
        action="store_true",
        help="use the FreeSWITCH that runs at --event-socket, and takes calls at --sip-port",
    )
    group.add_argument(
        "--dialplan",
        type=Path,
        metavar="FILE",
        help="with --attach: where its dialplan reads the lab's extensions from; removed at the end",
    )
    group.add_argument(
        "--profile", default=PROFILE, metavar="NAME", help=f"with --attach: of mod_sofia ({PROFILE})"
    )
    group.add_argument(
        "--context", default=CONTEXT, metavar="NAME", help=f"with --attach: where calls arrive ({CONTEXT})"
    )


def given(options: argparse.Namespace) -> str | None:
    """An option that is given and only FreeSWITCH has; None where there is none."""
    names = ("freeswitch", "modules", "sip_port", "event_socket", "attach", "dialplan")
    found = next((name for name in names if getattr(options, name)), None)
    return None if found is None else f"--{found.replace('_', '-')}"


def installed(options: argparse.Namespace) -> Installed:
    """What the options say there is. Raises FreeSwitchError, which names the option."""
    host, event_port = _event_socket(options.event_socket)
    sip_port = None if options.sip_port is None else _port("--sip-port", str(options.sip_port))
    there = Installed(
        host=host, event_port=event_port, sip_port=sip_port, password=_password(options.password)
    )
    if not options.attach:
        for option, default in (("dialplan", None), ("profile", PROFILE), ("context", CONTEXT)):
            if (said := getattr(options, option)) != default:
                raise FreeSwitchError(f"--{option} {said}: only with --attach")
        if host != LOOPBACK:
            raise FreeSwitchError(f"--event-socket {options.event_socket}: the lab's own is at {LOOPBACK}")
        if options.modules is not None and not options.modules.is_dir():
            raise FreeSwitchError(f"--modules {options.modules}: no folder")
        return replace(there, program=find_program(options.freeswitch), modules=options.modules)
    for option in ("event_socket", "sip_port", "dialplan"):
        if getattr(options, option) is None:
            raise FreeSwitchError(f"--attach needs --{option.replace('_', '-')}")
    return replace(
        there, dialplan=options.dialplan.absolute(), profile=options.profile, context=options.context
    )


def _event_socket(text: str | None) -> tuple[str, int | None]:
    if text is None:
        return LOOPBACK, None
    host, colon, port = text.rpartition(":")
    if not colon or not _is_loopback(host):
        raise FreeSwitchError(f"--event-socket {text}: not HOST:PORT on loopback, such as 127.0.0.1:8021")
    return host, _port("--event-socket", port)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _port(option: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= HIGHEST_PORT):
        raise FreeSwitchError(f"{option} {text}: no port from 1 to {HIGHEST_PORT}")
    return int(text)


def _password(text: str) -> str:
    if not text or not text.isprintable():
        raise FreeSwitchError("--password: empty, or has what cannot be printed in it")
    return text
