import json
import shutil
from dataclasses import asdict

import cv2
import numpy as np
import pytest

from tests.models_for_tests import small_card, write_small_model
from tests.training.runs import scene, tiny_config, two_folders, write_photos
from training import held_out, trained_on
from training.contract.encodings import encode, join_lab, lightness
from training.contract.errors import ConfigError, PairingError
from training.contract.framing import SizeRule
from training.contract.model_file import read_card
from training.contract.pairing import PairFiles
from training.contract.pictures import read_picture
from training.contract.progress import Cancelled, Token
from training.contract.spec import unet
from training.degrade import DEBLUR_TEST_KINDS, grey
from training.evaluate import Measurement, averages, averages_by_kind, compare
from training.held_out import full_set, full_set_size, quick_set, request_of
from training.loop import train
from training.measure_models import EvaluationRequest, measure_models
from training.reading import pairs_of_run
from training.trained_on import not_trained_on, remembered

METRICS = ("psnr", "ssim", "l1", "ab")


def measured(models, data, token=None, data_b=None):
    """(results, other events) of the mode."""
    told = []
    measure_models(EvaluationRequest(tuple(models), data, "cpu", data_b=data_b), told.append, token or Token())
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
    assert [(event.type, event.done, event.total) for event in others][-1] == ("progress", 276, 276)
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


def model_that_knows(path, pairs, **changes):
    return write_small_model(path, small_card(path.stem, trained_on=remembered(pairs), **changes))


def names_and_warnings(results, others):
    names = {row["name"] for result in results for row in result["pictures"]}
    return names, [(event.code, event.message) for event in others if event.type == "warning"]


def test_pictures_that_a_model_learned_from_are_not_measured_wherever_they_lie(tmp_path, photos):
    model = model_that_knows(tmp_path / "m.safetensors", files_in(photos)[:4])
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(photos, elsewhere)
    (elsewhere / "photo-0.png").rename(elsewhere / "other.png")
    names, warnings = names_and_warnings(*measured([model], elsewhere))
    assert names == {"photo-4.png", "photo-5.png"}
    ((code, message),) = warnings
    assert code == "trained_on_left_out"
    assert message == f"m learned from 4 of the 6 pictures in {elsewhere}: they are left out."


def test_models_are_compared_on_pictures_that_none_of_them_knows(tmp_path, photos):
    files = files_in(photos)
    models = [model_that_knows(tmp_path / "one.safetensors", files[:2]), model_that_knows(tmp_path / "two.safetensors", files[1:4])]
    results, others = measured(models, photos)
    names = [{row["name"] for row in result["pictures"]} for result in results]
    assert names == [{"photo-4.png", "photo-5.png"}] * 2
    assert [event.message.split(" in ")[0] for event in others if event.type == "warning"] == [
        "one learned from 2 of the 6 pictures",
        "two learned from 3 of the 6 pictures",
    ]


def test_where_models_together_know_every_picture_all_are_measured_with_a_warning(tmp_path, photos):
    files = files_in(photos)
    models = [model_that_knows(tmp_path / "one.safetensors", files[:3]), model_that_knows(tmp_path / "two.safetensors", files[3:])]
    names, warnings = names_and_warnings(*measured(models, photos))
    assert len(names) == 6
    assert warnings[-1][0] == "trained_on_all"


def test_a_damaged_picture_is_told_once_for_all_models(tmp_path):
    photos = write_photos(tmp_path / "photos", 3)
    (photos / "photo-1.png").write_bytes(b"no picture")
    models = [write_small_model(tmp_path / f"{name}.safetensors") for name in ("one", "two")]
    _, others = measured(models, photos)
    assert [event.code for event in others if event.type == "warning"] == ["picture_left_out"]


def test_models_of_different_tasks_are_not_compared(tmp_path, photos):
    spec = unet(1, 2, levels=3, width=4, norm="none", bias="all", dropout="none")
    card = small_card("c", spec=spec, encodings=("lab_l", "lab_ab"), mode="fit", task="colorize", size_rule=SizeRule("fit", 16, 8))
    models = [write_small_model(tmp_path / "c.safetensors", card), write_small_model(tmp_path / "d.safetensors")]
    with pytest.raises(ConfigError, match=r"c \(colorize\) and d \(deblur\) do different things"):
        measured(models, photos)


def test_a_model_that_knows_every_picture_is_measured_with_a_warning(tmp_path, photos):
    names, warnings = names_and_warnings(*measured([model_that_knows(tmp_path / "m.safetensors", files_in(photos))], photos))
    assert len(names) == 6
    assert [code for code, _ in warnings] == ["trained_on_all"]


def test_a_run_is_measured_on_what_it_held_out(tmp_path, photos):
    run = tmp_path / "run"
    run.mkdir()
    config = tiny_config(photos, steps=1, validate_every=1)
    train(config, run, lambda event: None, Token())
    names, _ = names_and_warnings(*measured([run / "models" / "latest.safetensors"], photos))
    assert names == {pair.a.name for pair in pairs_of_run(config, run).held_out}


def test_a_card_remembers_no_more_than_fits_on_it(tmp_path, photos, monkeypatch):
    monkeypatch.setattr(trained_on, "MAX_REMEMBERED", 3)
    pairs = files_in(photos)
    known = remembered(pairs)
    assert len(known) == 3 * trained_on.DIGEST_BYTES
    assert len(not_trained_on(pairs, known)) == 3
    assert read_card(model_that_knows(tmp_path / "m.safetensors", pairs)).trained_on == known


def model_of_pairs(path, **changes):
    return write_small_model(path, small_card(path.stem, mode="fit", task="pairs", provenance={"layout": "folders"}, **changes))


def test_the_second_pictures_may_lie_elsewhere(tmp_path):
    two_folders(tmp_path / "data", 3)
    (tmp_path / "data" / "B").rename(tmp_path / "seconds")
    (result,), _ = measured([model_of_pairs(tmp_path / "m.safetensors")], tmp_path / "data" / "A", data_b=tmp_path / "seconds")
    assert len(result["pictures"]) == 3
    wanted = np.mean([np.abs(255.0 - 2.0 * scene(number)).mean() / 255 for number in range(3)])  # B is the negative of A
    assert result["kinds"]["pairs"]["identity"]["l1"] == pytest.approx(wanted, rel=1e-4)


def test_one_folder_is_not_cut_in_half_for_a_model_of_two(tmp_path):
    two_folders(tmp_path / "data", 3)
    with pytest.raises(PairingError, match=r"learned from two folders .* \(--data-b\)"):
        measured([model_of_pairs(tmp_path / "m.safetensors")], tmp_path / "data" / "A")


def test_a_second_folder_is_refused_where_pairs_are_made(tmp_path, photos):
    with pytest.raises(PairingError, match="has no use for"):
        measured([write_small_model(tmp_path / "m.safetensors")], photos, data_b=tmp_path)


@pytest.mark.parametrize("size", [8, 24, 64, 256, 8192])
def test_a_model_of_any_size_can_be_measured(size, tmp_path):
    card = small_card(mode="fit", task="edges", encodings=("grey8", "rgb8"), size_rule=SizeRule("fit", size, 8))
    assert request_of(card, tmp_path).frame.rule.size == min(size, 4096)


def test_the_right_colours_on_the_grey_picture_measure_as_nearly_right():
    """A model is given grey, whose lightness is not quite that of the colours: what is lost by that must be little."""
    rgb = cv2.GaussianBlur(scene(1), (0, 0), 3) // 2 + 60  # as strong as the colours of photographs
    grey_input = grey(rgb)
    joined = join_lab(lightness(grey_input), encode(rgb, "lab_ab"), np.uint8)
    right, nothing = (compare(result, rgb, ("ab", "psnr")) for result in (joined, grey_input))
    assert right["ab"] < 0.05 * nothing["ab"]
    assert right["psnr"] > nothing["psnr"] + 10


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
    data = {"models": ["a", "b"], "data": "photos", "device": "cpu", "threads": 2, "sheet": "s.png", "data_b": "others"}
    data |= {"sheet_rows": 24}
    request = EvaluationRequest.from_json(json.dumps(data))
    assert [str(model) for model in request.models] == ["a", "b"]
    texts = {"models": 0, "data": str(request.data), "sheet": str(request.sheet), "data_b": str(request.data_b)}
    assert asdict(request) | texts == data | {"models": 0}


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
        '{"models": ["a"], "data": "d", "data_b": 3}',
    ]
    + [f'{{"models": ["a"], "data": "d", "threads": {threads}}}' for threads in ("-1", '"2"', "true")],
)
def test_a_request_that_makes_no_sense_is_refused(text):
    with pytest.raises(ConfigError, match="request to evaluate"):
        EvaluationRequest.from_json(text)
