"""What a resident process keeps: renewed when it changes, and kept when the change is no use."""

import shutil
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from silentspam.config import Config, load_config
from silentspam.errors import LineError, ModelError
from silentspam.hashed import SUMS_NAME
from silentspam.model import SpamModel
from silentspam.registry.registry import Registry
from silentspam.serve import keeping
from silentspam.serve.hub import Hub
from silentspam.serve.keeping import ModelKeeper, SnapshotKeeper
from tests.serve.looping import within
from tests.serve.resident import PATIENCE, eventually


def configured(folder: Path, model: Path | None) -> Config:
    path = folder / "silentspam.yaml"
    named = f"folder: {model}, " if model else ""
    path.write_text(
        f"mode: enforce\nmodel: {{{named}registry: {folder / 'registry'}}}\n"
        f"lines: {{folder: {folder / 'lines'}}}\n"
    )
    return load_config(path)


@pytest.fixture(autouse=True)
def looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a call waits for the first model as long as a busy machine takes to load it."""
    monkeypatch.setattr(keeping, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(keeping, "CALL_WAITS_SECONDS", PATIENCE)
    monkeypatch.setattr(keeping, "READY_SECONDS", PATIENCE)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def own_model(tmp_path: Path, model_folder: Path) -> Path:
    return Path(shutil.copytree(model_folder, tmp_path / "model"))


def has_model(keeper: ModelKeeper) -> bool:
    """Whether calls come to be judged."""

    def judged() -> bool:
        with suppress(ModelError):
            return bool(keeper.current().model_id)
        return False

    return bool(eventually(judged))


def _out_of_memory(folder: Path) -> None:
    raise MemoryError(str(folder))


def test_the_model_is_loaded_once(tmp_path: Path, own_model: Path, said: list[str]) -> None:
    keeper = ModelKeeper(configured(tmp_path, own_model), said.append)
    assert keeper.current() is keeper.current()
    assert keeper.model_id == keeper.current().model_id
    assert said == []


def test_a_model_replaced_by_garbage_judges_on(tmp_path: Path, own_model: Path, said: list[str]) -> None:
    keeper = ModelKeeper(configured(tmp_path, own_model), said.append)
    before = keeper.current()
    for file in own_model.iterdir():
        file.write_bytes(b"garbage")
    eventually(lambda: keeper.current() is before and len(said) == 1)
    shutil.rmtree(own_model)
    eventually(lambda: keeper.current() is before and len(said) == 2)
    assert all("judges on" in text for text in said)


def test_a_model_that_comes_back_is_taken_over(
    tmp_path: Path, own_model: Path, model_folder: Path, said: list[str]
) -> None:
    shutil.rmtree(own_model)
    keeper = ModelKeeper(configured(tmp_path, own_model), said.append)
    for _ in range(2):
        with pytest.raises(ModelError):
            keeper.current()
    assert len(said) == 1
    assert keeper.model_id == ""
    shutil.copytree(model_folder, own_model)
    assert has_model(keeper)
    assert said[1:] == [f"model taken over: {keeper.model_id}"]


def test_a_model_is_taken_over_when_its_files_come_after_its_sums(
    tmp_path: Path, own_model: Path, model_folder: Path, said: list[str]
) -> None:
    shutil.rmtree(own_model)
    own_model.mkdir()
    shutil.copy2(model_folder / SUMS_NAME, own_model)
    keeper = ModelKeeper(configured(tmp_path, own_model), said.append)
    with pytest.raises(ModelError):
        keeper.current()
    shutil.copytree(model_folder, own_model, dirs_exist_ok=True)
    assert has_model(keeper)


def test_a_file_that_was_damaged_and_is_restored_is_enough(
    tmp_path: Path, own_model: Path, said: list[str]
) -> None:
    file = own_model / "card.json"
    whole = file.read_bytes()
    file.write_bytes(b"garbage")
    keeper = ModelKeeper(configured(tmp_path, own_model), said.append)
    with pytest.raises(ModelError):
        keeper.current()
    file.write_bytes(whole)
    assert has_model(keeper)


@pytest.mark.parametrize("ask", ["current", "retry"])
def test_what_no_file_tells_of_is_tried_again(
    tmp_path: Path, own_model: Path, said: list[str], monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    monkeypatch.setattr(keeping, "RETRY_SECONDS", 0.0)
    keeper = ModelKeeper(configured(tmp_path, own_model), said.append)
    with monkeypatch.context() as short_of_memory:
        short_of_memory.setattr(keeping, "load_and_warm_up", _out_of_memory)
        with pytest.raises(ModelError, match="MemoryError"):
            keeper.current()
    if ask == "retry":
        keeper.retry()
        eventually(lambda: keeper.model_id)
    assert has_model(keeper)
    assert len(said) == 2


def test_a_call_does_not_wait_for_a_newer_model(
    tmp_path: Path, own_model: Path, model_folder: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = ModelKeeper(configured(tmp_path, own_model), said.append)
    before, let_go = keeper.current(), threading.Event()
    load = keeping.load_and_warm_up
    monkeypatch.setattr(keeping, "load_and_warm_up", lambda folder: let_go.wait() and load(folder))
    (own_model / SUMS_NAME).touch()
    for _ in range(3):
        assert keeper.current() is before
    let_go.set()
    eventually(lambda: keeper.current() is not before)


def test_other_calls_go_on_while_some_wait_for_the_first_model(
    tmp_path: Path, model_folder: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, let_go, load = Hub(), threading.Event(), keeping.load_and_warm_up

    def slow(folder: Path) -> SpamModel:
        let_go.wait(PATIENCE)
        return load(folder)

    monkeypatch.setattr(keeping, "load_and_warm_up", slow)
    keeper = ModelKeeper(configured(tmp_path, model_folder), said.append, pause=hub.pause)
    first, second, _ = within(hub, keeper.current, keeper.current, let_go.set)
    assert first is second


def test_a_keeper_begins_with_the_model_of_the_one_before(
    tmp_path: Path, own_model: Path, said: list[str]
) -> None:
    before = ModelKeeper(configured(tmp_path, own_model), said.append)
    judging = before.current()
    same = ModelKeeper(configured(tmp_path, own_model), said.append, before=before)
    same.load()
    assert same.current() is judging
    other = ModelKeeper(configured(tmp_path, tmp_path / "nothing"), said.append, before=same)
    other.load()
    assert other.current() is judging
    (text,) = said
    assert f"the one before ({judging.model_id}) judges on" in text


def test_a_promoted_model_is_taken_over(tmp_path: Path, model_folder: Path, said: list[str]) -> None:
    config = configured(tmp_path, None)
    keeper = ModelKeeper(config, said.append)
    shipped = keeper.current()
    registry = Registry(Path(config.model.registry), by="a test")
    model_id = registry.add(model_folder)
    registry.promote(model_id, instead_of=None)
    eventually(lambda: keeper.current().model_id == model_id != shipped.model_id)
    assert said == []


def test_a_snapshot_that_is_torn_is_said_each_time(tmp_path: Path) -> None:
    keeper = SnapshotKeeper(configured(tmp_path, None))
    assert keeper.current() is None
    (tmp_path / "lines").mkdir()
    (tmp_path / "lines" / "snapshot").write_bytes(b"torn")
    for _ in range(2):
        with pytest.raises(LineError, match="torn"):
            keeper.current()
