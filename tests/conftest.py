"""Settings for every test: hypothesis draws the same examples each time, and never measures time."""

from pathlib import Path

import hypothesis
import pytest

from tests import models

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("ci")


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good model folder: read it, do not change it."""
    return models.write(tmp_path_factory.mktemp("models") / "good")


@pytest.fixture
def below_a_file(tmp_path: Path) -> Path:
    """A path that nobody can create, root included: its parent is a regular file."""
    (tmp_path / "file").write_text("in the way")
    return tmp_path / "file" / "below"
