"""Counting how codecs and networks are told: exact sets, last coders, and whether probabilities are true."""

import json

from silentspam.cli import main
from silentspam.provenance.codecs import PathTold
from silentspam.provenance.path_model import CODECS, NETWORKS
from silentspam.training.loss_study import Tally
from silentspam.training.path_study import count_path
from tests.training.test_path_training import call


def _told(*codecs: str, last: str, networks: tuple[str, ...] = ("voip",), chance: float = 0.95) -> PathTold:
    return PathTold(
        codecs={codec: chance if codec in codecs else 0.01 for codec in CODECS},
        networks={network: chance if network in networks else 0.01 for network in NETWORKS},
        last={codec: float(codec == last) for codec in CODECS},
        signature=networks,
        reasons=(),
    )


def _counts(tally: Tally, name: str) -> tuple[int, int]:
    return tally.hits[name], tally.n[name]


def test_a_set_is_exact_without_g711_and_counted_with_it_beside():
    tally = Tally()
    count_path(tally, call("speex", "g711"), _told("speex", last="speex"))
    assert _counts(tally, "exact set, in the order of networks") == (1, 1)
    assert _counts(tally, "exact set, with g711, in the order of networks") == (0, 1)
    assert _counts(tally, "codec g711, a hop: told") == (0, 1)
    assert _counts(tally, "last coder right, in the order of networks") == (1, 1)
    assert _counts(tally, "signature of networks right") == (1, 1)


def test_a_coder_that_hides_is_counted_by_its_place():
    tally = Tally()
    count_path(tally, call("ilbc", "g729"), _told("g729", last="g729"))
    assert _counts(tally, "path ilbc+g729: exact set") == (0, 1)
    assert _counts(tally, "codec ilbc, not last: told") == (0, 1)
    assert _counts(tally, "codec g729, last: told") == (1, 1)
    assert _counts(tally, "true where said with 0.90 to 0.98: codecs") == (1, 1)
    assert _counts(tally, "true where said with 0.00 to 0.02: codecs") == (1, 6)


def test_what_is_not_told_counts_as_wrong():
    tally = Tally()
    count_path(tally, call("g711"), None)
    assert _counts(tally, "path g711 alone: exact set") == (0, 1)
    assert _counts(tally, "last coder right, in the order of networks") == (0, 1)


def test_the_command_prints_counts_as_lines_and_as_one_object(g711_calls, capsys):
    assert main(["paths", "codecs", str(g711_calls), "--seconds", "2"]) == 0
    assert "exact set, in the order of networks" in capsys.readouterr().out
    assert main(["paths", "codecs", str(g711_calls), "--seconds", "2", "--json"]) == 0
    (counted,) = json.loads(capsys.readouterr().out)
    one = counted["counts"]["signature of networks right"]
    assert counted["seconds"] == 2.0
    assert 0 <= one["hits"] <= one["n"] == 12
    assert len(one["interval"]) == 2
