"""A child of the supervisor: `python -m silentspam.serve ROLE LINE[,LISTENER…] [CONFIG]`."""

import socket
import sys
from pathlib import Path


def main() -> int:
    """Run the role that the supervisor gave."""
    role, descriptors, *rest = sys.argv[1:]
    line, *listeners = (socket.socket(fileno=int(descriptor)) for descriptor in descriptors.split(","))
    config = Path(rest[0]) if rest else None
    if role == "worker":
        from silentspam.serve.worker import Worker

        Worker(config, listeners[0], line, *listeners[1:]).run()
    elif role == "listener":
        try:
            from silentspam.serve.listener import ListenerProcess
        except ModuleNotFoundError as error:  # one line, and not a stack at each of its starts
            sys.exit(f"silentspam: provenance.enabled: {error}: pip install 'silentspam[training]'")

        ListenerProcess(config, line).run()
    elif role == "hangups":
        from silentspam.serve.hangups import HangupsProcess

        HangupsProcess(config, line).run()
    else:
        from silentspam.serve.clerk import Clerk

        Clerk(config, line).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
