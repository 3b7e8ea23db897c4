"""The patent's uses on calls through real codecs: another voice on a line is its line, another line not."""

import json
from pathlib import Path

import numpy as np
import pytest

from silentspam.audio import Recording, write_ulaw
from silentspam.cli import main
from silentspam.training.codecs import available_codecs, open_codec
from silentspam.training.network import Loss
from silentspam.training.paths import Hop, Network
from silentspam.training.paths import Path as NetworkPath
from tests.provenance.sounds import voice

CODECS = ("g711u", "gsm", "speex8")
PSTN = Hop(network=Network.PSTN, codec="g711u", packet_ms=20)
LINES = {
    "client": ((PSTN,), 20.0),
    "nurse": ((Hop(network=Network.CELLULAR, codec="gsm", packet_ms=20, loss=Loss(share=0.01)), PSTN), 60.0),
    "swindler": ((Hop(network=Network.VOIP, codec="speex8", packet_ms=20, loss=Loss(share=0.05)), PSTN), 6.0),
}
"""The path of each line, and its room's noise [16-bit steps]."""


@pytest.fixture(scope="module")
def calls(codec_folders: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three calls of each line, each another voice."""
    if missing := set(CODECS) - set(available_codecs(folders=codec_folders)):
        pytest.skip(f"no library of {', '.join(sorted(missing))}: SILENTSPAM_TEST_FETCH=1 fetches it")
    codecs = {name: open_codec(name, folders=codec_folders) for name in CODECS}
    folder = tmp_path_factory.mktemp("uses")
    for place, (name, (hops, room)) in enumerate(LINES.items()):
        for number in range(3):
            spoken = voice(8, seed=10 * place + number, level=1500.0 + 300 * number, room=room)
            rng = np.random.default_rng([place, number])
            codes, _ = NetworkPath(hops=hops).send(Recording(spoken).linear, codecs, rng)
            write_ulaw(folder / f"{name}{number}.ulaw", Recording(codes))
    store = folder / "lines.db"
    for name in ("client", "nurse"):
        enrolled = [str(folder / f"{name}{number}.ulaw") for number in range(2)]
        assert main(["lines", "enrol", "--store", str(store), "--name", name, *enrolled]) == 0
    return folder


@pytest.fixture
def lines(calls: Path, capsys: pytest.CaptureFixture[str]):
    """`silentspam lines ACTION … FILE…` on the store, as its exit code and JSON rows."""

    def run(action: str, *options: object, files: tuple[str, ...] = (), store: str = "lines.db"):
        capsys.readouterr()
        shown = ["--format", "jsonl"] if action in ("identify", "verify", "forwarded") else []
        paths = [calls / f"{name}.ulaw" for name in files]
        code = main(["lines", action, "--store", str(calls / store), *shown, *map(str, (*options, *paths))])
        out = capsys.readouterr().out
        return code, [json.loads(line) for line in out.splitlines()] if shown else out

    return run


def test_a_bank_knows_its_clients_line_and_no_other(lines) -> None:
    assert lines("verify", "--name", "client", files=("client2",))[0] == 0
    for stranger in ("nurse2", "swindler0"):
        code, (row,) = lines("verify", "--name", "client", files=(stranger,))
        assert (code, row["accepted"]) == (1, False)
    _, rows = lines("identify", files=("client2", "nurse2", "swindler0"))
    assert [row["line"] for row in rows] == ["client", "nurse", None]


def test_a_call_back_that_was_forwarded_is_told(lines) -> None:
    code, rows = lines("forwarded", "--name", "client", files=("client2", "nurse2"))
    assert (code, [row["answer"] for row in rows]) == (1, ["expected", "other"])


def test_a_caller_id_of_a_landline_by_voip_is_an_alert(calls: Path, capsys, tmp_path: Path) -> None:
    claims = tmp_path / "claims.yaml"
    claims.write_text("customers: [{name: c, numbers: ['+442079460000'], networks: [pstn], line: client}]")
    options = ["--claims", str(claims), "--ani", "+442079460000", "--store", str(calls / "lines.db")]
    capsys.readouterr()
    assert main(["provenance", str(calls / "swindler1.ulaw"), "--format", "jsonl", *options]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["risk"] > 0.7
    assert "claims no voip" in " ".join(told["alerts"])


def test_permitted_blocked_and_shared_fraud_follow_the_line(lines, calls: Path) -> None:
    assert lines("permit", "nurse", "--called", "5550100")[0] == 0
    assert lines("block", "swindler", "--file", calls / "swindler0.ulaw")[0] == 0
    assert lines("fraud", "swindler", "--call", "c1", "--why", "vishing")[0] == 0
    _, rows = lines("identify", "--called", "5550100", files=("nurse2", "client2", "swindler1"))
    kinds = [[notice["kind"] for notice in row["notices"]] for row in rows]
    assert kinds == [[], ["not permitted"], ["fraud", "blocked"]]
    (calls / "fraud.jsonl").write_text(lines("export")[1])
    assert lines("import", "--prefix", "bank A: ", calls / "fraud.jsonl", store="other.db")[0] == 0
    _, rows = lines("identify", files=("swindler2", "client2"), store="other.db")
    assert [row["line"] for row in rows] == ["bank A: swindler", None]
    assert rows[0]["notices"][0]["kind"] == "fraud"
