"""Every kind judged as calls are: what is found of each, whom each challenges, and that all is counted."""

import json

import numpy as np
import pytest

from silentspam.audio import Recording
from silentspam.call import VerdictKind
from silentspam.cli import main
from silentspam.reports import kinds as tables
from silentspam.training.dataset import SILENCE_SPLIT, Labelled
from silentspam.training.kind_figures import assess_kinds, codecs_of, losses_of
from silentspam.training.kind_scoring import Told, label_of, tell
from silentspam.verdict import Verdict

FAX, BUSY, SILENCE = VerdictKind.CALLER_FAX, VerdictKind.CALLER_BUSY, VerdictKind.CALLER_SILENCE
PLAYED, NOISE, HAM = VerdictKind.CALLER_RECORDING, VerdictKind.CALLER_NOISE, VerdictKind.HAM
THRESHOLDS = {FAX: 0.5, SILENCE: 0.9, NOISE: None}


def row(path, spam_kind="", **columns):
    return Labelled(recording=path.name, path=path, is_spam=bool(spam_kind), spam_kind=spam_kind, **columns)


def some_told(path):
    """Two faxes, one taken for busy; announcements, known and not; dead air; four people, one challenged."""
    rows = (
        row(path, FAX, kind="CNG", campaign="fax-0", codec="gsm+g711u", loss="0.0000"),
        row(path, FAX, kind="CED", campaign="fax-1", codec="g711a+g711u", loss="0.0500"),
        row(path, PLAYED, kind="known", campaign="recording-0", codec="gsm+amr122+g711u", loss="0.0100"),
        row(path, PLAYED, kind="unknown", campaign="recording-1"),
        row(path, SILENCE, kind="hum", campaign="campaign-0", codec="g711u", loss="0.0000"),
        *(
            row(path, kind="music", source=f"tune {place}", codec="g711u", loss="0.0000")
            for place in range(3)
        ),
        row(path, kind="speech", source="june", codec="gsm+g711u", loss="wrong"),
        row(path, kind="silence_pure", split=SILENCE_SPLIT),
    )
    verdicts = [FAX, BUSY, PLAYED, HAM, SILENCE, HAM, HAM, FAX, VerdictKind.INCONCLUSIVE, HAM]
    return Told(rows, np.array(verdicts, dtype=str), {})


def some_figures(told):
    return assess_kinds(told, thresholds=THRESHOLDS, known_recordings=1)


@pytest.fixture
def told(tmp_path):
    return some_told(tmp_path / "a.ulaw")


@pytest.fixture
def figures(told):
    return some_figures(told)


def test_every_opening_but_those_of_digital_silence_is_in_the_matrix(figures):
    assert figures["openings"] == 9
    assert sum(sum(counts.values()) for counts in figures["confusion"].values()) == 9
    assert figures["confusion"][FAX] | {FAX: 0, BUSY: 0} == dict.fromkeys(figures["confusion"][FAX], 0)
    assert (figures["confusion"][FAX][FAX], figures["confusion"][FAX][BUSY]) == (1, 1)
    assert figures["confusion"][HAM][VerdictKind.INCONCLUSIVE] == 1


def test_found_is_its_own_kind_and_challenged_is_any(figures):
    fax = figures["found"][FAX]
    assert (fax["found"]["hits"], fax["challenged"]["hits"], fax["campaigns"]) == (1, 2, 2)
    assert fax["families"]["CNG"]["hits"] == 1
    assert fax["codecs"]["gsm"]["hits"] == fax["codecs"]["g711"]["n"] == 1
    assert fax["losses"]["more"]["n"] == 1
    assert figures["found"][f"{PLAYED} (unknown)"]["found"]["hits"] == 0


def test_people_are_counted_by_the_kind_that_challenges_them(figures):
    people = figures["people"]
    assert (people["all"]["any"]["hits"], people["all"]["any"]["n"]) == (1, 4)
    assert {name: share["hits"] for name, share in people["all"].items() if share["hits"]} == {
        "any": 1,
        FAX: 1,
    }
    assert people["openings"]["music"][FAX]["hits"] == 1
    assert [(one["source"], one["n"], one["kinds"][FAX]) for one in people["worst"]] == [("tune 2", 1, 1)]


def test_a_chain_is_its_compressing_codec_and_a_loss_a_class(told):
    assert codecs_of(told).tolist()[:5] == ["gsm", "g711", "two of them", "not said", "g711"]
    assert losses_of(told).tolist()[:5] == ["none", "more", "up to 2 %", "not said", "none"]
    assert losses_of(told)[8] == "not said"


def test_a_label_without_a_kind_is_dead_air(tmp_path):
    assert label_of(Labelled(recording="a", path=tmp_path, is_spam=True)) == SILENCE


def test_each_recording_is_judged_once_and_what_was_not_listened_for_is_counted(tmp_path):
    path = tmp_path / "a.ulaw"
    path.write_bytes(bytes(16_000))
    asked: list[int] = []

    def judge(recordings: list[Recording]) -> list[Verdict]:
        asked.append(len(recordings))
        return [Verdict(kind=HAM, unheard=(NOISE,)) for _ in recordings]

    told = tell([row(path)] * 130, judge)
    assert sum(asked) == len(told.verdicts) == 130
    assert told.unheard == {NOISE: 130}


def test_the_tables_say_who_was_not_listened_for(figures):
    assert tables.threshold_of(figures, NOISE) == "not listened for"
    assert tables.threshold_of(figures, f"{FAX} (unknown)") == "0.5000"
    assert len(tables.confusion_rows(figures)) == len(figures["confusion"])
    assert [name for name, *_ in tables.part_rows(figures["found"][FAX]["losses"], tables.LOSSES)] == [
        "none",
        "more",
    ]


@pytest.fixture(scope="module")
def kinds_corpus(audio_folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("kinds") / "corpus"
    sources = ["--sources", str(audio_folder), "--codecs", "g711u", "--workers", "1", "--seed", "4"]
    size = ["--campaigns", "4", "--calls", "2", "--ham", "12", "--silence", "2", "--kinds", "24"]
    mix = ["--mix", "fax=1", "busy=1", "recording=1"]
    assert main(["simulate", "--out", str(out), *sources, *size, *mix]) == 0
    return out


def test_a_corpus_of_every_kind_is_evaluated_from_the_command_line(
    kinds_corpus, model_folder, tmp_path, capsys
):
    corpus = ["--recordings", str(kinds_corpus), "--labels", str(kinds_corpus / "labels.csv")]
    splits = ["--split", "train", "test_unseen", "test_silence"]
    command = ["evaluate", "--model", str(model_folder), *corpus, *splits]
    capsys.readouterr()
    assert main([*command, "--json", "--html", str(tmp_path / "report.html")]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["openings"]["spam"] == 8, "dead air alone is in the figures of the model"
    kinds = figures["kinds"]
    assert {kind: found["found"]["n"] for kind, found in kinds["found"].items() if "(" not in kind} | {
        PLAYED: 4
    } == {PLAYED: 4, FAX: 8, BUSY: 8, SILENCE: 8}
    assert kinds["confusion"][FAX][FAX] >= 6
    assert kinds["people"]["all"]["any"]["n"] == 12
    assert "Every kind of SPAM" in (tmp_path / "report.html").read_text()
    assert main(command) == 0
    assert "every kind, judged as a call is" in capsys.readouterr().out


def test_another_configuration_has_its_thresholds(kinds_corpus, model_folder, tmp_path, capsys):
    config = tmp_path / "silentspam.yaml"
    config.write_text("model: {threshold: 0.25}\n")
    corpus = ["--recordings", str(kinds_corpus), "--labels", str(kinds_corpus / "labels.csv")]
    command = ["evaluate", "--model", str(model_folder), *corpus, "--config", str(config), "--json"]
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["kinds"]["thresholds"][SILENCE] == 0.25
