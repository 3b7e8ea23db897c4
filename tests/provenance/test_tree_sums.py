"""Trees with several outputs: sums of their own leaves, kept in files whose hashes are checked."""

import numpy as np
import pytest

from silentspam.errors import ModelError
from silentspam.provenance.tree_sums import TreeSums, load_tree_sums, tree_files


def stumps(**changed) -> TreeSums:
    """Three stumps on the first of two features, two of the first output, one of the second."""
    parts = {
        "roots": np.array([0, 3, 6], dtype=np.int32),
        "feature": np.zeros(9, dtype=np.int32),
        "threshold": np.repeat([0.5, 1.5, 0.5], 3),
        "children": np.array(
            [[1, 2], [1, 1], [2, 2], [4, 5], [4, 4], [5, 5], [7, 8], [7, 7], [8, 8]], np.int32
        ),
        "values": np.array([0, -1, 1, 0, 0, 10, 0, 5, 7], dtype=np.float64),
        "firsts": np.array([0, 2], dtype=np.int32),
        "base": np.array([0.5, 0.0]),
    }
    return TreeSums(**(parts | changed), n_features=2, depth=1)


def test_each_output_is_the_sum_of_its_own_trees():
    vectors = np.array([[0, 9], [1, 9], [2, 9]], dtype=np.float32)
    assert stumps().sums(vectors).tolist() == [[-0.5, 1.5, 11.5], [5.0, 7.0, 7.0]]


def test_they_come_back_from_their_files(tmp_path):
    for name, content in tree_files({"some": stumps()}).items():
        (tmp_path / name).write_bytes(content)
    loaded = load_tree_sums(tmp_path, {"some": 2})["some"]
    assert loaded.sums(np.ones((1, 2), dtype=np.float32)).tolist() == [[1.5], [7.0]]


def test_a_changed_file_is_refused(tmp_path):
    for name, content in tree_files({"some": stumps()}).items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "some_values.npy").write_bytes(b"other")
    with pytest.raises(ModelError, match="SHA-256"):
        load_tree_sums(tmp_path, {"some": 2})


@pytest.mark.parametrize("firsts", [[], [1], [0, 0], [0, 3]])
def test_outputs_that_do_not_divide_the_trees_are_refused(firsts):
    with pytest.raises(ModelError, match="firsts"):
        stumps(firsts=np.array(firsts, dtype=np.int32), base=np.zeros(len(firsts))).validate()
