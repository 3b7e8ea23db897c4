"""`silentspam check`: is this installation fit to screen calls? Each finding comes with its remedy."""

import argparse
from pathlib import Path
from typing import Any

from silentspam.cli.common import add_config_option, configuration, printable, verb_parser
from silentspam.config import config_path
from silentspam.installation import ETC, read_asterisk_conf

EXAMPLES = """\
  sudo silentspam check
  silentspam check --agi-dir /opt/pbx/agi-bin --user pbx"""


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(subparsers, "check", "examine the installation", EXAMPLES)
    parser.add_argument("--agi-dir", type=Path, metavar="DIR", help="Asterisk's AGI folder (astagidir)")
    parser.add_argument("--dialplan-dir", type=Path, metavar="DIR", help="Asterisk's configuration folder")
    parser.add_argument(
        "--asterisk-etc", type=Path, default=ETC, metavar="DIR", help=f"asterisk.conf's ({ETC})"
    )
    parser.add_argument("--user", metavar="NAME", help="user that Asterisk runs as (runuser, else asterisk)")
    add_config_option(parser)
    parser.set_defaults(run=run)


def _absolute(path: Path | None) -> Path | None:
    return path.absolute() if path else None


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when something would keep calls from being screened or logged."""
    from silentspam.cli import doctor
    from silentspam.errors import ConfigError

    asterisk = read_asterisk_conf(args.asterisk_etc)
    user = args.user or asterisk.user
    try:
        config = configuration(args)
    except ConfigError as error:
        remedy = "mend that key; config/silentspam.yaml documents every one"
        findings = [doctor.fault(f"configuration: {error}", remedy)]
    else:
        findings = doctor.examine(
            config,
            config_path(args.config),
            asterisk,
            user=user,
            agi=_absolute(args.agi_dir or asterisk.agi),
            etc=(args.dialplan_dir or asterisk.etc).absolute(),
        )
    for finding in findings:
        print(f"{finding.mark:5} {printable(finding.text)}")
        if finding.remedy:
            print(f"      -> {printable(finding.remedy)}")
    faults = sum(finding.mark == doctor.FAULT for finding in findings)
    print(f"\n{len(findings)} checks, {faults} faults" + ("" if faults else ": calls can be screened"))
    return 1 if faults else 0
