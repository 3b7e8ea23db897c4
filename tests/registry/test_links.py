"""What a call reads of the registry: one link, resolved once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from silentspam.errors import ModelError
from silentspam.registry.links import Role, model_in

ID, OTHER = "0123456789ab", "ba9876543210"


def test_without_a_link_or_a_registry_nobody_has_the_role(tmp_path: Path) -> None:
    assert model_in(tmp_path, Role.ACTIVE) is None
    assert model_in(tmp_path / "nowhere", Role.ACTIVE) is None


def test_the_folder_that_was_read_stays_the_same_when_the_link_changes(tmp_path: Path) -> None:
    (tmp_path / "active").symlink_to(ID)
    folder = model_in(tmp_path, Role.ACTIVE)
    os.symlink(OTHER, tmp_path / "new")
    (tmp_path / "new").rename(tmp_path / "active")
    assert folder == tmp_path / ID
    assert model_in(tmp_path, Role.ACTIVE) == tmp_path / OTHER


@pytest.mark.parametrize("target", ["../elsewhere", "/etc", "shadow", ID.upper(), f"{ID}\n"])
def test_a_link_to_anything_but_a_model_of_the_registry_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "shadow").symlink_to(target)
    with pytest.raises(ModelError, match="not a model id"):
        model_in(tmp_path, Role.SHADOW)


def test_a_folder_in_place_of_the_link_is_not_taken_for_no_model(tmp_path: Path) -> None:
    (tmp_path / "active").mkdir()
    with pytest.raises(ModelError, match="not a symbolic link"):
        model_in(tmp_path, Role.ACTIVE)


def test_a_registry_below_a_file_is_not_taken_for_no_model(below_a_file: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.registry"):
        model_in(below_a_file, Role.ACTIVE)


def test_a_call_reads_it_without_numpy() -> None:
    code = "import sys, silentspam.registry.links; print('numpy' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-I", "-c", code], text=True) == "False\n"
