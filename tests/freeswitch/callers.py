"""A call by script for the replaying FreeSWITCH: what caller and agent do, and what the caller noticed.

Seconds are the caller's, from the moment that is named; a replay that runs faster divides them.
"""

import enum
import threading
import uuid
from dataclasses import dataclass, field, replace


class Moment(enum.Enum):
    """From when the seconds count until the caller leaves."""

    ARRIVAL = "arrival"
    ANNOUNCED = "announced"
    ANSWER = "answer"
    RECORDING = "recording"
    QUESTION = "question"
    AGENT_RINGS = "agent rings"
    BRIDGED = "bridged"


class Fate(enum.Enum):
    """What becomes of the dialplan's bridge: the recording of it, its originate_disposition, DIALSTATUS.

    Measured: the first four and NOBODY's and UNKNOWN's DIALSTATUS; UNKNOWN is SIP 404, DECLINES 603.
    """

    AGENT_ENDS = ("bridged_human", "SUCCESS", "SUCCESS")
    CALLER_ENDS = ("bridged_human_caller_hangs", "SUCCESS", "SUCCESS")
    BUSY = ("agent_busy", "USER_BUSY", "BUSY")
    NO_ANSWER = ("agent_no_answer", "NO_ANSWER", "NOANSWER")
    DECLINES = ("agent_busy", "CALL_REJECTED", "DONTCALL")
    UNKNOWN = ("agent_busy", "UNALLOCATED_NUMBER", "UNALLOCATED_NUMBER")
    NOBODY = ("agent_busy", "NORMAL_TEMPORARY_FAILURE", "NORMAL_TEMPORARY_FAILURE")

    @property
    def recording(self) -> str:
        return self.value[0]

    @property
    def disposition(self) -> str:
        return self.value[1]

    @property
    def dialstatus(self) -> str:
        return self.value[2]

    @property
    def answers(self) -> bool:
        return self in (Fate.AGENT_ENDS, Fate.CALLER_ENDS)


@dataclass(frozen=True, kw_only=True)
class Agent:
    """rings: so long until the fate comes about; talks: so long with the caller [s]."""

    fate: Fate = Fate.AGENT_ENDS
    rings: float = 0.3
    talks: float = 2.0


RIGHT = "the digit asked"
WRONG = "another digit"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """One call.

    opening: the codes [mu-law] that are sent from the recording on; None: no RTP. answers: what is pressed at
    each question and how many seconds after it begins, None for nothing: a key, or RIGHT or WRONG for a
    question whose sound is named NAME-DIGIT. early_keys: pressed so long after the recording begins. leaves:
    so many seconds after a moment. variables: as the dialplan sets them. headers: more of the
    announcement, as raw lines. recording: whose events are replayed wherever it has them. guard_seconds: of
    the dialplan's sched_transfer; 0 for a dialplan without one.
    """

    opening: bytes | None = b""
    number: str = "5551234"
    name: str = "cid"
    dnis: str = "2000"
    answers: tuple[tuple[float, str] | None, ...] = ()
    early_keys: tuple[tuple[float, str], ...] = ()
    leaves: tuple[Moment, float] | None = None
    agent: Agent = field(default_factory=Agent)
    variables: dict[str, str] = field(default_factory=dict)
    headers: bytes = b""
    recording: str = ""
    guard_seconds: float = 15.0

    def with_variables(self, variables: dict[str, str]) -> "Caller":
        """The same, with these variables where it has none of the name."""
        return replace(self, variables=variables | self.variables)


class Heard(enum.StrEnum):
    """What a caller notices."""

    RINGING = "ringing"
    ANSWERED = "answered"
    EARLY_MEDIA = "early media"
    TONE = "ring tone"
    SILENCE = "silence"
    SOUND = "sound"
    NO_SOUND = "no sound"
    AGENT_RINGS = "agent rings"
    WITH_AGENT = "with the agent"
    FAILED = "agent not reached"
    HUNG_UP = "hung up"
    LEFT = "left"
    LOST = "switch died"


@dataclass
class Outcome:
    """What came of a call; `over` is set when it has ended.

    noticed: seconds since it came in, what, details. commands: what the program sent. connected: it was
    there. announced: it said `connect`. left: when it closed its connection before the end of the call [s].
    guard_fired: the dialplan's guard took the call. late: applications that the program ran when the dialplan
    had the call back. stuck: seconds between a program that was gone and the guard that helped. sent: bytes
    to the program. recorded: files and their samples.
    """

    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    noticed: list[tuple[float, Heard, str]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    connected: bool = False
    announced: bool = False
    left: float | None = None
    guard_fired: bool = False
    late: list[str] = field(default_factory=list)
    stuck: float = 0.0
    sent: int = 0
    recorded: list[tuple[str, int]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def wait(self, seconds: float = 60.0) -> "Outcome":
        """Wait for the call's end. Raises TimeoutError."""
        if not self.over.wait(seconds):
            raise TimeoutError(f"the call has not ended: {self.noticed} {self.commands[-3:]}")
        return self

    def heard(self, what: Heard) -> list[tuple[float, str]]:
        """When the caller noticed it, and its details."""
        return [(seconds, details) for seconds, heard, details in self.noticed if heard is what]

    @property
    def reached_agent(self) -> bool:
        """Whether the caller came as far as the agent's telephone."""
        return bool(self.heard(Heard.AGENT_RINGS))

    @property
    def hung_up_with(self) -> str | None:
        """The cause with which the program ended the call."""
        found = self.heard(Heard.HUNG_UP)
        return found[-1][1] if found else None

    @property
    def applications(self) -> list[str]:
        """The applications that the program ran, in order."""
        lines = [line for command in self.commands for line in command.split("\n")]
        return [line.partition(": ")[2] for line in lines if line.startswith("execute-app-name: ")]
