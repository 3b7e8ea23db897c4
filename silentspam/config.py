"""The configuration file: YAML in, checked values out.

Unknown keys, wrong types and values out of range are refused with the key's path. `config/silentspam.yaml`
documents every key with its default; `tests/test_config.py` keeps the two equal.
"""

import enum
import os
import re
import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import yaml

from silentspam import resources
from silentspam.call import Decision, Mode
from silentspam.challenge import ChallengeSettings
from silentspam.errors import ConfigError
from silentspam.kinds.table import KINDS, SpamKind
from silentspam.lines.settings import MemorySettings
from silentspam.sections import (
    HOST_AND_PORT,
    CallLogSection,
    ChallengeSection,
    CollectionSection,
    FreeSwitchSection,
    GateSection,
    KindsSection,
    LimitsSection,
    LinesSection,
    LoggingSection,
    ModelSection,
    ProvenanceSection,
    RecordingSection,
    RecordingsSection,
    RejectionSection,
    RetentionSection,
    Section,
    ServerSection,
)
from silentspam.yaml_files import document_of

ENVIRONMENT_VARIABLE = "SILENTSPAM_CONFIG"
DEFAULT_PATH = Path("/etc/silentspam/silentspam.yaml")

PROMPT_SECONDS = 8.0
"""Allowance for one spoken line of the challenge [s]: the longest shipped prompt and its key press."""

_SHOWN = reprlib.Repr()
"""Keeps a message short, whatever stands in the file."""
_SHOWN.maxstring, _SHOWN.maxlevel = 120, 1


class Config(Section, frozen=True):
    """The whole file."""

    mode: Mode = Mode.SHADOW
    call_log: CallLogSection = CallLogSection()
    recording: RecordingSection = RecordingSection()
    model: ModelSection = ModelSection()
    kinds: KindsSection = KindsSection()
    challenge: ChallengeSection = ChallengeSection()
    collection: CollectionSection = CollectionSection()
    lines: LinesSection = LinesSection()
    recordings: RecordingsSection = RecordingsSection()
    provenance: ProvenanceSection = ProvenanceSection()
    limits: LimitsSection = LimitsSection()
    gate: GateSection = GateSection()
    rejection: RejectionSection = RejectionSection()
    server: ServerSection = ServerSection()
    freeswitch: FreeSwitchSection = FreeSwitchSection()
    logging: LoggingSection = LoggingSection()
    retention: RetentionSection = RetentionSection()

    @property
    def legs_folder(self) -> Path | None:
        """Where callers' sides are recorded to; None when nobody wants them."""
        wanted = self.collection.caller_leg or self.provenance.enabled
        return Path(self.collection.legs) if wanted else None

    @property
    def library_folder(self) -> Path:
        """Where this machine's library of recordings lies: beside the lines unless it is named."""
        named = self.recordings.folder
        return Path(named) if named else Path(self.lines.folder).with_name("library")

    def treatments(self) -> dict[str, Decision]:
        """What becomes of each kind of SPAM, by its name."""
        return {kind.name: Decision(self._of(kind).treatment.upper()) for kind in KINDS}

    def prompts(self) -> dict[str, str]:
        """What suspects of each kind are asked, by its name: the sounds NAME-0 … NAME-9."""
        return {kind.name: self._of(kind).prompt for kind in KINDS}

    def rate_of(self, kind: SpamKind) -> float:
        """The share of people that may be challenged by mistake for a kind."""
        return float(getattr(self._of(kind), "max_false_challenge_rate", self.model.max_false_challenge_rate))

    def rates(self) -> dict[str, float]:
        """That share for each kind whose calls are not bridged, by its name; their sum bounds all of it."""
        bridged = {name for name, treatment in self.treatments().items() if treatment is Decision.BRIDGE}
        return {kind.name: self.rate_of(kind) for kind in KINDS if kind.name not in bridged}

    def _of(self, kind: SpamKind) -> Any:
        return getattr(self.kinds, kind.key)

    def memory_settings(self) -> MemorySettings:
        """The lines section as line memory's own class."""
        section = self.lines
        return MemorySettings(
            rate=self.model.max_false_challenge_rate,
            kind_rates={kind.name: self.rate_of(kind) for kind in KINDS if kind.listener},
            max_lines=section.max_lines,
            expire_seconds=section.expire_days * 86400,
            window_seconds=section.burst_minutes * 60,
            window_calls=section.burst_window_calls,
            burst_calls=section.burst_calls,
            trust_seconds=section.trust_passed_hours * 3600,
            suspended_share=section.suspended_share,
        )

    def challenge_settings(self) -> ChallengeSettings:
        """The challenge section as the challenge's own class."""
        section = self.challenge
        return ChallengeSettings(
            attempts=section.attempts,
            key_seconds=section.key_seconds,
            prompts=Path(section.prompts) if section.prompts else resources.shipped("ivr_prompts") / "en",
            contact_number=section.contact_number,
        )

    def longest_screening(self) -> float:
        """The longest a caller who uses every attempt can take [s]: recording, prompts, keys, goodbye."""
        per_attempt = 2 * PROMPT_SECONDS + self.challenge.key_seconds
        goodbye = 2 * PROMPT_SECONDS + len(self.challenge.contact_number)
        return self.recording.seconds + self.challenge.attempts * per_attempt + goodbye


def config_path(option: str | None = None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The file to read: the `--config` option, the environment variable, or the usual place if it is there.

    None means that there is no file, and the defaults hold.
    """
    named = option or environ.get(ENVIRONMENT_VARIABLE)
    if named:
        return Path(named)
    try:
        DEFAULT_PATH.stat()
    except FileNotFoundError:
        return None
    except OSError:
        pass  # it is there, and reading it will say why it cannot be read
    return DEFAULT_PATH


def load_config(path: Path | None) -> Config:
    """Read and check a configuration file; `None` gives the defaults. Raises ConfigError."""
    if path is None:
        return Config()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    document = document_of(text, path)
    if document is None:
        raise ConfigError(f"{path}: empty: write at least `mode:`, or remove the file to have the defaults")
    try:
        config = msgspec.convert(document, type=Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_with_key(str(error), document)}") from error
    if config.longest_screening() > config.limits.screening_seconds:
        raise ConfigError(
            f"{path}: limits.screening_seconds is {config.limits.screening_seconds:g}, but the recording and "
            f"{config.challenge.attempts} attempts can take {config.longest_screening():g} s"
        )
    if config.lines.burst_calls > config.lines.burst_window_calls:
        raise ConfigError(
            f"{path}: lines.burst_calls is {config.lines.burst_calls}, but only "
            f"lines.burst_window_calls: {config.lines.burst_window_calls} openings are looked through"
        )
    _check_networks(path, config)
    return config


def as_yaml(config: Config) -> str:
    """A file that `load_config` reads as this very configuration."""
    return yaml.safe_dump(msgspec.to_builtins(config), allow_unicode=True)


def _check_networks(path: Path, config: Config) -> None:
    if config.server.allowed_clients == ServerSection().allowed_clients:
        return
    import ipaddress

    for network in config.server.allowed_clients:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise ConfigError(f"{path}: server.allowed_clients: {error}") from error


_SECRET = ("provenance.webhook", "freeswitch.password")
"""What may hold a secret, which a message would carry into a log."""


def _with_key(message: str, document: object) -> str:
    """msgspec's message with the key's path in front and the value it holds."""
    text, _, path = message.partition(" - at `$.")
    key = path.rstrip("`")
    if not key:
        return text
    value: Any = document
    for part in key.replace("[", ".").replace("]", "").split("."):
        if isinstance(value, list) and part.isdigit():
            value = value[int(part)]
        else:
            value = value.get(part) if isinstance(value, dict) else None
    hidden = isinstance(value, dict) or key in _SECRET
    shown = "" if hidden else f" is {_SHOWN.repr(value)}"
    text = text.replace(f"matching regex {HOST_AND_PORT!r}", "HOST:PORT, as in 127.0.0.1:8021 or [::1]:8021")
    return f"{key}{shown}: {text[:1].lower()}{text[1:]}{_choices(key)}{_quotes(text)}"


def _quotes(text: str) -> str:
    """What makes a text of digits, or of a word that YAML knows, into one."""
    return ": put it in quotes" if re.match(r"Expected `str`, got `(int|float|bool)`", text) else ""


def _choices(key: str) -> str:
    """The values that a key may have, where they are a few words."""
    found: Any = Config
    for part in key.split("."):
        kinds = get_type_hints(found) if isinstance(found, type) and issubclass(found, Section) else {}
        found = kinds.get(part)
    words = [str(one) for one in (get_args(found) if get_origin(found) is Literal else _members(found))]
    return f": it must be one of {', '.join(words)}" if words else ""


def _members(found: object) -> list[Any]:
    return list(found) if isinstance(found, type) and issubclass(found, enum.Enum) else []
