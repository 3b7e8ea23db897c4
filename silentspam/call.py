"""One inbound call in values: who called, how it was judged, how it ended.

Times are seconds since the Unix epoch. The dispositions are the call results of Orife et al. 2018, Table 3,
and its rejections; `failed_open` stands beside a disposition, never in place of one.
"""

import enum
import uuid
from dataclasses import dataclass

CALLER_TEXT_LIMIT = 256
"""Characters kept of anything a caller can set: enough for every real name and number."""


def caller_text(value: str) -> str:
    """What a caller can set, fit for the log: printable characters, at most `CALLER_TEXT_LIMIT` of them."""
    text = value[:CALLER_TEXT_LIMIT]
    return text if text.isprintable() else "".join(c for c in text if c.isprintable())


class Mode(enum.StrEnum):
    """Whether judgements have effects.

    `enforce` challenges suspects; `shadow` judges and logs, and bridges every call; `collect` judges nothing
    and bridges every call: it gathers openings, some of them with a challenge's answer (section 5).
    """

    ENFORCE = "enforce"
    SHADOW = "shadow"
    COLLECT = "collect"


class VerdictKind(enum.StrEnum):
    """What the opening of a call sounds like (Table 2, and the calls that cannot be judged)."""

    HAM = "HAM"
    CALLER_SILENCE = "CALLER_SILENCE"
    CALLER_FAX = "CALLER_FAX"
    CALLER_RECORDING = "CALLER_RECORDING"
    CALLER_NOISE = "CALLER_NOISE"
    CALLER_BUSY = "CALLER_BUSY"
    INCONCLUSIVE = "INCONCLUSIVE"


class Decision(enum.StrEnum):
    """What the screener asks of the switch."""

    BRIDGE = "BRIDGE"
    CHALLENGE = "CHALLENGE"
    REJECT = "REJECT"


class ChallengeResult(enum.StrEnum):
    """How the IVR Turing test ended."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    ABANDONED = "ABANDONED"


class ChallengeCause(enum.StrEnum):
    """Why a call was challenged, the strongest evidence first.

    LINE: it came on a line whose calls failed the challenge. SUSPICION: the model's. BURST: several calls of
    one line, none of them asked yet. EXPLORATION: the lot fell on it.
    """

    LINE = "LINE"
    SUSPICION = "SUSPICION"
    BURST = "BURST"
    EXPLORATION = "EXPLORATION"


class GateCause(enum.StrEnum):
    """Why a call was decided before any audio: bridged unheard, or (BLOCKED) rejected unheard.

    EMERGENCY: an emergency number calls or is called, or the switch says that it is a callback of public
    safety (RFC 7090). PUBLIC_SAFETY, PERMITTED, BLOCKED: the number stands in that list. PASSED: its caller
    passed a challenge lately. DNIS_OFF, SWITCHED_OFF: the number called, or everything, is not screened now.
    """

    EMERGENCY = "EMERGENCY"
    PUBLIC_SAFETY = "PUBLIC_SAFETY"
    PERMITTED = "PERMITTED"
    PASSED = "PASSED"
    BLOCKED = "BLOCKED"
    DNIS_OFF = "DNIS_OFF"
    SWITCHED_OFF = "SWITCHED_OFF"


class Disposition(enum.StrEnum):
    """The result of a call: Table 3, then the rejections."""

    BRIDGED = "BRIDGED"
    BRIDGE_ABANDON = "BRIDGE_ABANDON"
    BRIDGE_TIMEOUT = "BRIDGE_TIMEOUT"
    BRIDGE_OUT_OF_SERVICE = "BRIDGE_OUT_OF_SERVICE"
    NO_ELIGIBLE_AGENTS = "NO_ELIGIBLE_AGENTS"
    IVR_ABANDON = "IVR_ABANDON"
    SCREEN_ABANDON = "SCREEN_ABANDON"
    REJECTED_CALLER_SILENCE = "REJECTED_CALLER_SILENCE"
    REJECTED_CALLER_FAX = "REJECTED_CALLER_FAX"
    REJECTED_CALLER_RECORDING = "REJECTED_CALLER_RECORDING"
    REJECTED_CALLER_NOISE = "REJECTED_CALLER_NOISE"
    REJECTED_CALLER_BUSY = "REJECTED_CALLER_BUSY"
    REJECTED_BLOCKED = "REJECTED_BLOCKED"


class EndedBy(enum.StrEnum):
    """Who ended the call (Table 3): the caller, the agent, or the application."""

    CALLER = "CALLER"
    AGENT = "AGENT"
    APP = "APP"


@dataclass(frozen=True, kw_only=True)
class Call:
    """An inbound call as the switch announces it.

    `ani` is the number the network bills (Automatic Number Identification), `caller_id` the number the
    caller presents: the second is easily spoofed, so the two are kept apart. `call_id` is ours and names
    the recording; no path is ever built from what a caller can set. `emergency`: the switch announces a call
    of public safety (RFC 7090, RFC 7135); the call log has it as the cause of a passage.
    """

    call_id: str
    started_at: float
    uniqueid: str = ""
    channel: str = ""
    ani: str = ""
    caller_id: str = ""
    caller_name: str = ""
    dnis: str = ""
    emergency: bool = False

    @staticmethod
    def new_id() -> str:
        """A fresh call id: a random UUID in its canonical form."""
        return str(uuid.uuid4())


@dataclass(kw_only=True)
class CallRecord:
    """Everything the screening learns of one call: a row of the call log in the making.

    The one value here that grows: `screen_call` fills it stage by stage, so that a call which breaks off
    still leaves what was known. `challenge_probability` is the chance, 0…1, with which such a call is
    challenged: 1 for a suspect, the share of exploration for the rest; labels are weighted by it. The shadow_
    fields are what a model in trial thought of the call afterwards: they change nothing. `embedding` is where
    the opening lies in the space of lines (packed), the line_ fields are the line it was taken for;
    `held_back` is why it would have been challenged, had the budget of false challenges allowed it.
    `screener` is the server that screened it; `mode_reason` why its mode is not that of the configuration.
    `unheard` are kinds of SPAM that could not be listened for, which the reasons tell too.
    The redress_ fields are for a caller who was rejected: when, why, and whom to ask; `hangup_with` is what
    the rejection was told the network as.
    """

    call: Call
    mode: str = Mode.ENFORCE
    answered_at: float | None = None
    recorded_at: float | None = None
    judged_at: float | None = None
    challenged_at: float | None = None
    screened_at: float | None = None
    recording: str | None = None
    recorded_seconds: float | None = None
    digital_silence_share: float | None = None
    verdict: str | None = None
    kind_probabilities: tuple[tuple[str, float], ...] = ()
    spam_probability: float | None = None
    threshold: float | None = None
    model_id: str | None = None
    reasons: tuple[str, ...] = ()
    decision: Decision | None = None
    challenge_cause: ChallengeCause | None = None
    challenge_probability: float | None = None
    challenge_result: ChallengeResult | None = None
    challenge_attempts: tuple[str, ...] = ()
    disposition: str | None = None
    ended_by: EndedBy | None = None
    failed_open: bool = False
    failed_open_cause: str | None = None
    shadow_model_id: str | None = None
    shadow_verdict: str | None = None
    shadow_probability: float | None = None
    shadow_threshold: float | None = None
    level_dbfs: float | None = None
    space_id: str | None = None
    embedding: str | None = None
    line_id: str | None = None
    line_state: str | None = None
    line_score: float | None = None
    line_threshold: float | None = None
    held_back: ChallengeCause | None = None
    gate_cause: GateCause | None = None
    mode_reason: str | None = None
    unheard: tuple[str, ...] = ()
    screener: str | None = None
    agent: str | None = None
    redress_at: float | None = None
    redress_reason: str | None = None
    redress_contact: str | None = None
    hangup_with: str | None = None


@dataclass(frozen=True, kw_only=True)
class CallSpeech:
    """What the caller's leg of a finished call held: measured after the call, never on its path.

    caller_speech_seconds: the Caller Speech of Orife et al. 2018, section 5, by the detector of that name;
    caller_leg_seconds: how much of the leg there was to listen to.
    """

    call_id: str
    caller_speech_seconds: float
    caller_leg_seconds: float
    speech_detector: str


@dataclass(frozen=True, kw_only=True)
class CallProvenance:
    """Where a call came from by its audio (US 9,516,497 B2): analysed after it was heard, off its path.

    basis: which audio, the caller's `side` or the `opening`; seconds of it were analysed. analysis: what was
    found, a JSON object; fingerprint: what its line is known again by, a JSON object. line_name is the known
    line that it came on, by a likelihood ratio of exp(line_score), and line_listing what that line is listed
    as. risk: 0…1, None where nothing was claimed. alerts and reasons are in words; fault is why there is
    nothing else.
    """

    call_id: str
    analysed_at: float
    basis: str
    seconds: float | None = None
    loss_rate: float | None = None
    concealed_rate: float | None = None
    last_codec: str | None = None
    signature: tuple[str, ...] = ()
    analysis: str | None = None
    fingerprint: str | None = None
    line_name: str | None = None
    line_score: float | None = None
    line_listing: str | None = None
    risk: float | None = None
    alerts: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    fault: str | None = None


@dataclass(frozen=True, kw_only=True)
class CallEnd:
    """How a call ended, as the switch knows it after the caller's channel is gone.

    It repeats what the screener left on the channel, for the case that the screener's own half is lost.
    """

    call: Call
    ended_at: float
    bridged_at: float | None = None
    verdict: str | None = None
    spam_probability: float | None = None
    challenge_result: ChallengeResult | None = None
    disposition: str | None = None
    ended_by: EndedBy | None = None
    hangup_cause: int | None = None
    failed_open: bool = False
    failed_open_cause: str | None = None
