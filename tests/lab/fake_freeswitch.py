"""Stands for FreeSWITCH where the lab starts and asks it: the options, the configuration, the event socket.

It takes no calls: SIP and media cannot be stood for, and no test here says anything of them. The file is run
as the program `freeswitch`; what it is told by FAKE_FREESWITCH goes wrong.
"""

import os
import signal
import socket
import sys
import threading
import xml.etree.ElementTree as ElementTree
from pathlib import Path

FOLDER_OPTIONS = {
    "-conf",
    "-log",
    "-db",
    "-run",
    "-temp",
    "-storage",
    "-recordings",
    "-scripts",
    "-cache",
    "-certs",
}
KNOWN_OPTIONS = {"-nc", "-nf", "-nonat"}
STATUS = (
    "UP 0 years, 0 days, 0 hours, 0 minutes, 1 second, 20 milliseconds, 3 microseconds\n"
    "FreeSWITCH (Version 1.10.12 -release  64bit) is ready\n"
    "3 session(s) since startup\n"
    "2 session(s) - peak 2, last 5min 2 \n"
    "0 session(s) per Sec out of max 300, peak 1, last 5min 1 \n"
    "1000 session(s) max\n"
)
SOFIA = (
    "                     Name\t   Type\t                                      Data\tState\n"
    + "=" * 97
    + "\n%25s\tprofile\t  %40s\t%s (0)\n"
    + "=" * 97
    + "\n1 profile 0 aliases\n"
)


def main() -> int:
    """Parse the options as src/switch.c does, read the configuration, and answer until SIGTERM."""
    folders = parse(sys.argv[1:])
    wrong = os.environ.get("FAKE_FREESWITCH", "")
    if wrong == "dies":
        print("Cannot Initialize [no such thing]", file=sys.stderr)
        return 255
    root = ElementTree.parse(Path(folders["-conf"]) / "freeswitch.xml").getroot()
    parameters = {one.get("name"): one.get("value") for one in root.iter("param")}
    loaded = {one.get("module") for one in root.iter("load")} - {os.environ.get("FAKE_WITHOUT", "")}
    listener = socket.create_server((str(parameters["listen-ip"]), int(str(parameters["listen-port"]))))
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if wrong == "hangs":
        signal.pause()
    asked = 0
    while True:
        connection, _ = listener.accept()
        asked += 1
        state = "RUNNING" if asked > 2 else "DOWN"  # the profile comes up after the socket
        replies = {
            "status": STATUS,
            "reloadxml": "+OK [Success]\n",
            "sofia status": SOFIA % ("internal", f"sip:mod_sofia@127.0.0.1:{parameters['sip-port']}", state),
            **{f"module_exists {module}": "true" for module in loaded},
        }
        threading.Thread(target=answer, args=(connection, str(parameters["password"]), replies)).start()


def parse(words: list[str]) -> dict[str, str]:
    """The folders by their options; ends with FreeSWITCH's own complaint of another."""
    folders, rest = {}, iter(words)
    for word in rest:
        if word in FOLDER_OPTIONS:
            folders[word] = next(rest)
        elif word not in KNOWN_OPTIONS:
            sys.exit(f"Unknown option '{word}', see 'freeswitch -help' for a list of valid options")
    if not {"-conf", "-log", "-db"} <= set(folders):
        sys.exit("You must specify all or none of -conf, -log, and -db")
    return folders


def answer(connection: socket.socket, password: str, replies: dict[str, str]) -> None:
    """One client of the event socket, until it goes."""
    with connection, connection.makefile("rwb", buffering=0) as stream:
        stream.write(b"Content-Type: auth/request\n\n")
        while line := stream.readline().decode().strip():
            stream.readline()
            if line.startswith("auth "):
                word = "+OK accepted" if line == f"auth {password}" else "-ERR invalid"
                stream.write(f"Content-Type: command/reply\nReply-Text: {word}\n\n".encode())
            else:
                body = replies.get(line.removeprefix("api "), "false").encode()
                stream.write(b"Content-Type: api/response\nContent-Length: %d\n\n" % len(body) + body)


if __name__ == "__main__":
    sys.exit(main())
