"""The sections of the configuration file: each key with its type, its range and its default.

`config/silentspam.yaml` documents every key; `tests/test_config.py` keeps the two equal.
"""

from typing import Annotated, Any, Literal

import msgspec

from silentspam.kinds.table import KINDS, SpamKind

Seconds = Annotated[float, msgspec.Meta(gt=0, le=600)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Rate = Annotated[float, msgspec.Meta(gt=0, le=0.5)]
"""Of people who may be challenged by mistake."""
PlainPath = Annotated[str, msgspec.Meta(pattern=r"^/[A-Za-z0-9._/-]*\Z")]
"""A path that stands in the dialplan as an argument: no comma, bracket or space of it could be read there."""
AbsolutePath = Annotated[str, msgspec.Meta(pattern=r"^/[^\x00-\x1f]*\Z")]


Number = Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9]{1,20}\Z")]
"""A telephone number as it stands in a list: digits, perhaps a leading +."""
Address = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Fa-f.:]{2,45}\Z")]
Network = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Fa-f.:]{2,45}(/[0-9]{1,3})?\Z")]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*\Z")]
"""A word of a command that is run without a shell."""
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of the file; an unknown key is refused."""


class CallLogSection(Section, frozen=True):
    """Where the rows go."""

    database: AbsolutePath = "/var/lib/silentspam/calls.db"
    spool: AbsolutePath = "/var/lib/silentspam/spool"
    unlogged: AbsolutePath = "/var/lib/silentspam/unlogged.jsonl"
    busy_seconds: Annotated[float, msgspec.Meta(ge=0, le=60)] = 2.0
    postgres: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)] | None = None


class RecordingSection(Section, frozen=True):
    """How the opening is recorded."""

    folder: AbsolutePath = "/var/lib/silentspam/recordings"
    seconds: Annotated[float, msgspec.Meta(ge=1, le=10)] = 2.0
    ring_tone: Annotated[str, msgspec.Meta(max_length=80, pattern=r"^[0-9A-Za-z+*/!, -]*\Z")] = "ring"


class ModelSection(Section, frozen=True):
    """Which model judges, and when it may."""

    folder: AbsolutePath | None = None
    registry: AbsolutePath = "/var/lib/silentspam/models"
    max_false_challenge_rate: Rate = 0.005
    threshold: Share | None = None
    min_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=10)] = 1.0
    max_digital_silence_share: Share = 0.5


class ChallengeSection(Section, frozen=True):
    """The IVR Turing test."""

    attempts: Annotated[int, msgspec.Meta(ge=1, le=5)] = 2
    key_seconds: Annotated[float, msgspec.Meta(ge=1, le=30)] = 5.0
    prompts: AbsolutePath | None = None
    contact_number: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{0,20}\Z")] = ""


class CollectionSection(Section, frozen=True):
    """What is gathered to label and train on."""

    challenge_share: Share = 0.0
    asked_share: Share = 0.1
    caller_leg: bool = False
    legs: PlainPath = "/var/lib/silentspam/legs"
    keep_legs: bool = False


class LinesSection(Section, frozen=True):
    """Line memory: what is learnt of calls that come on one line."""

    enabled: bool = True
    folder: AbsolutePath = "/var/lib/silentspam/lines"
    exploration_share: Share = 0.002
    suspended_share: Share = 0.2
    trust_passed_hours: Annotated[float, msgspec.Meta(ge=0, le=24 * 365)] = 24.0
    expire_days: Annotated[float, msgspec.Meta(gt=0, le=365)] = 7.0
    max_lines: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1000
    burst_calls: Annotated[int, msgspec.Meta(ge=3, le=50)] = 3
    burst_minutes: Annotated[float, msgspec.Meta(gt=0, le=24 * 60)] = 60.0
    burst_window_calls: Annotated[int, msgspec.Meta(ge=3, le=10_000)] = 1000


class RecordingsSection(Section, frozen=True):
    """Recordings that callers play: where the known ones lie, and how re-plays are found."""

    folder: AbsolutePath | None = None
    learn: bool = True
    window_hours: Annotated[float, msgspec.Meta(gt=0, le=24 * 7)] = 24.0
    window_openings: Annotated[int, msgspec.Meta(ge=10, le=100_000)] = 10_000
    numbers: Annotated[int, msgspec.Meta(ge=2, le=16)] = 3
    failed_challenges: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 3


WEBHOOK = (
    r"^https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
    r"(?:[/?][!-~]*)?\Z"
)
"""A host, a port, and a path: no name and password before the host, which nobody would send as such."""


class ProvenanceSection(Section, frozen=True):
    """Where calls come from: what is analysed of them once they are over, and who is told."""

    enabled: bool = False
    seconds: Annotated[float, msgspec.Meta(ge=5, le=60)] = 15.0
    folder: AbsolutePath = "/var/lib/silentspam/provenance"
    store: AbsolutePath = "/var/lib/silentspam/provenance/lines.db"
    claims: AbsolutePath | None = None
    alert_risk: Share = 0.5
    mark_fraud: bool = True
    webhook: Annotated[str, msgspec.Meta(max_length=1000, pattern=WEBHOOK)] | None = None
    webhook_seconds: Annotated[float, msgspec.Meta(gt=0, le=60)] = 5.0
    webhook_attempts: Annotated[int, msgspec.Meta(ge=1, le=10)] = 3
    asterisk: Annotated[tuple[Word, ...], msgspec.Meta(max_length=20)] = ()


class LimitsSection(Section, frozen=True):
    """How long a caller may be held."""

    screening_seconds: Annotated[float, msgspec.Meta(ge=5, le=600)] = 90.0


class GateSection(Section, frozen=True):
    """What is decided before any audio, and what guards against a bad model."""

    folder: AbsolutePath = "/var/lib/silentspam/gate"
    emergency_numbers: Annotated[tuple[Number, ...], msgspec.Meta(max_length=100)] = ("112", "911", "999")
    guard_calls: Annotated[int, msgspec.Meta(ge=50, le=10_000)] = 200
    guard_challenged_share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5
    guard_false_factor: Annotated[float, msgspec.Meta(ge=1, le=1000)] = 10.0


class RejectionSection(Section, frozen=True):
    """How a rejected call is ended, and what is kept for its caller's redress."""

    hangup_cause: Annotated[int, msgspec.Meta(ge=1, le=127)] = 21
    sip_603: bool = False
    redress_contact: Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\Z")] = ""


class ServerSection(Section, frozen=True):
    """The resident FastAGI server, `silentspam serve`."""

    address: Address = "127.0.0.1"
    port: Port = 4573
    workers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 2
    calls_per_worker: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 500
    allowed_clients: tuple[Network, ...] = ("127.0.0.0/8", "::1/128")
    greeting_seconds: Seconds = 5.0
    reply_seconds: Seconds = 10.0
    drain_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 120.0
    metrics_address: Address = "127.0.0.1"
    metrics_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 9573


HOST_AND_PORT = (
    r"^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])"
    r":(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])\Z"
)
"""As in WEBHOOK, and the port always."""
Tone = Annotated[int, msgspec.Meta(ge=20, le=3400)]
"""A frequency that a telephone carries [Hz]."""


class FreeSwitchSection(Section, frozen=True):
    """FreeSWITCH's event socket, served beside FastAGI under the limits of the section `server`."""

    port: Port | None = None
    address: Address = "127.0.0.1"
    early_media: bool = False
    ring: Annotated[tuple[Tone, ...], msgspec.Meta(max_length=2)] = (440, 480)
    event_sockets: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=200, pattern=HOST_AND_PORT)], ...],
        msgspec.Meta(max_length=20),
    ] = ("127.0.0.1:8021",)
    password: Word = "ClueCon"


class LoggingSection(Section, frozen=True):
    """The resident server's log."""

    stages: bool = True
    mask_numbers: bool = False


Treatment = Literal["bridge", "challenge", "reject"]
Prompt = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}\Z")]
"""The name of a question: a sound for each digit is called so, with the digit behind it."""


def _own_section(kind: SpamKind) -> type[Section]:
    """The section of one kind; dead air has no rate, since `model.max_false_challenge_rate` is its own."""
    treatment: Treatment = kind.treatment.lower()  # type: ignore[assignment]
    fields: list[tuple[str, Any, Any]] = [
        ("treatment", Treatment, treatment),
        ("prompt", Prompt, kind.prompt),
    ]
    if kind.listener:
        fields.append(("max_false_challenge_rate", Rate, kind.max_false_challenge_rate))
    return _section_of(f"{kind.key.title()}Section", fields)


def _kinds_section() -> type[Section]:
    fields = [(kind.key, section, section()) for kind in KINDS for section in (_own_section(kind),)]
    return _section_of("KindsSection", fields)


def _section_of(name: str, fields: list[tuple[str, Any, Any]]) -> type[Section]:
    found: Any = msgspec.defstruct(name, fields, bases=(Section,), frozen=True, kw_only=True)
    return found  # type: ignore[no-any-return]


KindsSection: Any = _kinds_section()
"""A section for each row of the table of kinds."""


class RetentionSection(Section, frozen=True):
    """What is kept of recordings, how long, and in what form."""

    recordings: Literal["all", "challenged", "sample", "none"] = "all"
    sample_share: Share = 0.05
    recording_days: Annotated[float, msgspec.Meta(ge=0, le=3650)] = 30.0
    encrypt_to: AbsolutePath | None = None
