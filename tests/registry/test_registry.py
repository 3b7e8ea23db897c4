"""The life of a model: candidate, shadow, active, retired; what fails leaves everything as it was."""

import os
import stat
from pathlib import Path

import pytest

from silentspam.calllog.models import ModelState
from silentspam.errors import ModelError
from silentspam.hashed import SUMS_NAME
from silentspam.model import load_model
from silentspam.registry.links import Role, model_in
from silentspam.registry.registry import Registry, RegistryConflict
from tests.registry.conftest import MakeModel


def states(registry: Registry) -> dict[str, ModelState]:
    return {model.model_id: model.state for model in registry.models()}


def told(registry: Registry) -> list[tuple[str, str]]:
    return [(event.model_id, event.state.value) for event in registry.events()]


@pytest.fixture
def two(registry: Registry, make_model: MakeModel) -> tuple[str, str]:
    """Two candidates."""
    return registry.add(make_model(0.5)), registry.add(make_model(0.7))


def test_an_empty_registry_has_no_models_and_no_roles(registry: Registry) -> None:
    assert registry.models() == []
    assert registry.events() == []
    assert registry.id_of(Role.ACTIVE) is None
    assert not registry.folder.exists(), "looking creates nothing"


def test_an_added_model_is_a_candidate_and_the_same_bytes(registry: Registry, make_model: MakeModel) -> None:
    source = make_model(0.5)
    model_id = registry.add(source, note="a try")
    assert model_id == load_model(source).model_id == load_model(registry.folder / model_id).model_id
    assert states(registry) == {model_id: ModelState.CANDIDATE}
    (event,) = registry.events()
    assert (event.changed_by, event.note, event.changed_at) == ("ada", "a try", 1_700_000_000.0)
    assert model_in(registry.folder, Role.ACTIVE) is None


def test_adding_again_changes_nothing(
    registry: Registry, make_model: MakeModel, two: tuple[str, str]
) -> None:
    registry.promote(two[0], instead_of=None)
    before = registry.events()
    assert registry.add(make_model(0.5)) == two[0]
    assert registry.events() == before
    assert states(registry)[two[0]] is ModelState.ACTIVE


def test_adding_again_mends_a_damaged_copy(
    registry: Registry, make_model: MakeModel, two: tuple[str, str]
) -> None:
    (registry.folder / two[0] / "roots.npy").write_bytes(b"")
    registry.add(make_model(0.5))
    assert load_model(registry.folder / two[0]).model_id == two[0]


def test_what_is_added_can_be_read_by_all_whatever_the_umask(
    registry: Registry, make_model: MakeModel
) -> None:
    before = os.umask(0o077)
    try:
        model_id = registry.add(make_model(0.5))
        registry.promote(model_id, instead_of=None)
    finally:
        os.umask(before)
    for path in (registry.folder, *registry.folder.rglob("*")):
        if path.is_symlink() or path.name == ".lock":
            continue
        wanted = 0o755 if path.is_dir() else 0o644
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_a_damaged_model_is_not_added(registry: Registry, make_model: MakeModel) -> None:
    source = make_model(0.5)
    (source / "roots.npy").write_bytes(b"")
    with pytest.raises(ModelError, match=r"roots\.npy"):
        registry.add(source)
    assert registry.models() == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "no-such-file", "/etc/passwd", "..", ""])
def test_sums_that_name_other_than_files_of_the_folder_are_refused(
    registry: Registry, make_model: MakeModel, name: str
) -> None:
    source = make_model(0.5)
    with (source / SUMS_NAME).open("a") as sums:
        sums.write(f"{'0' * 64}  {name}\n")
    with pytest.raises(ModelError, match="no file of that folder"):
        registry.add(source)
    assert registry.models() == []


def test_the_life_of_a_model(registry: Registry, two: tuple[str, str]) -> None:
    first, second = two
    registry.promote(first, instead_of=None)
    registry.shadow(second)
    assert states(registry) == {first: ModelState.ACTIVE, second: ModelState.SHADOW}
    registry.promote(second, instead_of=first)
    assert states(registry) == {second: ModelState.ACTIVE, first: ModelState.RETIRED}
    assert registry.id_of(Role.SHADOW) is None, "a model is not on trial beside itself"
    assert model_in(registry.folder, Role.ACTIVE) == (registry.folder / second).resolve()
    assert [event.state.value for event in registry.events()] == [
        "CANDIDATE",
        "CANDIDATE",
        "ACTIVE",
        "SHADOW",
        "ACTIVE",
        "RETIRED",
    ]


def test_a_trial_is_ended_or_replaced(
    registry: Registry, make_model: MakeModel, two: tuple[str, str]
) -> None:
    third = registry.add(make_model(0.9))
    registry.shadow(two[0])
    registry.shadow(third)
    assert states(registry) == {
        two[0]: ModelState.CANDIDATE,
        two[1]: ModelState.CANDIDATE,
        third: ModelState.SHADOW,
    }
    registry.shadow(None)
    assert registry.id_of(Role.SHADOW) is None
    before = registry.events()
    registry.shadow(None)
    assert registry.events() == before


def test_the_active_model_is_not_tried_beside_itself(registry: Registry, two: tuple[str, str]) -> None:
    registry.promote(two[0], instead_of=None)
    with pytest.raises(ModelError, match="active"):
        registry.shadow(two[0])


# --- back --------------------------------------------------------------------------------------------------


def test_rolling_back_goes_on_to_the_shipped_model_and_never_to_what_was_left(
    registry: Registry, two: tuple[str, str]
) -> None:
    first, second = two
    registry.promote(first, instead_of=None)
    registry.promote(second, instead_of=first)
    assert registry.rollback(note="challenged people") == first
    assert registry.id_of(Role.ACTIVE) == first
    assert registry.rollback() is None
    assert model_in(registry.folder, Role.ACTIVE) is None
    with pytest.raises(ModelError, match="nothing to go back to"):
        registry.rollback()
    assert set(states(registry).values()) == {ModelState.RETIRED}


def test_rolling_back_passes_over_what_cannot_be_loaded(
    registry: Registry, make_model: MakeModel, two: tuple[str, str]
) -> None:
    third = registry.add(make_model(0.9))
    for model_id, before in ((two[0], None), (two[1], two[0]), (third, two[1])):
        registry.promote(model_id, instead_of=before)
    (registry.folder / two[1] / "roots.npy").write_bytes(b"")
    assert registry.rollback() == two[0]
    assert "passed over" in registry.events()[-2].note


def test_an_old_model_can_be_promoted_again_and_rolled_back_to_what_was_before(
    registry: Registry, two: tuple[str, str]
) -> None:
    first, second = two
    registry.promote(first, instead_of=None)
    registry.promote(second, instead_of=first)
    registry.promote(first, instead_of=second)
    assert registry.rollback() == second


# --- refusals ----------------------------------------------------------------------------------------------


def test_who_decided_against_another_model_is_refused(registry: Registry, two: tuple[str, str]) -> None:
    registry.promote(two[0], instead_of=None)
    with pytest.raises(RegistryConflict, match=two[0]):
        registry.promote(two[1], instead_of=None)
    assert registry.id_of(Role.ACTIVE) == two[0]


def test_promoting_the_active_model_changes_nothing(registry: Registry, two: tuple[str, str]) -> None:
    registry.promote(two[0], instead_of=None)
    before = registry.events()
    registry.promote(two[0], instead_of=two[0])
    assert registry.events() == before


def test_a_damaged_model_is_neither_promoted_nor_tried(registry: Registry, two: tuple[str, str]) -> None:
    (registry.folder / two[0] / "card.json").write_text("{}")
    with pytest.raises(ModelError):
        registry.promote(two[0], instead_of=None)
    with pytest.raises(ModelError):
        registry.shadow(two[0])
    assert registry.id_of(Role.ACTIVE) is None


def test_the_active_model_is_not_retired(registry: Registry, two: tuple[str, str]) -> None:
    registry.promote(two[0], instead_of=None)
    with pytest.raises(ModelError, match="roll back first"):
        registry.retire(two[0])
    registry.shadow(two[1])
    registry.retire(two[1])
    assert registry.id_of(Role.SHADOW) is None
    assert states(registry)[two[1]] is ModelState.RETIRED


def test_a_refusal_is_kept_and_changes_no_state(registry: Registry, two: tuple[str, str]) -> None:
    registry.refuse(two[0], "challenges people")
    assert states(registry)[two[0]] is ModelState.CANDIDATE
    assert told(registry)[-1] == (two[0], "REFUSED")


@pytest.mark.parametrize(
    "name", ["..", "../../etc", "/etc", "", ".", "active", "ABCDEF012345", "0123456789ab\n", "0123456789abc"]
)
def test_what_is_no_model_id_never_becomes_a_path(registry: Registry, name: str) -> None:
    with pytest.raises(ModelError, match="not a model id"):
        registry.model_folder(name)
    for change in (registry.shadow, registry.retire):
        with pytest.raises(ModelError, match="not a model id"):
            change(name)
    with pytest.raises(ModelError, match="not a model id"):
        registry.promote(name, instead_of=None)


def test_an_unknown_model_is_named(registry: Registry) -> None:
    with pytest.raises(ModelError, match=r"0123456789ab: not in the registry"):
        registry.promote("0123456789ab", instead_of=None)


# --- links that somebody set, or a killed process left -----------------------------------------------------


def test_a_link_set_by_hand_is_entered_into_the_history(registry: Registry, two: tuple[str, str]) -> None:
    (registry.folder / "active").symlink_to(two[0])
    registry.promote(two[1], instead_of=two[0])
    assert told(registry)[2:] == [(two[0], "ACTIVE"), (two[1], "ACTIVE"), (two[0], "RETIRED")]
    assert registry.rollback() == two[0]


def test_a_rollback_broken_off_after_the_link_does_not_make_the_bad_model_one_to_go_back_to(
    registry: Registry, two: tuple[str, str]
) -> None:
    first, second = two
    registry.promote(first, instead_of=None)
    registry.promote(second, instead_of=first)
    (registry.folder / "active").unlink()
    (registry.folder / "active").symlink_to(first)
    assert registry.rollback() is None


def test_a_history_that_cannot_be_read_says_where(registry: Registry, two: tuple[str, str]) -> None:
    with (registry.folder / "history.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(ModelError, match=r"history\.jsonl line 3"):
        registry.rollback()


def test_what_is_not_a_folder_cannot_be_a_registry(below_a_file: Path, make_model: MakeModel) -> None:
    with pytest.raises(ModelError, match=r"model\.registry"):
        Registry(below_a_file, by="ada").add(make_model(0.5))
