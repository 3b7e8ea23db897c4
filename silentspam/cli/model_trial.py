"""Two models on the same calls: the check before a promotion, and `silentspam models diff`."""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from silentspam import assembly, judging
from silentspam.audio import Recording
from silentspam.audio_files import find_recordings
from silentspam.calllog.labels import Labels
from silentspam.calllog.query import Filter
from silentspam.cli.common import openings_of, printable, table
from silentspam.cli.model_cards import folder_of, summary
from silentspam.config import Config
from silentspam.errors import CallLogError, ModelError
from silentspam.model import SpamModel, load_model
from silentspam.promotion.budget import Advice, advise, shown
from silentspam.promotion.people import COLUMNS, RecentCall, recent_calls
from silentspam.promotion.trial import Judged, Met, Trial, judge_again
from silentspam.registry.registry import Registry
from silentspam.retention.openings import Openings
from silentspam.training.dataset import OPENING_SECONDS
from silentspam.training.trained_on import fingerprint, read_trained_on
from silentspam.verdict import Verdict

CALLS_NAMED = 20
"""Calls of a kind that a table names; JSON has them all."""


def may_be_promoted(
    model_id: str, config: Config, registry: Registry, openings: Openings, *, since: float, at_most: int
) -> str | None:
    """Judge recent calls with the active model and the candidate; what speaks against it, if anything.

    What was found is said on standard error.
    """
    folder = registry.model_folder(model_id)
    candidate = load_model(folder)
    try:
        active = load_model(judging.model_folder(config))
    except ModelError as error:
        print(f"the active model cannot judge, so there is nothing to compare with: {error}", file=sys.stderr)
        active = None
    try:
        calls, met = _recent(config, since=since, at_most=at_most), _met(folder)
    except CallLogError as error:
        return f"recent calls could not be looked at: {error}"
    except ModelError as error:
        return f"which calls it was trained on cannot be read: {error}"
    trial = _judge(calls, (active or candidate, candidate), config, met, openings)
    advice = advise(trial, config.model.max_false_challenge_rate, with_active=active is not None)
    _say(trial, advice)
    return "; ".join(advice.objections) or None


def diff(args: argparse.Namespace, config: Config, registry: Registry) -> int:
    """Compare two models' cards and decisions; exit code 1 when there was nothing to judge."""
    folders = [folder_of(name, config, registry) for name in (args.a, args.b)]
    model_a, model_b = map(load_model, folders)
    if args.recordings:
        paths = find_recordings([args.recordings])
        calls = [RecentCall(path.stem, path, None) for path in paths]
    else:
        calls = _recent(config, since=args.since, at_most=args.calls)
    trial = _judge(calls, (model_a, model_b), config, _met(*folders), openings_of(args))
    show = _diff_json if args.json else _diff_text
    print(show(model_a, model_b, trial, config))
    if trial.unreadable:
        print(f"{trial.unreadable} recordings are gone or cannot be read", file=sys.stderr)
    if left_out := trial.left_out():
        print(_left_out(left_out, "one of the models"), file=sys.stderr)
    return 0 if trial.calls else 1


def _recent(config: Config, *, since: float, at_most: int) -> list[RecentCall]:
    """Recent calls; none where there is no call log yet."""
    database = assembly.database(config)
    if database.schema_version().found is None:
        return []
    calls = Labels(database).calls(Filter(since=since), COLUMNS)
    return recent_calls(calls, at_most=at_most)


def _met(*folders: Path) -> Met:
    """Whether a model in these folders was trained on an opening. Raises ModelError."""
    known = frozenset(int(number) for folder in folders for number in read_trained_on(folder))
    return lambda opening: bool(known) and fingerprint(opening) in known


def _judge(
    calls: list[RecentCall], models: tuple[SpamModel, SpamModel], config: Config, met: Met, openings: Openings
) -> Trial:
    seconds = config.recording.seconds
    # Training hears OPENING_SECONDS, also where calls are judged by less: an opening is known by all of them.
    read = partial(openings.read, max_seconds=max(seconds, OPENING_SECONDS))

    def judge(model: SpamModel, recordings: Sequence[Recording]) -> list[Verdict]:
        return judging.judge_recordings(model, [heard.opening(seconds) for heard in recordings], config)

    return judge_again(_with_progress(calls), read, partial(judge, models[0]), partial(judge, models[1]), met)


def _with_progress(calls: list[RecentCall]) -> Iterable[RecentCall]:
    if len(calls) < 100:
        return calls
    try:
        from tqdm import tqdm
    except ImportError:
        return calls
    found: Iterable[RecentCall] = tqdm(calls, unit="call", desc="recent calls", disable=None, file=sys.stderr)
    return found


def _say(trial: Trial, advice: Advice) -> None:
    (active_people, people), (active_all, everybody) = trial.people(), trial.everybody()
    lines = [
        f"recent calls judged again: {everybody.n}"
        + (f" ({trial.unreadable} recordings are gone or cannot be read)" if trial.unreadable else ""),
        f"known people challenged: {shown(people)}; by the active model: {shown(active_people)}",
        *(f"  of them {count} {evidence}" for evidence, count in trial.evidence().most_common()),
        *([f"  {_left_out(trial.left_out(), 'the candidate')}"] if trial.left_out() else []),
        f"all callers challenged: {shown(everybody)}; by the active model: {shown(active_all)}",
        *_named("person challenged", [judged for judged in trial.calls if _newly(judged)]),
        *(f"note: {warning}" for warning in advice.warnings),
    ]
    print("\n".join(lines), file=sys.stderr)


def _left_out(number: int, who: str) -> str:
    calls, them = ("call", "it") if number == 1 else ("calls", "them")
    are = "is" if number == 1 else "are"
    return f"{number} {calls} of known people {are} left out: {who} was trained on {them}"


def _newly(judged: Judged) -> bool:
    return judged.counts and judged.challenged[1]


def _named(what: str, calls: list[Judged]) -> list[str]:
    lines = [f"  {what}: {printable(judged.call.call_id)} {_told(judged)}" for judged in calls[:CALLS_NAMED]]
    left = len(calls) - CALLS_NAMED
    return [*lines, f"  and {left} more"] if left > 0 else lines


def _told(judged: Judged) -> str:
    scores = (judged.by_a.spam_probability, judged.by_b.spam_probability)
    said = " -> ".join("-" if score is None else f"{score:.3f}" for score in scores)
    return f"({said})" + (f" {judged.call.person}" if judged.call.person else "")


def _diff_text(a: SpamModel, b: SpamModel, trial: Trial, config: Config) -> str:
    cards_a, cards_b = summary(a, config), summary(b, config)
    rows = [(key, cards_a[key], cards_b[key]) for key in cards_a if cards_a[key] != cards_b[key]]
    people_a, people_b = trial.people()
    all_a, all_b = trial.everybody()
    rows += [
        ("calls challenged", shown(all_a), shown(all_b)),
        ("people challenged", shown(people_a), shown(people_b)),
    ]
    both, neither = len(trial.alike(True, True)), len(trial.alike(False, False))
    only_a, only_b = trial.alike(True, False), trial.alike(False, True)
    counts = f"challenged by both {both}, only A {len(only_a)}, only B {len(only_b)}, by neither {neither}"
    return "\n".join(
        [
            table(("", "A", "B"), rows),
            f"\n{len(trial.calls)} calls: {counts}",
            *_named("only A", only_a),
            *_named("only B", only_b),
        ]
    )


def _diff_json(a: SpamModel, b: SpamModel, trial: Trial, config: Config) -> str:
    people_a, people_b = trial.people()
    document = {
        "a": summary(a, config) | {"people": people_a.card()},
        "b": summary(b, config) | {"people": people_b.card()},
        "calls": len(trial.calls),
        "unreadable": trial.unreadable,
        "left_out": trial.left_out(),
        "both": len(trial.alike(True, True)),
        "neither": len(trial.alike(False, False)),
        "only_a": [_changed(judged) for judged in trial.alike(True, False)],
        "only_b": [_changed(judged) for judged in trial.alike(False, True)],
    }
    return json.dumps(document, indent=1)


def _changed(judged: Judged) -> dict[str, object]:
    return {
        "call_id": judged.call.call_id,
        "recording": str(judged.call.recording),
        "probability_a": judged.by_a.spam_probability,
        "probability_b": judged.by_b.spam_probability,
        "person": judged.call.person,
    }
