"""`silentspam install --switch freeswitch`: the dialplan's file, and a configuration that serves it."""

import argparse
import json
from pathlib import Path

from silentspam.cli.freeswitch_files import (
    CONTEXT,
    DEFAULT_PASSWORD,
    DIALPLAN,
    PORT,
    dialplan_path,
    dialplan_text,
    event_socket_settings,
    freeswitch_user,
)
from silentspam.cli.installer import Installer
from silentspam.config import Config
from silentspam.errors import SilentSpamError


class FreeSwitchFiles:
    """Where they go, as the options say."""

    def __init__(self, args: argparse.Namespace) -> None:
        """Raises SilentSpamError where the folder of the public context is not there."""
        self.etc: Path = args.freeswitch_etc
        self.user = freeswitch_user()
        if not (self.etc / CONTEXT).is_dir():
            raise SilentSpamError(
                f"{self.etc / CONTEXT}: no such folder: name FreeSWITCH's configuration folder with "
                "--freeswitch-etc"
            )

    def configured(self, shipped: str) -> str:
        """The shipped YAML with a port for FreeSWITCH, and the event socket that FreeSWITCH itself has."""
        settings = event_socket_settings(self.etc)
        values = {"port": str(PORT)}
        if settings is not None:
            if settings.port.isdecimal() and settings.port != "8021":
                values["event_sockets"] = json.dumps([f"127.0.0.1:{settings.port}"])
            if "$" not in settings.password and settings.password != DEFAULT_PASSWORD:
                values["password"] = json.dumps(settings.password)
        head, mark, section = shipped.partition("\nfreeswitch:\n")
        for key, value in values.items():
            section = _with(section, f"  {key}: ", value)
        return head + mark + section

    def put(self, installer: Installer, config: Config) -> None:
        """The dialplan."""
        installer.write(dialplan_path(self.etc), dialplan_text(config), mode=0o644)

    def say_what_is_left(self, installer: Installer, config: Config, config_file: Path) -> None:
        """What an admin does then."""
        steps = [
            f"the four lines at the head of {DIALPLAN} before your own bridge, and the guard's extension"
        ]
        if config.freeswitch.port is None and config_file.exists():
            steps.append(f"in {config_file}: freeswitch.port: {PORT}, as the dialplan's `socket` has it")
        steps.append(f"freeswitch.password in {config_file} as in autoload_configs/event_socket.conf.xml")
        steps.append("start the server: `silentspam serve`, or its unit (--server)")
        steps.append("fs_cli -x reloadxml, then: silentspam check --switch freeswitch")
        print(f"\nNow, in a file of your own in {self.etc / CONTEXT}/:")
        print("\n".join(f"  {number}. {step}" for number, step in enumerate(steps, start=1)))
        if not installer.user:
            print("No user 'freeswitch': name FreeSWITCH's user with --user if it is not you.")


def _with(section: str, begin: str, value: str) -> str:
    """The section with another value in the first line that begins so."""
    before, mark, rest = section.partition(f"\n{begin}")
    _, _, after = rest.partition("\n")
    return f"{before}{mark}{value}\n{after}"
