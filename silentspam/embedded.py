"""The two AGI processes: one screens a call, one logs its end. The scripts in `agi_scripts/` call these.

A process of its own for each call is the default: nothing to keep running, nothing shared to break. Time
counts against the caller until that process has ended; what is written to disk comes after that.
"""

import faulthandler
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from silentspam import assembly, judging, variables
from silentspam.agi.channel import EMERGENCY_ARGUMENT, AgiChannel, call_from_environment
from silentspam.agi.ended import call_end, read_facts
from silentspam.agi.session import AgiSession
from silentspam.call import Call, CallRecord
from silentspam.calllog.entry import Entry, ended, screened
from silentspam.config import Config, config_path, load_config
from silentspam.errors import CallLogError, ConfigError, DeadlineExceeded, SilentSpamError
from silentspam.screening import screen_call

STARTING_SECONDS = 20.0
"""A process that has not read its configuration by then fails open: the file's disk may hang [s]."""

GRACE_SECONDS = 5.0
"""After its deadline a screening has this long to hand the call back, then the process ends [s]."""

TAKEN_IN_BYTES = 100_000
"""Rows that Asterisk wrote itself are taken in by a hangup handler up to this size, about 100; more of them
are left to `silentspam calls`."""

AFTER_CALL_NICENESS = 10
"""What is done after a call is done when no live call wants the processor."""

LOGGING_SECONDS = 120.0
"""A process that still cannot write its row by then ends: hung disks must not pile processes up [s]."""


def screen(argv: Sequence[str], reader: BinaryIO, writer: BinaryIO) -> int:
    """Screen the call on this AGI dialogue; returns the exit status. Non-zero makes the dialplan bridge."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # Asterisk's word for a hangup; we read it from the replies
    started_at = time.time()
    _start_deadline(STARTING_SECONDS)
    try:
        session = AgiSession(reader, writer)
        config = load_config(_config_path(argv))
        ani = session.get_variable("CALLERID(ANI)")
    except SilentSpamError as error:
        return _give_up(error)
    call = call_from_environment(session.env, call_id=Call.new_id(), ani=ani, started_at=started_at)
    _start_deadline(config.limits.screening_seconds)
    channel = AgiChannel(
        session,
        ring_tone=config.recording.ring_tone,
        legs=config.legs_folder,
        challenge_too=config.collection.caller_leg,
    )
    record = screen_call(call, channel, assembly.screener(config))
    _stop_deadline()
    asked_by_asterisk = os.getpid()
    return _afterwards(
        writer, lambda: _log_and_try(config, record, a_caller_waits=os.getpid() == asked_by_asterisk)
    )


def log_end(argv: Sequence[str], reader: BinaryIO, writer: BinaryIO) -> int:
    """Log how the call of this hangup handler ended; tells the dialplan when the row is safe."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.alarm(int(LOGGING_SECONDS))
    try:
        session = AgiSession(reader, writer)
        config = load_config(_config_path(argv))
        end = call_end(session.env, read_facts(session), ended_at=time.time())
        if status := _log(config, ended(end)):
            return status
        session.set_variable(variables.LOGGED, "1")
        assembly.take_in_unlogged(config, at_most_bytes=TAKEN_IN_BYTES)
        assembly.close_unended(config)
    except (SilentSpamError, OSError) as error:
        return _give_up(error)
    return 0


def main(run: str) -> int:
    """Entry point of an AGI script: `run` is `screen` or `log_end`."""
    return {"screen": screen, "log_end": log_end}[run](sys.argv[1:], sys.stdin.buffer, sys.stdout.buffer)


def _config_path(argv: Sequence[str]) -> Path | None:
    """`--config=PATH`; an empty argument (an unset dialplan variable) counts for none.

    The only other one, --emergency, is read from the AGI environment, where FastAGI has it too.
    """
    given = (argument for argument in argv if argument not in ("", EMERGENCY_ARGUMENT))
    options = dict(argument.partition("=")[::2] for argument in given)
    path = options.pop("--config", None)
    if options:
        raise ConfigError(f"unknown argument {next(iter(options))!r}: only --config=PATH is taken")
    return config_path(path)


def _log(config: Config, entry: Entry) -> int:
    try:
        assembly.call_log(config).write(entry)
    except CallLogError as error:
        print(f"silentspam: row not written: {error}: {entry.to_json()}", file=sys.stderr)
        return 1
    return 0


def _log_and_try(config: Config, record: CallRecord, *, a_caller_waits: bool) -> int:
    """Write the row; when it is safe, learn its line and what it plays, let the model on trial judge the call
    too, and do with its opening what `retention` says.

    That model may be anything: nothing it does costs the row, and no live call waits for it.
    """
    status = _log(config, screened(record))
    if a_caller_waits:
        return status
    with suppress(OSError):
        os.nice(AFTER_CALL_NICENESS)
    _look_after_gate(config)
    _learn(config)
    _learn_recordings(config, record)
    try:
        if judging.judge_in_shadow(config, record):
            status = max(status, _log(config, screened(record)))
    except Exception as error:  # noqa: BLE001  a model on trial may fail in any way
        print(f"silentspam: shadow model: {type(error).__name__}: {error}", file=sys.stderr)
    if status == 0:
        assembly.retain_openings(config, [record])
    return status


def _learn(config: Config) -> None:
    """Learn from this call and any that wait; what fails now is learnt with the next call."""
    try:
        assembly.learn_lines(config)
    except Exception as error:  # noqa: BLE001  whatever is wrong with the lines, the row is written
        print(f"silentspam: lines: {type(error).__name__}: {error}", file=sys.stderr)


def _learn_recordings(config: Config, record: CallRecord) -> None:
    """Compare this call's opening with others', and have the next call know what is known now."""
    try:
        assembly.learn_recordings(config, record)
    except Exception as error:  # noqa: BLE001  whatever is wrong with the recordings, the row is written
        print(f"silentspam: recordings: {type(error).__name__}: {error}", file=sys.stderr)


def _look_after_gate(config: Config) -> None:
    """Have the rate guard look at this call, and the next one know who passed and what the lists say now."""
    try:
        assembly.guard(config)
        assembly.publish_gate(config)
    except Exception as error:  # noqa: BLE001  whatever is wrong with the gate, the row is written
        print(f"silentspam: gate: {type(error).__name__}: {error}", file=sys.stderr)


def _give_up(error: Exception) -> int:
    """Say on Asterisk's console why; the dialplan bridges the call and notes it."""
    print(f"silentspam: {type(error).__name__}: {error}", file=sys.stderr)
    return 1


def _start_deadline(seconds: float) -> None:
    """Break off after `seconds` and fail open; end the process where even that does not come to pass.

    The last limit is faulthandler's: its thread needs no interpreter, so a library that never returns to one
    cannot hold a caller.
    """
    signal.signal(signal.SIGALRM, _on_deadline)
    signal.setitimer(signal.ITIMER_REAL, seconds, GRACE_SECONDS)
    faulthandler.dump_traceback_later(seconds + 2 * GRACE_SECONDS, exit=True)


def _stop_deadline() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
    faulthandler.cancel_dump_traceback_later()


def _on_deadline(_signal: int, _frame: FrameType | None) -> None:
    """First time: break off whatever is going on, and fail open. A second alarm ends the process."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    raise DeadlineExceeded("the screening took longer than it may (limits.screening_seconds)")


def _afterwards(writer: BinaryIO, work: Callable[[], int]) -> int:
    """Run `work` in a process of its own, with the dialogue closed, while this one ends.

    Asterisk 22 lets the dialplan go on when the process it started is gone, not when the dialogue is over;
    and the caller must wait for no disk and no database. Where no second process can be had, this one works.
    """
    with suppress(OSError):
        writer.flush()
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), writer.fileno())
    with suppress(OSError):
        if os.fork():
            os._exit(0)  # without the interpreter's own end, which takes as long as the judgement
        os.setsid()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(int(LOGGING_SECONDS))
    return work()
