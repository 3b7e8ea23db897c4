"""`silentspam provenance --expect …` and `--claims FILE …`: what was told against what is claimed."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.errors import ConfigError

if TYPE_CHECKING:
    from silentspam.provenance.analysis import Examination
    from silentspam.provenance.claims import Claims, PathClaim
    from silentspam.provenance.risk import Risk
    from silentspam.provenance.risk_table import RiskTable
    from silentspam.provenance.sources import Known, Verification

HEADS = ("risk", "against its metadata")


def add_claims_options(parser: argparse.ArgumentParser) -> None:
    """The options; `metadata_of` reads them."""
    parser.add_argument(
        "--expect",
        metavar="NETWORKS",
        help="networks that the calls should have come by: voip,pstn; with ? one that may be: cellular,pstn?",
    )
    parser.add_argument("--claims", type=Path, metavar="FILE", help="YAML of what numbers and trunks claim")
    parser.add_argument("--ani", metavar="NUMBER", help="the number that the calls showed (with --claims)")
    parser.add_argument("--trunk", metavar="NAME", help="the trunk that they came over (with --claims)")
    parser.add_argument(
        "--store", type=Path, metavar="PATH", help="lines, to compare with the customer's (with --claims)"
    )


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What is claimed of the calls of one command. path: the expected one; known: lines of the store, where
    one of them is claimed."""

    claims: "Claims | None"
    table: "RiskTable"
    path: "PathClaim | None"
    known: "Known | None"

    def against(self, examination: "Examination") -> dict[str, Any]:
        """What JSON tells of a call beside its analysis."""
        import msgspec

        from silentspam.provenance.expected import expected_path
        from silentspam.provenance.risk import assess

        told: dict[str, Any] = {}
        if self.path is not None:
            found = expected_path(examination.told, self.path, self.table)
            told["expected"] = {
                "answer": found.answer.value,
                "probability_of_another_way": round(found.unexpected, 3),
                "reason": found.reason,
            }
            told |= _risk(found.risk)
        if self.claims is not None:
            told |= _risk(assess(examination.told, self._line(examination), self.claims, self.table))
            told["claims"] = msgspec.to_builtins(self.claims)
        return told

    def cells(self, told: dict[str, Any]) -> tuple[str, str]:
        """A table's cells under HEADS."""
        expected = told.get("expected")
        words = []
        if expected:
            chance = f"it came another way with {expected['probability_of_another_way']:.2f}"
            words = [f"{expected['answer']}: {chance}: {expected['reason']}"]
        words += [f"ALERT: {alert}" for alert in told["alerts"]]
        words += [reason for reason in told["risk_reasons"] if reason not in told["alerts"]]
        return f"{told['risk']:.2f}", "; ".join(dict.fromkeys(words))

    def _line(self, examination: "Examination") -> "Verification | None":
        from silentspam.provenance.sources import verify

        name = self.claims.line if self.claims else None
        if self.known is None or name is None or examination.fingerprint is None:
            return None
        return verify([examination.fingerprint], name, self.known)


def metadata_of(args: argparse.Namespace) -> Metadata | None:
    """What the options claim; None without any. Raises ConfigError for a network, file or trunk that is
    unknown, LineStoreError for a store that cannot be used."""
    from silentspam.provenance.risk_table import RiskTable

    path = _path(args.expect) if args.expect is not None else None
    if args.claims is None:
        if args.ani or args.trunk or args.store:
            raise ConfigError("--ani, --trunk and --store need --claims FILE, which says what they claim")
        return Metadata(claims=None, table=RiskTable(), path=path, known=None) if path else None
    from silentspam.provenance.claim_files import load_claims

    table = load_claims(args.claims)
    names = [one.name for one in table.trunks]
    if args.trunk is not None and args.trunk not in names:
        raise ConfigError(f"{args.claims}: no trunk {args.trunk!r}: known are {', '.join(names) or 'none'}")
    claims = table.claims(ani=args.ani, trunk=args.trunk)
    return Metadata(claims=claims, table=table.risk, path=path, known=_known(args.store, claims.line))


def _path(expected: str) -> "PathClaim":
    from silentspam.provenance.claims import PathClaim

    words = [word.strip() for word in expected.split(",")]
    sure = tuple(word for word in words if not word.endswith("?"))
    try:
        return PathClaim(networks=sure, may=tuple(word[:-1] for word in words if word.endswith("?")))
    except ValueError as error:
        raise ConfigError(f"--expect {expected}: {error}") from error


def _known(store: Path | None, name: str | None) -> "Known | None":
    if store is None or name is None:
        return None
    from silentspam.provenance.line_space import shipped_space
    from silentspam.provenance.line_store import LineStore

    lines = LineStore(store)
    lines.line(name)
    return lines.known(shipped_space())


def _risk(found: "Risk") -> dict[str, Any]:
    return {
        "risk": round(found.score, 4),
        "alerts": list(found.alerts),
        "risk_labels": {one.label: round(one.weighed, 4) for one in found.labels},
        "risk_reasons": list(found.reasons),
    }
