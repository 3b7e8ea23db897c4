"""The command line as a whole."""

import subprocess
import sys

import pytest

from silentspam.cli import VERBS


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


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from silentspam.cli import parser; parser(); print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert not {"numpy", "sklearn", "scipy", "soundfile", "matplotlib"} & set(loaded)


def test_an_impossible_number_is_a_wrong_command(silentspam, tmp_path) -> None:
    common = ("train", "--recordings", tmp_path, "--labels", tmp_path / "l.csv", "--out", tmp_path / "m")
    assert silentspam(*common, "--trees", "0")[0] == 2
