"""`silentspam models`: real folders, a real call log, real recordings, and processes at once."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import yaml

from silentspam import resources
from silentspam.call import Call, CallRecord, ChallengeResult, Disposition
from silentspam.calllog.calls import CallTable
from silentspam.calllog.entry import screened
from silentspam.calllog.labels import Answer, Label, Labels, LabelSource
from silentspam.calllog.models import ModelHistory, ModelState
from silentspam.calllog.sqlite import SqliteDatabase
from silentspam.card import OperatingPoint
from silentspam.lines.evidence import LineEvidence
from silentspam.lines.known import KnownLines
from silentspam.lines.space import LineSpace
from silentspam.model import model_files
from silentspam.registry.links import Role
from silentspam.registry.registry import Registry
from silentspam.training.dataset import Labelled
from silentspam.training.trained_on import FILE_NAME, trained_on_file
from tests import models
from tests.fakes import noise, tone
from tests.registry.conftest import MakeModel
from tests.registry.conftest import make_model as make_model

STRICT, LAX = 0.5, 0.95
"""Thresholds below and above the 0.9 that the test forest gives whatever is quiet."""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def config(config_file: Path) -> dict[str, dict[str, object]]:
    """The configuration without a model folder of its own; `write` it after a change."""
    settings: dict[str, dict[str, object]] = yaml.safe_load(config_file.read_text())
    settings["model"].pop("folder")
    config_file.write_text(yaml.safe_dump(settings))
    return settings


@pytest.fixture
def registry(tmp_path: Path, config: object) -> Registry:
    return Registry(tmp_path / "registry", by="ada")


@pytest.fixture
def add(silentspam: Run, registry: Registry, make_model: MakeModel) -> Callable[[float], str]:
    def run(threshold: float) -> str:
        code, out, _ = silentspam("models", "add", make_model(threshold))
        assert code == 0
        return out.split()[1]

    return run


@pytest.fixture
def call(tmp_path: Path) -> Callable[..., str]:
    """Log a call with its recording, quiet or not; returns its id."""
    log = CallTable(SqliteDatabase(tmp_path / "log" / "calls.db"))
    (tmp_path / "recordings").mkdir()

    def make(*, quiet: bool, passed: bool = False, days_ago: float = 0.1) -> str:
        call = Call(call_id=Call.new_id(), started_at=time.time() - days_ago * 86400)
        path = tmp_path / "recordings" / f"{call.call_id}.ulaw"
        path.write_bytes((noise() if quiet else tone()).codes.tobytes())
        result = ChallengeResult.PASSED if passed else None
        log.write(
            screened(
                CallRecord(
                    call=call, recording=str(path), challenge_result=result, disposition=Disposition.BRIDGED
                )
            )
        )
        return call.call_id

    return make


def history(tmp_path: Path) -> list[tuple[str, ModelState]]:
    events = ModelHistory(SqliteDatabase(tmp_path / "log" / "calls.db")).events()
    return [(event.model_id, event.state) for event in events]


# --- a life ------------------------------------------------------------------------------------------------


def test_without_a_registry_the_shipped_model_is_listed_as_active(
    silentspam: Run, registry: Registry
) -> None:
    code, out, _ = silentspam("models")
    assert code == 0
    assert "active (shipped)" in out
    assert not registry.folder.exists()


def test_from_candidate_to_active_and_back(
    silentspam: Run, registry: Registry, add: Callable[[float], str], tmp_path: Path
) -> None:
    first, second = add(STRICT), add(LAX)
    assert silentspam("models", "promote", first)[0] == 0
    assert silentspam("models", "shadow", second, "--note", "a try")[0] == 0
    states = {
        model["model_id"]: model["state"] for model in json.loads(silentspam("models", "list", "--json")[1])
    }
    assert (states[first], states[second]) == ("active", "shadow")
    assert silentspam("models", "promote", "shadow")[0] == 0
    assert registry.id_of(Role.ACTIVE) == second
    code, out, _ = silentspam("models", "rollback", "--note", "customers were challenged")
    assert (code, registry.id_of(Role.ACTIVE)) == (0, first)
    assert first in out
    assert silentspam("models", "retire", second)[0] == 0
    assert history(tmp_path) == [
        (first, ModelState.CANDIDATE),
        (second, ModelState.CANDIDATE),
        (first, ModelState.ACTIVE),
        (second, ModelState.SHADOW),
        (second, ModelState.ACTIVE),
        (first, ModelState.RETIRED),
        (second, ModelState.ROLLED_BACK),
        (first, ModelState.ACTIVE),
        (second, ModelState.RETIRED),
    ]
    out = silentspam("models", "show", second)[1]
    assert "shadow by" in out
    assert "customers were challenged" in out
    document = json.loads(silentspam("models", "show", "active", "--json")[1])
    assert (document["model_id"], document["card"]["threshold"]) == (first, STRICT)


@pytest.mark.parametrize("name", ["../../etc", "/etc/passwd", "0123456789ab", "shadow", "ACTIVE"])
@pytest.mark.parametrize("action", ["show", "shadow", "promote", "retire"])
def test_what_is_no_model_is_refused_by_name(
    silentspam: Run, registry: Registry, action: str, name: str
) -> None:
    code, _, err = silentspam("models", action, name)
    assert code == 1
    assert name in err


@pytest.mark.parametrize(
    "words", [("shadow",), ("shadow", "x", "--off"), ("promote",), ("diff", "active"), ("x",)]
)
def test_a_wrong_command_is_said_to_be_one(silentspam: Run, words: tuple[str, ...]) -> None:
    assert silentspam("models", *words)[0] == 2


def test_a_damaged_active_model_is_listed_as_such(
    silentspam: Run, registry: Registry, add: Callable[[float], str]
) -> None:
    model_id = add(STRICT)
    silentspam("models", "promote", model_id)
    (registry.folder / model_id / "roots.npy").unlink()
    code, out, _ = silentspam("models")
    assert code == 1
    assert "active, damaged" in out
    assert silentspam("models", "rollback")[0] == 0
    assert silentspam("models")[0] == 0


def test_an_active_model_whose_folder_is_gone_is_listed_as_active(
    silentspam: Run, registry: Registry, add: Callable[[float], str]
) -> None:
    silentspam("models", "promote", add(STRICT))
    (registry.folder / "active").unlink()
    (registry.folder / "active").symlink_to("0123456789ab")
    code, out, _ = silentspam("models")
    assert code == 1
    assert any(line.startswith("0123456789ab  active, damaged") for line in out.splitlines())


def test_promoting_the_active_model_when_it_is_damaged_does_not_say_all_is_well(
    silentspam: Run, registry: Registry, add: Callable[[float], str]
) -> None:
    model_id = add(STRICT)
    silentspam("models", "promote", model_id)
    assert silentspam("models", "promote", model_id)[:2] == (0, f"model {model_id} is active already\n")
    (registry.folder / model_id / "roots.npy").unlink()
    code, out, err = silentspam("models", "promote", model_id)
    assert (code, out) == (1, "")
    assert "cannot judge" in err
    assert "silentspam models rollback" in err
    add(STRICT)
    assert silentspam("models", "promote", model_id)[0] == 0


def test_going_back_to_a_damaged_shipped_model_claims_no_success(
    silentspam: Run,
    registry: Registry,
    add: Callable[[float], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silentspam("models", "promote", add(STRICT))
    monkeypatch.setattr(resources, "shipped_model", lambda: tmp_path / "nowhere")
    code, out, err = silentspam("models", "rollback")
    assert (code, out) == (1, "")
    assert "the shipped model is active now" in err
    assert "calls are bridged unjudged: install the package again" in err
    assert registry.id_of(Role.ACTIVE) is None


@pytest.mark.parametrize("action", ["shadow", "promote", "retire"])
@pytest.mark.parametrize("name", ["shipped", "active"])
def test_the_shipped_model_has_no_state_to_change_and_the_message_says_what_to_do(
    silentspam: Run, registry: Registry, action: str, name: str
) -> None:
    code, _, err = silentspam("models", action, name)
    assert code == 1
    assert f"silentspam models add {resources.shipped_model()}" in err


@pytest.mark.parametrize("action", [("list",), ("rollback",)])
def test_what_stands_in_place_of_link_or_history_is_named_with_a_remedy(
    silentspam: Run, registry: Registry, add: Callable[[float], str], action: tuple[str, ...]
) -> None:
    first = add(STRICT)
    silentspam("models", "promote", first)
    with (registry.folder / "history.jsonl").open("a") as file:
        file.write("half a li")
    code, _, err = silentspam("models", *action)
    assert code == 1
    assert "move the file away" in err
    (registry.folder / "history.jsonl").unlink()
    (registry.folder / "active").unlink()
    for harm in (lambda path: path.write_text("a file"), lambda path: path.symlink_to("../elsewhere")):
        harm(registry.folder / "active")
        code, _, err = silentspam("models", *action)
        assert code == 1
        assert "move it away" in err
        (registry.folder / "active").unlink()
    assert silentspam("models", "promote", first, "--force")[0] == 0
    assert silentspam("models", "rollback")[0] == 0


def test_a_folder_or_threshold_in_the_configuration_is_said_to_stand_in_the_way(
    silentspam: Run, add: Callable[[float], str], config: dict[str, dict[str, object]], config_file: Path
) -> None:
    model_id = add(STRICT)
    config["model"] |= {"folder": str(config_file.parent), "threshold": 0.9}
    config_file.write_text(yaml.safe_dump(config))
    _, _, err = silentspam("models", "promote", model_id, "--force")
    assert "model.folder names" in err
    assert "model.threshold is 0.9" in err


# --- what a budget costs -----------------------------------------------------------------------------------

POINTS = [
    OperatingPoint(max_false_challenge_rate=0.001, threshold=0.95, hits=2, n=4000, wilson95=(0.0001, 0.0018)),
    OperatingPoint(max_false_challenge_rate=0.02, threshold=0.5, hits=79, n=4000, wilson95=(0.0159, 0.0246)),
]


def line_evidence() -> LineEvidence:
    """Three lines of dead air and one of a person, in a space of two dimensions."""
    n_features = len(models.NAMES)
    space = LineSpace(
        offset=np.zeros(n_features),
        scale=np.ones(n_features),
        projection=np.zeros((n_features, 2), np.float32),
        origin=np.zeros(2),
        spread=np.ones(2),
    )
    dead_air = KnownLines(space, np.zeros((3, 2), np.float32), np.array([1, 5, 9], np.int32))
    return LineEvidence(dead_air, KnownLines(space, np.zeros((1, 2), np.float32), np.ones(1, np.int32)))


@pytest.fixture
def of_points(silentspam: Run, registry: Registry, tmp_path: Path) -> str:
    """A registered model with operating points and known lines."""
    card = msgspec.structs.replace(models.a_card(), operating_points=POINTS, lines=True)
    folder = models.write_files(tmp_path / "points", model_files(models.a_forest(), card, line_evidence()))
    return silentspam("models", "add", folder)[1].split()[1]


@pytest.mark.parametrize(("budget", "threshold"), [(0.001, 0.95), (0.02, 0.5), (0.5, 0.5), (0.005, 0.95)])
def test_the_threshold_shown_is_the_one_that_calls_meet(
    silentspam: Run,
    of_points: str,
    call: Callable[..., str],
    config: dict[str, dict[str, object]],
    config_file: Path,
    budget: float,
    threshold: float,
) -> None:
    config["model"]["max_false_challenge_rate"] = budget
    config_file.write_text(yaml.safe_dump(config))
    listed = {model["model_id"]: model for model in json.loads(silentspam("models", "list", "--json")[1])}
    assert listed[of_points]["threshold"] == threshold
    out = silentspam("models", "show", of_points)[1]
    assert f"{threshold:.3f} (for a budget of {budget:.2%})" in out
    assert (
        json.loads(silentspam("models", "show", of_points, "--json")[1])["threshold_in_effect"] == threshold
    )


def test_a_threshold_in_the_configuration_is_shown_as_the_one_in_effect(
    silentspam: Run, of_points: str, config: dict[str, dict[str, object]], config_file: Path
) -> None:
    config["model"]["threshold"] = 0.42
    config_file.write_text(yaml.safe_dump(config))
    assert "0.420 (model.threshold)" in silentspam("models", "show", of_points)[1]


def test_show_says_what_each_budget_costs_and_which_lines_are_known(silentspam: Run, of_points: str) -> None:
    out = silentspam("models", "show", of_points)[1]
    for words in ("2 of 4000", "1.59% to 2.46%", "3 of dead air, 1 of people", "forest, 1 of depth 1"):
        assert words in out


def test_diff_shows_the_threshold_in_effect(
    silentspam: Run, of_points: str, add: Callable[[float], str]
) -> None:
    out = silentspam("models", "diff", of_points, add(LAX))[1]
    assert "0.950 (for a budget of 0.50%)" in out
    assert "(the card's own)" in out


# --- the call database -------------------------------------------------------------------------------------


def test_without_the_call_database_one_can_still_roll_back_and_nothing_is_lost(
    silentspam: Run, registry: Registry, add: Callable[[float], str], tmp_path: Path
) -> None:
    silentspam("models", "promote", add(STRICT))
    log = tmp_path / "log"
    log.rename(tmp_path / "away")
    log.write_text("in the way")
    code, _, err = silentspam("models", "rollback")
    assert code == 0
    assert "the history stands in" in err
    log.unlink()
    (tmp_path / "away").rename(log)
    assert silentspam("models")[0] == 0
    assert [state for _, state in history(tmp_path)][-2:] == [ModelState.ROLLED_BACK, ModelState.ACTIVE]


def test_a_call_log_that_cannot_be_read_refuses_a_promotion(
    silentspam: Run, registry: Registry, add: Callable[[float], str], tmp_path: Path
) -> None:
    model_id = add(STRICT)
    (tmp_path / "log" / "calls.db").write_text("this is no database, and long enough to be seen as none" * 40)
    code, _, err = silentspam("models", "promote", model_id)
    assert code == 1
    assert "recent calls could not be looked at" in err
    assert registry.id_of(Role.ACTIVE) is None
    assert silentspam("models", "promote", model_id, "--force")[0] == 0


# --- the check before a promotion --------------------------------------------------------------------------


def test_a_model_that_would_challenge_known_people_is_refused_unless_forced(
    silentspam: Run, registry: Registry, add: Callable[[float], str], call: Callable[..., str], tmp_path: Path
) -> None:
    lax, strict = add(LAX), add(STRICT)
    assert silentspam("models", "promote", lax)[0] == 0
    quiet_person = call(quiet=True, passed=True)
    for _ in range(3):
        call(quiet=False, passed=True)
    code, out, err = silentspam("models", "promote", strict)
    assert (code, out) == (1, "")
    for words in (
        "1 of 4 (25.00%; 95 % 4.56% to 69.94%)",
        "model.max_false_challenge_rate = 0.50%",
        "--force",
    ):
        assert words in err
    assert quiet_person in err
    assert registry.id_of(Role.ACTIVE) == lax
    assert history(tmp_path)[-1] == (strict, ModelState.REFUSED)
    code, out, _ = silentspam("models", "promote", strict, "--force", "--note", "we are under attack")
    assert code == 0
    assert "(forced)" in out
    assert registry.id_of(Role.ACTIVE) == strict
    (note,) = [
        event.note for event in registry.events() if event.state == "ACTIVE" and event.model_id == strict
    ]
    assert note.startswith("we are under attack forced, although it would have challenged 1 of 4")


def test_a_label_of_spam_goes_before_a_passed_challenge(
    silentspam: Run, registry: Registry, add: Callable[[float], str], call: Callable[..., str], tmp_path: Path
) -> None:
    model_id, call_id = add(STRICT), call(quiet=True, passed=True)
    label = Label(
        call_id=call_id, source=LabelSource.REVIEW, label=Answer.SPAM, labelled_at=0.0, labelled_by="ada"
    )
    Labels(SqliteDatabase(tmp_path / "log" / "calls.db")).write([label])
    assert silentspam("models", "promote", model_id)[0] == 0


def test_older_calls_than_asked_for_do_not_count(
    silentspam: Run, add: Callable[[float], str], call: Callable[..., str]
) -> None:
    model_id = add(STRICT)
    call(quiet=True, passed=True, days_ago=3)
    code, _, err = silentspam("models", "promote", model_id, "--since", "2d")
    assert code == 0
    assert "no recent caller is known to be a person" in err


def test_with_few_people_it_says_how_many_and_what_that_can_show(
    silentspam: Run, add: Callable[[float], str], call: Callable[..., str]
) -> None:
    for _ in range(5):
        call(quiet=False, passed=True)
    _, _, err = silentspam("models", "promote", add(STRICT))
    assert "5 known people are too few" in err
    assert "at least 200 are needed" in err
    assert "43.4%" in err


def trained_on(recordings: Iterable[Path], folder: Path, threshold: float) -> Path:
    """A model folder as `silentspam train` leaves it, which says that it was trained on these recordings."""
    rows = [Labelled(recording=path.name, path=path, is_spam=False) for path in recordings]
    card = msgspec.structs.replace(models.a_card(), threshold=threshold)
    beside = {FILE_NAME: trained_on_file(rows)}
    return models.write_files(folder, model_files(models.a_forest(), card, beside=beside))


def test_calls_that_the_candidate_was_trained_on_are_left_out_and_counted(
    silentspam: Run, add: Callable[[float], str], call: Callable[..., str], tmp_path: Path
) -> None:
    lax = add(LAX)
    learnt = call(quiet=True, passed=True)
    call(quiet=False, passed=True)
    folder = trained_on([tmp_path / "recordings" / f"{learnt}.ulaw"], tmp_path / "ours", STRICT)
    candidate = silentspam("models", "add", folder)[1].split()[1]
    code, out, err = silentspam("models", "diff", lax, candidate)
    assert code == 0
    assert "0 of 1 (0.00%" in out
    assert "1 call of known people is left out: one of the models was trained on it" in err
    assert json.loads(silentspam("models", "diff", lax, candidate, "--json")[1])["left_out"] == 1
    code, _, err = silentspam("models", "promote", candidate)
    assert code == 0
    assert "1 call of known people is left out: the candidate was trained on it" in err
    assert "1 known people are too few" in err


def test_an_unreadable_list_of_what_was_trained_on_is_a_reason_to_refuse(
    silentspam: Run, registry: Registry, call: Callable[..., str], tmp_path: Path
) -> None:
    folder = trained_on([], tmp_path / "ours", STRICT)
    model_id = silentspam("models", "add", folder)[1].split()[1]
    (registry.folder / model_id / FILE_NAME).write_bytes(b"damaged")
    code, _, err = silentspam("models", "promote", model_id)
    assert code == 1
    assert FILE_NAME in err
    assert silentspam("models", "promote", model_id, "--force")[0] == 0


# --- comparing ---------------------------------------------------------------------------------------------


def test_diff_names_the_calls_on_which_two_models_differ(
    silentspam: Run, add: Callable[[float], str], call: Callable[..., str]
) -> None:
    strict, lax = add(STRICT), add(LAX)
    quiet, loud = call(quiet=True), call(quiet=False)
    code, out, _ = silentspam("models", "diff", strict, lax)
    assert code == 0
    assert "challenged by both 0, only A 1, only B 0, by neither 1" in out
    assert quiet in out
    assert loud not in out
    assert "0.500" in out
    assert "0.950" in out
    document = json.loads(silentspam("models", "diff", lax, strict, "--json")[1])
    assert [changed["call_id"] for changed in document["only_b"]] == [quiet]
    assert (document["only_a"], document["both"], document["neither"]) == ([], 0, 1)


def test_diff_of_recordings_and_of_nothing(
    silentspam: Run, add: Callable[[float], str], tmp_path: Path
) -> None:
    strict, lax = add(STRICT), add(LAX)
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "dead-air.ulaw").write_bytes(noise().codes.tobytes())
    code, out, _ = silentspam("models", "diff", strict, lax, "--recordings", tmp_path / "some")
    assert code == 0
    assert "only A: dead-air (0.900 -> 0.900)" in out
    assert silentspam("models", "diff", strict, "shipped")[0] == 1


# --- at once -----------------------------------------------------------------------------------------------


def test_two_promotions_at_once_leave_one_active_and_a_history_that_agrees(
    silentspam: Run,
    registry: Registry,
    add: Callable[[float], str],
    call: Callable[..., str],
    config_file: Path,
) -> None:
    added = add(STRICT), add(LAX)
    call(quiet=False, passed=True)
    code = "import sys; from silentspam.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "models", "promote"]
    environment = os.environ | {"SILENTSPAM_CONFIG": str(config_file)}
    processes = [
        subprocess.Popen([*command, model], env=environment, stderr=subprocess.PIPE, text=True)
        for model in added
    ]
    said = [process.communicate()[1] for process in processes]
    codes = [process.returncode for process in processes]
    assert 0 in codes
    for status, err in zip(codes, said, strict=True):
        assert status == 0 or "became active meanwhile" in err
    activated = [event.model_id for event in registry.events() if event.state is ModelState.ACTIVE]
    assert len(activated) == codes.count(0)
    assert registry.id_of(Role.ACTIVE) == activated[-1]
