"""What a call's metadata claims of the way that it came: the form of the YAML file, and what holds.

A number's type and country follow from its prefix, a type from the networks that such numbers call by; a
trunk and a customer claim more of their own. The most specific word holds: customer, then trunk, then type.
What nobody claims is not judged. ANI and caller ID can be made up by whoever calls: that is what is tested.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated

import msgspec

from silentspam.provenance.numbers import canonical
from silentspam.provenance.path_model import CODECS, NETWORKS
from silentspam.provenance.risk_table import RiskTable

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
"""A name in the file."""


def _check(key: str, labels: tuple[str, ...] | None, known: tuple[str, ...], *, empty: bool = False) -> None:
    if labels is None:
        return
    if not labels and not empty:
        raise ValueError(f"{key} is empty: leave it out to claim nothing")
    if unknown := [label for label in labels if label not in known]:
        raise ValueError(f"{key} holds {unknown[0][:40]!r}: known are {', '.join(known)}")


class PathClaim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way that calls take. networks, codecs: those met on it, all of them and no others; may: labels of
    either that are met on it or not; last: the coders one of which is the last before the listener. What is
    left out is not claimed. Raises ValueError for an unknown label."""

    networks: tuple[str, ...] | None = None
    codecs: tuple[str, ...] | None = None
    last: tuple[str, ...] | None = None
    may: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check("networks", self.networks, NETWORKS)
        _check("codecs", self.codecs, CODECS)
        _check("last", self.last, CODECS)
        _check("may", self.may, (*NETWORKS, *CODECS), empty=True)
        for label in self.may:
            if label in (*(self.networks or ()), *(self.codecs or ())):
                raise ValueError(f"may holds {label!r}, which is claimed already: leave it out of one")

    def of_networks(self) -> dict[str, bool]:
        """Which networks it says are met, and which are not."""
        return self._said(self.networks, NETWORKS)

    def of_codecs(self) -> dict[str, bool]:
        """Which codecs it says are met, and which are not."""
        return self._said(self.codecs, CODECS)

    def _said(self, claimed: tuple[str, ...] | None, known: tuple[str, ...]) -> dict[str, bool]:
        if claimed is None:
            return {}
        return {label: label in claimed for label in known if label not in self.may}


TYPES: Mapping[str, PathClaim] = {
    "fixed": PathClaim(networks=("pstn",)),
    "mobile": PathClaim(networks=("cellular",), may=("pstn", "voip")),
    "voip": PathClaim(networks=("voip",), may=("pstn",)),
    "toll_free": PathClaim(),
}
"""What each type of number claims where the file says nothing else. Nobody calls from a toll-free number:
whoever shows one calls from a line of any kind."""


class NumberRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Numbers that begin alike: their type, a key of `types`, and their country (ISO 3166-1 alpha-2)."""

    prefix: Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9]{1,15}$")]
    type: Word
    country: Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{2})?$")] = ""


class Trunk(PathClaim, frozen=True):
    """A trunk, by the name that the switch has for it."""

    name: Word


class Customer(PathClaim, frozen=True):
    """Somebody with numbers of their own; line: as which their calls were enrolled in the store of lines."""

    name: Word
    numbers: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    line: Word | None = None


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What is claimed of one call. networks, codecs: label → whether it is met; last: coders one of which is
    the last; line: enrolled for the number that it shows; by: label, "last" or "line" → who says so."""

    networks: dict[str, bool] = {}
    codecs: dict[str, bool] = {}
    last: tuple[str, ...] = ()
    line: str | None = None
    number_type: str = ""
    country: str = ""
    by: dict[str, str] = {}


class ClaimTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file; risk: what each contradiction weighs. Raises ValueError for what is named twice, or a
    number's type that is none."""

    numbers: tuple[NumberRange, ...] = ()
    types: dict[str, PathClaim] = {}
    trunks: tuple[Trunk, ...] = ()
    customers: tuple[Customer, ...] = ()
    risk: RiskTable = RiskTable()

    def __post_init__(self) -> None:
        _once("numbers", "prefix", (one.prefix for one in self.numbers), canonical)
        _once("trunks", "name", (one.name for one in self.trunks))
        _once("customers", "name", (one.name for one in self.customers))
        _once("customers", "number", (n for one in self.customers for n in one.numbers), canonical)
        known = {**TYPES, **self.types}
        for one in self.numbers:
            if one.type not in known:
                raise ValueError(
                    f"numbers: {one.prefix} is of type {one.type!r}: it must be one of {', '.join(known)}"
                )

    def claims(self, *, ani: str | None = None, trunk: str | None = None) -> Claims:
        """What is claimed of a call with this number and over this trunk; a trunk that is not there claims
        nothing."""
        number = canonical(ani or "")
        customer = next((one for one in self.customers if number in map(canonical, one.numbers)), None)
        over = next((one for one in self.trunks if one.name == trunk), None)
        ranged = self._range(number)
        sources: list[tuple[str, PathClaim]] = []
        if ranged is not None:
            kind = self.types.get(ranged.type) or TYPES[ranged.type]
            sources.append((f"the number's type ({ranged.type}, prefix {ranged.prefix})", kind))
        if over is not None:
            sources.append((f"the trunk {over.name}", over))
        if customer is not None:
            sources.append((f"the customer {customer.name}", customer))
        found = claims_of(sources)
        if ranged is not None:
            found = msgspec.structs.replace(found, number_type=ranged.type, country=ranged.country)
        if customer is not None and customer.line is not None:
            by = found.by | {"line": f"the customer {customer.name}"}
            found = msgspec.structs.replace(found, line=customer.line, by=by)
        return found

    def _range(self, number: str) -> NumberRange | None:
        """The longest prefix of a number."""
        fitting = [one for one in self.numbers if number.startswith(canonical(one.prefix))]
        return max(fitting, key=lambda one: len(canonical(one.prefix)), default=None)


def claims_of(sources: Iterable[tuple[str, PathClaim]]) -> Claims:
    """The claims of several, each with who says so; of a label the last one's word holds."""
    networks: dict[str, bool] = {}
    codecs: dict[str, bool] = {}
    by: dict[str, str] = {}
    last: tuple[str, ...] = ()
    for who, path in sources:
        # What may be met or not is not judged, whoever else claims it.
        for label in path.may:
            networks.pop(label, None)
            codecs.pop(label, None)
        networks |= path.of_networks()
        codecs |= path.of_codecs()
        by |= dict.fromkeys((*path.of_networks(), *path.of_codecs()), who)
        if path.last is not None:
            last, by = path.last, by | {"last": who}
    return Claims(networks=networks, codecs=codecs, last=last, by=by)


def _once(key: str, what: str, names: Iterable[str], form: Callable[[str], str] = str) -> None:
    seen: set[str] = set()
    for name in names:
        if form(name) in seen:
            raise ValueError(f"{key}: the {what} {name!r} stands twice")
        seen.add(form(name))
