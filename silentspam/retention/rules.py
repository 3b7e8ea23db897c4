"""Which recordings are kept once their call is over, and when one is to be deleted: judgement, no files."""

import enum
import hashlib
from dataclasses import dataclass
from pathlib import Path

DAY = 86_400.0
"""[s]"""

_PERSON = b"retention sample"
"""Keeps this hash of a call id apart from any other use of one (BLAKE2b's personalization, RFC 7693)."""


class Policy(enum.StrEnum):
    """Whose recordings are kept: everybody's, of who was challenged or rejected, a sample too, nobody's."""

    ALL = "all"
    CHALLENGED = "challenged"
    SAMPLE = "sample"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The section `retention`. days: 0 keeps for ever; encrypt_to: a public key file, None keeps in plain."""

    policy: Policy = Policy.ALL
    sample_share: float = 0.0
    days: float = 0.0
    encrypt_to: Path | None = None

    def keeps(self, call_id: str, *, challenged: bool) -> bool:
        """Whether a call's recordings are kept; the same answer whenever, and wherever, it is asked."""
        if self.policy is Policy.SAMPLE:
            return challenged or in_sample(call_id, self.sample_share)
        return self.policy is Policy.ALL or (challenged and self.policy is Policy.CHALLENGED)

    def is_due(self, at: float, now: float) -> bool:
        """Whether what was recorded at `at` is older than it may be [s since the epoch]."""
        return self.days > 0 and now - at > self.days * DAY


def in_sample(call_id: str, share: float) -> bool:
    """The lot of a call: True for a `share` (0…1) of all.

    It hashes the call id, whose 122 random bits are drawn when the call comes in and never told to a caller:
    nobody can foresee the lot, a repeat of the work draws the same, and there is no key to keep.
    """
    digest = hashlib.blake2b(call_id.encode(), digest_size=8, person=_PERSON).digest()
    return int.from_bytes(digest, "big") < share * 2**64
