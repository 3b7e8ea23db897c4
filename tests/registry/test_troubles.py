"""Real processes: changes at once, a process killed in the middle of one, a full disk."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from silentspam.errors import ModelError
from silentspam.model import load_model
from silentspam.registry.history import activations
from silentspam.registry.links import Role, model_in
from silentspam.registry.registry import Registry
from tests.registry.conftest import MakeModel

CHANGE = """
import os, sys
from pathlib import Path
from silentspam.registry import files, registry as module
from silentspam.registry.registry import Registry
registry = Registry(Path(sys.argv[1]), by="somebody")
{change}
"""

HANG = "def hang(*_):\n    print('here', flush=True)\n    sys.stdin.read()\n"
"""A step that says that it is reached, and never ends."""


def start(registry: Registry, change: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHANGE.format(change=change), str(registry.folder), *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def kill_when_there(process: subprocess.Popen[str]) -> None:
    with process:
        assert process.stdout
        assert process.stdout.readline() == "here\n"
        process.kill()


def left_behind(registry: Registry) -> list[str]:
    return [path.name for path in registry.folder.iterdir() if path.name.startswith(".partial")]


def test_changes_at_once_follow_one_another(registry: Registry, make_model: MakeModel) -> None:
    """Eight processes each add a model and make it active: no change is lost, and none is half there."""
    sources = [make_model(n / 10) for n in range(1, 9)]
    change = """
from silentspam.registry.registry import RegistryConflict
model_id = registry.add(Path(sys.argv[2]))
while True:
    try:
        registry.promote(model_id, instead_of=registry.id_of(module.Role.ACTIVE))
        break
    except RegistryConflict:
        continue
"""
    processes = [start(registry, change, source) for source in sources]
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    assert len(registry.models()) == 8
    events = registry.events()
    stack = activations(events)
    assert len(stack) == 9
    assert stack[-1] == registry.id_of(Role.ACTIVE)
    assert sum(event.state == "RETIRED" for event in events) == 7


@pytest.mark.parametrize("step", ["files.os.fsync", "module.load_model", "module.sync_folder"])
def test_killed_while_a_model_is_added_nothing_half_written_is_there_to_load(
    registry: Registry, make_model: MakeModel, step: str
) -> None:
    """The second time that the step is reached; the registry takes the model in afterwards as if new."""
    source = make_model(0.5)
    times = f"first = {step}\nseen = []\ndef second(*a):\n    seen.append(1)\n"
    times += f"    return hang() if len(seen) > 1 else first(*a)\n{step} = second\n"
    kill_when_there(start(registry, HANG + times + "registry.add(Path(sys.argv[2]))", source))
    for model in registry.models():
        assert load_model(model.folder).model_id == model.model_id
    model_id = registry.add(source)
    assert [model.model_id for model in registry.models()] == [model_id]
    assert left_behind(registry) == []


@pytest.mark.parametrize(("renames", "is_active"), [(0, False), (1, True), (2, True)])
def test_killed_at_any_rename_of_a_promotion_the_old_or_the_new_model_is_active(
    registry: Registry, make_model: MakeModel, renames: int, is_active: bool
) -> None:
    """Before the link, between link and history, after both; rolling back finds the way in each case."""
    first, second = registry.add(make_model(0.5)), registry.add(make_model(0.7))
    registry.promote(first, instead_of=None)
    change = f"""
rename, seen = Path.rename, []
def counted(self, target):
    seen.append(1)
    return hang() if len(seen) > {renames} else rename(self, target)
Path.rename = counted
registry.promote(sys.argv[2], instead_of=sys.argv[3])
hang()
"""
    kill_when_there(start(registry, HANG + change, second, first))
    active = model_in(registry.folder, Role.ACTIVE)
    assert active is not None
    assert load_model(active).model_id == (second if is_active else first)
    assert registry.rollback() == (first if is_active else None)
    assert left_behind(registry) == []


# --- a full disk -------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 kB."""
    folder = tmp_path / "small-disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "silentspam-test", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except OSError:
        pytest.skip("there is no mount")
    if done.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> None:
    with (folder / "ballast").open("wb", buffering=0) as ballast:
        try:
            while ballast.write(bytes(4096)):
                pass
        except OSError:
            return


def test_on_a_full_disk_everything_stays_as_it_was(small_disk: Path, make_model: MakeModel) -> None:
    registry = Registry(small_disk / "models", by="ada")
    first, second = registry.add(make_model(0.5)), registry.add(make_model(0.7))
    registry.promote(first, instead_of=None)
    fill(small_disk)
    before = registry.events()
    for change in (
        lambda: registry.promote(second, instead_of=first),
        lambda: registry.add(make_model(0.9)),
        lambda: registry.shadow(second),
        lambda: registry.rollback(),
    ):
        with pytest.raises(ModelError, match="No space left"):
            change()
    assert registry.id_of(Role.ACTIVE) == first
    assert registry.id_of(Role.SHADOW) is None
    assert registry.events() == before
    assert len(registry.models()) == 2
    assert left_behind(registry) == []
    (small_disk / "ballast").unlink()
    registry.promote(second, instead_of=first)
    assert registry.rollback() == first


def test_a_limit_on_file_sizes_leaves_everything_as_it_was(registry: Registry, make_model: MakeModel) -> None:
    """The same where no disk can be mounted: a file may not grow beyond a few bytes (EFBIG)."""
    first = registry.add(make_model(0.5))
    before = registry.events()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Python ignores SIGXFSZ, so that the write fails instead of ending the process.
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    try:
        with pytest.raises(ModelError, match=os.strerror(27)):
            registry.promote(first, instead_of=None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert registry.id_of(Role.ACTIVE) is None
    assert registry.events() == before
    assert left_behind(registry) == []
