"""Puts the parts together as the configuration says: the screener, its judge, the call log.

Shared by the embedded AGI process and every other server of calls. What is heavy is imported where it is
used, so that a call's process does it while the caller is being recorded.
"""

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from silentspam.call import Call, CallRecord, Decision, Mode
from silentspam.calllog.durable import DurableCallLog
from silentspam.calllog.entry import Entry, Part
from silentspam.calllog.spool import Spool
from silentspam.collecting import OpeningMeter
from silentspam.config import Config
from silentspam.errors import CallLogError, LineError
from silentspam.gate.passage import Passage
from silentspam.gatekeeping import gatekeeper, rejection
from silentspam.judging import LazyJudge, load_model_of_calls, model_folder
from silentspam.policy import Exploration
from silentspam.screening import Judge, Screener

if TYPE_CHECKING:
    from silentspam.calllog.calls import CallTable
    from silentspam.calllog.database import Database
    from silentspam.calllog.gate import GateTables
    from silentspam.calllog.line_store import Basis
    from silentspam.calllog.lines import Lines
    from silentspam.gate.terms import SwitchEvent
    from silentspam.lines.snapshot import Snapshot
    from silentspam.retention.rules import Rules


def screener(
    config: Config, judge: Judge | None = None, *, admit: Callable[[Call], Passage] | None = None
) -> Screener:
    """The screener that the configuration describes; `admit` is a gatekeeper that served calls before."""
    return Screener(
        mode=config.mode,
        record_seconds=config.recording.seconds,
        recordings=Path(config.recording.folder),
        challenge=config.challenge_settings(),
        judge=judge or _judge(config),
        exploration=_exploration(config),
        treatments=config.treatments(),
        prompts=config.prompts(),
        ring=bool(config.recording.ring_tone),
        admit=admit or gatekeeper(config),
        rejection=rejection(config),
    )


def gate_tables(config: Config, within: "Database | None" = None) -> "GateTables":
    """The tables of the gate in the configured call database, which may be there already."""
    from silentspam.calllog.gate import GateTables

    return GateTables(within or database(config))


def publish_gate(config: Config, within: "Database | None" = None) -> bool:
    """Bring this machine's gate file and the call database together; True where the file was written.

    Costs three small queries where nothing is new. Raises CallLogError or GateError: the file stays as it is.
    """
    from silentspam.gatekeeping import publish_gate

    return publish_gate(config, gate_tables(config, within))


def guard(config: Config, within: "Database | None" = None) -> "SwitchEvent | None":
    """Have the rate guard look at the newest calls; returns what it did about them, None for nothing.

    What it does is said on standard error. Raises CallLogError or GateError.
    """
    from silentspam.gatekeeping import guard

    return guard(config, gate_tables(config, within))


def _exploration(config: Config) -> Exploration:
    return Exploration(
        share=config.collection.challenge_share,
        quiet_share=config.lines.exploration_share if config.lines.enabled else 0.0,
        asked_share=config.collection.asked_share,
    )


def _judge(config: Config) -> Judge:
    """Who listens to openings; in collection no model is even loaded."""
    if config.mode is not Mode.COLLECT:
        return LazyJudge(config)
    section = config.model
    return OpeningMeter(
        max_seconds=config.recording.seconds,
        min_seconds=section.min_seconds,
        max_digital_silence_share=section.max_digital_silence_share,
    )


def call_log(config: Config) -> DurableCallLog:
    """The configured call log with its spool."""
    return DurableCallLog(call_table(config), Spool(Path(config.call_log.spool)))


def call_table(config: Config, within: "Database | None" = None) -> "CallTable":
    """The calls of the configured call database, which may be there already."""
    from silentspam.calllog.calls import CallTable

    return CallTable(within or database(config))


def database(config: Config, *, keep: bool = False) -> "Database":
    """The configured call database, which also holds labels and the history of models.

    keep: for a process that does nothing else; an SQLite file stays open between transactions, then.
    """
    from silentspam.calllog.sqlite import SqliteDatabase

    section = config.call_log
    if section.postgres is not None:
        return _postgres(section.postgres, section.busy_seconds)
    return SqliteDatabase(Path(section.database), busy_seconds=section.busy_seconds, keep=keep)


@lru_cache(maxsize=1)
def _postgres(address: str, busy_seconds: float) -> "Database":
    """The server's database: one connection for all that a process does there."""
    try:
        from silentspam.calllog.postgres import PostgresDatabase
    except ImportError as error:
        from silentspam.calllog.database import UnusableDatabase

        return UnusableDatabase(f"call_log.postgres: {error}: pip install 'silentspam[postgres]'")
    return PostgresDatabase(address, busy_seconds=busy_seconds)


def retention_rules(config: Config) -> "Rules":
    """The retention section as the rules' own class."""
    from silentspam.retention.rules import Policy, Rules

    section = config.retention
    return Rules(
        policy=Policy(section.recordings),
        sample_share=section.sample_share,
        days=section.recording_days,
        encrypt_to=Path(section.encrypt_to) if section.encrypt_to else None,
    )


def _was_suspected(record: CallRecord) -> bool:
    """Whether the caller was challenged, or rejected unasked: an opening that somebody may ask about."""
    return record.challenged_at is not None or record.decision is Decision.REJECT


def retain_openings(config: Config, records: Iterable[CallRecord]) -> None:
    """Keep, seal or delete the openings of calls, once their rows are safe and nothing wants to hear them.

    Whoever tells where calls come from is given his own before. Never raises: what fails is said on standard
    error, and the opening stays as it is.
    """
    records = list(records)
    _offer_openings(config, records)
    try:
        from silentspam.retention.settling import Over, retain_many

        overs = [Over(Path(one.recording), _was_suspected(one)) for one in records if one.recording]
        for trouble in retain_many(overs, retention_rules(config), mark=partial(_mark_deleted, config)):
            print(f"silentspam: retention: {type(trouble).__name__}: {trouble}", file=sys.stderr)
    except Exception as error:  # noqa: BLE001  nothing that is kept of a call may cost its row
        print(f"silentspam: retention: {type(error).__name__}: {error}", file=sys.stderr)


def _offer_openings(config: Config, records: Iterable[CallRecord]) -> None:
    if not config.provenance.enabled:
        return
    from silentspam.listening.offering import offer

    for record in records:
        try:
            if record.recording:
                offer(Path(record.recording), Path(config.provenance.folder))
        except OSError as error:
            print(f"silentspam: provenance.folder {config.provenance.folder}: {error}", file=sys.stderr)


def retain_side(config: Config, path: Path, *, challenged: bool) -> None:
    """Do with a caller's side that is kept what `retention` says of recordings.

    Never raises: what fails is said on standard error, and the side stays as it is.
    """
    from silentspam.errors import SilentSpamError
    from silentspam.retention.settling import Over, retain

    try:
        retain(Over(path, challenged), retention_rules(config))
    except (SilentSpamError, OSError) as error:
        print(f"silentspam: retention: {error}", file=sys.stderr)


def _mark_deleted(config: Config, call_ids: Sequence[str]) -> None:
    now = time.time()
    marks = [Entry(Part.SCREENED, {"call_id": one, "recording_deleted_at": now}) for one in call_ids]
    try:
        call_table(config).write_many(marks)
    except CallLogError:
        log = call_log(config)  # with the spool
        for mark in marks:
            log.write(mark)


def take_in_unlogged(config: Config, *, at_most_bytes: int | None = None) -> int:
    """Bring the rows that a switch wrote itself into the call log; returns how many.

    None while their file is larger than `at_most_bytes`.
    """
    from silentspam.calllog.entry import ended
    from silentspam.unlogged import take_in

    path, log = Path(config.call_log.unlogged), call_log(config)
    if at_most_bytes is not None and path.exists() and path.stat().st_size > at_most_bytes:
        return 0
    return take_in(path, lambda end: log.write(ended(end)))


def close_unended(config: Config, within: "Database | None" = None) -> int:
    """Give an end to calls whose switch can report none any more; returns how many. Raises CallLogError."""
    from silentspam.calllog.closing import close_unended

    return close_unended(within or database(config), now=time.time())


def lines(config: Config, within: "Database | None" = None) -> "Lines":
    """The lines of the configured call database, which may be there already."""
    from silentspam.calllog.lines import Lines

    return Lines(within or database(config))


def line_basis(config: Config) -> "Basis | None":
    """What line memory stands on: the active model's; None where that model knows no lines.

    Raises ModelError when the model cannot be read.
    """
    folder = model_folder(config)
    ground = load_model_of_calls(folder).ground
    if ground is None:
        return None
    from silentspam.calllog.line_store import Basis
    from silentspam.lines.ground import load_reference
    from silentspam.lines.remembering import remembering

    return Basis(
        ground=remembering(ground), reference=load_reference(folder), settings=config.memory_settings()
    )


def learn_lines(config: Config) -> int:
    """Learn from the calls that wait, and publish what the next calls are judged with; returns how many.

    Raises ModelError or CallLogError: the calls wait on.
    """
    store, learnt = lines(config), 0
    if not config.lines.enabled or not store.waiting():
        return 0
    basis = line_basis(config)
    while basis and (some := store.learn(basis, now=time.time(), publish=lambda one: publish(config, one))):
        learnt += some
    return learnt


def learn_recordings(config: Config, record: CallRecord) -> None:
    """Learn what a finished call plays, and bring this machine's file of recordings up to date.

    For a process of one call; a server has `serve.replays`. Raises CallLogError or LibraryError.
    """
    from silentspam.calllog.recordings import RecordingTables
    from silentspam.librarian import Publisher, forget_openings, learn_alone

    tables = RecordingTables(database(config))
    learnt = learn_alone(config, tables, record)
    if learnt.found:
        print(f"silentspam: recording {learnt.recording_id} found, silentspam recordings", file=sys.stderr)
    Publisher(config.library_folder, tables).publish()
    if not config.recordings.learn:
        forget_openings(
            config, tables
        )  # what was heard before nobody wanted to learn; learning does it itself


def publish(config: Config, snapshot: "Snapshot") -> None:
    """Put a snapshot where this machine's calls read it; says on standard error why it could not."""
    from silentspam.lines.snapshot import write_snapshot

    try:
        write_snapshot(Path(config.lines.folder), snapshot)
    except LineError as error:
        print(f"silentspam: calls go on with the lines known before: {error}", file=sys.stderr)
