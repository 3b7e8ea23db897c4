"""`silentspam report drift`: recent calls beside the training data, and what the alarms on that are worth."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from silentspam.cli.common import add_key_option, at_least, configuration, openings_of
from silentspam.errors import ConfigError

if TYPE_CHECKING:
    from silentspam.calllog.durable import DurableCallLog
    from silentspam.calllog.query import Filter
    from silentspam.config import Config
    from silentspam.model import SpamModel
    from silentspam.reports.grid import Section
    from silentspam.reports.reference import Reference
    from silentspam.training.dataset import Dataset

SUMMARY = "drift of scores, features and levels against the training data"
DESCRIPTION = (
    "Holds the recorded openings of a period against the training data of the model, with alarms of a stated "
    "false alarm rate. With --self-test it tries these alarms on simulated drift of a labelled corpus, each "
    "beside an alarm that always fires."
)

Item = TypeVar("Item")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that only `report drift` has."""
    parser.add_argument("--model", type=Path, metavar="DIR", help="model folder (the one that judges calls)")
    parser.add_argument(
        "--reference",
        type=Path,
        metavar="FILE",
        help="its training's reference (reference.json of the model)",
    )
    parser.add_argument(
        "--sample",
        type=at_least(1),
        default=2000,
        metavar="N",
        help="recordings to hear, drawn at random (2000)",
    )
    add_key_option(parser)
    parser.add_argument("--self-test", action="store_true", help="try the alarms on simulated drift")
    parser.add_argument("--recordings", type=Path, metavar="DIR", help="for --self-test: labelled openings")
    parser.add_argument("--labels", type=Path, metavar="CSV", help="for --self-test: their labels")
    parser.add_argument(
        "--write-reference",
        type=Path,
        metavar="FILE",
        help="for --self-test: keep the reference, trial included",
    )


def recent_drift(
    args: argparse.Namespace, config: "Config", log: "DurableCallLog", wanted: "Filter"
) -> tuple[list["Section"], dict[str, Any]]:
    """The report on a period, as sections and figures. Raises DriftError, ModelError, CallLogError."""
    from silentspam.reports.drift import drift
    from silentspam.reports.drift_sections import drift_sections
    from silentspam.reports.recent import COLUMNS, recent_openings, sampled
    from silentspam.reports.reference import DriftError

    model, reference = _model_and_reference(args, config)
    if reference is None:
        raise DriftError(
            f"model {model.model_id} has no reference of its training data, so drift cannot be told: train "
            "it again, or make one with --self-test --write-reference and name it by --reference"
        )
    paths, recorded = sampled(log.iterate(wanted, COLUMNS), args.sample)
    recent = recent_openings(
        paths,
        model,
        seconds=config.recording.seconds,
        recorded=recorded,
        read=openings_of(args).read,
        progress=_progress,
    )
    found = drift(reference, recent.vectors, recent.probabilities)
    figures = {
        "model_id": model.model_id,
        "recorded": recent.recorded,
        "sampled": recent.sampled,
        "gone": recent.gone,
        "unfit": recent.unfit,
        "false_alarm_rate": reference.false_alarm_rate,
        "drift": found,
        "fires": [alarm.name for alarm in found.alarms if alarm.fires],
        "self_test": reference.self_test,
    }
    return drift_sections(found, reference, recent), figures


def self_test(args: argparse.Namespace) -> tuple[str, list["Section"], dict[str, Any]]:
    """The trial of the alarms: what it was made on, sections and figures. Raises LabelError, DriftError."""
    from silentspam.reports.altered import alterations
    from silentspam.reports.drift_sections import trial_sections
    from silentspam.reports.page import write_whole
    from silentspam.reports.selftest import largest_window, self_test, summary
    from silentspam.reports.trials import parts, trials_of
    from silentspam.training.dataset import load_dataset, read_labels

    if not args.recordings or not args.labels:
        raise ConfigError("--self-test wants --recordings DIR and --labels CSV")
    model, reference = _model_and_reference(args, configuration(args))
    dataset = load_dataset(read_labels(args.labels, args.recordings), model.params, progress=_progress)
    if reference is None and dataset.data_hash == model.card.data_hash:
        dataset = _never_met(dataset, model)
    found = parts(dataset.rows)
    about = f"model {model.model_id} on {len(dataset.rows)} openings of {args.labels}"
    if reference is None:
        reference = _reference(model, dataset.where(found.training))
    trials = trials_of(dataset, found, model, alterations(), progress=_progress)
    size = largest_window(reference, trials)
    worths = self_test(reference, trials, size=size)
    reference = replace(reference, self_test=summary(worths, size))
    if args.write_reference:
        write_whole(args.write_reference, reference.to_json())
        print(f"written: {args.write_reference}", file=sys.stderr)
    note = (
        f"Reference: {int(reference.unsuspected[0].sum())} people of training. Trials: "
        f"{len(trials.openings.groups)} later openings and {len(trials.strangers.groups)} of new campaigns; "
        "the drift is simulated. All windows share one set of people, so false alarms come together."
    )
    return about, trial_sections(worths, size=size, about=note), reference.self_test


def _never_met(dataset: "Dataset", model: "SpamModel") -> "Dataset":
    """What a model trained on this very corpus has not met: its scores of the rest are too good."""
    from silentspam.reports.reference import DriftError
    from silentspam.reports.trials import in_test

    if not in_test(dataset.rows).any():
        raise DriftError(
            f"model {model.model_id} was trained on all of these openings and keeps no reference: its scores "
            "of them are too good to compare with; name a reference, or another corpus"
        )
    return dataset.where(in_test(dataset.rows))


def _reference(model: "SpamModel", training: "Dataset") -> "Reference":
    from silentspam.reports.calibration import training_reference
    from silentspam.reports.trials import openings_of

    names = model.card.feature_names
    return training_reference(openings_of(training, model), names, threshold=model.card.threshold)


def _model_and_reference(
    args: argparse.Namespace, config: "Config"
) -> tuple["SpamModel", "Reference | None"]:
    from silentspam import judging
    from silentspam.model import load_model
    from silentspam.reports.reference import DriftError, read_reference, read_reference_file

    folder = args.model or judging.model_folder(config)
    model = load_model(folder)
    reference = read_reference_file(args.reference) if args.reference else read_reference(folder)
    if reference and list(reference.names[1:]) != list(model.card.feature_names):
        raise DriftError(f"the reference has other features than model {model.model_id}")
    return model, reference


def _progress(items: Iterable[Item], total: int) -> Iterator[Item]:
    from tqdm import tqdm

    yield from tqdm(items, total=total, unit="opening", file=sys.stderr, disable=None)
