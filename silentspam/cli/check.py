"""`silentspam check`: is this installation fit to screen calls? Each finding comes with its remedy."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.common import add_config_option, configuration, printable, verb_parser
from silentspam.cli.freeswitch_files import ETC as FREESWITCH_ETC
from silentspam.cli.freeswitch_files import freeswitch_user
from silentspam.config import Config, config_path
from silentspam.installation import ETC, read_asterisk_conf

if TYPE_CHECKING:
    from silentspam.cli.doctor import Finding

EXAMPLES = """\
  sudo silentspam check
  sudo silentspam check --switch freeswitch
  silentspam check --agi-dir /opt/pbx/agi-bin --user pbx"""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "check", "examine the installation", EXAMPLES)
    parser.add_argument(
        "--switch",
        choices=("asterisk", "freeswitch", "both"),
        help="what to examine (FreeSWITCH where freeswitch.port is set, Asterisk where it is not alone)",
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
    add_config_option(parser)
    parser.set_defaults(run=run)


def _absolute(path: Path | None) -> Path | None:
    return path.absolute() if path else None


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when something would keep calls from being screened or logged."""
    from silentspam.cli import doctor
    from silentspam.errors import ConfigError

    try:
        config = configuration(args)
    except ConfigError as error:
        remedy = "mend that key; config/silentspam.yaml documents every one"
        findings = [doctor.fault(f"configuration: {error}", remedy)]
    else:
        findings = _examine(args, config)
    for finding in findings:
        print(f"{finding.mark:5} {printable(finding.text)}")
        if finding.remedy:
            print(f"      -> {printable(finding.remedy)}")
    faults = sum(finding.mark == doctor.FAULT for finding in findings)
    print(f"\n{len(findings)} checks, {faults} faults" + ("" if faults else ": calls can be screened"))
    return 1 if faults else 0


def _examine(args: argparse.Namespace, config: Config) -> "list[Finding]":
    from silentspam.cli import doctor

    asterisk, freeswitch = _switches(args, config)
    paths = read_asterisk_conf(args.asterisk_etc)
    places = doctor.AsteriskPlaces(
        asterisk=paths,
        agi=_absolute(args.agi_dir or paths.agi),
        etc=(args.dialplan_dir or paths.etc).absolute(),
    )
    return doctor.examine(
        config,
        config_path(args.config),
        user=args.user or (paths.user if asterisk else freeswitch_user()),
        asterisk=places if asterisk else None,
        freeswitch=args.freeswitch_etc.absolute() if freeswitch else None,
    )


def _switches(args: argparse.Namespace, config: Config) -> tuple[bool, bool]:
    """Whether Asterisk and FreeSWITCH are to be examined."""
    if args.switch is not None:
        return args.switch != "freeswitch", args.switch != "asterisk"
    served = config.freeswitch.port is not None
    named = args.agi_dir or args.dialplan_dir or (args.asterisk_etc / "asterisk.conf").is_file()
    return not served or bool(named), served
