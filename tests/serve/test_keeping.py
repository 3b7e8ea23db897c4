"""What a resident process keeps: renewed when it changes, and kept when the change is no use."""

import shutil
from pathlib import Path

import pytest

from silentspam.config import Config, load_config
from silentspam.errors import LineError, ModelError
from silentspam.registry.registry import Registry
from silentspam.serve import keeping
from silentspam.serve.keeping import ModelKeeper, SnapshotKeeper


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
    monkeypatch.setattr(keeping, "LOOK_SECONDS", 0.0)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def own_model(tmp_path: Path, model_folder: Path) -> Path:
    return Path(shutil.copytree(model_folder, tmp_path / "model"))


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
    assert keeper.current() is before
    assert keeper.current() is before
    shutil.rmtree(own_model)
    assert keeper.current() is before
    assert len(said) == 2
    assert all("the one before judges on" in text for text in said)


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
    assert keeper.current().model_id == keeper.model_id != ""


def test_a_promoted_model_is_taken_over_by_the_next_call(
    tmp_path: Path, model_folder: Path, said: list[str]
) -> None:
    config = configured(tmp_path, None)
    keeper = ModelKeeper(config, said.append)
    shipped = keeper.current()
    registry = Registry(Path(config.model.registry), by="a test")
    model_id = registry.add(model_folder)
    registry.promote(model_id, instead_of=None)
    assert keeper.current().model_id == model_id != shipped.model_id
    assert said == []


def test_a_snapshot_that_is_torn_is_said_each_time(tmp_path: Path) -> None:
    keeper = SnapshotKeeper(configured(tmp_path, None))
    assert keeper.current() is None
    (tmp_path / "lines").mkdir()
    (tmp_path / "lines" / "snapshot").write_bytes(b"torn")
    for _ in range(2):
        with pytest.raises(LineError, match="torn"):
            keeper.current()
