"""A FastAGI server of the standard library's threads that runs the real screening, with a judge by script."""

import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from silentspam import resources, variables
from silentspam.agi.channel import AgiChannel, call_from_environment
from silentspam.agi.ended import call_end
from silentspam.agi.session import AgiSession
from silentspam.call import Call, CallEnd, CallRecord, Mode
from silentspam.challenge import ChallengeSettings
from silentspam.screening import Judge, Screener, screen_call

PROMPTS = resources.shipped("ivr_prompts") / "en"


class Server(socketserver.ThreadingTCPServer):
    """Screens and logs ends into lists."""

    daemon_threads = True
    request_queue_size = 100

    def __init__(self, recordings: Path, judge: Judge) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.records: list[CallRecord] = []
        self.ends: list[CallEnd] = []
        self.spoil: Callable[[AgiSession], None] = lambda session: None
        self.screener = Screener(
            mode=Mode.ENFORCE,
            record_seconds=2.0,
            recordings=recordings,
            challenge=ChallengeSettings(attempts=1, key_seconds=3.0, prompts=PROMPTS),
            judge=judge,
        )

    def handle_error(self, request: object, client_address: object) -> None:
        """A session that breaks off is what some tests are about."""


class Handler(socketserver.StreamRequestHandler):
    """One session."""

    server: Server

    def handle(self) -> None:
        session = AgiSession(self.rfile, self.wfile)
        self.server.spoil(session)
        now = time.time()
        if session.env["agi_network_script"] == "ended":
            self.server.ends.append(call_end(session.env, session.get_variable, ended_at=now))
            session.set_variable(variables.LOGGED, "1")
            return
        ani = session.get_variable("CALLERID(ANI)")
        call = call_from_environment(session.env, call_id=Call.new_id(), ani=ani, started_at=now)
        self.server.records.append(screen_call(call, AgiChannel(session), self.server.screener))


@contextmanager
def serving(recordings: Path, judge: Judge) -> Iterator[Server]:
    """A server that runs until the block is left."""
    with Server(recordings, judge) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
