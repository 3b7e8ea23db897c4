"""A line as the store of lines keeps it: its name, how it is listed and for whom, and its marks of fraud.

Names are an operator's words; no caller's number is kept unless somebody writes it there. Called numbers are
those of a listing alone. Times in seconds since the epoch.
"""

import enum
from collections.abc import Iterable

import msgspec

from silentspam.errors import LineStoreError
from silentspam.provenance.numbers import canonical

ALL = ""
"""The called number of a listing that holds for all."""

LONGEST_NAME = 120
LONGEST_TEXT = 1000
"""Characters."""


class LineListing(enum.StrEnum):
    """Whether calls of a line are wanted: US 9,516,497 B2, column 14."""

    NONE = "none"
    PERMITTED = "permitted"
    BLOCKED = "blocked"


class LineDeed(enum.StrEnum):
    """What was done to a line."""

    ENROLLED = "enrolled"
    PERMITTED = "permitted"
    BLOCKED = "blocked"
    UNLISTED = "unlisted"
    FORGOTTEN = "forgotten"
    MARKED = "marked as fraud"
    CLEARED = "cleared of fraud"
    IMPORTED = "imported"
    ERASED = "calls erased"


class FraudMark(msgspec.Struct, frozen=True, kw_only=True):
    """Why a line stands in the fraud database: the call that showed it, and who says so."""

    call_id: str
    why: str
    marked_at: float
    marked_by: str


class StoredLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line. calls: fingerprints kept of it; listings: by called number in its canonical form, ALL for
    every one; note: the
    newest that was given."""

    name: str
    calls: int
    created_at: float
    listings: dict[str, LineListing] = {}
    frauds: tuple[FraudMark, ...] = ()
    note: str = ""

    @property
    def fraud(self) -> bool:
        """Whether any call of it was found to be fraud."""
        return bool(self.frauds)

    @property
    def listing(self) -> LineListing:
        """How it is listed for all; where it is not, how for some: blocked where both occur."""
        kinds = set(self.listings.values())
        some = LineListing.BLOCKED if LineListing.BLOCKED in kinds else LineListing.PERMITTED
        return self.listings.get(ALL) or (some if kinds else LineListing.NONE)

    @property
    def called(self) -> frozenset[str]:
        """The called numbers that `listing` is for; empty for all."""
        if ALL in self.listings:
            return frozenset()
        return frozenset(number for number, kind in self.listings.items() if kind is self.listing)

    def listing_for(self, called: str | None) -> LineListing:
        """How it is listed where a number was called: the number's own listing before that for all."""
        own = self.listings.get(canonical(called)) if called else None
        return own or self.listings.get(ALL) or LineListing.NONE


class LineEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One deed, by whom and when; called: the numbers it was for, empty for all; call_id: of the call that
    it was done with, where there was one."""

    name: str
    deed: LineDeed
    at: float
    by: str
    called: tuple[str, ...] = ()
    call_id: str = ""
    note: str = ""


def check_name(name: str) -> None:
    """Raise LineStoreError for what cannot be a line's name."""
    if not name.strip() or name != name.strip():
        raise LineStoreError(f"line name {name!r}: write at least one character, and no space around it")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise LineStoreError(f"line name {name[:40]!r}: at most {LONGEST_NAME} printable characters")


def called_numbers(called: Iterable[str]) -> tuple[str, ...]:
    """Called numbers in their canonical form. Raises LineStoreError for an empty one, meant as all."""
    numbers = tuple(map(canonical, called))
    for number in numbers:
        check_text(number, "called number")
        if not number.strip():
            raise LineStoreError(f"called number {number!r}: write its digits, or none for every number")
    return numbers


def check_text(text: str, key: str) -> None:
    """Raise LineStoreError for a note that is too long, or that no line of text can show."""
    if len(text) > LONGEST_TEXT or not text.isprintable():
        raise LineStoreError(f"{key} {text[:40]!r}: at most {LONGEST_TEXT} printable characters")
