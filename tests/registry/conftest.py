"""A registry with models in it that differ in nothing but their threshold, and so in their id."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import msgspec
import pytest

from silentspam.model import model_files
from silentspam.registry.registry import Registry
from tests import models

MakeModel = Callable[[float], Path]


@pytest.fixture
def make_model(tmp_path: Path) -> MakeModel:
    """Write a good model folder with this threshold; returns the folder."""

    def make(threshold: float) -> Path:
        card = msgspec.structs.replace(models.a_card(), threshold=threshold)
        return models.write_files(tmp_path / f"trained-{threshold}", model_files(models.a_forest(), card))

    return make


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """An empty registry whose clock ticks once a change."""
    ticks = count(1_700_000_000)
    return Registry(tmp_path / "registry", by="ada", clock=lambda: float(next(ticks)))
