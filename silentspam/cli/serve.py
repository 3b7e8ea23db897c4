"""`silentspam serve`: the resident server, for Asterisk and FreeSWITCH."""

import argparse

from silentspam.cli.common import add_config_option, verb_parser
from silentspam.config import config_path

EXAMPLES = """\
  silentspam serve                                     until SIGTERM; SIGHUP reads the YAML again
  silentspam serve --config /etc/silentspam/silentspam.yaml
  in Asterisk's dialplan: SILENTSPAM_AGI=agi://127.0.0.1/screen and SILENTSPAM_AGI_ENDED=agi://127.0.0.1/ended
  in FreeSWITCH's, with freeswitch.port: 8084 in the YAML: socket 127.0.0.1:8084 async full"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verb_parser(
        subparsers, "serve", "serves AGI(agi://...) for Asterisk servers, and FreeSWITCH's socket", EXAMPLES
    )
    add_config_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM."""
    from silentspam.serve.supervisor import main

    return main(config_path(args.config))
