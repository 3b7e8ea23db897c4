"""`silentspam install` for Asterisk: the AGI scripts and the dialplan's file."""

import argparse
from pathlib import Path

from silentspam import resources
from silentspam.cli.installer import Installer
from silentspam.errors import SilentSpamError
from silentspam.installation import DIALPLAN, SCRIPTS, AsteriskPaths, read_asterisk_conf


class AsteriskFiles:
    """Where they go, as the options and asterisk.conf say."""

    def __init__(self, args: argparse.Namespace) -> None:
        """Raises SilentSpamError where no AGI folder is known."""
        self.asterisk: AsteriskPaths = read_asterisk_conf(args.asterisk_etc)
        agi = args.agi_dir or self.asterisk.agi
        if agi is None:
            raise SilentSpamError("no AGI folder found: name it with --agi-dir (astagidir in asterisk.conf)")
        self.agi: Path = agi
        self.etc: Path = args.dialplan_dir or self.asterisk.etc
        self.user = self.asterisk.user

    def put(self, installer: Installer, python: str) -> None:
        """Scripts with this interpreter, and the dialplan."""
        for script in SCRIPTS:
            source = (resources.shipped("agi_scripts") / script).read_text(encoding="utf-8")
            installer.write(self.agi / script, with_interpreter(source, python), mode=0o755)
        dialplan = (resources.shipped("dialplan") / DIALPLAN).read_text("utf-8")
        installer.write(self.etc / DIALPLAN, dialplan, mode=0o644)

    def say_what_is_left(self, user: str) -> None:
        """What an admin does then."""
        print(
            f"\nNow, in {self.etc}/extensions.conf:\n"
            f"  1. at its end:                      #include {DIALPLAN}\n"
            "  2. before your own Dial or Queue:   same => n,TryExec(Gosub(silentspam,s,1))\n"
            "  3. asterisk -rx 'dialplan reload', then: silentspam check"
        )
        if not user:
            print("No user 'asterisk' and no runuser: name Asterisk's user with --user if it is not you.")
        if self.asterisk.transmit_silence:
            print("asterisk.conf has transmit_silence = yes: callers will hear silence instead of ringing.")


def with_interpreter(script: str, python: str) -> str:
    """The script with this interpreter, isolated: its own folder must not hide the package of its name."""
    if len(python) > 120 or any(c.isspace() for c in python):
        raise SilentSpamError(
            f"--python {python!r}: a script's first line takes at most 120 characters, no spaces"
        )
    _, _, body = script.partition("\n")
    return f"#!{python} -I\n{body}"
