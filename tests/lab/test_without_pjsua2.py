"""What the lab says to those who have not installed pjsua2 yet: its help, its lists, and what is missing."""

import subprocess
import sys

import pytest

WITHOUT = (
    "import runpy, sys; sys.modules['pjsua2'] = None; runpy.run_module(sys.argv.pop(1), run_name='__main__')"
)


def _said(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("module", ["lab", "lab.faults"])
@pytest.mark.parametrize("option", ["--help", "--list"])
def test_help_and_lists_need_no_pjsua2(module: str, option: str) -> None:
    code, out, err = _said(module, option)
    assert (code, err) == (0, "")
    assert out


def test_a_run_says_what_is_missing() -> None:
    code, out, err = _said("lab")
    assert (code, out) == (2, "")
    assert "pip install -e '.[lab]'" in err
    assert "Traceback" not in err
