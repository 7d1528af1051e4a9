import json
from dataclasses import asdict

import numpy as np
import pytest

from tests.models_for_tests import small_card, write_small_model
from tests.training.runs import tiny_config, write_photos
from training import held_out
from training.contract.errors import ConfigError, PairingError
from training.contract.framing import SizeRule
from training.contract.pairing import PairFiles
from training.contract.pictures import read_picture
from training.contract.progress import Cancelled, Token
from training.contract.spec import unet
from training.degrade import DEBLUR_TEST_KINDS
from training.evaluate import Measurement, averages, averages_by_kind, compare
from training.held_out import full_set, full_set_size, quick_set
from training.measure_models import EvaluationRequest, measure_models

METRICS = ("psnr", "ssim", "l1", "ab")


def measured(models, data, token=None):
    """(results, other events) of the mode."""
    told = []
    measure_models(EvaluationRequest(tuple(models), data, "cpu"), told.append, token or Token())
    return [event.data for event in told if event.type == "result"], [event for event in told if event.type != "result"]


def files_in(folder):
    return [PairFiles(path.stem, path, None) for path in sorted(folder.iterdir())]


def no_damage(sentence):
    raise AssertionError(sentence)


def grey_levels(value, height=20, width=24):
    return np.full((height, width, 3), value, np.uint8)


def test_metrics_of_a_known_difference():
    values = compare(grey_levels(120), grey_levels(110), METRICS)
    assert values["l1"] == pytest.approx(10 / 255, rel=1e-4)
    assert values["psnr"] == pytest.approx(20 * np.log10(255 / 10), rel=1e-4)
    assert values["ab"] == pytest.approx(0, abs=0.1)
    assert 0.9 < values["ssim"] < 1


def test_equal_pictures_have_finite_metrics():
    assert compare(grey_levels(9), grey_levels(9), METRICS) == pytest.approx({"psnr": 99, "ssim": 1, "l1": 0, "ab": 0}, abs=1e-5)


def test_colours_are_compared_beside_their_lightness():
    red, grey = grey_levels(0), grey_levels(54)
    red[..., 0] = 255
    assert compare(red, grey, ("ab",))["ab"] > 80


def test_small_pictures_have_no_ssim_and_do_not_spoil_the_average():
    rows = [
        Measurement(name, "kind", compare(a, b, METRICS), compare(b, b, METRICS))
        for name, a, b in (
            ("large", grey_levels(10), grey_levels(20)),
            ("small", grey_levels(10, 5, 5), grey_levels(30, 5, 5)),
        )
    ]
    assert "ssim" not in rows[1].metrics
    for order in (rows, rows[::-1]):
        metrics, identity = averages(order)
        assert metrics["l1"] == pytest.approx(15 / 255, rel=1e-4)
        assert metrics["ssim"] == rows[0].metrics["ssim"]
        assert identity["psnr"] == 99


def test_the_full_deblur_set_is_every_kind_noisy_and_clean_and_sharp(photos):
    config = tiny_config(photos)
    rows = list(full_set(config, files_in(photos)[:2], "photos", no_damage))
    kinds = [f"{half}/{kind.name}" for kind in DEBLUR_TEST_KINDS for half in ("noisy", "clean")]
    assert [row.kind for row in rows] == ["sharp", *kinds] * 2
    assert len(kinds) == 22
    assert full_set_size(config) == 23
    sharp, noisy, clean, *_ = rows
    assert np.array_equal(sharp.source, sharp.target)
    assert not np.array_equal(noisy.source, clean.source)
    assert all(np.array_equal(row.target, sharp.target) for row in rows[:23])


def test_the_quick_set_takes_the_middle_of_large_pictures(tmp_path, monkeypatch):
    write_photos(tmp_path, 1, height=40, width=56)
    monkeypatch.setattr(held_out, "QUICK_SIDE", 32)
    (row,) = quick_set(tiny_config(tmp_path, task="colorize"), files_in(tmp_path), "photos", no_damage)
    assert row.source.shape == (32, 32, 1)
    assert np.array_equal(row.target, read_picture(tmp_path / "photo-0.png").pixels[4:36, 12:44])


def test_each_model_is_measured_kind_by_kind_and_picture_by_picture(tmp_path, photos):
    models = [write_small_model(tmp_path / f"{name}.safetensors", seed=seed) for seed, name in enumerate(("one", "two"))]
    results, others = measured(models, photos)
    assert [(result["name"], result["task"], result["model"]) for result in results] == [
        ("one", "deblur", str(models[0])),
        ("two", "deblur", str(models[1])),
    ]
    assert results[0]["kinds"] != results[1]["kinds"]
    (first, _) = results
    assert len(first["pictures"]) == 6 * 23
    assert set(first["pictures"][0]) == {"name", "kind", "metrics", "identity"}
    assert first["pictures"][0]["identity"]["psnr"] == 99
    sharp = first["kinds"]["sharp"]
    assert sharp["pictures"]["n"] == 6
    assert sharp["metrics"]["psnr"] == pytest.approx(
        np.mean([row["metrics"]["psnr"] for row in first["pictures"] if row["kind"] == "sharp"])
    )
    assert [(event.type, event.done, event.total) for event in others][-1] == ("progress", 138, 138)
    assert json.dumps(results, allow_nan=False)


def test_rows_of_one_kind_make_one_line(photos):
    rows = [Measurement("a", "x", {"l1": 1.0}, {"l1": 3.0}), Measurement("b", "x", {"l1": 2.0}, {"l1": 3.0})]
    assert averages_by_kind(rows) == {"x": {"metrics": {"l1": 1.5}, "identity": {"l1": 3.0}, "pictures": {"n": 2.0}}}


def test_a_colour_model_is_measured_too(tmp_path, photos):
    spec = unet(1, 2, levels=3, width=4, norm="none", bias="all", dropout="none")
    card = small_card("c", spec=spec, encodings=("lab_l", "lab_ab"), mode="fit", task="colorize", size_rule=SizeRule("fit", 16, 8))
    (result,), _ = measured([write_small_model(tmp_path / "c.safetensors", card)], photos)
    assert list(result["kinds"]) == ["colorize"]
    assert set(result["kinds"]["colorize"]["metrics"]) == {"ab", "colourfulness", "psnr"}
    assert result["kinds"]["colorize"]["identity"]["ab"] > 1


def test_a_damaged_picture_is_a_warning_not_the_end(tmp_path):
    data = write_photos(tmp_path / "data", 3)
    (data / "photo-1.png").write_bytes(b"no picture")
    (result,), others = measured([write_small_model(tmp_path / "m.safetensors")], data)
    assert {row["name"] for row in result["pictures"]} == {"photo-0.png", "photo-2.png"}
    (warning,) = (event for event in others if event.type == "warning")
    assert "photo-1.png" in warning.message


@pytest.mark.parametrize("content", [None, b"no picture"])
def test_without_any_picture_there_is_nothing_to_measure(tmp_path, content):
    data = write_photos(tmp_path / "data", 0)
    if content:
        (data / "a.png").write_bytes(content)
    with pytest.raises(PairingError, match=str(data)):
        measured([write_small_model(tmp_path / "m.safetensors")], data)


def test_a_measurement_can_be_cancelled(tmp_path, photos):
    token = Token()
    token.cancel()
    with pytest.raises(Cancelled):
        measured([write_small_model(tmp_path / "m.safetensors")], photos, token)


def test_a_request_survives_its_file():
    data = {"models": ["a", "b"], "data": "photos", "device": "cpu", "threads": 2, "sheet": "s.png"}
    request = EvaluationRequest.from_json(json.dumps(data))
    assert [str(model) for model in request.models] == ["a", "b"]
    assert asdict(request) | {"models": 0, "data": str(request.data), "sheet": str(request.sheet)} == data | {"models": 0}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"models": ["a"]}',
        '{"models": "abc", "data": "d"}',
        '{"models": [], "data": "d"}',
        '{"models": ["a"], "data": 3}',
        '{"models": ["a"], "data": "d", "sheet": 3}',
    ]
    + [f'{{"models": ["a"], "data": "d", "threads": {threads}}}' for threads in ("-1", '"2"', "true")],
)
def test_a_request_that_makes_no_sense_is_refused(text):
    with pytest.raises(ConfigError, match="request to evaluate"):
        EvaluationRequest.from_json(text)
