"""The credits of false challenges: dead air's, and those of kinds with a budget of their own.

Whoever calls and is not known as SPAM brings credit to all of them, to each at its rate; a mistake costs the
one whose kind it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from silentspam.budget import Credit
from silentspam.lines.fate import KindLesson, Lesson
from silentspam.lines.settings import MemorySettings


@dataclass(frozen=True, kw_only=True)
class Credits:
    """own: dead air's and all that suspects it; kinds: by name, as far as calls have moved them."""

    own: Credit = field(default_factory=Credit)
    kinds: Mapping[str, Credit] = field(default_factory=dict)

    def of_kinds(self, settings: MemorySettings) -> dict[str, Credit]:
        """The credit of every kind that has a rate."""
        return {kind: self.kinds.get(kind, Credit()) for kind in settings.kind_rates}

    def after(self, fate: Lesson | KindLesson, settings: MemorySettings) -> "Credits":
        """After a call of this fate."""
        own, kinds = self.own, self.of_kinds(settings)
        if fate.is_callers:
            own = own.earned(settings.rate)
            kinds = {kind: credit.earned(settings.kind_rates[kind]) for kind, credit in kinds.items()}
        if fate.is_mistake:
            if fate.kind in kinds:
                kinds[fate.kind] = kinds[fate.kind].spent(fate.weight)
            else:
                own = own.spent(fate.weight)
        return replace(self, own=own, kinds=kinds)
