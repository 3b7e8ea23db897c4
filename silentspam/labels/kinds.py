"""Which kind of SPAM a labelled call was: dead air is learnt from dead air alone.

Who fails a challenge is SPAM of the kind that the call was suspected of. Who fails one by lot was suspected
of nothing: it may be dead air that was missed, unless it is louder than dead air is, and then its kind is
unknown until somebody says it (`silentspam review`).
"""

from collections.abc import Mapping

from silentspam.call import VerdictKind
from silentspam.calllog.entry import Value
from silentspam.calllog.labels import Answer, Label
from silentspam.kinds.table import kind_named, names
from silentspam.policy import QUIET_DBFS

COLUMNS = ("verdict", "level_dbfs")
"""What of a row is read."""

UNKNOWN = ""


def kind_if_spam(row: Mapping[str, Value]) -> str:
    """The kind of SPAM that a call is, if it is SPAM; UNKNOWN where nothing tells."""
    kind, level = kind_named(row["verdict"]), row["level_dbfs"]
    if kind is not None:
        return kind.name
    return UNKNOWN if level is not None and float(level) > QUIET_DBFS else str(VerdictKind.CALLER_SILENCE)


def spam_kind(label: Label, row: Mapping[str, Value]) -> str:
    """The kind of a label that says SPAM: as it names it, else as its call tells."""
    return label.kind if label.kind.isidentifier() else kind_if_spam(row)


def is_of(kind: str, label: Label, row: Mapping[str, Value]) -> bool:
    """Whether a label teaches a kind: all people do, SPAM of that kind, and of names that are no kind's.

    Those are the finer kinds of dead air that a file of labels may name ("hum").
    """
    found = spam_kind(label, row)
    if label.label is not Answer.SPAM or found == kind:
        return True
    return kind == VerdictKind.CALLER_SILENCE and found != UNKNOWN and found not in set(names())
