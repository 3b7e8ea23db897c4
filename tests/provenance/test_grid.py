"""The packets that explain runs of lost cells, also where some runs are false or come from another hop."""

import numpy as np
import pytest

from silentspam.provenance.grid import commonest_phase, packets_of


def _runs(*lengths: int, step: int = 12, first: int = 1) -> np.ndarray:
    begins = first + step * np.arange(len(lengths))
    return np.stack([begins, begins + lengths], axis=1)


@pytest.mark.parametrize("cells", [1, 2, 3, 4, 6])
def test_the_most_frequent_length_is_a_packets(cells):
    packets = packets_of(_runs(*[cells] * 5, 2 * cells))
    assert (packets.length, packets.phase) == (cells, 1 % cells)


def test_some_runs_of_another_length_do_not_matter():
    assert packets_of(_runs(2, 2, 2, 2, 2, 1, 1, 3, 4)).length == 2


def test_packets_of_10_ms_stay_so_though_two_in_a_row_are_lost():
    assert packets_of(_runs(1, 1, 1, 2, 2, 1, 1)).length == 1


def test_of_nothing_a_packet_is_a_cell():
    assert packets_of(np.zeros((0, 2), dtype=np.intp)).length == 1


def test_the_commonest_phase_is_counted():
    assert commonest_phase([37, 117, 200, 277]) == (37, 3)
