import itertools

import numpy as np
import pytest

from tests.models_for_tests import write_small_model
from tests.training.runs import write_photos
from training.contract.errors import ConfigError, P2PError
from training.contract.pictures import read_picture
from training.contract.progress import Token
from training.contract.protocol import Result
from training.evaluate import Measurement
from training.measure_models import EvaluationRequest, measure_models
from training.samples import join_shown
from training.sheet import MARGIN, NUM_ROWS, PART_SIDE, TEXT_HEIGHT, rows_to_show, sheet_row, write_sheet


def rows_of(values, metric="l1"):
    return [Measurement(f"{value}", "x", {metric: value}, {metric: 0.5}) for value in values]


def drawn(models, data, sheet):
    events = []
    measure_models(EvaluationRequest(tuple(models), data, "cpu", 0, sheet), events.append, Token())
    return [event.data for event in events if isinstance(event, Result)]


@pytest.mark.parametrize(("metric", "smaller_is_better"), [("l1", True), ("psnr", False)])
def test_the_worst_come_first_and_the_best_last(metric, smaller_is_better):
    values = [float(value) for value in np.random.default_rng(0).permutation(20)]
    shown = [values[index] for index in rows_to_show(rows_of(values, metric), metric, smaller_is_better)]
    order = sorted(values, reverse=smaller_is_better)
    assert shown[: NUM_ROWS // 2] == order[: NUM_ROWS // 2]
    assert shown[-1] == order[-1]
    assert shown == [value for value in order if value in shown]
    assert len(shown) == NUM_ROWS


def test_few_pictures_are_all_shown_and_those_without_the_metric_are_not():
    rows = [*rows_of([0.1, 0.3]), Measurement("empty", "x", {}, {})]
    assert rows_to_show(rows, "l1", smaller_is_better=True) == [1, 0]


def test_a_row_shows_what_goes_in_what_comes_out_and_what_should():
    source, result, target = (np.full((64, 48, 3), value, np.uint8) for value in (10, 120, 230))
    (row,) = rows_of([0.25])
    drawing = sheet_row([("m", row)], [source, result, target], "l1")
    assert drawing.shape == (TEXT_HEIGHT + 64, 3 * 48, 3)
    assert [int(part.mean()) for part in np.split(drawing[TEXT_HEIGHT:], 3, axis=1)] == [10, 120, 230]
    assert drawing[:TEXT_HEIGHT].min() < 100  # it says something


@pytest.mark.parametrize(("labels", "exact"), [("none", ()), ("input", (0,)), ("output", (1, 2))])
def test_a_smaller_copy_of_labels_has_no_new_colours(labels, exact):
    palette = np.array([[255, 0, 0], [0, 0, 170]], np.uint8)
    picture = palette[np.random.default_rng(0).integers(0, 2, (700, 700))]
    parts = np.split(join_shown([picture] * 3, 320, labels), 3, axis=1)
    assert [index for index, part in enumerate(parts) if len(np.unique(part.reshape(-1, 3), axis=0)) == 2] == list(exact)


def test_names_of_every_script_can_be_read():
    pixels = np.zeros((32, 300, 3), np.uint8)
    latin, cyrillic = (
        sheet_row([("m", Measurement(name, "x", {"l1": 0.1}, {}))], [pixels, pixels, pixels], "l1") for name in ("Fassade", "Фасад")
    )
    assert not np.array_equal(latin, cyrillic)


def test_a_sheet_is_drawn_beside_the_figures(tmp_path):
    data = write_photos(tmp_path / "photos", 2)
    model = write_small_model(tmp_path / "m.safetensors")
    (result,) = drawn([model], data, tmp_path / "sheet.png")
    assert result["sheet"] == str(tmp_path / "sheet.png")
    page = read_picture(tmp_path / "sheet.png").pixels
    height, width = read_picture(next(data.iterdir())).pixels.shape[:2]
    side = min(1.0, PART_SIDE / max(height, width))
    row = TEXT_HEIGHT + round(height * side) + MARGIN
    assert page.shape == (MARGIN + NUM_ROWS * row, 3 * round(width * side) + 2 * MARGIN, 3)
    assert {path.name for path in tmp_path.iterdir()} == {"photos", "m.safetensors", "sheet.png"}


def test_several_models_stand_side_by_side(tmp_path):
    data = write_photos(tmp_path / "photos", 1)
    models = [write_small_model(tmp_path / f"{name}.safetensors", seed=seed, gain=3.0) for seed, name in enumerate("ab")]
    results = drawn(models, data, tmp_path / "sheet.png")
    assert [result["sheet"] for result in results] == [str(tmp_path / "sheet.png")] * 2
    page = read_picture(tmp_path / "sheet.png").pixels
    height, width = read_picture(next(data.iterdir())).pixels.shape[:2]
    side = round(width * min(1.0, PART_SIDE / max(height, width)))
    assert page.shape[1] == 4 * side + 2 * MARGIN  # input, both results, target
    top = MARGIN + TEXT_HEIGHT
    parts = np.split(page[top : top + 8, MARGIN : MARGIN + 4 * side].astype(int), 4, axis=1)
    assert all(np.abs(one - other).mean() > 0.5 for one, other in itertools.pairwise(parts))


@pytest.mark.parametrize("rows", [1, 3, 24])
def test_a_sheet_has_as_many_rows_as_are_asked_for(rows):
    measured = rows_of([float(value) for value in range(40)])
    assert len(rows_to_show(measured, "l1", smaller_is_better=True, count=rows)) == rows


@pytest.mark.parametrize(("name", "match"), [("sheet.pdf", "PNG or JPEG"), ("nowhere/sheet.png", "There is no folder")])
def test_a_sheet_that_cannot_be_is_refused_before_anything_is_measured(tmp_path, name, match):
    with pytest.raises(ConfigError, match=match):
        drawn([tmp_path / "there is no such model"], tmp_path, tmp_path / name)


def test_a_sheet_that_cannot_be_written_is_told_and_leaves_nothing(tmp_path):
    (tmp_path / "sheet.png").mkdir()
    with pytest.raises(P2PError, match=r"sheet\.png could not be written"):
        write_sheet(tmp_path / "sheet.png", [np.zeros((8, 8, 3), np.uint8)])
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]
