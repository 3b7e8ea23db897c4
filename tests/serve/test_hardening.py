"""What the systemd unit takes away is not missed: memory that is writable and executable."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import Switch, noise, tone
from tests.serve import resident
from tests.serve.resident import Resident

REFUSE = """\
import ctypes, sys
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1  # prctl(2), Linux 6.3; children inherit it
if ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0):
    sys.exit(77)
"""


def _kernel_can_refuse() -> bool:
    return subprocess.run([sys.executable, "-c", REFUSE], check=False).returncode == 0


@pytest.mark.skipif(not _kernel_can_refuse(), reason="this kernel has no PR_SET_MDWE")
def test_calls_are_judged_where_no_memory_is_writable_and_executable(
    tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resident, "START", REFUSE + resident.START)
    with Resident(tmp_path, model_folder) as site:
        for opening in (tone(), noise(level=4)):
            site.call(Switch(opening=opening.codes.tobytes()))
        rows = site.wait_for_rows(2)
        assert {row["verdict"] for row in rows} == {"HAM", "CALLER_SILENCE"}
        assert not any(row["failed_open"] for row in rows)
