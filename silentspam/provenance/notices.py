"""What a call's line stands listed for: blocked, marked as fraud, or none of those that may call this number.

US 9,516,497 B2, column 14: a notification when a call matches an exclusion list, or fails to match a
permitted one, whichever side placed the call. A notice is for people and programs: nothing is rejected by it.
"""

import enum
from collections.abc import Mapping

import msgspec

from silentspam.provenance.numbers import canonical
from silentspam.provenance.sources import Identification
from silentspam.provenance.stored_line import LineListing, StoredLine


class NoticeKind(enum.StrEnum):
    """BLOCKED: the line is, for this called number or for all; FRAUD: it stands in the fraud database;
    NOT_PERMITTED: the called number has a list of permitted lines of its own, and this line is not on it."""

    BLOCKED = "blocked"
    FRAUD = "fraud"
    NOT_PERMITTED = "not permitted"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One; line: None for an unknown source; reason: in words."""

    kind: NoticeKind
    line: str | None
    reason: str


def notices(
    found: Identification, lines: Mapping[str, StoredLine], called: str | None = None
) -> tuple[Notice, ...]:
    """What is to be said of a call to a number (or from it: the line is the other party's). lines: by name.

    Lines that are permitted for all are trusted, and make no list of a number's own.
    """
    called = canonical(called) if called else None
    line = lines.get(found.line) if found.line is not None else None
    told = []
    if line is not None and line.frauds:
        mark = line.frauds[-1]
        told.append(_notice(NoticeKind.FRAUD, line, f"marked as fraud by call {mark.call_id}: {mark.why}"))
    listing = line.listing_for(called) if line is not None else LineListing.NONE
    if line is not None and listing is LineListing.BLOCKED:
        told.append(_notice(NoticeKind.BLOCKED, line, f"blocked: {line.note or 'no note'}"))
    own = [one.name for one in lines.values() if called and one.listings.get(called) is LineListing.PERMITTED]
    if own and listing is LineListing.NONE:
        what = f"line {line.name} is" if line is not None else "an unknown source is"
        told.append(
            Notice(
                kind=NoticeKind.NOT_PERMITTED,
                line=line.name if line is not None else None,
                reason=f"{what} not among the lines permitted for {called} ({len(own)})",
            )
        )
    return tuple(told)


def _notice(kind: NoticeKind, line: StoredLine, why: str) -> Notice:
    return Notice(kind=kind, line=line.name, reason=f"line {line.name} is {why}")
