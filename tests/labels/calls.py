"""Rows of finished calls, to be labelled."""

from silentspam.calllog.labels import Answer, Label, LabelledCall, LabelSource
from silentspam.calllog.schema import COLUMNS

ROW: dict[str, str | int | float | None] = {
    **dict.fromkeys(COLUMNS),
    "call_id": "call-1",
    "started_at": 1_700_000_000.0,
    "verdict": "HAM",
    "recording": "/recordings/call-1.ulaw",
    "recorded_seconds": 2.0,
    "digital_silence_share": 0.0,
    "disposition": "BRIDGED",
    "mode": "enforce",
}


def a_row(**known: str | int | float | None) -> dict[str, str | int | float | None]:
    """A bridged call that nothing more is known of, but for what is given."""
    return ROW | known


def a_label(
    label: Answer = Answer.SPAM,
    source: LabelSource = LabelSource.REVIEW,
    call_id: str = "call-1",
    **more: str,
) -> Label:
    return Label(call_id=call_id, source=source, label=label, labelled_at=1.0, labelled_by="ada", **more)


def a_call(*labels: Label, **known: str | int | float | None) -> LabelledCall:
    return LabelledCall(a_row(**known), labels)
