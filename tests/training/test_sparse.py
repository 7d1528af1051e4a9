"""Depth that loses measurements: how many, which, and that nothing is ever invented."""

import numpy as np
import pytest

from training.contract.holes import nearest_fill
from training.sparse import KINDS, points, scans, sparse_depth


def a_room(height=120, width=160):
    depth = np.repeat(np.linspace(1000, 4000, height, dtype=np.uint16)[:, None], width, 1)
    depth[40:80, 50:100] = 900
    depth[:10, :10] = 0
    return depth[..., None]


@pytest.mark.parametrize("kind", [*KINDS, "all"])
def test_what_stays_is_what_was_there_and_something_goes(kind):
    depth = a_room()
    for seed in range(8):
        sparse = sparse_depth(depth, kind, np.random.default_rng(seed))
        kept = sparse > 0
        assert sparse.dtype == np.uint16
        assert sparse.shape == depth.shape
        assert np.array_equal(sparse[kept], depth[kept])
        assert 0 < kept.sum() < (depth > 0).sum()


def test_points_are_as_many_as_asked_for():
    keep = points((400, 500), 0.01, np.random.default_rng(0))
    assert keep.mean() == pytest.approx(0.01, rel=0.1)


def test_a_scanner_has_as_many_lines_as_it_says():
    keep = scans((240, 320), np.random.default_rng(1), lines=64)
    crossed = [int((np.diff(keep[:, column].astype(int)) == 1).sum()) for column in range(0, 320, 7)]
    assert 0.5 * 64 <= np.mean(crossed) <= 64  # less the echoes that do not come back


def test_a_sensor_loses_the_rims_of_things():
    depth = a_room()
    lost_at_rims, lost_elsewhere = [], []
    for seed in range(20):
        gone = sparse_depth(depth, "holes", np.random.default_rng(seed))[..., 0] == 0
        lost_at_rims.append(gone[40, 55:95].mean())
        lost_elsewhere.append(gone[90:, :].mean())
    assert np.mean(lost_at_rims) > 0.9
    assert np.mean(lost_elsewhere) < 0.45


def test_the_nearest_measurement_fills_every_hole():
    rng = np.random.default_rng(5)
    sparse = sparse_depth(a_room(20, 24), "points", rng)
    sparse[3, 4], sparse[15, 20] = 1234, 2345
    filled = nearest_fill(sparse)
    rows, columns = np.nonzero(sparse[..., 0])
    for row in range(20):
        for column in range(24):
            distances = np.hypot(rows - row, columns - column)
            near = sparse[rows, columns, 0][distances <= distances.min() * 1.06 + 0.2]  # OpenCV's distance is nearly exact
            assert filled[row, column, 0] in near


def test_without_any_measurement_nothing_is_filled_in():
    assert not nearest_fill(np.zeros((4, 5, 1), np.uint16)).any()
