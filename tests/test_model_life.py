"""The registry on the call path: real AGI processes, a model that judges, and one that is on trial."""

import os
from pathlib import Path

import pytest

from silentspam import resources
from silentspam.model import load_model, model_files
from silentspam.registry.registry import Registry
from tests import models
from tests.fakes import Switch, converse, noise, running, tone
from tests.installed import Site, action, complaint, ended_status
from tests.registry.conftest import MakeModel
from tests.registry.conftest import make_model as make_model
from tests.registry.conftest import registry as registry
from tests.test_embedded import patched

DEAD_AIR, SPEECH = noise(level=30).codes.tobytes(), tone().codes.tobytes()

TOO_HIGH = 0.95
"""A threshold that the test forest's 0.9 does not reach: with it dead air is HAM."""


@pytest.fixture
def site(tmp_path: Path, registry: Registry) -> Site:
    site = Site(tmp_path, tmp_path)
    site.settings["model"] = {"registry": str(registry.folder)}
    return site


def judged(site: Site) -> list[tuple[object, object]]:
    """Model and verdict of each call, oldest first."""
    return [(row["model_id"], row["verdict"]) for row in reversed(site.rows())]


def on_trial(site: Site) -> tuple[object, ...]:
    row = site.row()
    return tuple(row[f"shadow_{name}"] for name in ("model_id", "verdict", "probability", "threshold"))


def test_without_an_active_model_the_shipped_one_judges(site: Site) -> None:
    site.screen(Switch(opening=SPEECH))
    assert site.row()["model_id"] == load_model(resources.shipped_model()).model_id
    assert on_trial(site) == (None,) * 4


def test_the_next_call_is_judged_by_what_was_promoted_or_rolled_back(
    site: Site, registry: Registry, make_model: MakeModel
) -> None:
    strict, lax = registry.add(make_model(0.5)), registry.add(make_model(TOO_HIGH))
    registry.promote(strict, instead_of=None)
    site.screen(Switch(opening=DEAD_AIR))
    registry.promote(lax, instead_of=strict)
    site.screen(Switch(opening=DEAD_AIR))
    registry.rollback()
    site.screen(Switch(opening=DEAD_AIR))
    assert judged(site) == [(strict, "CALLER_SILENCE"), (lax, "HAM"), (strict, "CALLER_SILENCE")]


def test_a_folder_in_the_configuration_goes_before_the_registry(
    site: Site, registry: Registry, make_model: MakeModel, model_folder: Path
) -> None:
    registry.promote(registry.add(make_model(TOO_HIGH)), instead_of=None)
    site.settings["model"]["folder"] = str(model_folder)
    site.screen(Switch(opening=DEAD_AIR))
    assert site.row()["model_id"] == load_model(model_folder).model_id


def lose_files(folder: Path, link: str) -> None:
    (folder / os.readlink(folder / link) / "roots.npy").unlink()


def lose_folder(folder: Path, link: str) -> None:
    (folder / link).unlink()
    (folder / link).symlink_to("0123456789ab")


def leave_the_registry(folder: Path, link: str) -> None:
    (folder / link).unlink()
    (folder / link).symlink_to("../elsewhere")


BREAKS = [lose_files, lose_folder, leave_the_registry]


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_active_model_bridges_the_caller_and_is_not_replaced_by_a_guess(
    site: Site, registry: Registry, make_model: MakeModel, broken: object
) -> None:
    registry.promote(registry.add(make_model(0.5)), instead_of=None)
    broken(registry.folder, "active")  # type: ignore[operator]
    switch = Switch(opening=DEAD_AIR)
    assert site.screen(switch) == 0
    assert action(switch) == "BRIDGE"
    row = site.row()
    assert (row["failed_open"], row["verdict"]) == (1, None)
    assert "ModelError" in row["failed_open_cause"]


# --- on trial ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "asked"), [("enforce", "REJECT"), ("shadow", "BRIDGE")])
def test_a_model_on_trial_judges_the_same_call_and_changes_nothing(
    site: Site, registry: Registry, make_model: MakeModel, mode: str, asked: str
) -> None:
    active, trial = registry.add(make_model(0.5)), registry.add(make_model(TOO_HIGH))
    registry.promote(active, instead_of=None)
    registry.shadow(trial)
    site.settings["mode"] = mode
    switch = Switch(opening=DEAD_AIR)
    assert site.screen(switch) == 0
    assert action(switch) == asked
    assert judged(site) == [(active, "CALLER_SILENCE")]
    assert on_trial(site) == (trial, "HAM", 0.9, TOO_HIGH)


def test_the_active_model_is_not_asked_twice(site: Site, registry: Registry, make_model: MakeModel) -> None:
    """Both links name one model when a promotion was killed between them."""
    active = registry.add(make_model(0.5))
    registry.promote(active, instead_of=None)
    (registry.folder / "shadow").symlink_to(active)
    site.screen(Switch(opening=DEAD_AIR))
    assert on_trial(site) == (None,) * 4


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_model_on_trial_changes_nothing_and_says_so(
    site: Site, registry: Registry, make_model: MakeModel, broken: object
) -> None:
    active = registry.add(make_model(0.5))
    registry.promote(active, instead_of=None)
    registry.shadow(registry.add(make_model(TOO_HIGH)))
    broken(registry.folder, "shadow")  # type: ignore[operator]
    switch = Switch(opening=DEAD_AIR)
    with running(site.command("silentspam.py")) as process:
        converse(process, switch)
        assert "shadow model: ModelError" in complaint(process)
        assert process.wait() == 0
    assert action(switch) == "REJECT"
    assert judged(site) == [(active, "CALLER_SILENCE")]
    assert on_trial(site) == (None,) * 4
    assert site.row()["failed_open"] == 0


def test_a_model_on_trial_that_takes_its_process_with_it_costs_no_row(site: Site) -> None:
    switch = Switch(opening=SPEECH)
    change = "import os; embedded.judging.judge_in_shadow = lambda *_: os.kill(os.getpid(), 9)"
    with running(patched(site, change)) as process:
        converse(process, switch)
        assert ended_status(process) == 0
    assert site.row()["verdict"] == "HAM"


def test_the_caller_does_not_wait_for_a_model_on_trial(site: Site) -> None:
    """The process that Asterisk waits for is gone, and the row written, while the trial still goes on."""
    pipe, row_written = site.folder / "pipe", site.folder / "row-written"
    os.mkfifo(pipe)
    os.mkfifo(row_written)
    change = (
        "from pathlib import Path; embedded.judging.judge_in_shadow = "
        f"lambda *_: (Path({str(row_written)!r}).write_text('1'), Path({str(pipe)!r}).read_text()) and False"
    )
    with running(patched(site, change)) as process:
        converse(process, Switch(opening=SPEECH))
        assert process.wait(60) == 0
        assert row_written.read_text() == "1"
        assert site.row()["verdict"] == "HAM"
        pipe.write_text("go on")
        assert complaint(process) == ""


def test_where_no_second_process_can_be_had_no_model_is_tried(
    site: Site, registry: Registry, make_model: MakeModel
) -> None:
    registry.shadow(registry.add(make_model(0.5)))
    change = "def no_fork(): raise OSError('no more processes')\nembedded.os.fork = no_fork"
    with running(patched(site, change)) as process:
        converse(process, Switch(opening=SPEECH))
        assert ended_status(process) == 0
    assert site.row()["verdict"] == "HAM"
    assert on_trial(site) == (None,) * 4


def test_a_recording_that_cannot_be_judged_is_inconclusive_for_the_model_on_trial_too(
    site: Site, registry: Registry, make_model: MakeModel
) -> None:
    trial = registry.add(make_model(0.5))
    registry.shadow(trial)
    site.screen(Switch(opening=b""))
    assert on_trial(site) == (trial, "INCONCLUSIVE", None, None)


def test_a_model_on_trial_judges_where_the_active_one_is_broken(
    site: Site, registry: Registry, make_model: MakeModel
) -> None:
    trial = registry.add(make_model(0.5))
    registry.shadow(trial)
    site.settings["model"]["folder"] = str(site.folder / "nowhere")
    site.screen(Switch(opening=DEAD_AIR))
    assert site.row()["failed_open"] == 1
    assert on_trial(site) == (trial, "CALLER_SILENCE", 0.9, 0.5)


def test_models_that_differ_in_a_file_never_mix(registry: Registry, make_model: MakeModel) -> None:
    """A link that moves on while a model's files are read: they all come from the folder first named."""
    from silentspam.registry.links import Role, model_in

    first, second = registry.add(make_model(0.5)), registry.add(make_model(0.7))
    registry.promote(first, instead_of=None)
    folder = model_in(registry.folder, Role.ACTIVE)
    assert folder is not None
    card = (folder / "card.json").read_bytes()
    registry.promote(second, instead_of=first)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert files["card.json"] == card
    assert files == model_files(models.a_forest(), load_model(folder).card)
