"""Whether a call belongs to a line of the store: asked before its fingerprint is kept as one of that line's.

A wrong call among a line's spoils what the line sounds like, and with it every later answer of it.
"""

from silentspam.errors import LineStoreError, NoLineStoreError
from silentspam.provenance.features import VERSION
from silentspam.provenance.fingerprint import Fingerprint, stored_bytes
from silentspam.provenance.line_space import shipped_space
from silentspam.provenance.line_store import LineStore
from silentspam.provenance.sources import identify, known_sources, verify

CONTRADICTED = 0.0
"""Natural log ratio below which a call is likelier of any other line: even odds, our judgement."""


def known_line(store: LineStore, one: Fingerprint) -> str | None:
    """The line that a call is told to be of; None for an unknown source, or without a store. Raises
    LineStoreError for a store that cannot be used."""
    try:
        return identify([one], store.known(shipped_space())).line
    except NoLineStoreError:
        return None


def contradiction(store: LineStore, name: str, one: Fingerprint) -> float | None:
    """The score of a call that is likelier of any other line; None where it is not, and for the first call
    of a line, or one whose calls are all of another version. Raises LineStoreError like `known_line`."""
    try:
        calls = [call for call in store.prints().get(name, ()) if _is_current(call)]
    except NoLineStoreError:
        return None
    if not calls:
        return None
    score = verify([one], name, known_sources(shipped_space(), {name: calls})).score
    return score if score < CONTRADICTED else None


def refuse_contradicted(store: LineStore, name: str, one: Fingerprint) -> None:
    """Raise LineStoreError, with score and remedy, for a call that a line's sound contradicts."""
    score = contradiction(store, name, one)
    if score is not None:
        raise LineStoreError(
            f"the sound contradicts that it is line {name}: score {score:.1f}, below {CONTRADICTED:g}: give "
            "another name, or `silentspam lines enrol --force` where you know better"
        )


def _is_current(one: Fingerprint) -> bool:
    return one.version == VERSION and len(one.vector) == stored_bytes()
