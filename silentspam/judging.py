"""Judging openings under a configuration: with the model of the moment, and the lines known then.

A judge is made for each call. Where the model and the snapshot of lines come from is the server's affair: a
process of its own for each call reads them from disk, a resident one keeps them.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from silentspam import resources
from silentspam.budget import FOREST_SHARE, WITHOUT_SNAPSHOT, Credit
from silentspam.call import Call, CallRecord
from silentspam.config import Config
from silentspam.errors import LineError, ModelError
from silentspam.gate.passage import SCREENED, Passage
from silentspam.kinds.table import KINDS
from silentspam.lines.numbers import caller_key
from silentspam.policy import Standing
from silentspam.registry.links import Role, model_in
from silentspam.verdict import Verdict

if TYPE_CHECKING:
    from silentspam.audio import Recording
    from silentspam.kinds.listening import Listeners
    from silentspam.lines.ground import LineGround
    from silentspam.lines.snapshot import Snapshot
    from silentspam.model import SpamModel


class LazyJudge:
    """Judges one call with the configured model, which is there after `prepare` (implements Judge).

    load gives the model, look the snapshot of lines; both raise where they cannot. judge gives the model's
    verdict: `judge_recording`, or one who judges several at once. listen gives who hears the other kinds.
    """

    def __init__(
        self,
        config: Config,
        *,
        load: "Callable[[], SpamModel] | None" = None,
        look: "Callable[[], Snapshot | None] | None" = None,
        judge: "Callable[[SpamModel, Recording, Config], Verdict] | None" = None,
        listen: "Callable[[], Listeners] | None" = None,
    ) -> None:
        self._config = config
        self._judge = judge or judge_recording
        self._listen = listen or (lambda: listeners_for(config))
        self._listeners: Listeners | None = None
        self._load = load or (lambda: load_and_warm_up(model_folder(config)))
        self._look = look or (lambda: look_at_lines(config))
        self._model: SpamModel | None = None
        self._fault: Exception | None = None
        self._snapshot: Snapshot | None = None
        self._credit_without = Credit()  # before the first call that was learnt from

    def prepare(self) -> None:
        """Have the model, and what judging imports. A failure is kept for `judge`."""
        try:
            self._model = self._load()
            self._listeners = self._listen()
            import silentspam.lines.consult  # noqa: F401  what `judge` would import while the caller waits
        except Exception as error:  # noqa: BLE001  an ImportError or MemoryError costs the judgement, not the call
            self._fault = error

    def judge(self, path: Path, passage: Passage = SCREENED) -> Verdict:
        """The verdict on a recorded opening. Raises ModelError or AudioError."""
        if self._model is None:
            raise ModelError(f"no model: {self._fault}") from self._fault
        config = with_terms(self._config, passage)
        recording = _read(path, config)
        verdict = self._judge(self._model, recording, config)
        if self._listeners is not None:
            verdict = settled(verdict, recording, self._model, self._listeners, config)
        if not self._config.lines.enabled or self._model.ground is None:
            return replace(verdict, space_id=None, embedding=None)  # nobody would learn from it
        return self._ask_lines(verdict, self._model.ground)

    def standing(self, call: Call) -> Standing:
        """The credit of false challenges, and whether the caller passed one, by the snapshot `judge` read."""
        if not self._config.lines.enabled or self._model is None or self._model.ground is None:
            return Standing()
        if self._snapshot is None:
            return self._standing(self._credit_without, {}, trusted=False)
        known = self._snapshot
        return self._standing(known.credit, known.kind_credits, trusted=caller_key(call) in known.trusted)

    def _standing(self, own: Credit, kinds: Mapping[str, Credit], *, trusted: bool) -> Standing:
        """Each kind that somebody listens for has a budget of its own, also before anything was learnt."""
        unknown = self._credit_without
        credits = {kind.name: kinds.get(kind.name, unknown) for kind in KINDS if kind.listener}
        return Standing(credit=own, kinds=credits, trusted=trusted)

    def _ask_lines(self, verdict: Verdict, ground: "LineGround") -> Verdict:
        """The verdict with its line; without one, and the reason why, where the snapshot is no use."""
        from silentspam.lines.consult import consult

        if verdict.space_id != ground.space_id:  # an opening that was not judged
            verdict = replace(verdict, space_id=ground.space_id)
        try:
            self._snapshot = self._look()
            return consult(verdict, ground, self._snapshot) if self._snapshot else verdict
        except LineError as error:
            self._snapshot, self._credit_without = None, WITHOUT_SNAPSHOT
            return replace(verdict, reasons=(*verdict.reasons, f"lines were not asked: {error}"))


def listeners_for(config: Config, *, resident: bool = False) -> "Listeners":
    """Who listens for the kinds of SPAM beside dead air. resident: for many calls, none of which may wait."""
    from silentspam.kinds.listening import Sources, listeners

    return listeners(Sources(recordings=config.library_folder, resident=resident))


def settled(
    verdict: Verdict, recording: "Recording", model: "SpamModel", listeners: "Listeners", config: Config
) -> Verdict:
    """The verdict of all kinds: the model's, and what else was heard."""
    from silentspam.kinds import together

    rates = {kind.name: config.rate_of(kind) for kind in KINDS if kind.listener}
    return together.settled(verdict, recording, model.params, listeners, rates)


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
    verdict = judge_recording(load_model_of_calls(folder), _read(Path(record.recording), config), config)
    record.shadow_model_id, record.shadow_verdict = verdict.model_id, verdict.kind
    record.shadow_probability, record.shadow_threshold = verdict.spam_probability, verdict.threshold
    return True


def _read(path: Path, config: Config) -> "Recording":
    from silentspam.audio import read_ulaw

    return read_ulaw(path, max_seconds=config.recording.seconds)


def load_and_warm_up(folder: Path) -> "SpamModel":
    """Import numpy, load a model, and judge once for practice. Raises ModelError."""
    model = load_model_of_calls(folder)
    model.warm_up()
    return model


def look_at_lines(config: Config) -> "Snapshot | None":
    """This machine's snapshot of lines, None where there is none yet. Raises LineError."""
    from silentspam.lines.snapshot import read_snapshot

    return read_snapshot(Path(config.lines.folder))


def load_model_of_calls(folder: Path) -> "SpamModel":
    """Load a model for one call at a time. Raises ModelError."""
    # One BLAS thread: a call's matrices are small, and the threads cost a third of the process's CPU.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from silentspam.model import load_model

    return load_model(folder)
