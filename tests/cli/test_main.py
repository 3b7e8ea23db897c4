"""The command line as a whole."""

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

from silentspam.cli import EXTRAS, VERBS
from tests.test_architecture import OUTSIDE


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_examples(silentspam, verb: str) -> None:
    code, out, _ = silentspam(verb, "--help")
    assert code == 0
    assert "examples:" in out.lower()


def test_no_verb_is_a_wrong_command(silentspam) -> None:
    assert silentspam()[0] == 2


def test_a_broken_configuration_is_named(silentspam, config_file) -> None:
    config_file.write_text("mode: sometimes\n")
    code, _, err = silentspam("calls")
    assert code == 2
    assert "mode is 'sometimes'" in err


@pytest.mark.parametrize(
    "words",
    [
        ("calls", "--config", "\x1b[31m"),
        ("calls", "--since", "\x1b[31m"),
        ("calls", "--\x1b[31m"),
        ("check", "--config", "\x1b[31m"),
        ("score", "\x1b[31m.wav"),
    ],
)
def test_no_error_steers_the_terminal(silentspam, words: tuple[str, ...]) -> None:
    code, out, err = silentspam(*words)
    assert code in (1, 2)
    assert "\\x1b[31m" in out + err
    assert "\x1b" not in out + err


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from silentspam.cli import parser; parser(); print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert not {"numpy", "sklearn", "scipy", "soundfile", "matplotlib"} & set(loaded)


def test_an_impossible_number_is_a_wrong_command(silentspam, tmp_path) -> None:
    common = ("train", "--recordings", tmp_path, "--labels", tmp_path / "l.csv", "--out", tmp_path / "m")
    assert silentspam(*common, "--trees", "0")[0] == 2


ALWAYS_THERE = {"numpy", "asterisk", "yaml", "msgspec", "greenlet"}
"""What setup.cfg installs with the package itself."""


@pytest.mark.parametrize(
    ("package", "extra"), [(package, extra) for extra, names in EXTRAS.items() for package in names]
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(
    silentspam, monkeypatch: pytest.MonkeyPatch, package: str, extra: str
) -> None:
    def without(_: object) -> int:
        raise ModuleNotFoundError(f"No module named '{package}'", name=f"{package}.part")

    monkeypatch.setattr("silentspam.cli.calls.run", without)
    code, _, err = silentspam("calls")
    assert code == 1
    assert f"'{package}': pip install 'silentspam[{extra}]'" in err


def test_every_library_that_may_be_imported_has_its_extra() -> None:
    named = {package for names in EXTRAS.values() for package in names}
    assert set().union(*OUTSIDE.values()) - ALWAYS_THERE <= named


def test_every_extra_exists() -> None:
    setup = configparser.ConfigParser()
    setup.read(Path(__file__).parents[2] / "setup.cfg")
    assert set(EXTRAS) <= set(setup["options.extras_require"])
