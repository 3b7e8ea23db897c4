"""What is thought of a recording that callers play. Without numpy: the command line names it at once."""

import enum


class Standing(enum.StrEnum):
    """What is thought of a recording.

    CANDIDATE: it was heard under different numbers, and nobody has decided yet. CONFIRMED: its calls are
    SPAM. PERMITTED: honest callers play it, such as the hold music of a company. REMOVED: an operator said
    that it is nothing, and it stays so.
    """

    CANDIDATE = "CANDIDATE"
    CONFIRMED = "CONFIRMED"
    PERMITTED = "PERMITTED"
    REMOVED = "REMOVED"
