"""Which permits cover which other recordings of the same audio, said where an operator decides on one."""

from collections.abc import Sequence

from silentspam.calllog.recording_rows import RecordingEvent
from silentspam.calllog.recordings import RecordingTables
from silentspam.kinds.standing import Standing
from silentspam.recordings.sharing import sharing

_CONCERNED = {
    Standing.PERMITTED: (Standing.CONFIRMED, Standing.CANDIDATE),
    Standing.CONFIRMED: (Standing.PERMITTED,),
}
"""Of which standings those recordings are that a deed has to do with, where they share audio."""


def tell_sharing(tables: RecordingTables, events: Sequence[RecordingEvent]) -> None:
    """What a permit covers now; or which permit covers what was confirmed, whose calls are then let be.

    events: of one deed; what they have in common is said once.
    """
    concerned = _CONCERNED.get(events[0].deed)
    if concerned is None:
        return
    known = {one.recording_id: one for one in tables.known()[1]}
    others = [one for one in known.values() if one.standing in concerned]
    here = [known[one.recording_id] for one in events if one.recording_id in known]
    shared = {one.recording_id: one for mine in here for one in sharing(mine.constellation, others)}
    for one in shared.values():
        told = f"{one.recording_id[:8]} {one.name!r}, {one.standing.lower()}"
        if events[0].deed is Standing.PERMITTED:
            print(f"  covers {told}: calls that play what both have are let be")
        else:
            without = f"they are SPAM after `silentspam recordings remove {one.recording_id[:8]}`"
            print(f"  but is covered by {told}: calls that play what both have are let be; {without}")
