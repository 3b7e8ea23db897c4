"""`silentspam install`: put the AGI scripts, the dialplan, the configuration and the folders in place."""

import argparse
import os
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

from silentspam import resources
from silentspam.cli.common import verb_parser
from silentspam.cli.install_server import UNIT, UNITS, unit, what_is_left
from silentspam.config import DEFAULT_PATH, Config, load_config
from silentspam.errors import ConfigError, SilentSpamError
from silentspam.installation import (
    DIALPLAN,
    ETC,
    SCRIPTS,
    AsteriskPaths,
    folders,
    read_asterisk_conf,
    user_exists,
)

EXAMPLES = """\
  silentspam install --dry-run
  sudo silentspam install
  sudo silentspam install --server                        the unit of silentspam serve, too
  silentspam install --agi-dir /opt/pbx/agi-bin --dialplan-dir /opt/pbx/etc --user pbx"""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "install", "put scripts, dialplan and folders in place", EXAMPLES)
    parser.add_argument("--agi-dir", type=Path, metavar="DIR", help="Asterisk's AGI folder (astagidir)")
    parser.add_argument("--dialplan-dir", type=Path, metavar="DIR", help="Asterisk's configuration folder")
    parser.add_argument(
        "--asterisk-etc", type=Path, default=ETC, metavar="DIR", help=f"asterisk.conf's ({ETC})"
    )
    parser.add_argument("--user", metavar="NAME", help="user that Asterisk runs as (runuser, else asterisk)")
    parser.add_argument("--python", default=sys.executable, metavar="PATH", help="interpreter of the scripts")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help=f"YAML to create if missing ({DEFAULT_PATH})"
    )
    parser.add_argument(
        "--server", action="store_true", help="also write a systemd unit for silentspam serve"
    )
    parser.add_argument(
        "--unit-dir", type=Path, default=UNITS, metavar="DIR", help=f"systemd's folder of units ({UNITS})"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when a file cannot be written."""
    asterisk = read_asterisk_conf(args.asterisk_etc)
    agi = args.agi_dir or asterisk.agi
    if agi is None:
        raise SilentSpamError("no AGI folder found: name it with --agi-dir (astagidir in asterisk.conf)")
    etc = args.dialplan_dir or asterisk.etc
    config_file = args.config or DEFAULT_PATH
    python = _interpreter(args.python)
    if args.user and not user_exists(args.user):
        raise SilentSpamError(f"--user {args.user}: there is no such user")
    installer = Installer(dry_run=args.dry_run, user=args.user or asterisk.user)
    for script in SCRIPTS:
        source = (resources.shipped("agi_scripts") / script).read_text(encoding="utf-8")
        installer.write(agi / script, with_interpreter(source, python), mode=0o755)
    installer.write(etc / DIALPLAN, (resources.shipped("dialplan") / DIALPLAN).read_text("utf-8"), mode=0o644)
    if config_file.exists():
        installer.say(f"keep    {config_file}")
    else:
        shipped = resources.shipped("config") / "silentspam.yaml"
        installer.write(config_file, shipped.read_text(encoding="utf-8"), mode=0o644)
    config = _configuration(config_file)
    for folder in folders(config):
        installer.folder(folder)
    installer.folder_to_read(Path(config.model.registry))
    if args.server:
        text = unit(config, config_file, python=python, user=installer.user)
        installer.write(args.unit_dir / UNIT, text, mode=0o644)
    _say_what_is_left(installer, asterisk, etc)
    if args.server:
        print(what_is_left())
    if config_file != DEFAULT_PATH:
        print(f"Calls read {DEFAULT_PATH} unless the dialplan says SILENTSPAM_CONFIG={config_file}.")
    return 0


def _interpreter(name: str) -> str:
    """The interpreter's absolute path: a kernel looks nothing up for a script's first line."""
    found = shutil.which(name)
    if found is None:
        raise SilentSpamError(f"--python {name}: no such program, or not executable")
    return os.path.abspath(found)


def with_interpreter(script: str, python: str) -> str:
    """The script with this interpreter, isolated: its own folder must not hide the package of its name."""
    if len(python) > 120 or any(c.isspace() for c in python):
        raise SilentSpamError(
            f"--python {python!r}: a script's first line takes at most 120 characters, no spaces"
        )
    _, _, body = script.partition("\n")
    return f"#!{python} -I\n{body}"


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
            path.parent.chmod(0o755)  # whatever the umask: Asterisk's user has to read it
        if path.is_file() and not same:
            self.say(f"backup  {path}.old")
            shutil.copy2(path, f"{path}.old")
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text(text, encoding="utf-8")
        partial.chmod(mode)
        partial.rename(path)

    def folder(self, path: Path) -> None:
        """Create a folder for Asterisk's user; an existing one is left as it is."""
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
        """Create a folder that Asterisk's user reads, and only its owner changes."""
        if path.is_dir():
            self.say(f"keep    {path}/")
            return
        self.say(f"create  {path}/ for all to read")
        if not self.dry_run:
            path.mkdir(parents=True)
            path.chmod(0o755)


def _configuration(path: Path) -> Config:
    try:
        return load_config(path if path.exists() else None)
    except ConfigError as error:
        raise SilentSpamError(f"the folders cannot be prepared: {error}") from error


def _say_what_is_left(installer: Installer, asterisk: AsteriskPaths, etc: Path) -> None:
    print(
        f"\nNow, in {etc}/extensions.conf:\n"
        f"  1. at its end:                      #include {DIALPLAN}\n"
        "  2. before your own Dial or Queue:   same => n,TryExec(Gosub(silentspam,s,1))\n"
        "  3. asterisk -rx 'dialplan reload', then: silentspam check"
    )
    if not installer.user:
        print("No user 'asterisk' and no runuser: name Asterisk's user with --user if it is not you.")
    if asterisk.transmit_silence:
        print("asterisk.conf has transmit_silence = yes: callers will hear silence instead of ringing.")
