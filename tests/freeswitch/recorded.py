"""Recorded sessions of a real FreeSWITCH, and templates of what it said in them.

A template is one event as it came, with places in it for what differs from call to call: ids, numbers, times
and the channel variables that a program or the dialplan set. Seconds are since the program accepted.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote, unquote

FOLDER = Path(__file__).with_name("recordings")
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.txt")))
OUTBOUND = tuple(name for name in NAMES if name != "inbound_esl_park")

SAFE = "!$'()*,-./_~"
"""What FreeSWITCH leaves as it is in a value, beside letters and digits (src: SWITCH_URL_UNSAFE)."""

OF_THE_PROGRAM = frozenset(
    (
        "fwscreen_stage",
        "RECORD_READ_ONLY",
        "RECORD_MIN_SEC",
        "continue_on_fail",
        "hangup_after_bridge",
        "ivr_digit",
    )
)
"""Variables of the recorded program and of its dialplan: another program sets its own."""
OF_THE_CALL = frozenset(
    (
        "DIALSTATUS",
        "hangup_cause_q850",
        "originate_disposition",
        "originate_failed_cause",
        "playback_ms",
        "playback_samples",
        "playback_seconds",
        "read_result",
        "record_file_size",
        "record_ms",
        "record_samples",
        "record_seconds",
        "sip_hangup_disposition",
    )
)
"""Variables that the replay sets as the call goes on."""
TIMES = re.compile(
    r"(?:(?:Caller|Channel)-(?:Channel-)(Created|Answered|Progress|Progress-Media|Bridged|Hangup)-Time"
    r"|(?:Caller|Channel)-Profile-(Created)-Time|variable_(start|answer|bridge|progress|end)_u?epoch)$"
)
MARK = "\x01{}\x02"
PLACES = {
    "Application": "application",
    "Application-Data": "argument",
    "Application-UUID": "application_uuid",
    "Application-Response": "response",
    "variable_current_application": "application",
    "variable_current_application_data": "argument",
    "variable_current_application_response": "response",
    "Hangup-Cause": "cause",
    "variable_hangup_cause": "cause",
    "DTMF-Digit": "key",
    "Answer-State": "answer_state",
    "variable_endpoint_disposition": "endpoint",
    "Event-Date-Timestamp": "now",
    "ID-Number": "number",
    "ID-Name": "name",
    "ANI": "number",
    "Username": "number",
    "Destination-Number": "dnis",
    "variable_sip_from_user": "number",
    "variable_sip_from_display": "name",
}
"""Headers by what their value is replaced with; those of a caller without what OF_THE_CALLER takes off."""
OF_THE_CALLER = re.compile(r"^(?:Caller|Channel)-(?:Orig-)?(?:Caller-(?=ID-))?")


@dataclass(frozen=True)
class Chunk:
    """Some bytes of one side: `<` FreeSWITCH, `>` the program, `#` a note."""

    side: str
    seconds: float
    content: bytes


@dataclass(frozen=True)
class Said:
    """One whole frame of FreeSWITCH: its headers, and its body's (of an event), decoded."""

    seconds: float
    head: bytes
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """An event's own headers, or else the frame's."""
        return fields(self.body if b"Event-Name: " in self.body else self.head)


@cache
def chunks(name: str) -> tuple[Chunk, ...]:
    """A recording as it was made (recordings/README.md gives its format)."""
    content, found, begin = (FOLDER / f"{name}.txt").read_bytes(), [], 0
    while begin < len(content):
        end = content.index(b"\n", begin)
        side, seconds, length = content[begin:end].split(b" ")
        begin = end + 1 + int(length)
        found.append(Chunk(side.decode(), float(seconds), content[end + 1 : begin]))
        begin += 1
    return tuple(found)


def frames(received: bytes, seconds: float = 0.0) -> Iterator[tuple[Said, int]]:
    """The whole frames of what was received, each with where it ends."""
    begin = 0
    while (end := received.find(b"\n\n", begin)) >= 0:
        length = re.search(rb"^Content-Length: (\d+)", received[begin:end], re.MULTILINE)
        body_end = end + 2 + (int(length[1]) if length else 0)
        if len(received) < body_end:
            return
        yield Said(seconds, received[begin:end], received[end + 2 : body_end]), body_end
        begin = body_end


@cache
def said(name: str) -> tuple[Said, ...]:
    """What FreeSWITCH said in a recording, frame by frame."""
    found: list[Said] = []
    received = b""
    for chunk in chunks(name):
        if chunk.side == "<":
            received += chunk.content
            whole = list(frames(received, chunk.seconds))
            found.extend(frame for frame, _ in whole)
            received = received[whole[-1][1] if whole else 0 :]
    return tuple(found)


def fields(block: bytes) -> dict[str, str]:
    """Headers by their names, decoded."""
    lines = (line.partition(": ") for line in block.decode("utf-8", "replace").split("\n") if line)
    return {name: unquote(value) for name, _, value in lines}


def encoded(value: str) -> str:
    """A value as FreeSWITCH writes it in a header."""
    return quote(value, safe=SAFE)


@dataclass(frozen=True)
class Facts:
    """What a template is filled with. times [s since the epoch] by the names in TIMES; variables encoded."""

    uuid: str
    number: str
    name: str
    dnis: str
    rdnis: str = ""
    application: str = ""
    argument: str = ""
    application_uuid: str = ""
    response: str = ""
    cause: str = ""
    key: str = ""
    answer_state: str = ""
    endpoint: str = ""
    times: Mapping[str, float] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


class Template:
    """One recorded block of headers to be said again with other facts."""

    def __init__(self, block: bytes) -> None:
        recorded = fields(block)
        self.headers = recorded
        lines = []
        self._names: set[str] = set()
        for line in block.decode().split("\n"):
            name, _, value = line.partition(": ")
            if name and name.removeprefix("variable_") not in OF_THE_PROGRAM | OF_THE_CALL:
                self._names.add(name)
                lasting = name.startswith("variable_current_") and "Application" not in recorded
                lines.append(f"{name}: {value if lasting else self._place(name, value)}\n")
        text = "".join(lines).replace(recorded.get("Unique-ID", "\x00"), MARK.format("uuid"))
        self._has_variables = any(name.startswith("variable_") for name in recorded)
        self._parts = re.split("\x01(.*?)\x02", text)

    @staticmethod
    def _place(name: str, value: str) -> str:
        if TIMES.fullmatch(name):
            return value if value == "0" else MARK.format(name)
        marked = PLACES.get(name) or PLACES.get(OF_THE_CALLER.sub("", name))
        return MARK.format(marked) if marked else value

    def fill(self, facts: Facts) -> bytes:
        """The block with these facts, and the variables that are set now; no empty line at its end."""
        parts = list(self._parts)
        for place in range(1, len(parts), 2):
            parts[place] = _value(parts[place], facts)
        text = "".join(parts)
        for name in ("Application-Data", "variable_current_application_data"):
            if not facts.argument:
                text = text.replace(f"\n{name}: \n", "\n")
        added = [f"Caller-RDNIS: {encoded(facts.rdnis)}\n"] if facts.rdnis else []
        for name, value in facts.variables.items() if self._has_variables else ():
            header = f"variable_{name}"
            if header in self._names:
                text = re.sub(rf"(?m)^{re.escape(header)}: .*\n", "", text)
            if value:
                added.append(f"{header}: {value}\n")
        return (text + "".join(added)).encode()


def _value(place: str, facts: Facts) -> str:
    if place == "now":
        return str(round(facts.times.get("now", 0.0) * 1e6))
    if (times := TIMES.fullmatch(place)) is not None:
        found = next(filter(None, times.groups())).lower()
        seconds = facts.times.get(KINDS_OF_TIME.get(found, found), 0.0)
        return str(int(seconds)) if place.endswith("_epoch") else str(round(seconds * 1e6))
    value: str = getattr(facts, place)
    return encoded(value)


KINDS_OF_TIME = {
    "created": "start",
    "answered": "answer",
    "bridged": "bridge",
    "hangup": "end",
    "progress-media": "media",
}


class Library:
    """Templates by recording, event and application."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], Template] = {}
        self.announcements: dict[str, Template] = {}
        for name in OUTBOUND:
            for frame in said(name):
                headers = frame.headers
                event = headers.get("Event-Name", "")
                if event == "CHANNEL_DATA":
                    self.announcements[name] = Template(frame.head)
                elif event:
                    key = (name, event, headers.get("Application", ""))
                    self._found.setdefault(key, Template(frame.body.rstrip(b"\n")))
                    if event == "CHANNEL_STATE":
                        key = (name, event, headers["Channel-State"])
                        self._found.setdefault(key, Template(frame.body.rstrip(b"\n")))

    def find(self, event: str, application: str = "", *, recordings: tuple[str, ...]) -> Template:
        """The template of an event, from the first of these recordings that has it."""
        for name in recordings:
            if (found := self._found.get((name, event, application))) is not None:
                return found
        raise LookupError(f"{event} {application} is in none of {recordings}")


@cache
def library() -> Library:
    """All templates, read once."""
    return Library()
