"""`silentspam switch`: the kill switch. It works at once, also when the database is down."""

import argparse
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import add_config_option, configuration, printable, verb_parser

if TYPE_CHECKING:
    from silentspam.config import Config
    from silentspam.gate.terms import SwitchEvent

EXAMPLES = """\
  silentspam switch status
  silentspam switch off --note "callers complain"
  silentspam switch shadow
  silentspam switch on

off: every call is bridged unheard, blocked numbers too. shadow: calls are judged and logged, nobody is
challenged or rejected. on: as configured again; also after the rate guard has switched to shadow. No restart
is needed. Other servers of the call database follow as soon as it can be reached."""

SUMMARIES = {
    "status": "how the switch stands, since when and why",
    "on": "screen calls as configured",
    "shadow": "judge and log calls, challenge and reject nobody",
    "off": "bridge every call unheard",
}
SHOWN = 5
"""Earlier throws that `status` shows."""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "switch", "the kill switch, from the next call on", EXAMPLES)
    add_config_option(parser)
    parser.set_defaults(run=run_status)
    actions = parser.add_subparsers(dest="action", metavar="status|on|shadow|off")
    for name, summary in SUMMARIES.items():
        action = actions.add_parser(name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}.")
        add_config_option(action, default=argparse.SUPPRESS)
        action.set_defaults(run=run_status if name == "status" else run_throw)
        if name != "status":
            action.add_argument("--note", default="", metavar="TEXT", help="why, for `switch status`")


def run_status(args: argparse.Namespace) -> int:
    """How the switch stands on this machine, and how it stood before."""
    from silentspam import assembly
    from silentspam.errors import CallLogError, GateError
    from silentspam.gate.file import read

    config, code = configuration(args), 0
    try:
        gate = read(Path(config.gate.folder))
    except GateError as error:
        print(f"silentspam switch: calls are screened as configured: {error}", file=sys.stderr)
        gate, code = None, 1
    event = gate.header.switch if gate else None
    print(_told(config, event))
    if gate and gate.header.waiting:
        print(f"{len(gate.header.waiting)} changes wait for the call database")
    with suppress(CallLogError):
        earlier = [one for one in assembly.gate_tables(config).switch_events() if one != event]
        for one in reversed(earlier[-SHOWN:]):
            print(f"before: {_by_whom(one)}")
    return code


def run_throw(args: argparse.Namespace) -> int:
    """Throw the switch: on this machine first, then for all. Exit code 1 when it is not in force here."""
    from silentspam import assembly, gatekeeping
    from silentspam.errors import CallLogError, GateError
    from silentspam.gate.listing import note
    from silentspam.gate.terms import SwitchCause, SwitchEvent, SwitchState
    from silentspam.registry.registry import current_user

    config = configuration(args)
    event = SwitchEvent(
        state=SwitchState(args.action.upper()),
        cause=SwitchCause.OPERATOR,
        changed_at=time.time(),
        changed_by=current_user(),
        note=note(args.note),
    )
    try:
        print(_told(config, gatekeeping.throw_switch(config, event)), flush=True)
    except GateError as error:
        return _throw_elsewhere(config, event, error)
    try:
        assembly.publish_gate(config)
    except CallLogError as error:
        print(f"silentspam switch: in force here, and nowhere else yet: {error}", file=sys.stderr)
    return 0


def _throw_elsewhere(config: "Config", event: "SwitchEvent", error: Exception) -> int:
    from silentspam import assembly, gatekeeping
    from silentspam.errors import CallLogError

    here = f"NOT in force on this machine, its calls go on as before: {error}"
    print(f"silentspam switch: {here}", file=sys.stderr)
    try:
        gatekeeping.throw_switch_elsewhere(config, assembly.gate_tables(config), event)
    except CallLogError as trouble:
        print(f"silentspam switch: nor anywhere else: {trouble}", file=sys.stderr)
        return 1
    others = f"{event.state} is in the call database: other servers follow"
    print(f"silentspam switch: {others}, this one as soon as its file can be written", file=sys.stderr)
    return 1


def _told(config: "Config", event: "SwitchEvent | None") -> str:
    state = "ON" if event is None else event.state
    meaning = {
        "ON": f"calls are screened as configured (mode: {config.mode})",
        "SHADOW": "calls are judged and logged, nobody is challenged or rejected",
        "OFF": "every call is bridged unheard",
    }[state]
    return f"{state}: {meaning}" + ("" if event is None else f"\nswitched {_by_whom(event)}")


def _by_whom(event: "SwitchEvent") -> str:
    from silentspam.explain import when

    said = f": {event.note}" if event.note else ""
    return printable(f"{event.state} by {event.changed_by}, {when(event.changed_at)}{said}")
