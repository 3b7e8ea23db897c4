"""Openings of other kinds than dead air, judged as calls are: all listeners, by the configuration."""

from pathlib import Path

import pytest

from silentspam import resources
from silentspam.audio import Recording
from silentspam.budget import Credit
from silentspam.call import Call, Decision, Mode, VerdictKind
from silentspam.config import Config, load_config
from silentspam.errors import ConfigError
from silentspam.judging import LazyJudge, listeners_for, load_and_warm_up
from silentspam.kinds.listening import Listeners
from silentspam.kinds.sound import Sound
from silentspam.kinds.table import KINDS
from silentspam.lines.matching import LineTable
from silentspam.lines.snapshot import Snapshot
from silentspam.model import SpamModel
from silentspam.policy import Exploration, rule
from silentspam.verdict import Verdict
from tests.fakes import noise, silence, tone
from tests.kinds.signalling import burst, heard


@pytest.fixture(scope="module")
def model() -> SpamModel:
    return load_and_warm_up(resources.shipped_model())


def judge_of(model: SpamModel, config: Config | None = None, listeners: Listeners | None = None) -> LazyJudge:
    listen = (lambda: listeners) if listeners else None
    judge = LazyJudge(config or Config(), load=lambda: model, look=lambda: None, listen=listen)
    judge.prepare()
    return judge


def judged(opening: Recording, judge: LazyJudge, folder: Path) -> Verdict:
    path = folder / "opening.ulaw"
    path.write_bytes(opening.codes.tobytes())
    return judge.judge(path)


CNG = heard(burst([1100], 0.7, 1.2)).recording
BUSY = heard(burst([480, 620], 0.0, 0.5) + burst([480, 620], 1.0, 1.5)).recording


def test_people_and_dead_air_stay_what_they_are(model: SpamModel, tmp_path: Path) -> None:
    assert judged(tone(), judge_of(model), tmp_path).kind == VerdictKind.HAM
    assert judged(noise(level=4), judge_of(model), tmp_path).kind == VerdictKind.CALLER_SILENCE


def test_a_fax_is_one_whatever_the_model_says(model: SpamModel, tmp_path: Path) -> None:
    verdict = judged(CNG, judge_of(model), tmp_path)
    assert verdict.kind == VerdictKind.CALLER_FAX
    assert any("fax CNG" in reason for reason in verdict.reasons)
    assert dict(verdict.kind_probabilities)[VerdictKind.CALLER_FAX] >= 0.5
    assert verdict.embedding is None, "it teaches no line"


def test_a_busy_signal_is_one(model: SpamModel, tmp_path: Path) -> None:
    assert judged(BUSY, judge_of(model), tmp_path).kind == VerdictKind.CALLER_BUSY


def test_digital_silence_is_still_nothing(model: SpamModel, tmp_path: Path) -> None:
    assert judged(silence(2.0), judge_of(model), tmp_path).kind == VerdictKind.INCONCLUSIVE


def test_listeners_that_all_break_leave_the_models_verdict(model: SpamModel, tmp_path: Path) -> None:
    class Broken:
        def __call__(self, _: Sound) -> tuple[()]:
            raise ZeroDivisionError

        def threshold_for(self, _: float) -> float:
            return 0.5

    broken = Listeners({kind.name: Broken() for kind in KINDS if kind.listener})
    verdict = judged(CNG, judge_of(model, listeners=broken), tmp_path)
    assert verdict.kind in (VerdictKind.HAM, VerdictKind.CALLER_SILENCE, VerdictKind.INCONCLUSIVE)
    assert sum("was not listened for" in reason for reason in verdict.reasons) == 4


def test_treatments_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "silentspam.yaml"
    path.write_text("kinds: {fax: {treatment: reject}, noise: {treatment: bridge}}")
    treatments = load_config(path).treatments()
    assert treatments[VerdictKind.CALLER_FAX] is Decision.REJECT
    assert treatments[VerdictKind.CALLER_NOISE] is Decision.BRIDGE
    assert treatments[VerdictKind.CALLER_BUSY] is Decision.CHALLENGE


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kinds: {fax: {treatment: hang up}}", "kinds.fax.treatment.*one of bridge, challenge, reject"),
        ("mode: enforced", "mode is 'enforced'.*one of enforce, shadow"),
        ("kinds: {siren: {treatment: reject}}", "siren"),
        ("kinds: {silence: {max_false_challenge_rate: 0.1}}", "max_false_challenge_rate"),
        ("kinds: {noise: {max_false_challenge_rate: 0.9}}", "kinds.noise.max_false_challenge_rate"),
    ],
)
def test_what_no_kind_has_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "silentspam.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=told):
        load_config(path)


def test_a_rate_chooses_the_threshold_of_noise() -> None:
    config = Config()
    listeners = listeners_for(config)
    (kind,) = [kind for kind in KINDS if kind.key == "noise"]
    strict, lax = listeners.threshold_for(kind, 0.001), listeners.threshold_for(kind, 0.05)
    assert strict is not None
    assert lax is not None
    assert strict > lax
    assert config.rate_of(kind) == 0.005


def test_who_passed_as_a_fax_makes_its_budget_smaller_and_an_empty_one_bridges(
    model: SpamModel, tmp_path: Path
) -> None:
    """From a finding to the ruling, with what `judge` read of the budgets."""
    for left, decision in ((1.0, Decision.CHALLENGE), (0.5, Decision.BRIDGE)):
        snapshot = snapshot_with({VerdictKind.CALLER_FAX: Credit(left)}, model)
        judge = LazyJudge(Config(), load=lambda: model, look=lambda snapshot=snapshot: snapshot)
        judge.prepare()
        verdict = judged(CNG, judge, tmp_path)
        standing = judge.standing(Call(call_id=Call.new_id(), started_at=0.0))
        ruling = rule(verdict, mode=Mode.ENFORCE, exploration=Exploration(), standing=standing)
        assert ruling.decision is decision


def snapshot_with(credits: dict[str, Credit], model: SpamModel) -> Snapshot:
    assert model.ground is not None
    return Snapshot(
        space_id=model.ground.space_id,
        version=1,
        made_at=0.0,
        threshold=0.0,
        credit=Credit(0.0),
        kind_credits=credits,
        terms=LineTable(model.ground, []).known.terms,
        told=(),
    )
