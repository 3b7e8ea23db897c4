"""What `silentspam check` has to say of the lines that an admin has put into FreeSWITCH's dialplan.

The XML is read as text: it is no document of its own before FreeSWITCH has put the files together.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from silentspam.cli.doctor import GOOD, WARNING, Finding, fault
from silentspam.cli.freeswitch_files import DIALPLAN, PORT, without_comments
from silentspam.config import Config
from silentspam.variables import GUARD, STARTED_AT

_EXTENSION = re.compile(r"<extension\b[^>]*>.*?</extension>", re.DOTALL)
_ACTION = re.compile(r"""<(?:anti-)?action\b((?:[^>"']|"[^"]*"|'[^']*')*)>""")
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_NUMBER = re.compile(r'field="destination_number"\s+expression="([^"]*)"')
_INCLUDED = re.compile(r'<X-PRE-PROCESS\s+cmd="include"\s+data="[^"]*/\*\.xml"\s*/>')
_GUARD = re.compile(r"\+\d+\s+(\S+)\s+XML\s+(\S+)")
_SET = re.compile(rf"{GUARD}=([^;]*)")
_TO_AN_AGENT = frozenset({"bridge", "callcenter", "fifo"})
_ELSEWHERE = frozenset({"transfer", "execute_extension"})
"""Applications after which only FreeSWITCH could tell whether the guard is taken off."""


@dataclass(frozen=True)
class Extension:
    """One of a file, as it stands there."""

    path: Path
    text: str

    @property
    def actions(self) -> list[tuple[str, str]]:
        """Application and data of each, in order."""
        found = [
            {name: html.unescape(double or single) for name, double, single in _ATTRIBUTE.findall(one)}
            for one in _ACTION.findall(self.text)
        ]
        return [(one.get("application", ""), one.get("data", "")) for one in found]

    def takes(self, number: str) -> bool:
        """Whether a call to a number ends up here; False where only FreeSWITCH could tell."""
        if re.match(r'<extension\b[^>]*continue="true"', self.text):
            return False
        try:
            return any(re.search(html.unescape(one), number) for one in _NUMBER.findall(self.text))
        except re.error:
            return False


def lines(config: Config, etc: Path) -> Iterator[Finding]:
    """Whether an extension of the admin's asks us, with a guard before and a place for the guard to go."""
    port = config.freeswitch.port or PORT
    files = sorted((etc / "dialplan").rglob("*.xml"))
    asking = [one for path in files for one in _extensions(path, _read(path)) if _asks(one, port)]
    if not asking:
        yield Finding(
            WARNING,
            f"{etc / 'dialplan'}: no line hands a call to port {port}",
            f"before your bridge the four lines at the head of {DIALPLAN}",
        )
    for one in asking:
        yield from _examine(one, port, etc)


def _asks(extension: Extension, port: int) -> bool:
    return any(_is_ours(*action, port) for action in extension.actions)


def _is_ours(application: str, data: str, port: int) -> bool:
    return application == "socket" and data.split(" ")[0].endswith(f":{port}")


def _examine(extension: Extension, port: int, etc: Path) -> Iterator[Finding]:
    actions = extension.actions
    place = next(n for n, action in enumerate(actions) if _is_ours(*action, port))
    before, argument = actions[:place], actions[place][1]
    where = f"{extension.path}: socket {argument}"
    guard = next((data for application, data in before if application == "sched_transfer"), None)
    if any("socket_resume=true" in data for _, data in before):
        yield fault(
            f"{where} with socket_resume=true: an agent is cut off when the program leaves", "take it out"
        )
    if not {"async", "full"} <= set(argument.split(" ")[1:]):
        yield fault(f"{where}: not `async full`: every call fails open", "add both words")
    if guard is None:
        yield fault(
            f"{where} without a guard: a server that hangs keeps its callers",
            "before it: sched_transfer +15 agent XML public",
        )
        return
    yield from _guard_taken_off(where, actions[place + 1 :])
    if not any(f"{STARTED_AT}=" in data for _, data in before):
        yield Finding(
            WARNING,
            f"{where}: {STARTED_AT} is not set: calls that come while the server is away have no row",
            f"the first of the four lines at the head of {DIALPLAN}",
        )
    noted = " ".join(found for _, data in before for found in _SET.findall(data))
    yield from _guard(f"{where}: the guard {guard}", guard.replace(f"${{{GUARD}}}", noted), noted, etc)
    for application, data in before:
        if application == "execute_extension" and data.startswith("silentspam_note XML "):
            yield from _note(extension.path, etc, data.split()[2])


def _guard_taken_off(where: str, after: list[tuple[str, str]]) -> Iterator[Finding]:
    """Whether a caller who talks with an agent is safe from the guard, also where no server took it off."""
    for application, data in after:
        if application == "sched_cancel" or "sched_del" in data or application in _ELSEWHERE:
            return
        if application in _TO_AN_AGENT:
            break
    yield fault(
        f"{where}: no sched_cancel before the agent: the guard cuts off who talks while the server is away",
        "between the socket and your bridge: sched_cancel",
    )


def _guard(where: str, guard: str, noted: str, etc: Path) -> Iterator[Finding]:
    """Whether the guard's place is there, and known for the time of a challenge."""
    target = _GUARD.fullmatch(guard.strip())
    if target is None:
        yield Finding(WARNING, f"{where}: not read here", "as in: sched_transfer +15 agent XML public")
        return
    number, context = target.groups()
    if not any(one.takes(number) for one in _of_context(etc, context)):
        yield fault(
            f"{where}: no extension of context {context} takes {number}: it would end the call",
            f"an extension with destination_number ^{number}$ and your bridge",
        )
    elif noted.strip() != f"{number} XML {context}":
        yield Finding(
            WARNING,
            f"{where}: {GUARD} is {noted.strip() or 'not set'}: no guard while a caller is asked",
            f"set it to {number} XML {context} before the socket",
        )
    else:
        yield Finding(GOOD, f"{where}: goes to an extension that is there")


def _note(path: Path, etc: Path, context: str) -> Iterator[Finding]:
    """An extension that takes every number would take the call away from where the note is asked for."""
    first = next((one for one in _of_context(etc, context) if one.takes("silentspam_note")), None)
    if first is not None and first.path.name != DIALPLAN:
        yield fault(
            f"{path}: silentspam_note is taken by an extension of {first.path}, and the call with it",
            f"put that behind {DIALPLAN}, or take the line out: it is for the log alone",
        )


def _of_context(etc: Path, context: str) -> list[Extension]:
    """The extensions of a context in the order of FreeSWITCH: its file, and where that says so its folder."""
    path = etc / "dialplan" / f"{context}.xml"
    head, *tail = _INCLUDED.split(_read(path), maxsplit=1)
    found = _extensions(path, head)
    for included in sorted((etc / "dialplan" / context).glob("*.xml")):
        found += _extensions(included, _read(included))
    return found + [one for text in tail for one in _extensions(path, text)]


def _extensions(path: Path, text: str) -> list[Extension]:
    return [Extension(path, one) for one in _EXTENSION.findall(text)]


def _read(path: Path) -> str:
    try:
        return without_comments(path.read_text("utf-8", "replace"))
    except OSError:
        return ""
