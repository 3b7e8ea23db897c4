"""A small archive of synthetic recordings, and the plan to scan it with."""

from pathlib import Path

import pytest

from silentspam.archive.plan import Plan, Questions, make_plan
from silentspam.audio import write_ulaw
from tests.fakes import noise, silence, tone

N_GOOD = 40


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Forty openings in two folders, dead air and tones in turn; an empty, a silent and a wrong file."""
    folder = tmp_path / "archive"
    for index in range(N_GOOD):
        path = folder / ("spring" if index % 3 else "autumn") / f"call-{index:03}.ulaw"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_ulaw(path, noise(1.2, seed=index) if index % 2 else tone(1.2, hz=300 + index))
    write_ulaw(folder / "empty.ulaw", silence(0))
    write_ulaw(folder / "silent.ulaw", silence(2))
    (folder / "letter.ulaw").write_text("this is no recording, it is a letter to somebody")
    return folder


@pytest.fixture(scope="session")
def plan(model_folder: Path) -> Plan:
    return make_plan(model_folder, Questions())
