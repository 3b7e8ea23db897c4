"""How labels were selected, as text and as JSON: printed by `silentspam labels report`."""

import json
from collections.abc import Mapping, Sequence

from silentspam.call import ChallengeCause
from silentspam.calllog.labels import PRECEDENCE, Answer
from silentspam.cli.common import table
from silentspam.labels.selection import NOT_CHALLENGED, Selection


def as_json(selection: Selection) -> str:
    """Every count, and the estimate, for other programs."""
    found = selection.estimate
    return json.dumps(
        {
            "by_source": [[*key, count] for key, count in sorted(selection.by_source.items())],
            "by_cause": [[*key, count] for key, count in sorted(selection.by_cause.items())],
            "contradictions": selection.contradictions,
            "strata": [vars(stratum) | {"weight": stratum.weight} for stratum in selection.strata.values()],
            "outside": selection.outside,
            "rejected_unasked": selection.unasked,
            "uncovered": selection.uncovered,
            "spam_share": vars(found) if found else None,
            "bounds": selection.bounds,
        },
        indent=1,
    )


def as_text(selection: Selection) -> str:
    """Tables of the counts, and the estimate with what it does not say."""
    parts = [
        _counts("label of source", [str(source) for source in PRECEDENCE], selection.by_source),
        _counts("challenged for", [*map(str, ChallengeCause), NOT_CHALLENGED], selection.by_cause),
        f"{len(selection.contradictions)} calls are spam to one source and ham to another",
        _strata(selection),
        _share(selection),
    ]
    return "\n\n".join(parts)


def _counts(head: str, names: Sequence[str], counts: Mapping[tuple[str, str], int]) -> str:
    rows = [(name, *(str(counts[name, answer]) for answer in Answer)) for name in names]
    return table((head, *map(str, Answer)), rows)


def _strata(selection: Selection) -> str:
    heads = (
        "chance of a challenge",
        "suspected of",
        "calls",
        "challenged",
        "with an answer",
        "spam",
        "ham",
        "weight",
    )
    rows = [
        (
            f"{s.probability:.3%}",
            s.kind or "-",
            *map(str, (s.calls, s.challenged, s.labelled, s.spam, s.ham)),
            f"{s.weight:.1f}" if s.weight else "-",
        )
        for s in reversed(selection.strata.values())
    ]
    return table(heads, rows)


def _share(selection: Selection) -> str:
    found, bounds = selection.estimate, selection.bounds
    rest = f"nothing is said of {selection.outside + selection.uncovered} others"
    if selection.unasked:
        rest += f", of whom {selection.unasked} were rejected unasked"
    if found is None or bounds is None:
        return f"share of SPAM: unknown, no challenged call has an answer; {rest}"
    lines = [
        f"share of SPAM among {found.calls} calls, each answer weighted by the calls it stands for: "
        f"{found.share:.2%} (95 % interval {found.low:.2%} to {found.high:.2%}); {rest}"
    ]
    missing = sum(s.challenged - s.labelled for s in selection.strata.values())
    if missing:
        lines.append(
            f"{missing} challenged calls have no answer, and those without one are likelier SPAM: whatever "
            f"they were, the share lies from {bounds[0]:.2%} to {bounds[1]:.2%}: see `silentspam review`"
        )
    return "\n".join(lines)
