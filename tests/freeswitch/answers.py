"""What a command of the event socket is answered: the texts are those of FreeSWITCH's source.

(src) mod_event_socket.c, mod_commands.c: read, but for those of `sendmsg`, `linger`, `myevents`, `auth` and
`events plain`, which the recordings have.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.freeswitch.leg import Leg

SETVAR_MULTI = "-USAGE: <uuid> <var>=<value>;<var>=<value>...\n"
SCHED_TRANSFER = "-USAGE: [+]<time> <uuid> <extension> [<dialplan>] [<context>]\n"
NO_CHANNEL = "-ERR No such channel!\n"
VARIABLES_AT_ONCE = 64

Find = Callable[[str], "Leg | None"]


def reply(text: str) -> bytes:
    return f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode()


def api_response(text: str) -> bytes:
    body = text.encode()
    return b"Content-Type: api/response\nContent-Length: %d\n\n" % len(body) + body


def event(block: bytes) -> bytes:
    """An event as it is sent: a block of headers, and the empty line at its end."""
    body = block.rstrip(b"\n") + b"\n\n"
    return b"Content-Length: %d\nContent-Type: text/event-plain\n\n" % len(body) + body


def disconnect(uuid: str, *, linger: int | None = None) -> bytes:
    """The notice that a session is over: of its linger, or of its end."""
    head = f"Content-Type: text/disconnect-notice\nControlled-Session-UUID: {uuid}\n"
    if linger is not None:
        return f"{head}Content-Disposition: linger\nLinger-Time: {linger}\nContent-Length: 0\n\n".encode()
    body = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
    return f"{head}Content-Disposition: disconnect\nContent-Length: {len(body)}\n\n{body}".encode()


def api(command: str, find: Find, *, none_deleted: str) -> str:
    """Run an api command; what it prints. none_deleted: what sched_del prints when there was no task."""
    name, _, argument = command.partition(" ")
    if (run := COMMANDS.get(name)) is None:
        return f"-ERR {name} Command not found!\n"
    if name == "sched_del":
        leg = find(argument)
        deleted = leg.cancel_tasks() if leg else 0
        return f"+OK Deleted: {deleted}\n" if deleted else none_deleted
    return run(argument, find)


def _setvar_multi(argument: str, find: Find) -> str:
    uuid, _, pairs = argument.partition(" ")
    if not pairs:
        return SETVAR_MULTI
    if (leg := find(uuid)) is None:
        return NO_CHANNEL + SETVAR_MULTI
    for pair in pairs.split(";")[:VARIABLES_AT_ONCE]:
        name, _, value = pair.strip(" ").partition("=")
        if not name:
            return "-ERR No variable specified\n+OK\n"
        leg.set_variable(name, _unquoted(value))
    return "+OK\n"


def _unquoted(value: str) -> str:
    """Quotes and backslashes go, as in switch_separate_string."""
    return re.sub(r"\\(.)", r"\1", value.replace("'", "")).strip(" ")


def _setvar(argument: str, find: Find) -> str:
    uuid, name, value = (*argument.split(" ", 2), "", "")[:3]
    if not name:
        return "-USAGE: <uuid> <var> [value]\n"
    if (leg := find(uuid)) is None:
        return NO_CHANNEL
    leg.set_variable(name, value)
    return "+OK\n"


def _getvar(argument: str, find: Find) -> str:
    uuid, _, name = argument.partition(" ")
    if (leg := find(uuid)) is None:
        return "-ERR No Such Channel!\n"
    return leg.variables.get(name) or "_undef_"


def _sched_transfer(argument: str, find: Find) -> str:
    words = argument.split()
    if not 2 <= len(words) <= 5:
        return SCHED_TRANSFER
    if (leg := find(words[1])) is None:
        return "-ERR No Such Channel!\n"
    leg.schedule_guard(float(words[0].removeprefix("+")))
    return "+OK\n"


def _record(argument: str, find: Find) -> str:
    words = argument.split()
    if len(words) < 3 or words[1] not in ("start", "stop"):
        return "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>]\n"
    if (leg := find(words[0])) is None:
        return "-ERR Cannot locate session!\n"
    done = leg.start_recording(words[2]) if words[1] == "start" else leg.stop_recording(words[2])
    return "+OK Success\n" if done else "-ERR Cannot record session!\n"


def _kill(argument: str, find: Find) -> str:
    uuid, _, cause = argument.partition(" ")
    if (leg := find(uuid)) is None:
        return "-ERR No such channel!\n"
    leg.hang_up(cause or "NORMAL_CLEARING")
    return "+OK\n"


def _transfer(argument: str, find: Find) -> str:
    if (leg := find(argument.partition(" ")[0])) is None:
        return "-ERR No Such Channel!\n"
    leg.guard_fires()
    return "+OK\n"


COMMANDS: dict[str, Callable[[str, Find], str]] = {
    "uuid_setvar_multi": _setvar_multi,
    "uuid_setvar": _setvar,
    "uuid_getvar": _getvar,
    "uuid_exists": lambda uuid, find: "true" if find(uuid) else "false",
    "uuid_record": _record,
    "uuid_kill": _kill,
    "uuid_transfer": _transfer,
    "sched_transfer": _sched_transfer,
    "sched_del": lambda _uuid, _find: "",
    "module_exists": lambda _name, _find: "true",
    "version": lambda _argument, _find: "FreeSWITCH Version 1.10.12-release~64bit (a recording of one)\n",
    "status": lambda _argument, _find: "UP 0 years, 0 days, 0 hours, 1 minute, 0 seconds\n",
}
