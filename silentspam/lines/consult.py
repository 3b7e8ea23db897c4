"""A verdict, once the lines have been asked: what live calls and a replay share."""

from dataclasses import replace

from silentspam.call import VerdictKind
from silentspam.lines.ground import LineGround, unpack
from silentspam.lines.matching import CHALLENGES
from silentspam.lines.snapshot import Snapshot
from silentspam.verdict import LineMatch, Verdict


def consult(verdict: Verdict, ground: LineGround, snapshot: Snapshot) -> Verdict:
    """The verdict with the line that the opening was taken for; as it was where there is none.

    A line that challenges makes it CALLER_SILENCE. Raises LineError for lines of another space.
    """
    if verdict.embedding is None:
        return verdict
    match = snapshot.match(ground, unpack(verdict.embedding, len(ground.space.origin)))
    if match is None:
        return verdict
    suspected = match.state in CHALLENGES
    return replace(
        verdict,
        kind=VerdictKind.CALLER_SILENCE if suspected else verdict.kind,
        line=match,
        reasons=(*verdict.reasons, _reason(match)),
    )


def _reason(match: LineMatch) -> str:
    return (
        f"likeness {match.score:.1f} ≥ {match.threshold:.1f} to line {match.line_id}, "
        f"{match.state.lower()}: {match.evidence}"
    )
