"""`silentspam models`: the life of a model, from candidate to active and back."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silentspam.cli.calls import moment
from silentspam.cli.common import (
    add_config_option,
    add_key_option,
    at_least,
    configuration,
    openings_of,
    verb_parser,
)
from silentspam.errors import CallLogError

if TYPE_CHECKING:
    from silentspam.config import Config
    from silentspam.registry.registry import Registry

EXAMPLES = """\
  silentspam models
  silentspam models add models/ours --note "after the wave of 12 November"
  silentspam models shadow 3f0c9c1e5d7a
  silentspam models diff active shadow --since 3d
  silentspam models promote shadow
  silentspam models rollback --note "customers were challenged"

MODEL is a model id, `active` or `shadow`; show and diff take `shipped` too. The next call is
judged by what is active then."""

_TRIAL_OPTIONS = (
    ("--since", {"type": moment, "default": "7d", "metavar": "TIME", "help": "calls from this time on (7d)"}),
    (
        "--calls",
        {"type": at_least(1), "default": 5000, "metavar": "N", "help": "at most N, newest first (5000)"},
    ),
)


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = verb_parser(
        subparsers, "models", "the models of this installation: list, try, promote, roll back", EXAMPLES
    )
    add_config_option(parser)
    parser.set_defaults(run=run_list, json=False)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    listing = _action(actions, "list", "every model, what it is and how it did (the default)", run_list)
    show = _action(actions, "show", "one model: its card and its history", run_show, "model")
    add = _action(actions, "add", "check a model folder and copy it into the registry", run_add)
    add.add_argument("folder", type=Path, metavar="DIR", help="what `silentspam train --out` wrote")
    shadow = _action(actions, "shadow", "try a model beside the active one; it changes nothing", run_shadow)
    which = shadow.add_mutually_exclusive_group(required=True)
    which.add_argument("model", nargs="?", metavar="MODEL", help="the model to try")
    which.add_argument("--off", action="store_true", help="try none any more")
    promote = _action(actions, "promote", "let a model judge from the next call on", run_promote, "model")
    promote.add_argument("--force", action="store_true", help="whatever the check of recent calls says")
    back = _action(actions, "rollback", "go back to the model that was active before", run_rollback)
    retire = _action(
        actions, "retire", "say that a model is not wanted; its folder stays", run_retire, "model"
    )
    diff = _action(actions, "diff", "how two models differ, on recent calls too", run_diff, "a", "b")
    diff.add_argument("--recordings", type=Path, metavar="DIR", help="judge these instead of recent calls")
    for action in (promote, diff):
        for option, settings in _TRIAL_OPTIONS:
            action.add_argument(option, **settings)  # type: ignore[arg-type]
        add_key_option(action)
    for action in (add, shadow, promote, back, retire):
        action.add_argument("--note", default="", metavar="TEXT", help="why: kept in the history")
    for action in (listing, show, diff):
        action.add_argument("--json", action="store_true", help="as JSON")


def _action(actions: Any, name: str, what: str, run: Any, *models: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=what, description=f"{what}.")
    for model in models:
        shipped = " or shipped" if name in ("show", "diff") else ""
        parser.add_argument(model, metavar="MODEL", help=f"a model id, active or shadow{shipped}")
    add_config_option(parser, default=argparse.SUPPRESS)  # else it would undo `models --config FILE list`
    parser.set_defaults(run=run)
    return parser


def run_list(args: argparse.Namespace) -> int:
    """Print every model; exit code 1 when the active one is damaged."""
    from silentspam.cli import model_cards

    config, registry = _open(args)
    _copy_history(config, registry)
    listed = model_cards.listed(config, registry)
    print(model_cards.as_json(listed) if args.json else model_cards.as_table(listed))
    _say_who_judges(config)
    return 1 if any(model.fault and model.state == "active" for model in listed) else 0


def run_show(args: argparse.Namespace) -> int:
    """Print a model's card and history."""
    from silentspam.cli import model_cards

    config, registry = _open(args)
    folder = model_cards.folder_of(args.model, config, registry)
    show = model_cards.shown_json if args.json else model_cards.shown
    print(show(folder, config, registry))
    return 0


def run_add(args: argparse.Namespace) -> int:
    """Add a candidate and print its id."""
    register(configuration(args), args.folder, note=args.note)
    return 0


def register(config: "Config", folder: Path, *, note: str = "") -> str:
    """Add a model folder to the configured registry as a candidate and say so; returns its id."""
    registry = _registry(config)
    model_id = registry.add(folder, note=note)
    _copy_history(config, registry)
    print(f"model {model_id} is in {registry.folder}")
    print(f"try it beside the active one: silentspam models shadow {model_id}", file=sys.stderr)
    return model_id


def run_shadow(args: argparse.Namespace) -> int:
    """Begin or end a trial."""
    from silentspam.cli.model_cards import id_of

    config, registry = _open(args)
    model_id = None if args.off else id_of(args.model, registry)
    registry.shadow(model_id, note=args.note)
    _copy_history(config, registry)
    print(f"model {model_id} judges beside the active one" if model_id else "no model is on trial")
    return 0


def run_promote(args: argparse.Namespace) -> int:
    """Promote, unless recent calls speak against it: then exit code 1, and it is in the history."""
    from silentspam.cli.model_cards import id_of
    from silentspam.cli.model_trial import may_be_promoted
    from silentspam.registry.links import Role

    config, registry = _open(args)
    model_id, active = id_of(args.model, registry), registry.id_of(Role.ACTIVE)
    if model_id == active:
        _sound(registry.folder / model_id, "is active already, and cannot judge")
        print(f"model {model_id} is active already")
        return 0
    objection = may_be_promoted(
        model_id, config, registry, openings_of(args), since=args.since, at_most=args.calls
    )
    if objection and not args.force:
        registry.refuse(model_id, objection)
        _copy_history(config, registry)
        print(
            f"silentspam models promote: refused: {objection} (--force promotes it all the same)",
            file=sys.stderr,
        )
        return 1
    note = " ".join(filter(None, (args.note, f"forced, although {objection}" if objection else "")))
    registry.promote(model_id, instead_of=active, note=note)
    _copy_history(config, registry)
    print(f"model {model_id} judges from the next call on{' (forced)' if objection else ''}")
    _say_who_judges(config)
    return 0


def run_rollback(args: argparse.Namespace) -> int:
    """Go back; it needs neither recordings nor the call database.

    Exit code 1 when what is left is the shipped model and it is damaged: nobody is challenged then.
    """
    from silentspam import resources

    config, registry = _open(args)
    model_id = registry.rollback(note=args.note)
    _copy_history(config, registry)
    if model_id is None:
        _sound(resources.shipped_model(), "is active now, as none is left to go back to, and cannot judge")
    print(f"{f'model {model_id}' if model_id else 'the shipped model'} judges from the next call on")
    _say_who_judges(config)
    return 0


def run_retire(args: argparse.Namespace) -> int:
    """Retire a model that is not active."""
    from silentspam.cli.model_cards import id_of

    config, registry = _open(args)
    model_id = id_of(args.model, registry)
    registry.retire(model_id, note=args.note)
    _copy_history(config, registry)
    print(f"model {model_id} is retired; {registry.folder / model_id} may be deleted")
    return 0


def run_diff(args: argparse.Namespace) -> int:
    """Print how two models differ, in their cards and on recent calls."""
    from silentspam.cli import model_trial

    config, registry = _open(args)
    return model_trial.diff(args, config, registry)


def _open(args: argparse.Namespace) -> "tuple[Config, Registry]":
    config = configuration(args)
    return config, _registry(config)


def _registry(config: "Config") -> "Registry":
    from silentspam.registry.registry import Registry, current_user

    return Registry(Path(config.model.registry), by=current_user())


def _copy_history(config: "Config", registry: "Registry") -> None:
    """Bring the call database up to date; without it nothing is lost, the next command does it."""
    from silentspam import assembly
    from silentspam.calllog.models import ModelHistory

    if not (events := registry.events()):
        return
    try:
        ModelHistory(assembly.database(config)).copy(events)
    except CallLogError as error:
        print(
            f"silentspam models: {error}: the history stands in {registry.folder} alone "
            "until a later `silentspam models` can copy it",
            file=sys.stderr,
        )


def _sound(folder: Path, what: str) -> None:
    """Raise ModelError, with what to do, when the active model's folder cannot be loaded."""
    from silentspam import resources
    from silentspam.cli.doctor import model_remedy
    from silentspam.errors import ModelError
    from silentspam.model import load_model

    try:
        load_model(folder)
    except ModelError as error:
        which = "the shipped model" if folder == resources.shipped_model() else f"model {folder.name}"
        raise ModelError(
            f"{which} {what}: {error}: calls are bridged unjudged: {model_remedy(folder)}"
        ) from error


def _say_who_judges(config: "Config") -> None:
    section = config.model
    if section.folder:
        print(
            f"silentspam models: model.folder names {section.folder}: calls are judged by that one, whatever "
            "the registry says, until the key is null",
            file=sys.stderr,
        )
    if section.threshold is not None:
        print(
            f"silentspam models: model.threshold is {section.threshold:g} for every model, whatever its card "
            "says, until the key is null",
            file=sys.stderr,
        )
