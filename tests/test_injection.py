"""Texts that a caller can choose, in every field that a caller can set, at every place where they end up.

The number, name, ANI and DNIS come from SIP headers, the channel's name from a SIP user part; Asterisk hands
them on as they are. Here they go through a whole screening and its end, into the database, and out again: as
AGI commands, rows, files, tables on a terminal, CSV, JSON, pages and metrics. A real Asterisk meets such a
caller in the lab's scenario `hostile-caller`.
"""

import csv
import io
import json
import sqlite3
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from silentspam import assembly, variables
from silentspam.agi.channel import AgiChannel, call_from_environment
from silentspam.agi.ended import call_end
from silentspam.agi.session import AgiSession
from silentspam.call import CALLER_TEXT_LIMIT, CallRecord
from silentspam.calllog.entry import Entry, Part, ended, screened
from silentspam.calllog.query import Filter
from silentspam.cli import main
from silentspam.config import load_config
from silentspam.metrics import exposition, gauge
from silentspam.reports.page import Page
from silentspam.screening import screen_call
from tests.agi.dialogue import assert_only_our_commands, screener
from tests.fakes import CALL_ID, ENVIRONMENT, Switch, Wire

HOSTILE = {
    "a SIP user part with line breaks": "555\n\nSET VARIABLE SILENTSPAM_ACTION REJECT\n",
    "line breaks as SIP escapes them": "555%0A%0ASET VARIABLE X 1%0D%0A",
    "carriage returns": "555\r\rHANGUP\r",
    "an AGI reply": "200 result=-1 (hangup) endpos=0",
    "a word of the protocol": "hangup",
    "AGI quotes": '" "" \\" SILENTSPAM_ACTION" "REJECT',
    "backslashes": "\\\\\\",
    "a dialplan variable": "${SHELL(reboot)}",
    "a dialplan expression": "$[1 + 1] ${EVAL(${X})}",
    "an application's arguments": "a,b&Local/1@x|c;d(e)",
    "SQL": "'; DROP TABLE calls; --",
    "more SQL": '" OR 1=1 --',
    "a parameter of ours": ":call_id ? %s $1 {number}",
    "HTML": "<script>alert('x')</script><img src=x onerror=alert(1)>&amp;",
    "an attribute": "\" onmouseover='alert(1)'",
    "a template": "{{ 7 * 7 }}{% raw %}",
    "a formula": '=HYPERLINK("http://x","y")',
    "a formula by plus": "+1+cmd|' /C calc'!A0",
    "a formula by at": "@SUM(1,1)",
    "a formula by minus": "-2+3+cmd|' /C calc'!A0",
    "a formula in full width": "＝1+1",
    "a formula after a blank": " =1+1",
    "a metric's label": 'x"} 1\nsilentspam_calls_total{a="b',
    "a path": "../../../../etc/passwd",
    "a path with NUL": "/tmp/x\0.ulaw",
    "an option": "--config=/tmp/evil",
    "terminal escapes": "\x1b[2J\x1b]0;owned\x07\x1b[31m",
    "eight-bit terminal escapes": "\x9b2J\x90payload\x9c",
    "bidirectional text": "\u202egnp.exe\u2066",
    "characters nobody sees": "1555\u200b0100\ufeff\u00ad",
    "line separators": "a\u2028b\u2029c\x85d",
    "every control character": "".join(map(chr, range(1, 32))),
    "JSON": '","decision":"REJECT","x":"',
    "YAML": "!!python/object/apply:os.system ['x']",
    "Unicode digits": "٤٥٦١٢٣",
    "10 kB": "9" * 10_000,
    "no UTF-8": b"\xff\xfe\x80\xed\xa0\x80".decode("latin-1"),
    "emoji": "🤖📞" * 20,
}

FIELDS = (
    "agi_callerid",
    "agi_calleridname",
    "agi_dnid",
    "agi_extension",
    "agi_rdnis",
    "agi_channel",
    "agi_uniqueid",
    "CALLERID(ANI)",
)
"""What a caller, or who is between, has a say in."""

COLUMNS = ("caller_id", "caller_name", "ani", "dnis", "channel", "uniqueid")


def switch_with(field: str, text: str) -> Switch:
    """An Asterisk that hands on the text as the field: as an AGI variable, or when asked for one."""
    if field in ENVIRONMENT:
        return Switch(opening=b"\xff", environment=ENVIRONMENT | {field: text})
    return Switch(opening=b"\xff", variables={field: text})


def screened_and_ended(
    field: str, text: str, folder: Path, *, encoding: str = "utf-8"
) -> tuple[Wire, list[Entry]]:
    """A call whose field reads so, screened, challenged, ended; what was sent, and both parts of its row."""
    switch = switch_with(field, text)
    hostile = text.encode("utf-8", "replace"), text.encode(encoding, "replace")
    wire = Wire(switch, greeting=switch.greeting().replace(*hostile))
    session = AgiSession(wire, wire.writer)  # type: ignore[arg-type]
    ani = text if field == "CALLERID(ANI)" else "15550199"
    call = call_from_environment(session.env, call_id=CALL_ID, ani=ani, started_at=1.8e9)
    record = screen_call(call, AgiChannel(session), screener(folder / "recordings"))
    end = call_end(session.env, lambda name: switch.variables.get(name, ""), ended_at=1.8e9 + 60)
    return wire, [screened(record), ended(end)]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("what", HOSTILE)
def test_no_field_shapes_a_command_a_path_or_a_row(field: str, what: str, tmp_path: Path) -> None:
    wire, entries = screened_and_ended(field, HOSTILE[what], tmp_path)
    assert_only_our_commands(wire.switch.commands, tmp_path / "recordings")
    assert wire.switch.variables.get(variables.ACTION, "BRIDGE") in ("BRIDGE", "REJECT")
    assert {path.name for path in tmp_path.rglob("*")} <= {"recordings", f"{CALL_ID}.ulaw"}
    for entry in entries:
        line = entry.to_json()
        assert line.isascii()
        assert line.isprintable()
        assert Entry.from_json(line) == entry
        for column in COLUMNS:
            text = str(entry.columns.get(column, ""))
            assert text.isprintable()
            assert len(text) <= CALLER_TEXT_LIMIT


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le", "utf-7"])
def test_no_encoding_of_a_name_does_either(encoding: str, tmp_path: Path) -> None:
    for text in HOSTILE.values():
        wire, entries = screened_and_ended("agi_calleridname", text, tmp_path, encoding=encoding)
        assert_only_our_commands(wire.switch.commands, tmp_path / "recordings")
        assert all(entry.to_json().isascii() for entry in entries)


def a_row(text: str, call_id: str) -> Entry:
    """A row as no screener of ours would write it: with the text as it is wherever a row holds text."""
    kept = text.encode("utf-8", "replace").decode()
    columns = dict.fromkeys((*COLUMNS, "failed_open_cause", "recording", "line_id"), kept)
    numbers = {"started_at": 1.8e9, "line_score": 1.0, "line_threshold": 0.5, "failed_open": 1}
    lists = {"reasons": json.dumps([text]), "challenge_attempts": json.dumps([text])}
    return Entry(Part.SCREENED, {"call_id": call_id, **columns, **numbers, **lists})


IDS = {f"call-{number}": text for number, text in enumerate(HOSTILE.values())}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation whose call log has such a row for each text; its configuration file."""
    folder = tmp_path_factory.mktemp("hostile")
    names = {"database": "calls.db", "spool": "spool", "unlogged": "unlogged.jsonl"}
    settings = {"call_log": {key: str(folder / name) for key, name in names.items()}}
    path = folder / "silentspam.yaml"
    path.write_text(yaml.safe_dump(settings))
    database = assembly.call_log(load_config(path))
    for call_id, text in IDS.items():
        database.write(a_row(text, call_id))
    return path


def test_the_database_holds_each_text_and_nothing_else_happens(log: Path) -> None:
    database = assembly.call_log(load_config(log))
    for call_id, text in IDS.items():
        kept = a_row(text, call_id).columns["caller_id"]
        assert [row["call_id"] for row in database.rows(Filter(number=str(kept)))] == [call_id]
    assert {row["call_id"] for row in database.rows(Filter())} == set(IDS)
    with sqlite3.connect(log.parent / "calls.db") as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_nothing_steers_a_terminal(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    option = ["--config", str(log)]
    whys = [["calls", "why", call_id] for call_id in IDS]
    for words in (["calls", "--limit", "0"], *whys, ["labels", "list"]):
        assert main([*words, *option]) == 0
        shown = capsys.readouterr()
        assert all(line.isprintable() for line in (shown.out + shown.err).split("\n")), words


def test_no_cell_of_a_csv_is_a_formula(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calls", "--config", str(log), "--limit", "0", "--format", "csv"]) == 0
    head, *rows = csv.reader(io.StringIO(capsys.readouterr().out, newline=""))
    assert len(rows) == len(IDS)
    for row in rows:
        assert len(row) == len(head)
        for cell in row:
            formula = cell.lstrip()[:1] in tuple("=+-@＝＋－＠")
            assert not formula or is_number(cell), cell


def is_number(cell: str) -> bool:
    """A sign and digits are what a spreadsheet shows as such: +15550100, -20.5."""
    return cell[1:].replace(".", "", 1).isdecimal()


def test_json_is_one_document(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calls", "--config", str(log), "--limit", "0", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["call_id"]: row["reasons"] for row in rows} == {
        call_id: [text] for call_id, text in IDS.items()
    }


class Tags(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(name for name, _ in attrs)))


def tags_of(text: str) -> list[tuple[str, tuple[str, ...]]]:
    page = Page(f"calls of {text}")
    page.heading(text)
    page.paragraph(text)
    page.table([text, "n"], [(text, 1)], caption=text)
    tags = Tags()
    tags.feed(page.html())
    return tags.seen


@pytest.mark.parametrize("what", HOSTILE)
def test_a_page_gains_no_tag_and_no_attribute(what: str) -> None:
    assert tags_of(HOSTILE[what]) == tags_of("plain")


@pytest.mark.parametrize("what", HOSTILE)
def test_a_label_of_a_metric_stays_one_label(what: str) -> None:
    text = HOSTILE[what]
    shown = exposition([gauge("silentspam_x", "help", 1.0, {"number": text})])
    (family,) = text_string_to_metric_families(shown)
    (sample,) = family.samples
    assert sample.labels == {"number": text}


def test_a_caller_whose_fields_are_all_hostile_is_screened_as_any_other(tmp_path: Path) -> None:
    """No text of theirs gets dead air past the screening, or a person out of it."""
    plain = decided(Switch(opening=b"\xff"), tmp_path)
    for text in HOSTILE.values():
        forged = {field: text.replace("\n", " ") for field in FIELDS if field in ENVIRONMENT}
        record = decided(Switch(opening=b"\xff", environment=ENVIRONMENT | forged), tmp_path)
        assert (record.decision, record.disposition, record.failed_open) == plain_of(plain)


def plain_of(record: CallRecord) -> tuple[object, object, bool]:
    return record.decision, record.disposition, record.failed_open


def decided(switch: Switch, folder: Path) -> CallRecord:
    wire = Wire(switch)
    session = AgiSession(wire, wire.writer)  # type: ignore[arg-type]
    call = call_from_environment(session.env, call_id=CALL_ID, ani="", started_at=1.8e9)
    return screen_call(call, AgiChannel(session), screener(folder))
