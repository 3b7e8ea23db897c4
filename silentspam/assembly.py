"""Puts the parts together as the configuration says: the screener, its judge, the call log.

Shared by the embedded AGI process and every other server of calls. What is heavy is imported where it is
used, so that a call's process does it while the caller is being recorded.
"""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from silentspam import resources
from silentspam.budget import FOREST_SHARE, WITHOUT_SNAPSHOT, Credit
from silentspam.call import Call, CallRecord, Mode
from silentspam.calllog.durable import DurableCallLog
from silentspam.calllog.spool import Spool
from silentspam.collecting import OpeningMeter
from silentspam.config import Config
from silentspam.errors import LineError, ModelError
from silentspam.gate.passage import SCREENED, Passage
from silentspam.lines.numbers import caller_key
from silentspam.policy import Exploration, Standing
from silentspam.registry.links import Role, model_in
from silentspam.screening import Judge, Screener
from silentspam.verdict import Verdict

if TYPE_CHECKING:
    from silentspam.audio import Recording
    from silentspam.calllog.database import Database
    from silentspam.calllog.line_store import Basis
    from silentspam.calllog.lines import Lines
    from silentspam.lines.ground import LineGround
    from silentspam.lines.snapshot import Snapshot
    from silentspam.model import SpamModel


class LazyJudge:
    """Judges with the configured model, which is imported and loaded by `prepare` (implements Judge)."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._model: SpamModel | None = None
        self._fault: Exception | None = None
        self._snapshot: Snapshot | None = None
        self._credit_without = Credit()  # before the first call that was learnt from

    def prepare(self) -> None:
        """Import numpy, load the model, and judge once for practice. A failure is kept for `judge`."""
        try:
            self._model = _load_model(model_folder(self._config))
            self._model.warm_up()
            import silentspam.lines.consult  # noqa: F401  what `judge` would import while the caller waits
        except Exception as error:  # noqa: BLE001  an ImportError or MemoryError costs the judgement, not the call
            self._fault = error

    def judge(self, path: Path, passage: Passage = SCREENED) -> Verdict:
        """The verdict on a recorded opening. Raises ModelError or AudioError."""
        if self._model is None:
            raise ModelError(f"no model: {self._fault}") from self._fault
        config = with_terms(self._config, passage)
        verdict = judge_recording(self._model, _read(path, config), config)
        if not self._config.lines.enabled or self._model.ground is None:
            return replace(verdict, space_id=None, embedding=None)  # nobody would learn from it
        return self._ask_lines(verdict, self._model.ground)

    def standing(self, call: Call) -> Standing:
        """The credit of false challenges, and whether the caller passed one, by the snapshot `judge` read."""
        if not self._config.lines.enabled or self._model is None or self._model.ground is None:
            return Standing()
        if self._snapshot is None:
            return Standing(credit=self._credit_without)
        trusted = caller_key(call) in self._snapshot.trusted
        return Standing(credit=self._snapshot.credit, trusted=trusted)

    def _ask_lines(self, verdict: Verdict, ground: "LineGround") -> Verdict:
        """The verdict with its line; without one, and the reason why, where the snapshot is no use."""
        from silentspam.lines.consult import consult
        from silentspam.lines.snapshot import read_snapshot

        verdict = replace(verdict, space_id=ground.space_id)
        try:
            self._snapshot = read_snapshot(Path(self._config.lines.folder))
            return consult(verdict, ground, self._snapshot) if self._snapshot else verdict
        except LineError as error:
            self._snapshot, self._credit_without = None, WITHOUT_SNAPSHOT
            return replace(verdict, reasons=(*verdict.reasons, f"lines were not asked: {error}"))


def with_terms(config: Config, passage: Passage) -> Config:
    """The configuration with what the number called has of its own."""
    own = {
        name: value
        for name in ("threshold", "max_false_challenge_rate")
        if (value := getattr(passage, name)) is not None
    }
    return structs.replace(config, model=structs.replace(config.model, **own)) if own else config


def model_folder(config: Config) -> Path:
    """The folder of the model that judges calls, as it is at this moment.

    `model.folder`; else the registry's active model; else the one that ships. Raises ModelError when the
    registry's link cannot be read: another model in its place would be a guess.
    """
    if config.model.folder:
        return Path(config.model.folder)
    return model_in(Path(config.model.registry), Role.ACTIVE) or resources.shipped_model()


def judge_recording(model: "SpamModel", recording: "Recording", config: Config) -> Verdict:
    """A model's verdict on an opening under the configuration's limits."""
    (verdict,) = judge_recordings(model, [recording], config)
    return verdict


def judge_recordings(model: "SpamModel", recordings: Sequence["Recording"], config: Config) -> list[Verdict]:
    """A model's verdict on each of many openings, which are measured together; under the same limits."""
    section = config.model
    verdicts = model.judge_many(
        recordings,
        threshold=section.threshold,
        max_false_challenge_rate=section.max_false_challenge_rate,
        min_seconds=section.min_seconds,
        max_digital_silence_share=section.max_digital_silence_share,
    )
    if section.threshold is not None or not config.lines.enabled:
        return verdicts
    own = section.max_false_challenge_rate * FOREST_SHARE
    return [
        replace(verdict, sure_threshold=model.threshold_for(recording, own))
        for verdict, recording in zip(verdicts, recordings, strict=True)
    ]


def judge_in_shadow(config: Config, record: CallRecord) -> bool:
    """Let the model on trial judge a call's recording too, into the record; False where there is nothing to.

    Raises ModelError or AudioError, and whatever else a broken model may bring up.
    """
    folder = model_in(Path(config.model.registry), Role.SHADOW)
    if folder is None or record.recording is None or record.recorded_at is None:
        return False
    if folder.name == record.model_id:
        return False
    verdict = judge_recording(_load_model(folder), _read(Path(record.recording), config), config)
    record.shadow_model_id, record.shadow_verdict = verdict.model_id, verdict.kind
    record.shadow_probability, record.shadow_threshold = verdict.spam_probability, verdict.threshold
    return True


def _read(path: Path, config: Config) -> "Recording":
    from silentspam.audio import read_ulaw

    return read_ulaw(path, max_seconds=config.recording.seconds)


def _load_model(folder: Path) -> "SpamModel":
    # One BLAS thread: a call's matrices are small, and the threads cost a third of the process's CPU.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from silentspam.model import load_model

    return load_model(folder)


def screener(config: Config, judge: Judge | None = None) -> Screener:
    """The screener that the configuration describes."""
    return Screener(
        mode=config.mode,
        record_seconds=config.recording.seconds,
        recordings=Path(config.recording.folder),
        challenge=config.challenge_settings(),
        judge=judge or _judge(config),
        exploration=_exploration(config),
        ring=bool(config.recording.ring_tone),
    )


def _exploration(config: Config) -> Exploration:
    return Exploration(
        share=config.collection.challenge_share,
        quiet_share=config.lines.exploration_share if config.lines.enabled else 0.0,
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
    from silentspam.calllog.calls import CallTable

    return DurableCallLog(CallTable(database(config)), Spool(Path(config.call_log.spool)))


def database(config: Config) -> "Database":
    """The configured call database, which also holds labels and the history of models."""
    from silentspam.calllog.sqlite import SqliteDatabase

    section = config.call_log
    return SqliteDatabase(Path(section.database), busy_seconds=section.busy_seconds)


def take_in_unlogged(config: Config, *, at_most_bytes: int | None = None) -> int:
    """Bring the rows that Asterisk wrote itself into the call log; returns how many.

    None while their file is larger than `at_most_bytes`.
    """
    from silentspam.agi.unlogged import take_in
    from silentspam.calllog.entry import ended

    path, log = Path(config.call_log.unlogged), call_log(config)
    if at_most_bytes is not None and path.exists() and path.stat().st_size > at_most_bytes:
        return 0
    return take_in(path, lambda end: log.write(ended(end)))


def lines(config: Config) -> "Lines":
    """The lines of the configured call database."""
    from silentspam.calllog.lines import Lines

    return Lines(database(config))


def line_basis(config: Config) -> "Basis | None":
    """What line memory stands on: the active model's; None where that model knows no lines.

    Raises ModelError when the model cannot be read.
    """
    folder = model_folder(config)
    ground = _load_model(folder).ground
    if ground is None:
        return None
    from silentspam.calllog.line_store import Basis
    from silentspam.lines.ground import load_reference

    return Basis(ground=ground, reference=load_reference(folder), settings=config.memory_settings())


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


def publish(config: Config, snapshot: "Snapshot") -> None:
    """Put a snapshot where this machine's calls read it; says on standard error why it could not."""
    from silentspam.lines.snapshot import write_snapshot

    try:
        write_snapshot(Path(config.lines.folder), snapshot)
    except LineError as error:
        print(f"silentspam: calls go on with the lines known before: {error}", file=sys.stderr)
