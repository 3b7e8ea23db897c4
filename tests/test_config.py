"""The configuration file: each key documented and equal to its default, each mistake named by its path."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from silentspam import resources
from silentspam.call import Mode
from silentspam.config import DEFAULT_PATH, ENVIRONMENT_VARIABLE, Config, config_path, load_config
from silentspam.errors import ConfigError
from silentspam.sections import (
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
    ServerSection,
)

SHIPPED = resources.shipped("config") / "silentspam.yaml"
SECTIONS: dict[str, type[msgspec.Struct]] = {
    "call_log": CallLogSection,
    "recording": RecordingSection,
    "model": ModelSection,
    "kinds": KindsSection,
    "challenge": ChallengeSection,
    "collection": CollectionSection,
    "lines": LinesSection,
    "recordings": RecordingsSection,
    "provenance": ProvenanceSection,
    "limits": LimitsSection,
    "gate": GateSection,
    "rejection": RejectionSection,
    "server": ServerSection,
    "freeswitch": FreeSwitchSection,
    "logging": LoggingSection,
    "retention": RetentionSection,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "silentspam.yaml"


def refused(path: Path, text: str | bytes) -> str:
    """The message about a file that holds this text."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    message = str(caught.value)
    assert str(path) in message
    return message.removeprefix(f"{path}: ")


# --- the documented file -----------------------------------------------------------------------------------


def test_the_shipped_file_holds_every_key_with_its_default() -> None:
    shipped = yaml.safe_load(SHIPPED.read_text())
    assert shipped == msgspec.json.decode(msgspec.json.encode(Config()))
    assert load_config(SHIPPED) == Config()


def test_every_section_is_part_of_the_configuration() -> None:
    assert set(msgspec.to_builtins(Config())) == {"mode", *SECTIONS}


def test_every_key_of_the_shipped_file_has_a_comment_of_its_own() -> None:
    above = ""
    for line in SHIPPED.read_text().splitlines():
        if re.match(r"\s*[a-z_]+: *\S", line):
            assert above.strip().startswith("#"), f"{line.strip()} stands there without a word"
        above = line


@pytest.mark.parametrize(
    ("section", "key"), [(s, k) for s, c in SECTIONS.items() for k in c.__struct_fields__]
)
def test_a_key_that_is_left_out_has_its_default(path: Path, section: str, key: str) -> None:
    document = msgspec.to_builtins(Config())
    del document[section][key]
    path.write_text(yaml.safe_dump(document))
    assert load_config(path) == Config()


@pytest.mark.parametrize("text", ["", "\n", "# nothing but a comment\n", "---\n", "null"])
def test_an_empty_file_is_refused_for_an_editor_may_be_about_to_fill_it(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(ConfigError, match="empty"):
        load_config(path)


def test_the_defaults_challenge_nobody() -> None:
    assert load_config(None).mode is Mode.SHADOW


def test_a_file_that_may_not_be_looked_at_is_not_taken_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "stat", closed)
    assert config_path(environ={}) == DEFAULT_PATH


def test_an_empty_mapping_is_all_defaults(path: Path) -> None:
    path.write_text("{}")
    assert load_config(path) == Config()


def test_no_file_is_all_defaults() -> None:
    assert load_config(None) == Config()


def test_values_arrive(path: Path) -> None:
    path.write_text(
        "mode: shadow\nmodel: {threshold: 0.75, folder: /m}\nchallenge: {contact_number: '18005550100'}"
    )
    config = load_config(path)
    assert (config.mode, config.model.threshold, config.model.folder) == (Mode.SHADOW, 0.75, "/m")
    assert config.challenge_settings().contact_number == "18005550100"


def test_without_a_folder_the_prompts_are_the_shipped_ones() -> None:
    assert (Config().challenge_settings().prompts / "press-7.ulaw").is_file()


# --- mistakes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mood: enforce", "unknown field `mood`"),
        ("model: {treshold: 0.5}", "unknown field `treshold`"),
        ("mode: panic", "mode is 'panic'"),
        ("collection: {legs: '/a,b'}", "collection.legs is '/a,b'"),
        ("collection: {legs: '/a b'}", "collection.legs is '/a b'"),
        ("collection: {legs: '/a${X}'}", "collection.legs is '/a${X}'"),
        ("collection: {legs: legs}", "collection.legs is 'legs'"),
        ("mode: true", "mode is True"),
        ("mode:", "mode is None"),
        ("model: 5", "model is 5"),
        ("model:", "model"),
        ("model: []", "model"),
        ("model: {threshold: 1.5}", "model.threshold is 1.5: expected `float` <= 1.0"),
        ("model: {threshold: -0.1}", "model.threshold is -0.1: expected `float` >= 0.0"),
        ("model: {threshold: .nan}", "model.threshold is nan"),
        ("model: {threshold: .inf}", "model.threshold is inf"),
        ("model: {threshold: high}", "model.threshold is 'high'"),
        ("model: {threshold: '0.5'}", "model.threshold is '0.5'"),
        ("model: {threshold: 50%}", "model.threshold is '50%'"),
        ("model: {min_seconds: 0}", "model.min_seconds is 0"),
        ("model: {min_seconds: 11}", "model.min_seconds is 11"),
        ("model: {max_digital_silence_share: 2}", "model.max_digital_silence_share is 2"),
        ("model: {folder: models}", "model.folder is 'models'"),
        ("model: {folder: ''}", "model.folder is ''"),
        ('model: {folder: "/a\\0b"}', "model.folder is '/a\\x00b'"),
        ("model:\n  folder: |\n    /models\n", "model.folder is '/models\\n'"),
        ("recording: {seconds: 0.5}", "recording.seconds is 0.5"),
        ("recording: {seconds: .nan}", "recording.seconds is nan"),
        ("recording: {seconds: 60}", "recording.seconds is 60"),
        ("recording: {seconds: yes}", "recording.seconds is True"),
        ("recording: {seconds: 2024-99-99}", "month must be in 1..12"),
        ("recording: {ring_tone: 'x\"y'}", "recording.ring_tone is"),
        ('recording: {ring_tone: "ring\\n"}', "recording.ring_tone is 'ring\\n'"),
        (f"recording: {{ring_tone: {'1' * 100}x}}", "recording.ring_tone is"),
        ("recording: {folder: ~/calls}", "recording.folder is '~/calls'"),
        ("challenge: {attempts: 0}", "challenge.attempts is 0"),
        ("challenge: {attempts: 2.5}", "challenge.attempts is 2.5"),
        ("challenge: {attempts: 1e99}", "challenge.attempts"),
        ("challenge: {attempts: " + "9" * 5000 + "}", "digits"),
        ("challenge: {key_seconds: 31}", "challenge.key_seconds is 31"),
        (
            "challenge: {contact_number: 18005550100}",
            "challenge.contact_number is 18005550100: expected `str`, got `int`: put it in quotes",
        ),
        ("challenge: {contact_number: '+1 800'}", "challenge.contact_number is '+1 800'"),
        ('challenge: {contact_number: "123\\n"}', "challenge.contact_number is '123\\n'"),
        ("call_log: {busy_seconds: -1}", "call_log.busy_seconds is -1"),
        ("call_log: {spool: spool}", "call_log.spool is 'spool'"),
        ("limits: {screening_seconds: 1}", "limits.screening_seconds is 1"),
        (
            "limits: {screening_seconds: 20}",
            "limits.screening_seconds is 20, but the recording and 2 attempts",
        ),
        ("challenge: {attempts: 5, key_seconds: 30}", "limits.screening_seconds is 90"),
        ("freeswitch: {port: 0}", "freeswitch.port is 0: expected `int` >= 1"),
        ("freeswitch: {port: 65536}", "freeswitch.port is 65536: expected `int` <= 65535"),
        ("freeswitch: {port: '8084'}", "freeswitch.port is '8084'"),
        ("freeswitch: {port: true}", "freeswitch.port is True"),
        ("freeswitch: {address: localhost}", "freeswitch.address is 'localhost'"),
        ("freeswitch: {early_media: maybe}", "freeswitch.early_media is 'maybe'"),
        (
            "freeswitch: {ring: [440, 480, 620]}",
            "freeswitch.ring is [440, 480, 620]: expected `array` of length",
        ),
        ("freeswitch: {ring: [440, 8000]}", "freeswitch.ring[1] is 8000: expected `int` <= 3400"),
        ("freeswitch: {ring: [0]}", "freeswitch.ring[0] is 0: expected `int` >= 20"),
        ("freeswitch: {ring: us}", "freeswitch.ring is 'us'"),
        ("freeswitch: {event_sockets: '127.0.0.1:8021'}", "freeswitch.event_sockets is '127.0.0.1:8021'"),
        *(
            (f"freeswitch: {{event_sockets: [{one!r}]}}", f"freeswitch.event_sockets[0] is {one!r}")
            for one in ("127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "::1:8021", "a b:1", "h:1/x", ":8021")
        ),
        (f"freeswitch: {{event_sockets: {['h:1'] * 21}}}", "freeswitch.event_sockets is"),
        ("freeswitch: {password: ''}", "freeswitch.password: expected `str` of length >= 1"),
        ('freeswitch: {password: "s3cret\\n"}', "freeswitch.password: expected `str` matching"),
        (f"freeswitch: {{password: s3cret{'x' * 200}}}", "freeswitch.password: expected `str` of length"),
        ("freeswitch: {password: 1}", "freeswitch.password: expected `str`, got `int`: put it in quotes"),
        (
            "freeswitch: {event_sockets: [localhost]}",
            "is 'localhost': expected `str` HOST:PORT, as in 127.0.0.1:8021",
        ),
        ("- mode", "Expected `object`, got `array`"),
        ("just words", "Expected `object`, got `str`"),
        ("7", "Expected `object`, got `int`"),
        ("1: 2", "at `key`"),
        ("null: 2", "at `key`"),
        *(
            (f"provenance: {{webhook: {address!r}}}", "provenance.webhook: expected `str`")
            for address in (
                "https://user:s3cret@h/x",
                "http://s3cret:port/",
                "http://h:65536/s3cret",
                "http://h:0/",
                "http://[s3cret/x",
                "ftp://h/",
            )
        ),
    ],
)
def test_a_wrong_value_is_named_by_its_path_with_what_stands_there(path: Path, text: str, words: str) -> None:
    said = refused(path, text)
    assert words in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    "address",
    ["http://h:65535/x?y=1", "https://[::1]:8080", "http://h?x", "https://hooks.example.com/T0/B_0"],
)
def test_a_webhook_is_a_host_a_port_and_a_path(path: Path, address: str) -> None:
    path.write_text(f"provenance: {{webhook: '{address}'}}")
    assert load_config(path).provenance.webhook == address


@pytest.mark.parametrize(
    "section",
    [
        {"port": 8084, "address": "::1", "early_media": True},
        {"ring": []},
        {"ring": [425]},
        {"event_sockets": []},
        {"event_sockets": ["192.0.2.1:1", "[::1]:8021", "switch-2.example.com:65535"]},
    ],
)
def test_what_freeswitch_may_be_told(path: Path, section: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump({"freeswitch": section}))
    read = msgspec.to_builtins(load_config(path).freeswitch)
    assert {key: read[key] for key in section} == {
        key: tuple(value) if isinstance(value, list) else value for key, value in section.items()
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mode: [", "not YAML"),
        ("mode: enforce\n  model: x", "not YAML"),
        ("\tmode: shadow", "not YAML"),
        ("mode: enforce\0", "not YAML"),
        ("mode: *nobody", "not YAML"),
        ("--- a\n--- b", "not YAML"),
        ("mode: !!python/object/apply:os.system ['true']", "not YAML"),
        ("mode: !!timestamp never", "not YAML"),
        ("mode: !!bool perhaps", "not YAML"),
        ("mode: !!int one", "not YAML"),
        ("? [a]\n: 1", "not YAML"),
        ("mode: shadow\nmode: enforce", "mode stands twice"),
        ("model: {threshold: 0.1, threshold: 0.9}", "threshold stands twice"),
        ("[" * 1_000, "not YAML"),
        ("{a: " * 1_000, "not YAML"),
        (b"mode: \xff\xfe", "utf-8"),
        (b"\x00\x01\x02", ""),
    ],
)
def test_what_is_not_yaml_is_refused(path: Path, text: str | bytes, words: str) -> None:
    assert words in refused(path, text)


def test_a_message_is_one_line_of_bearable_length(path: Path) -> None:
    for text in ("mode: [", f"mode: {'x' * 100_000}", "mode: &a [1,2]\n" + "x: *a\n"):
        message = refused(path, text)
        assert "\n" not in message
    bomb = "".join(f", &{chr(98 + n)} [{f'*{chr(97 + n)},' * 9}]" for n in range(20))
    assert len(refused(path, f"mode: [&a [x]{bomb}]\n")) < 1_000


def test_a_file_that_is_not_there_is_refused_by_its_path(path: Path, below_a_file: Path) -> None:
    for wrong in (path, below_a_file, path.parent):
        with pytest.raises(ConfigError, match=re.escape(str(wrong))):
            load_config(wrong)


@settings(max_examples=300)
@given(
    st.binary(max_size=80)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["mode", *SECTIONS, "folder", "seconds", "x"]), inner, max_size=4
            )
        ),
    ).map(lambda document: yaml.safe_dump(document).encode())
)
def test_any_file_at_all_is_a_configuration_or_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, text: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text)
    with suppress(ConfigError):
        assert isinstance(load_config(path), Config)


# --- limits that depend on one another ---------------------------------------------------------------------


def longest(**changes: Any) -> float:
    return msgspec.structs.replace(Config(), challenge=ChallengeSection(**changes)).longest_screening()


def test_the_default_limit_leaves_time_for_a_caller_who_uses_all_there_is() -> None:
    assert Config().longest_screening() < Config().limits.screening_seconds


def test_a_longer_challenge_takes_longer() -> None:
    assert longest(attempts=3) > longest(attempts=2)
    assert longest(key_seconds=9.0) > longest()
    assert longest(contact_number="18005550100") > longest()


# --- which file --------------------------------------------------------------------------------------------


def test_the_option_wins_over_the_environment() -> None:
    environ = {ENVIRONMENT_VARIABLE: "/e.yaml"}
    assert config_path("/o.yaml", environ) == Path("/o.yaml")
    assert config_path(None, environ) == Path("/e.yaml")
    assert config_path("", environ) == Path("/e.yaml")


def test_without_either_it_is_the_usual_place_if_there_is_a_file() -> None:
    expected = DEFAULT_PATH if DEFAULT_PATH.exists() else None
    assert config_path(None, {}) == expected
    assert config_path("", {ENVIRONMENT_VARIABLE: ""}) == expected
