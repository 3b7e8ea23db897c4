"""A training run that is killed while it writes (SIGKILL): nothing half-written is ever loaded."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from silentspam.errors import ModelError
from silentspam.model import CARD_NAME, load_model, model_files
from silentspam.training.publish import write_model
from tests import models

HANG = """
import sys
from pathlib import Path
from silentspam.training import publish
seen = []
def hang_at(times, step):
    def reached(*arguments):
        seen.append(step)
        if len(seen) == times:
            print("here", flush=True)
            sys.stdin.read()
        return step(*arguments)
    return reached
"""
"""`hang_at(n, step)` is the step, but says "here" when it is reached for the n-th time, and never ends."""

WRITE = """
from tests import models
publish.write_model(Path(sys.argv[1]), models.a_forest(), models.a_card())
"""

FILES = len(model_files(models.a_forest(), models.a_card()))


def kill_at(patch: str, what: str, *arguments: str) -> None:
    """Run it until the patch hangs, and kill it there."""
    command = [sys.executable, "-c", HANG + patch + what, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "here\n"
        process.kill()
    assert process.returncode == -9


def loadable(folder: Path) -> set[str]:
    """The ids of all models below a folder that can be loaded, hidden folders too."""
    found = set()
    for card in folder.rglob(CARD_NAME):
        try:
            found.add(load_model(card.parent).model_id)
        except ModelError:
            continue
    return found


@pytest.fixture
def old(tmp_path: Path) -> str:
    """An older model where the new one is to be; returns its id."""
    card = msgspec.structs.replace(models.a_card(), threshold=0.7)
    return write_model(tmp_path / "out" / "model", models.a_forest(), card)


@pytest.mark.parametrize("times", range(1, FILES + 1))
def test_killed_at_any_file_the_old_model_stays_and_half_a_model_is_none(
    tmp_path: Path, old: str, times: int
) -> None:
    place = tmp_path / "out" / "model"
    kill_at(f"publish._write = hang_at({times}, publish._write)\n", WRITE, str(place))
    assert load_model(place).model_id == old
    assert loadable(tmp_path) == {old}
    new = write_model(place, models.a_forest(), models.a_card())
    assert load_model(place).model_id == new != old


@pytest.mark.parametrize("renames", [0, 1])
def test_killed_between_the_renames_there_is_the_old_model_or_none(
    tmp_path: Path, old: str, renames: int
) -> None:
    place = tmp_path / "out" / "model"
    patch = f"publish.Path.rename = hang_at({renames + 1}, publish.Path.rename)\n"
    kill_at(patch, WRITE, str(place))
    if renames:
        with pytest.raises(ModelError, match="No such file"):
            load_model(place)
    else:
        assert load_model(place).model_id == old
    new = write_model(place, models.a_forest(), models.a_card())
    assert load_model(place).model_id == new


def test_killed_while_a_first_model_is_written_there_is_none_to_add(
    tmp_path: Path, small_corpus: Path
) -> None:
    """The command itself, at its fourth file: what it leaves is no model, and hinders no later run."""
    train = "from silentspam.cli import main\nsys.exit(main(sys.argv[1:]))\n"
    place = tmp_path / "out" / "model"
    command = ["train", "--recordings", str(small_corpus), "--labels", str(small_corpus / "labels.csv")]
    command += ["--out", str(place), "--trees", "4", "--workers", "1"]
    kill_at("publish._write = hang_at(4, publish._write)\n", train, *command)
    assert not place.exists()
    assert loadable(tmp_path) == set()
    assert (
        subprocess.run([sys.executable, "-c", "import sys\n" + train, *command], check=False).returncode == 0
    )
    assert load_model(place)
