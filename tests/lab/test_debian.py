"""Fetching packages: what is kept is checked, and nothing strange is asked of apt."""

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from lab import debian


class FakeApt:
    """Stands in for the download: puts one archive in place, and counts how often it is asked."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(
        self, names: Sequence[str], suite: str, archives: Path, state: Path, *, closure: bool
    ) -> None:
        self.calls += 1
        for name in names:
            (archives / f"{name}_1_all.deb").write_bytes(name.encode())


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeApt:
    fake = FakeApt()
    monkeypatch.setenv("SILENTSPAM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(debian, "_download", fake)
    monkeypatch.setattr(debian, "_unpack", lambda archives, root: root.mkdir())
    return fake


def test_a_second_fetch_takes_what_is_there(apt: FakeApt) -> None:
    first = debian.fetch(["b-package", "a-package"], "forky")
    assert debian.fetch(["a-package", "b-package"], "forky") == first
    assert apt.calls == 1


def test_suite_list_and_closure_have_folders_of_their_own(apt: FakeApt) -> None:
    folders = {
        debian.fetch(["a-package"], "forky"),
        debian.fetch(["a-package"], "forky", closure=False),
        debian.fetch(["a-package"], "trixie"),
        debian.fetch(["a-package", "b-package"], "forky"),
    }
    assert len(folders) == 4


def test_every_archive_has_its_checksum(apt: FakeApt) -> None:
    archives = debian.fetch(["a-package"], "forky").parent / "archives"
    digest = hashlib.sha256(b"a-package").hexdigest()
    assert (archives / debian.CHECKSUMS).read_text() == f"{digest}  a-package_1_all.deb\n"


def test_a_damaged_archive_is_fetched_again(apt: FakeApt) -> None:
    archive = debian.fetch(["a-package"], "forky").parent / "archives" / "a-package_1_all.deb"
    archive.write_bytes(b"something else")
    debian.fetch(["a-package"], "forky")
    assert apt.calls == 2
    assert archive.read_bytes() == b"a-package"


def test_a_failed_fetch_leaves_nothing_behind(apt: FakeApt, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(archives: Path, root: Path) -> None:
        raise debian.DebianError("no space")

    monkeypatch.setattr(debian, "_unpack", fail)
    with pytest.raises(debian.DebianError, match="no space"):
        debian.fetch(["a-package"], "forky")
    left = [path.name for path in (debian.cache_folder() / "debian").iterdir()]
    assert left == ["forky.lock"]


@pytest.mark.parametrize("name", ["", "-o", "--reinstall", "a b", "../x", "Upper", "a;b"])
def test_only_names_of_packages_are_taken(apt: FakeApt, name: str) -> None:
    with pytest.raises(debian.DebianError, match="not the name"):
        debian.fetch([name], "forky")
    assert apt.calls == 0


def test_an_unknown_suite_is_refused(apt: FakeApt) -> None:
    with pytest.raises(debian.DebianError, match="'sid' is not one of"):
        debian.fetch(["a-package"], "sid")


def test_a_root_without_a_loader_runs_nothing(tmp_path: Path) -> None:
    with pytest.raises(debian.DebianError, match="fetch the closure"):
        debian.program_command(tmp_path, "usr/bin/true")


@pytest.mark.lab
def test_a_real_package_is_unpacked_without_being_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SILENTSPAM_CACHE", str(tmp_path))
    root = debian.fetch(["hostname"], "forky", closure=True)
    done = subprocess.run(
        [*debian.program_command(root, "usr/bin/hostname"), "--version"], capture_output=True, check=False
    )
    assert done.returncode == 0
    assert (root.parent / "archives" / debian.CHECKSUMS).read_text().count("libc6_") == 1
