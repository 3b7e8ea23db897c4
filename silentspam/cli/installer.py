"""What `silentspam install` writes with, whatever the switch: files by rename, folders for its user."""

import grp
import os
import pwd
import shutil
import stat
from pathlib import Path

from silentspam.config import Config, load_config
from silentspam.errors import ConfigError, SilentSpamError


class Installer:
    """Writes files and folders, or only says so; never leaves half a file, and keeps what it replaces."""

    def __init__(self, *, dry_run: bool, user: str) -> None:
        self.dry_run = dry_run
        self.user = user

    def say(self, what: str) -> None:
        print(f"{'would ' if self.dry_run else ''}{what}")

    def write(self, path: Path, text: str, *, mode: int) -> None:
        """Put a file in place by rename; one that differs is kept beside it as .old."""
        same = path.is_file() and path.read_text(encoding="utf-8", errors="replace") == text
        if same and stat.S_IMODE(path.stat().st_mode) == mode:
            self.say(f"keep    {path}")
            return
        self.say(f"write   {path}")
        if self.dry_run:
            return
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True)
            path.parent.chmod(0o755)  # whatever the umask: the switch's user has to read it
        if path.is_file() and not same:
            self.say(f"backup  {path}.old")
            shutil.copy2(path, f"{path}.old")
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text(text, encoding="utf-8")
        partial.chmod(mode)
        partial.rename(path)

    def folder(self, path: Path) -> None:
        """Create a folder for the switch's user; an existing one is left as it is."""
        if path.is_dir():
            self.say(f"keep    {path}/")
            return
        self.say(f"create  {path}/" + (f" for {self.user}" if self.user else ""))
        if self.dry_run:
            return
        path.mkdir(parents=True, mode=0o750)
        if self.user and os.geteuid() == 0:
            shutil.chown(path, self.user, None)

    def folder_to_read(self, path: Path) -> None:
        """Create a folder that the switch's user reads, and only its owner changes."""
        if path.is_dir():
            self.say(f"keep    {path}/")
            return
        self.say(f"create  {path}/ for all to read")
        if not self.dry_run:
            path.mkdir(parents=True)
            path.chmod(0o755)

    def for_its_group(self, path: Path) -> None:
        """Let the group of the switch's user read a file that others may not."""
        if self.user and os.geteuid() == 0 and not self.dry_run:
            os.chown(path, -1, pwd.getpwnam(self.user).pw_gid)


def group_of(user: str) -> str:
    """The name of a user's own group."""
    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name


def absolute_interpreter(name: str) -> str:
    """The interpreter's absolute path: a kernel looks nothing up for a script's first line."""
    found = shutil.which(name)
    if found is None:
        raise SilentSpamError(f"--python {name}: no such program, or not executable")
    return os.path.abspath(found)


def configuration_at(path: Path) -> Config:
    """The configuration that calls will read; the defaults where there is none."""
    try:
        return load_config(path if path.exists() else None)
    except ConfigError as error:
        raise SilentSpamError(f"the folders cannot be prepared: {error}") from error
