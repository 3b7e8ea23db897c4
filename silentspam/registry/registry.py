"""Changes of the registry, one at a time: add, try in shadow, promote, roll back, retire.

A change that fails (a full disk, a damaged model) leaves everything as it was, and one that is killed leaves
either the old state or the new one: the links are renamed last, and the history after them. A link that the
history does not know of is entered into it by the next change.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from silentspam.calllog.models import ModelEvent, ModelState
from silentspam.errors import ModelError
from silentspam.model import load_model
from silentspam.registry.files import (
    PARTIAL,
    copy_model,
    locked,
    partial_link,
    partial_text,
    sync_folder,
)
from silentspam.registry.history import (
    HISTORY_NAME,
    SHIPPED,
    activations,
    history_text,
    last_state,
    read_history,
)
from silentspam.registry.links import MODEL_ID, Role, checked_id, model_in


class RegistryConflict(ModelError):
    """Another change came first, and this one was decided on what no longer holds."""


@dataclass(frozen=True)
class Listed:
    """A model of the registry. since: its last change [s since the epoch], None where it is not known."""

    model_id: str
    state: ModelState
    since: float | None
    folder: Path


class Registry:
    """The models below `folder`. `by` is who makes the changes. Every error is a ModelError."""

    def __init__(self, folder: Path, *, by: str, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._by = by
        self._clock = clock

    def events(self) -> list[ModelEvent]:
        """The whole history, oldest first."""
        return read_history(self.folder)

    def id_of(self, role: Role) -> str | None:
        """The id of the model that has the role."""
        folder = model_in(self.folder, role)
        return folder.name if folder else None

    def models(self) -> list[Listed]:
        """Every model: the active one, the one in shadow, and the others, latest change first.

        One that has a role is among them also when its folder is gone.
        """
        try:
            names = {path.name for path in self.folder.iterdir() if MODEL_ID.fullmatch(path.name)}
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ModelError(f"model.registry: {self.folder}: {error.strerror or error}") from error
        events, roles = self.events(), {self.id_of(role): ModelState(role.upper()) for role in Role}
        names |= {name for name in roles if name is not None}
        found = [self._listed(name, events, roles.get(name)) for name in sorted(names)]
        order = {ModelState.ACTIVE: 0, ModelState.SHADOW: 1}
        return sorted(found, key=lambda model: (order.get(model.state, 2), -(model.since or 0.0)))

    def model_folder(self, model_id: str) -> Path:
        """The folder of a model that is in the registry."""
        folder = self.folder / checked_id(model_id, "model")
        if not folder.is_dir():
            raise ModelError(f"model {model_id}: not in the registry {self.folder}: see `silentspam models`")
        return folder

    def add(self, source: Path, *, note: str = "") -> str:
        """Copy a model folder into the registry as a candidate; returns its model id.

        A model that is there already stays what it is; a damaged copy of it is replaced.
        """
        load_model(source)
        with self._change() as events:
            copied = self.folder / f"{PARTIAL}model"
            copy_model(source, copied)
            model_id = load_model(copied).model_id
            self._put_in_place(copied, self.folder / model_id)
            if not any(event.model_id == model_id for event in events):
                self._commit(events, [self._event(model_id, ModelState.CANDIDATE, note)])
        return model_id

    def shadow(self, model_id: str | None, *, note: str = "") -> None:
        """Try a model beside the active one, in place of any other on trial; None: try none."""
        if model_id is not None:
            load_model(self.model_folder(model_id))
        with self._change() as events:
            before = self.id_of(Role.SHADOW)
            if model_id == before:
                return
            if model_id is not None and model_id == self.id_of(Role.ACTIVE):
                raise ModelError(f"model {model_id} is the active one: it cannot be on trial beside itself")
            new = [self._event(before, ModelState.CANDIDATE, "trial ended")] if before else []
            new += [self._event(model_id, ModelState.SHADOW, note)] if model_id else []
            self._commit(events, new, {Role.SHADOW: model_id})

    def promote(self, model_id: str, *, instead_of: str | None, note: str = "") -> None:
        """Make a model the active one, from the next call on.

        instead_of: the id of the active model that the decision was made against, None for the shipped one;
        where another is active by now, RegistryConflict is raised.
        """
        load_model(self.model_folder(model_id))
        with self._change() as events:
            before = self.id_of(Role.ACTIVE)
            if before != instead_of:
                raise RegistryConflict(
                    f"model {before or SHIPPED} became active meanwhile, not {instead_of or SHIPPED}: "
                    "look at it and promote again"
                )
            if model_id == before:
                return
            new = [self._event(model_id, ModelState.ACTIVE, note)]
            new += [self._event(before, ModelState.RETIRED, f"replaced by {model_id}")] if before else []
            self._commit(events, new, {Role.ACTIVE: model_id, **self._end_trial_of(model_id)})

    def rollback(self, *, note: str = "") -> str | None:
        """Go back to the model that was active before, or to the shipped one (None); returns its id.

        Models that cannot be loaded any more are passed over. The model that is left is never gone back to.
        """
        with self._change() as events:
            stack = activations(events)
            if len(stack) == 1:
                raise ModelError("nothing to go back to: the shipped model is active")
            new = [self._event(stack.pop(), ModelState.ROLLED_BACK, note)]
            while stack[-1] != SHIPPED and (problem := self._fault(stack[-1])):
                new.append(self._event(stack.pop(), ModelState.ROLLED_BACK, f"passed over: {problem}"))
            target = None if stack[-1] == SHIPPED else stack[-1]
            new.append(self._event(stack[-1], ModelState.ACTIVE, f"rolled back from {new[0].model_id}"))
            self._commit(events, new, {Role.ACTIVE: target, **self._end_trial_of(target)})
        return target

    def retire(self, model_id: str, *, note: str = "") -> None:
        """Say that a model is not wanted any more; on trial it ends its trial. The folder stays."""
        self.model_folder(model_id)
        with self._change() as events:
            if model_id == self.id_of(Role.ACTIVE):
                raise ModelError(f"model {model_id} is active: promote another one or roll back first")
            retired = self._event(model_id, ModelState.RETIRED, note)
            self._commit(events, [retired], self._end_trial_of(model_id))

    def refuse(self, model_id: str, note: str) -> None:
        """Note that a promotion was refused, and why."""
        with self._change() as events:
            self._commit(events, [self._event(model_id, ModelState.REFUSED, note)])

    @contextmanager
    def _change(self) -> Iterator[list[ModelEvent]]:
        """The lock, and the history so far with what it had missed."""
        try:
            with locked(self.folder):
                events = self.events()
                yield [*events, *self._missed(activations(events))]
        except OSError as error:
            hint = ": run it as the folder's owner (sudo)" if isinstance(error, PermissionError) else ""
            raise ModelError(f"model.registry {self.folder}: {error.strerror or error}{hint}") from error

    def _missed(self, stack: list[str]) -> Iterator[ModelEvent]:
        """What the history does not know of: a link set by hand, or a change that was killed half-way."""
        active, note = self.id_of(Role.ACTIVE) or SHIPPED, f"by the link {self.folder / Role.ACTIVE}"
        while stack[-1] != active and active in stack:
            yield self._event(stack.pop(), ModelState.ROLLED_BACK, f"found replaced {note}")
        if stack[-1] != active:
            yield self._event(active, ModelState.ACTIVE, f"found active {note}")

    def _commit(
        self,
        events: Sequence[ModelEvent],
        new: Sequence[ModelEvent],
        links: Mapping[Role, str | None] | None = None,
    ) -> None:
        """Everything that needs space first; then renames, the history's last."""
        links = links or {}
        history = partial_text(self.folder, HISTORY_NAME, history_text([*events, *new]))
        ready = {role: partial_link(self.folder, role, name) for role, name in links.items() if name}
        sync_folder(self.folder)
        for role in links:
            if role in ready:
                ready[role].rename(self.folder / role)
            else:
                (self.folder / role).unlink(missing_ok=True)
        history.rename(self.folder / HISTORY_NAME)
        sync_folder(self.folder)

    def _put_in_place(self, copied: Path, place: Path) -> None:
        if place.is_dir():
            if self._fault(place.name) is None:
                shutil.rmtree(copied)
                return
            place.rename(self.folder / f"{PARTIAL}damaged")  # the next change removes it
        copied.rename(place)
        sync_folder(self.folder)

    def _event(self, model_id: str, state: ModelState, note: str) -> ModelEvent:
        return ModelEvent(
            model_id=model_id, state=state, changed_at=self._clock(), changed_by=self._by, note=note
        )

    def _listed(self, name: str, events: Sequence[ModelEvent], role: ModelState | None) -> Listed:
        state, since = last_state(events, name)
        if role is not None:
            named = [event.changed_at for event in events if (event.model_id, event.state) == (name, role)]
            state, since = role, named[-1] if named else None
        return Listed(name, state, since, self.folder / name)

    def _end_trial_of(self, model_id: str | None) -> dict[Role, str | None]:
        return {Role.SHADOW: None} if model_id and model_id == self.id_of(Role.SHADOW) else {}

    def _fault(self, model_id: str) -> str | None:
        """Why a model cannot judge; None where it can."""
        try:
            found = load_model(self.folder / model_id).model_id
        except ModelError as error:
            return str(error)
        return None if found == model_id else f"its files are those of model {found}"


def current_user() -> str:
    """Who is at the keyboard, also behind sudo."""
    import getpass

    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.geteuid()}"
