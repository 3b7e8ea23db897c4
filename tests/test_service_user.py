"""The user that screens calls: it writes its own folders and nothing else, neither code nor configuration.

As root the real scripts run as another user, without capabilities, on an installation that belongs to root.
Without root there is no other user to be: then only what the installation grants is looked at.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import silentspam
from silentspam import resources
from tests import models
from tests.fakes import Switch, noise
from tests.installed import Site, action

USER, GROUP = 65534, 65534
"""nobody and nogroup on every Debian."""

AS_USER = (
    "setpriv",
    f"--reuid={USER}",
    f"--regid={GROUP}",
    "--clear-groups",
    "--no-new-privs",
    "--bounding-set=-all",
    "--inh-caps=-all",
)

WRITABLE = "import os, sys; print(*[path for path in sys.argv[1:] if os.access(path, os.W_OK)], sep='\\n')"

as_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root, setpriv"
)


class UserSite(Site):
    """An installation of root's, with one folder of the user's; the scripts run as the user."""

    def __init__(self, folder: Path) -> None:
        model = models.write(folder / "model")
        super().__init__(folder / "var", model)
        self.etc = folder
        for key in ("recording", "lines", "gate"):
            self.settings[key]["folder"] = str(self.folder / key)
        self.folder.mkdir()
        os.chown(self.folder, USER, GROUP)

    def command(self, script: str) -> list[str]:
        python, isolated, path, _ = super().command(script)
        config = self.etc / "silentspam.yaml"
        (self.folder / "silentspam.yaml").replace(config)
        config.chmod(0o644)
        return [*AS_USER, python, isolated, path, f"--config={config}"]


@pytest.fixture
def site() -> Iterator[UserSite]:
    """Outside pytest's own folder, which nobody else can enter."""
    with tempfile.TemporaryDirectory(prefix="silentspam-user-") as folder:
        os.chmod(folder, 0o755)
        yield UserSite(Path(folder))


@pytest.fixture
def runs_as_user() -> None:
    """Skip where the interpreter itself lies in somebody's private folder."""
    done = subprocess.run(
        [*AS_USER, sys.executable, "-c", "import silentspam"], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("the interpreter cannot be run by another user here")


def installation(site: UserSite) -> list[Path]:
    """All that is installed: the package, scripts, prompts, dialplan, configuration, model."""
    package = Path(silentspam.__file__).parent
    folders = [
        package,
        *map(resources.shipped, ("agi_scripts", "ivr_prompts", "dialplan", "config")),
        site.etc,
    ]
    return [
        path
        for folder in folders
        for path in (folder, *folder.rglob("*"))
        if site.folder not in (path, *path.parents)
    ]


@as_root
@pytest.mark.usefixtures("runs_as_user")
def test_a_call_is_screened_and_logged_by_a_user_who_may_write_nothing_but_its_own_folder(
    site: UserSite,
) -> None:
    switch = Switch(opening=noise(level=20.0).codes.tobytes())
    status = site.screen(switch)
    written = {path.name: path.stat().st_uid for path in site.folder.rglob("*")}
    assert status == 0, switch.commands
    assert action(switch) == "REJECT"
    row = site.row()
    assert (row["verdict"], row["failed_open"]) == ("CALLER_SILENCE", 0)
    written.pop(f"{row['call_id']}.ulaw")  # by the switch, which is this test
    assert "calls.db" in written
    assert [name for name, owner in written.items() if owner != USER] == []
    assert site.end(Switch(variables=dict(switch.variables))) == 0
    assert site.row()["ended_at"]


@as_root
@pytest.mark.usefixtures("runs_as_user")
def test_that_user_can_write_no_code_no_configuration_and_no_model(site: UserSite) -> None:
    site.command("silentspam.py")
    paths = list(map(str, installation(site)))
    assert str(site.etc / "silentspam.yaml") in paths
    done = subprocess.run(
        [*AS_USER, sys.executable, "-c", WRITABLE, *paths], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_nothing_that_ships_can_be_written_by_others() -> None:
    package = Path(silentspam.__file__).parent
    for folder in (package, *map(resources.shipped, ("agi_scripts", "config", "dialplan", "ivr_prompts"))):
        open_to_all = [
            path for path in folder.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o002
        ]
        assert open_to_all == []
