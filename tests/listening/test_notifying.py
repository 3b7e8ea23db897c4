"""Whoever is to be told of a call is told, and whoever hangs or refuses holds up nothing and costs no row."""

import json
import socket
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from silentspam.listening.alerts import Alert, AlertKind, CallAlert
from silentspam.listening.console import Console, ConsoleError
from silentspam.listening.outbox import CAPACITY, Outbox
from silentspam.listening.webhook import Webhook, WebhookError
from tests.listening.desk import ANI, DNIS, Office, contradiction
from tests.provenance.sounds import voice

ALERT = CallAlert(
    uniqueid="1795305177.12",
    call_id="0b2c",
    live=True,
    channel="PJSIP/carrier-0000002a",
    started_at=1.0,
    ani=ANI,
    caller_id=ANI,
    called=DNIS,
    basis="side",
    seconds=15.0,
    line='the "boiler room" (2)',
    line_score=9.0,
    risk=0.724,
    signature=("voip",),
    last_codec="ilbc",
    alerts=(
        Alert(AlertKind.BLOCKED, "line x is blocked"),
        Alert(AlertKind.CLAIM, "a"),
        Alert(AlertKind.CLAIM, "b"),
    ),
)


class Hooks:
    """A web server: answers with these codes in turn, the last one for ever, and keeps what was posted."""

    def __init__(self, *codes: int) -> None:
        self.codes, self.posted = list(codes), list[dict[str, Any]]()
        self.arrived = threading.Event()

    @contextmanager
    def served(self) -> Iterator[str]:
        hooks = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hooks.posted.append(json.loads(body))
                code = hooks.codes.pop(0) if len(hooks.codes) > 1 else hooks.codes[0]
                self.send_response(code)
                if code == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
                hooks.arrived.set()

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@contextmanager
def deaf() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def hook(address: str, *, attempts: int = 3, seconds: float = 5.0) -> tuple[Webhook, list[float]]:
    slept: list[float] = []
    return Webhook(address, seconds=seconds, attempts=attempts, sleep=slept.append), slept


# --- by HTTP -----------------------------------------------------------------------------------------------


def test_an_alert_is_posted_once_as_json() -> None:
    hooks = Hooks(204)
    with hooks.served() as address:
        hook(address)[0].tell(ALERT)
    (posted,) = hooks.posted
    assert posted["call_id"] == "0b2c"
    assert posted["alerts"][0] == {"kind": "blocked", "reason": "line x is blocked"}
    assert (posted["ani"], posted["called"], posted["risk"]) == (ANI, DNIS, 0.724)


def test_it_is_sent_again_with_longer_and_longer_pauses_until_it_is_taken() -> None:
    hooks = Hooks(500, 503, 200)
    with hooks.served() as address:
        webhook, slept = hook(address)
        webhook.tell(ALERT)
    assert len(hooks.posted) == 3
    assert slept == [1.0, 2.0]


def test_after_the_last_attempt_it_is_given_up_and_the_address_is_not_told() -> None:
    hooks = Hooks(404)
    with hooks.served() as address:
        webhook, _ = hook(address + "?token=secret", attempts=2)
        with pytest.raises(WebhookError, match="2 attempts: answered 404") as caught:
            webhook.tell(ALERT)
    assert len(hooks.posted) == 2
    assert "secret" not in str(caught.value)


def test_a_redirection_is_not_followed() -> None:
    hooks = Hooks(302)
    with hooks.served() as address, pytest.raises(WebhookError, match="answered 302"):
        hook(address, attempts=1)[0].tell(ALERT)
    assert len(hooks.posted) == 1


def test_nobody_there_and_nobody_who_answers_are_errors_in_words() -> None:
    with deaf() as address, pytest.raises(WebhookError, match="timed out"):
        hook(address, attempts=1, seconds=0.1)[0].tell(ALERT)
    with pytest.raises(WebhookError, match="refused"):
        hook(address, attempts=1)[0].tell(ALERT)


@pytest.mark.parametrize("address", ["http://[bad/x", "http://h:s3cret/", "http://u:s3cret@[::1/"])
def test_an_address_that_is_none_is_an_error_that_quotes_none_of_it(address: str) -> None:
    with pytest.raises(WebhookError, match="attempts: ") as caught:
        hook(address)[0].tell(ALERT)
    assert "s3cret" not in str(caught.value)
    assert "bad" not in str(caught.value)


# --- on the channel ----------------------------------------------------------------------------------------


def console(folder: Path, *, prints: str = "", status: int = 0) -> tuple[Console, Path]:
    """A console that writes down what it is told."""
    said = folder / "said"
    code = (
        f"import sys; print(sys.argv[-1], file=open({str(said)!r}, 'a')); "
        f"print({prints!r}); sys.exit({status})"
    )
    return Console([sys.executable, "-c", code, "-rx"]), said


def test_a_living_call_gets_its_variables_in_harmless_words(tmp_path: Path) -> None:
    ours, said = console(tmp_path)
    assert ours.tell(ALERT)
    assert said.read_text().splitlines() == [
        'dialplan set chanvar PJSIP/carrier-0000002a SILENTSPAM_LINE "the _boiler room_ _2_"',
        'dialplan set chanvar PJSIP/carrier-0000002a SILENTSPAM_RISK "0.72"',
        'dialplan set chanvar PJSIP/carrier-0000002a SILENTSPAM_PROVENANCE_ALERT "blocked,claim"',
    ]


@pytest.mark.parametrize("known", [{"live": False}, {"channel": "PJSIP/a b"}, {"channel": ""}])
def test_nothing_is_told_to_a_call_that_is_over_or_has_a_strange_name(
    tmp_path: Path, known: dict[str, object]
) -> None:
    from dataclasses import replace

    ours, said = console(tmp_path)
    assert not ours.tell(replace(ALERT, **known))  # type: ignore[arg-type]
    assert not said.exists()


def test_the_recording_of_our_side_is_stopped_and_no_other(tmp_path: Path) -> None:
    listed = f"MixMonitor ID\tFile\n====\n0x7f01\t/var/monitor/all\t\n0x7f02\t{tmp_path}/abc\t\n"
    ours, said = console(tmp_path, prints=listed)
    ours.stop_side("PJSIP/carrier-0000002a", tmp_path / "abc.ulaw")
    assert said.read_text().splitlines() == [
        "mixmonitor list PJSIP/carrier-0000002a",
        "mixmonitor stop PJSIP/carrier-0000002a 0x7f02",
    ]


def test_a_console_that_fails_or_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConsoleError, match=r"provenance\.asterisk: .*exit 1: no such channel"):
        console(tmp_path, prints="no such channel", status=1)[0].tell(ALERT)
    with pytest.raises(ConsoleError, match=r"provenance\.asterisk"):
        Console([str(tmp_path / "asterisk"), "-rx"]).tell(ALERT)


def test_a_channel_that_is_gone_was_not_told_and_is_not_counted_as_if(tmp_path: Path) -> None:
    ours, said = console(tmp_path, prints="No such channel: PJSIP/carrier-0000002a")
    assert not ours.tell(ALERT)
    assert len(said.read_text().splitlines()) == 1
    results: Counter[str] = Counter()
    box = Outbox(ours, lambda _way, result: results.update([result]), lambda _words: None)
    box.put(ALERT)
    box.close(60)
    assert results == {"skipped": 1}


# --- on their way ------------------------------------------------------------------------------------------


class Slow:
    """A way that waits until it may go on."""

    name = "slow"

    def __init__(self) -> None:
        self.may, self.begun = threading.Event(), threading.Event()
        self.told: list[CallAlert] = []

    def tell(self, alert: CallAlert) -> bool:
        self.begun.set()
        self.may.wait(60)
        self.told.append(alert)
        return True


def test_a_way_that_hangs_holds_up_nobody_and_keeps_the_newest() -> None:
    results: Counter[str] = Counter()
    way = Slow()
    box = Outbox(way, lambda _way, result: results.update([result]), lambda _words: None)
    box.put(ALERT)
    way.begun.wait(60)
    for _ in range(CAPACITY + 5):
        box.put(ALERT)
    assert results["dropped"] == 5
    box.close(0.05)
    assert results["dropped"] == 5 + CAPACITY
    way.may.set()


def test_a_way_that_breaks_is_counted_and_the_next_is_told_all_the_same() -> None:
    class Broken:
        name = "broken"
        errors: ClassVar[list[Exception]] = [ValueError("s3cret"), ZeroDivisionError()]

        def tell(self, alert: CallAlert) -> bool:
            if self.errors:
                raise self.errors.pop()
            return True

    results, words = Counter[str](), list[str]()
    box = Outbox(Broken(), lambda _way, result: results.update([result]), words.append)
    for _ in range(3):
        box.put(ALERT)
    box.close(60)
    assert results == {"failed": 2, "sent": 1}
    assert words == ["broken: call 0b2c: ZeroDivisionError", "broken: call 0b2c: ValueError"]


def test_what_waits_is_told_before_the_end() -> None:
    way, results = Slow(), Counter[str]()
    way.may.set()
    box = Outbox(way, lambda _way, result: results.update([result]), lambda _words: None)
    for _ in range(3):
        box.put(ALERT)
    box.close(60)
    assert len(way.told) == 3
    assert results == {"sent": 3}


SPOKEN = voice(6.0)


def claimed(folder: Path) -> str:
    """A file of claims that `SPOKEN` contradicts."""
    path = folder / "claims.yaml"
    path.write_text(yaml.safe_dump(contradiction(SPOKEN[:40_000], "carrier")))
    return str(path)


def test_a_webhook_that_hangs_delays_no_row(tmp_path: Path) -> None:
    with deaf() as address:
        office = Office(
            tmp_path, claims=claimed(tmp_path), webhook=address, webhook_seconds=0.2, webhook_attempts=1
        )
        first, second = office.call(), office.call()
        office.side(first, SPOKEN)
        office.side(second, SPOKEN)
        assert {row.call_id for row in office.turn()} == {first, second}
        office.service.close()
    assert [event["chore"] for event in office.events("failed")] == ["notify", "notify"]
    counted = office.registry.state["silentspam_provenance_notifications_total"]
    assert counted == {"webhook\x1ffailed": [2.0]}


def test_an_alert_goes_out_with_its_row(tmp_path: Path) -> None:
    hooks = Hooks(200)
    with hooks.served() as address:
        office = Office(tmp_path, claims=claimed(tmp_path), webhook=address)
        call_id = office.call(over=False)
        office.side(call_id, SPOKEN, rested=0)
        (row,) = office.turn()
        office.service.close()
    (posted,) = hooks.posted
    assert (posted["call_id"], posted["live"]) == (call_id, True)
    assert [f"{one['kind']}: {one['reason']}" for one in posted["alerts"]] == list(row.alerts)
    (said,) = office.events("alert")
    assert said["ani"] == ANI
    assert str(said["text"]).startswith("claim: ")


def test_an_alert_goes_out_before_its_file_is_let_go_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(tmp_path, claims=claimed(tmp_path))
    side = office.side(office.call(), SPOKEN)
    unlink, said_before = Path.unlink, list[int]()

    def note(path: Path, missing_ok: bool = False) -> None:
        if path == side:
            said_before.append(len(office.events("alert")))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", note)
    assert len(office.turn()) == 1
    assert said_before == [1]


def test_all_ways_have_one_time_together_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Box:
        def close(self, seconds: float) -> None:
            given.append(seconds)
            clock[0] += 15.0

    given, clock = list[float](), [100.0]
    office = Office(tmp_path)
    monkeypatch.setattr(office.service, "_outboxes", [Box(), Box()])
    monkeypatch.setattr("silentspam.listening.service.time.monotonic", lambda: clock[0])
    office.service.close()
    monkeypatch.undo()
    assert given == [20.0, 5.0]
