"""`silentspam install`: put the switch's files, the configuration and the folders in place."""

import argparse
import sys
from pathlib import Path
from typing import Any

from silentspam import resources
from silentspam.cli.common import verb_parser
from silentspam.cli.freeswitch_files import ETC as FREESWITCH_ETC
from silentspam.cli.install_asterisk import AsteriskFiles
from silentspam.cli.install_freeswitch import FreeSwitchFiles
from silentspam.cli.install_server import UNIT, UNITS, unit, what_is_left
from silentspam.cli.installer import Installer, absolute_interpreter, configuration_at
from silentspam.config import DEFAULT_PATH, Config
from silentspam.errors import SilentSpamError
from silentspam.installation import ETC, folders, user_exists

EXAMPLES = """\
  silentspam install --dry-run
  sudo silentspam install
  sudo silentspam install --server                        the unit of silentspam serve, too
  sudo silentspam install --switch freeswitch --server
  silentspam install --agi-dir /opt/pbx/agi-bin --dialplan-dir /opt/pbx/etc --user pbx"""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "install", "put scripts, dialplan and folders in place", EXAMPLES)
    parser.add_argument(
        "--switch", choices=("asterisk", "freeswitch"), default="asterisk", help="whose files (asterisk)"
    )
    parser.add_argument("--agi-dir", type=Path, metavar="DIR", help="Asterisk's AGI folder (astagidir)")
    parser.add_argument("--dialplan-dir", type=Path, metavar="DIR", help="Asterisk's configuration folder")
    parser.add_argument(
        "--asterisk-etc", type=Path, default=ETC, metavar="DIR", help=f"asterisk.conf's ({ETC})"
    )
    parser.add_argument(
        "--freeswitch-etc",
        type=Path,
        default=FREESWITCH_ETC,
        metavar="DIR",
        help=f"FreeSWITCH's configuration folder ({FREESWITCH_ETC})",
    )
    parser.add_argument(
        "--user", metavar="NAME", help="user that the switch runs as (runuser, else asterisk; freeswitch)"
    )
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
    files = FreeSwitchFiles(args) if args.switch == "freeswitch" else AsteriskFiles(args)
    config_file = args.config or DEFAULT_PATH
    python = absolute_interpreter(args.python)
    if args.user and not user_exists(args.user):
        raise SilentSpamError(f"--user {args.user}: there is no such user")
    installer = Installer(dry_run=args.dry_run, user=args.user or files.user)
    if args.server and args.switch == "freeswitch" and not installer.user:
        raise SilentSpamError("--server: there is no user freeswitch: name FreeSWITCH's user with --user")
    if isinstance(files, AsteriskFiles):
        files.put(installer, python)
    _write_configuration(installer, files, config_file)
    config = configuration_at(config_file)
    if isinstance(files, FreeSwitchFiles):
        files.put(installer, config)
    _make_folders(installer, config)
    if args.server:
        text = unit(config, config_file, python=python, user=installer.user)
        installer.write(args.unit_dir / UNIT, text, mode=0o644)
    if isinstance(files, AsteriskFiles):
        files.say_what_is_left(installer.user)
    else:
        files.say_what_is_left(installer, config, config_file)
    if args.server:
        print(what_is_left(args.switch))
    if config_file != DEFAULT_PATH and isinstance(files, AsteriskFiles):
        print(f"Calls read {DEFAULT_PATH} unless the dialplan says SILENTSPAM_CONFIG={config_file}.")
    return 0


def _write_configuration(
    installer: Installer, files: AsteriskFiles | FreeSwitchFiles, config_file: Path
) -> None:
    """The shipped one where there is none; one with a password is for the switch's user's group alone."""
    if config_file.exists():
        installer.say(f"keep    {config_file}")
        return
    shipped = (resources.shipped("config") / "silentspam.yaml").read_text(encoding="utf-8")
    if isinstance(files, AsteriskFiles):
        installer.write(config_file, shipped, mode=0o644)
        return
    installer.write(config_file, files.configured(shipped), mode=0o640)
    installer.for_its_group(config_file)


def _make_folders(installer: Installer, config: Config) -> None:
    for folder in folders(config):
        installer.folder(folder)
    installer.folder_to_read(Path(config.model.registry))
