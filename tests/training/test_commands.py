"""`silentspam simulate` and `silentspam train`, from audio to a model that judges."""

import pytest

from silentspam.audio import read_ulaw
from silentspam.cli import main
from silentspam.model import load_model
from silentspam.training.trained_on import fingerprint, read_trained_on


@pytest.fixture(scope="module")
def corpus(audio_folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("commands") / "corpus"
    size = ["--campaigns", "8", "--calls", "6", "--ham", "80", "--silence", "20", "--kinds", "20"]
    size += ["--mix", "fax=3", "busy=1", "--seed", "2"]
    assert (
        main(["simulate", "--out", str(out), "--sources", str(audio_folder), "--codecs", "g711a", *size]) == 0
    )
    return out


def train_into(folder, corpus, *options):
    labels = ["--recordings", str(corpus), "--labels", str(corpus / "labels.csv")]
    return main(["train", *labels, "--out", str(folder), "--trees", "10", *options])


def test_from_audio_to_a_model_that_judges(corpus, tmp_path, capsys):
    assert train_into(tmp_path / "model", corpus) == 0
    assert "cross_validated" in capsys.readouterr().out
    model = load_model(tmp_path / "model")
    assert "synthetic" in model.card.statement
    assert model.card.training["corpus"]["plan"]["seed"] == 2
    recordings = sorted((corpus / "recordings").glob("spam-*.ulaw"))
    assert model.judge(read_ulaw(recordings[-1])).spam_probability is not None


def test_a_corpus_and_own_calls_train_together_and_apart(corpus, tmp_path, capsys):
    """The second file's few calls, of one class, join the first's; the same names there are other things."""
    own = tmp_path / "calls"
    own.mkdir()
    calls = sorted((corpus / "recordings").glob("spam-0007-*.ulaw"))
    for call in calls:
        codes = bytearray(call.read_bytes())
        codes[0] ^= 1
        (own / call.name).write_bytes(codes)
    lines = [f"{call.name},spam,campaign-0001" for call in calls]
    (own / "attack.csv").write_text("\n".join(["recording,label,campaign", *lines]) + "\n")
    both = ["--recordings", str(corpus), str(own), "--labels", str(corpus / "labels.csv")]
    command = ["train", *both, str(own / "attack.csv"), "--out", str(tmp_path / "m"), "--trees", "5"]
    assert main(command) == 0
    assert "name no campaign" not in capsys.readouterr().err
    card = load_model(tmp_path / "m").card
    assert card.training["campaigns"] == 7
    assert "1 of 2 files of labels are of recorded calls" in card.statement
    known = set(read_trained_on(tmp_path / "m").tolist())
    assert known == {fingerprint(read_ulaw(own / call.name)) for call in calls}
    assert main([*command[:3], *command[4:]]) == 1
    assert "1 folders of --recordings, 2 files of --labels" in capsys.readouterr().err


def test_spam_without_a_campaign_is_told_of(corpus, tmp_path, capsys):
    lines = (corpus / "labels.csv").read_text().splitlines()
    blank = [",".join([*line.split(",")[:3], "", *line.split(",")[4:]]) for line in lines[1:]]
    (tmp_path / "recordings").symlink_to(corpus / "recordings")
    (tmp_path / "labels.csv").write_text("\n".join([lines[0], *blank]) + "\n")
    assert train_into(tmp_path / "m", tmp_path) == 0
    assert "name no campaign" in capsys.readouterr().err


def test_training_twice_writes_the_same_bytes(corpus, tmp_path):
    for name in ("one", "two"):
        assert train_into(tmp_path / name, corpus, "--seed", "5") == 0
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two


def test_what_is_missing_is_said_with_exit_code_1(corpus, tmp_path, capsys):
    assert (
        main(["simulate", "--out", str(tmp_path / "x"), "--sources", str(tmp_path), "--codecs", "g711u"]) == 1
    )
    assert "asterisk-core-sounds-en-wav" in capsys.readouterr().err
    assert train_into(tmp_path / "m", tmp_path) == 1
    assert "labels.csv" in capsys.readouterr().err


def test_a_broken_description_beside_the_labels_is_said(corpus, tmp_path, capsys):
    (tmp_path / "recordings").symlink_to(corpus / "recordings")
    (tmp_path / "labels.csv").write_bytes((corpus / "labels.csv").read_bytes())
    (tmp_path / "corpus.json").write_text("{")
    assert train_into(tmp_path / "m", tmp_path) == 1
    assert "corpus.json" in capsys.readouterr().err


def of_three(lines):
    return lines[:4]


def of_one_class(lines):
    return [line for line in lines if ",ham," not in line]


def contradicting(lines):
    spam = next(line for line in lines if ",spam," in line)
    return [*lines, spam.replace(",spam,", ",ham,")]


def of_a_missing_file(lines):
    return [*lines, lines[1].replace(".ulaw", "-gone.ulaw")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (of_three, "at least 10 are needed"),
        (of_one_class, "0 ham, at least 10 are needed"),
        (contradicting, "both spam and ham"),
        (of_a_missing_file, "-gone.ulaw"),
    ],
)
def test_labels_that_teach_nothing_write_no_model(corpus, tmp_path, capsys, change, words):
    (tmp_path / "recordings").symlink_to(corpus / "recordings")
    lines = change((corpus / "labels.csv").read_text().splitlines())
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
    assert train_into(tmp_path / "m", tmp_path) == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("verb", ["simulate", "train"])
def test_help_has_examples(verb, capsys):
    with pytest.raises(SystemExit) as leaving:
        main([verb, "--help"])
    assert leaving.value.code == 0
    assert f"silentspam {verb} --" in capsys.readouterr().out


def test_a_wrong_command_line_is_exit_code_2():
    with pytest.raises(SystemExit) as leaving:
        main(["train", "--trees", "many"])
    assert leaving.value.code == 2


def test_a_place_for_no_model_is_refused_before_anything_is_read(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for place, words in ((tmp_path / "file", "is a file"), (tmp_path, "other files")):
        assert train_into(place, tmp_path / "absent") == 1
        assert words in capsys.readouterr().err
