"""Where a call came from, in words, from its row of provenance alone."""

import json
from collections.abc import Mapping

from silentspam.calllog.entry import Value
from silentspam.listening.waiting import Basis

LIKELY = 0.5
"""Probability from which on a codec or a network is named."""

CLAIMS = "claims "
"""How a reason begins for which claims were not weighed (`hearing`)."""

AUDIO = {Basis.SIDE: "its caller's side", Basis.OPENING: "its opening"}


def told(row: Mapping[str, Value]) -> list[str]:
    """One line for each thing that was found, and why; alerts come first."""
    what = AUDIO.get(Basis(str(row["basis"])), "its audio") if row["basis"] in set(Basis) else "its audio"
    if row["fault"] is not None:
        return [f"where it came from is not known: {what} could not be heard: {row['fault']}"]
    analysis = json.loads(str(row["analysis"] or "{}"))
    heard = f"where it came from, by {float(row['seconds'] or 0):.1f} s of {what}: {_networks(analysis)}"
    return [
        *(f"ALERT {alert}" for alert in json.loads(str(row["alerts"] or "[]"))),
        heard,
        f"  {_codecs(analysis)}",
        f"  {_losses(analysis)}",
        f"  {_line(row)}",
        *_risk(row),
        *(f"  because: {reason}" for reason in analysis.get("reasons", [])),
    ]


def _networks(analysis: Mapping[str, object]) -> str:
    return _likely(analysis.get("networks")) or "no network could be told"


def _codecs(analysis: Mapping[str, object]) -> str:
    last = f", {analysis['last_codec']} last before us" if analysis.get("last_codec") else ""
    return f"codecs: {_likely(analysis.get('codecs')) or 'none could be told'}{last}"


def _likely(chances: object) -> str:
    if not isinstance(chances, Mapping):
        return ""
    named = sorted(((p, name) for name, p in chances.items() if p >= LIKELY), reverse=True)
    return ", ".join(f"{name} ({p:.2f})" for p, name in named)


def _losses(analysis: Mapping[str, object]) -> str:
    lost, concealed = analysis.get("loss_rate"), analysis.get("concealed_rate")
    packets = f", packets of {analysis['packet_ms']} ms" if analysis.get("packet_ms") else ""
    return f"lost: {_share(lost)} unconcealed, {_share(concealed)} concealed{packets}"


def _share(value: object) -> str:
    return f"{value:.1%}" if isinstance(value, int | float) else "unknown"


def _line(row: Mapping[str, Value]) -> str:
    if row["line_name"] is None:
        best = "" if row["line_score"] is None else f" (the likeliest scores {float(row['line_score']):.1f})"
        return f"line: none that is known{best}"
    listed = row["line_listing"]
    listing = f", listed as {listed}" if listed not in (None, "none") else ""
    return f"line: {row['line_name']} (score {float(row['line_score'] or 0):.1f}){listing}"


def _risk(row: Mapping[str, Value]) -> list[str]:
    said = json.loads(str(row["reasons"] or "[]"))
    reasons = [f"    {reason}" for reason in said]
    if row["risk"] is None:
        unweighed = any(reason.startswith(CLAIMS) for reason in said)
        why = "claims were not weighed:" if unweighed else "nothing was claimed (provenance.claims)"
        return [f"  risk: not told, {why}", *reasons]
    return [f"  risk {float(row['risk']):.2f} that its metadata is not true:", *reasons]
