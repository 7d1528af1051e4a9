"""The modes about pairs, and the estimate: what is found, made, shown and told."""

import json
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from tests.training.runs import save, scene, tiny_config, two_folders, write_photos, write_rooms, write_strips
from training import learner
from training.contract.config import recommended
from training.contract.errors import ConfigError, PairingError
from training.contract.progress import Cancelled, Token
from training.estimate import MEASURED, WARM_UP, estimate
from training.pairs import PairsRequest, check_pairs, make_pairs, show_pairs
from training.reading import pairs_of_run
from training.registration import Registration


def checked(folder, task="pairs", **changes):
    """(result, codes by pair)."""
    told = []
    config = recommended(task, folder, "quick").changed(changes)
    check_pairs(PairsRequest(config), told.append, Token())
    (result,) = (event.data for event in told if event.type == "result")
    assert json.dumps(result)
    assert [event.done for event in told if event.type == "progress"] == list(range(1, sum(result["pairs"].values()) + 1))
    return result, {(finding["code"], finding["pair"]) for finding in result["findings"]}


def test_good_pairs_are_let_alone(tmp_path):
    result, found = checked(two_folders(tmp_path))
    assert found == set()
    assert (result["layout"], result["sides"], result["split_by"]) == ("folders", ["A", "B"], "content")
    assert result["pairs"] == {"train": 9, "val": 1}


def test_everything_that_is_wrong_is_found_and_named(tmp_path):
    folder = two_folders(tmp_path)
    (folder / "B" / "0.png").unlink()
    (folder / "A" / "1.png").write_bytes(b"no picture")
    save(folder / "B" / "2.png", scene(2)[:, :60])
    save(folder / "B" / "3.png", cv2.resize(scene(3), None, fx=0.5, fy=0.5))
    save(folder / "A" / "4.png", scene(4).astype(np.uint16) * 257)
    shutil.copy(folder / "A" / "6.png", folder / "A" / "5.png")
    save(folder / "A" / "7.png", np.full((96, 128, 3), 9, np.uint8))
    result, found = checked(folder)
    assert found == {
        ("lonely", "0"),
        ("unreadable", "1"),
        ("shape", "2"),
        ("size", "3"),
        ("mode", "4"),
        ("duplicate", "6"),
        ("range", "7"),
    }
    messages = {finding["code"]: finding["message"] for finding in result["findings"]}
    assert messages["lonely"] == "0.png has no partner."
    assert "128 x 96 and 64 x 48" in messages["size"]
    assert messages["duplicate"] == "6 repeats the picture of 5."


def test_a_copy_in_another_size_and_quality_is_a_copy(tmp_path):
    folder = two_folders(tmp_path, 4)
    small = cv2.resize(scene(2), None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    (folder / "A" / "again.jpg").write_bytes(cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 70])[1].tobytes())
    save(folder / "B" / "again.png", 255 - small)
    assert checked(folder)[1] == {("duplicate", "again")}


def test_a_pair_that_is_shifted_is_told_by_how_much(tmp_path):
    folder = two_folders(tmp_path)
    save(folder / "B" / "3.png", np.roll(255 - scene(3), (6, -8), (0, 1)))
    result, found = checked(folder)
    assert found == {("misaligned", "3")}
    assert "6.2% down and 6.2% to the left" in result["findings"][0]["message"]


def test_cameras_that_stand_apart_are_found_in_all_pairs_together(tmp_path):
    two_folders(tmp_path, 12, lambda pixels: np.roll(pixels, (-6, 0), (0, 1)))
    result, _ = checked(tmp_path)
    assert result["findings"][0]["pair"] == ""
    assert result["findings"][0]["message"].startswith("All pairs together: B lies off, 6.2% up and 0.0%")


def test_pictures_without_outlines_say_nothing_of_where_they_lie():
    registration = Registration()
    for _ in range(10):
        assert registration.look(np.zeros((40, 40, 3), np.uint8), scene(1)) is None
    assert registration.common_shift is None


def test_depth_is_checked_for_what_was_measured(tmp_path):
    write_rooms(tmp_path, 4, height=64, width=80)
    empty, far = np.zeros((64, 80), np.uint16), np.full((64, 80), 20000, np.uint16)
    far[:4] = 900
    save(tmp_path / "depth_mm" / "0.png", empty)
    save(tmp_path / "depth_mm" / "1.png", far)
    result, found = checked(tmp_path, "mono-depth")
    assert {("range", "0"), ("range", "1")} <= found
    messages = " ".join(finding["message"] for finding in result["findings"])
    assert "only 0.0% of the depth is measured" in messages
    assert "94% of the depths lie beyond depth_range, 10 m" in messages


def test_labels_that_were_smoothed_are_found(tmp_path):
    write_strips(tmp_path)
    strip = cv2.imread(str(tmp_path / "3.png"))
    strip[:, 32:] = cv2.GaussianBlur(strip[:, 32:], (0, 0), 3)
    cv2.imwrite(str(tmp_path / "3.png"), strip)
    assert checked(tmp_path, "facades")[1] == {("labels", "3")}


def test_stray_pixels_in_labels_are_counted_and_named(tmp_path):
    """Forty pixels of another colour: few enough colours to pass for labels, had any other picture that one."""
    write_strips(tmp_path)
    strip = cv2.imread(str(tmp_path / "3.png"))
    strip[:8, 32:33] = (0, 255, 0)
    cv2.imwrite(str(tmp_path / "3.png"), strip)
    result, found = checked(tmp_path, "facades")
    assert found == {("labels", "3")}
    assert "3: 1 colour, 0.78% of its pixels" in result["findings"][0]["message"]


def test_labels_that_are_all_jpeg_are_told_once(tmp_path):
    for number in range(6):
        strip = np.hstack([scene(number), scene(20 + number) // 128 * 127])
        (tmp_path / f"{number}.jpg").write_bytes(cv2.imencode(".jpg", strip, [cv2.IMWRITE_JPEG_QUALITY, 50])[1].tobytes())
    result, found = checked(tmp_path, "facades")
    assert found == {("labels", "")}
    assert result["findings"][0]["message"].startswith("6 of 6 pictures of labels have colours between their labels")


def test_a_label_that_only_one_picture_has_is_no_stray(tmp_path):
    write_strips(tmp_path)
    strip = cv2.imread(str(tmp_path / "3.png"))
    strip[:16, 48:] = (0, 255, 0)
    cv2.imwrite(str(tmp_path / "3.png"), strip)
    assert checked(tmp_path, "facades")[1] == set()


def test_grey_pictures_among_coloured_ones_are_named_and_so_are_transparent_ones(tmp_path):
    folder = two_folders(tmp_path)
    save(folder / "A" / "2.png", cv2.cvtColor(scene(2), cv2.COLOR_RGB2GRAY))
    save(folder / "A" / "3.png", np.repeat(cv2.cvtColor(scene(3), cv2.COLOR_RGB2GRAY)[..., None], 3, 2))
    cv2.imwrite(str(folder / "B" / "4.png"), np.dstack([255 - scene(4)[..., ::-1], np.zeros((96, 128), np.uint8)]))
    result, found = checked(folder)
    assert found == {("grey", "2"), ("grey", "3"), ("transparent", "4")}
    assert {finding["message"].split()[0] for finding in result["findings"]} == {"A/2.png", "A/3.png", "B/4.png"}


def test_grey_pictures_are_no_exception_where_all_are_grey(tmp_path):
    two_folders(tmp_path, change=lambda pixels: cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    assert checked(tmp_path)[1] == set()


def test_one_pair_alone_is_found_to_be_too_few_as_training_would_say(tmp_path):
    result, found = checked(two_folders(tmp_path, 1))
    assert found == {("few", "")}
    assert "at least one is needed to train on, and one to measure with" in result["findings"][0]["message"]


def test_a_copy_of_what_is_measured_with_is_told_as_such(tmp_path):
    for part, numbers in (("train", range(3)), ("val", (1, 9))):
        for number in numbers:
            save(tmp_path / part / "A" / f"{number}.png", scene(number)[:, :: 1 if part == "train" else -1])
            save(tmp_path / part / "B" / f"{number}.png", scene(50 + 10 * len(part) + number))
    result, _ = checked(tmp_path)
    messages = [finding["message"] for finding in result["findings"] if finding["code"] == "duplicate"]
    assert messages == ["1 repeats the picture of 1. One is trained on, the other measured with."]


def test_photographs_without_green_are_named_and_no_winter_is_made_of_them(tmp_path):
    for number in range(4):
        save(tmp_path / "data" / f"green {number}.png", green_scene(number))
        save(tmp_path / "data" / f"sea {number}.png", green_scene(10 + number)[..., [2, 0, 1]])
    assert {finding for finding in checked(tmp_path / "data", "winter-to-summer")[1] if finding[0] == "green"} == {
        ("green", f"sea {number}") for number in range(4)
    }
    told = []
    make_pairs(PairsRequest(recommended("winter-to-summer", tmp_path / "data"), tmp_path / "made"), told.append, Token())
    assert [event.code for event in told if event.type == "warning"] == ["pictures_without_green"]
    assert {path.stem for path in (tmp_path / "made" / "input").iterdir()} == {f"green {number}" for number in range(4)}


def green_scene(seed):
    return (scene(seed).mean(2, keepdims=True) * np.array([0.3, 0.9, 0.3])).astype(np.uint8)


def test_a_folder_without_any_picture_is_a_sentence(tmp_path):
    with pytest.raises(PairingError, match="no pictures in"):
        checked(tmp_path)


@pytest.mark.parametrize(
    ("task", "channels"), [("deblur", 3), ("winter-to-summer", 3), ("colorize", 1), ("edges", 1), ("fill-depth", 1)]
)
def test_what_a_task_makes_can_be_looked_at_and_trained_on(tmp_path, task, channels):
    data = tmp_path / "data"
    write_rooms(data, 3, height=64, width=80) if task == "fill-depth" else write_photos(data, 3, height=64, width=80)
    told = []
    make_pairs(PairsRequest(recommended(task, data, "quick"), tmp_path / "made"), told.append, Token())
    assert told[-1].data["pairs"] == 3
    inputs, targets = (sorted((tmp_path / "made" / side).glob("*.png")) for side in ("input", "target"))
    assert [path.name for path in inputs] == [path.name for path in targets]
    for one, other in zip(inputs, targets, strict=True):
        first, second = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (one, other))
        assert first.shape[:2] == second.shape[:2]
        assert (1 if first.ndim == 2 else first.shape[2]) == channels
        assert first.dtype == (np.uint16 if task == "fill-depth" else np.uint8)
    kinds = {"encoding_in": "depth16", "encoding_out": "depth16"} if task == "fill-depth" else {}
    _, found = checked(tmp_path / "made", **kinds)
    assert not {code for code, _ in found} - {"misaligned"}


def test_pictures_of_one_name_are_not_written_over_each_other(tmp_path):
    save(tmp_path / "data" / "x.png", scene(0))
    save(tmp_path / "data" / "x.bmp", scene(1))
    save(tmp_path / "data" / "X.png", scene(2))
    save(tmp_path / "data" / "x-2.png", scene(3))
    told = []
    make_pairs(PairsRequest(recommended("deblur", tmp_path / "data"), tmp_path / "made"), told.append, Token())
    written = [path.name.casefold() for path in (tmp_path / "made" / "target").iterdir()]
    assert told[-1].data["pairs"] == len(set(written)) == len(written) == 4


def test_depth_with_its_photograph_is_made_into_folders_that_train(tmp_path):
    write_rooms(tmp_path / "data", 4, height=64, width=80)
    config = recommended("fill-depth", tmp_path / "data", "quick", encoding_in="rgb_depth16")
    told = []
    make_pairs(PairsRequest(config, tmp_path / "made"), told.append, Token())
    assert told[-1].data["folders"] == ["depth", "rgb", "sparse"]
    rgb, depth, sparse = (
        cv2.imread(str(tmp_path / "made" / folder / "2.png"), cv2.IMREAD_UNCHANGED) for folder in ("rgb", "depth", "sparse")
    )
    there = cv2.imread(str(tmp_path / "data" / "depth_mm" / "2.png"), cv2.IMREAD_UNCHANGED)
    assert (rgb.dtype, rgb.shape) == (np.uint8, (64, 80, 3))
    assert np.array_equal(depth, there)
    assert set(np.unique(sparse)) <= {0, *np.unique(there)}
    again = pairs_of_run(replace(config, data=str(tmp_path / "made")), None)
    assert (again.layout, again.sides, len(again.train) + len(again.held_out)) == ("folders", ("rgb", "depth"), 4)


def test_found_pairs_are_not_made(tmp_path):
    with pytest.raises(ConfigError, match="finds its pairs"):
        make_pairs(PairsRequest(recommended("facades", tmp_path), tmp_path / "out"), lambda _: None, Token())


def test_a_damaged_picture_is_passed_over_and_told(tmp_path):
    write_photos(tmp_path / "data", 3)
    (tmp_path / "data" / "photo-1.png").write_bytes(b"")
    told = []
    make_pairs(PairsRequest(recommended("deblur", tmp_path / "data"), tmp_path / "out"), told.append, Token())
    assert [event.type for event in told].count("warning") == 1
    assert told[-1].data["pairs"] == 2


@pytest.mark.parametrize("task", ["facades", "mono-depth", "fill-depth", "colorize", "deblur"])
def test_what_the_network_will_see_is_shown(tmp_path, task):
    data = tmp_path / "data"
    {"facades": write_strips, "mono-depth": write_rooms, "fill-depth": write_rooms}.get(task, write_photos)(data)
    config = replace(recommended(task, data, "quick"), crop_size=64, load_size=80, patch_size=16)
    told = []
    show_pairs(PairsRequest(config, tmp_path / "shown", 3), told.append, Token())
    files = [item["file"] for item in told[-1].data["shown"]]
    assert len(files) == 3
    for file in files:
        assert cv2.imread(file).shape == (64, 128, 3)


def test_a_look_can_be_cancelled(tmp_path):
    token = Token()
    token.cancel()
    with pytest.raises(Cancelled):
        check_pairs(PairsRequest(recommended("pairs", two_folders(tmp_path, 3))), lambda _: None, token)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"config": 3}', '{"config": {"task": "pairs", "data": "d"}, "count": -1}'])
def test_a_request_that_makes_no_sense_is_refused(text):
    with pytest.raises(ConfigError):
        PairsRequest.from_json(text)


def test_a_request_survives_its_file(tmp_path):
    config = recommended("pairs", tmp_path)
    text = json.dumps({"config": config.to_dict(), "out": "there", "count": 3})
    request = PairsRequest.from_json(text)
    assert (request.config, str(request.out), request.count) == (config, "there", 3)


def test_an_estimate_comes_from_real_steps(photos):
    told = []
    config = tiny_config(photos, steps=1000)
    estimate(config, told.append, Token())
    data = told[-1].data
    assert len([event for event in told if event.type == "progress"]) == WARM_UP + MEASURED
    assert data["seconds"] == pytest.approx(1000 * data["seconds_per_step"])
    assert 1e-4 < data["seconds_per_step"] < 5
    assert data["memory_bytes"] > 50_000_000
    assert data["parameters"]["g"] > data["parameters"]["d"] > 0
    assert data["pairs"] == {"train": 5, "val": 1}
    assert (data["device"], data["steps"]) == ("cpu", 1000)


def test_an_estimate_measures_what_the_run_will_do(photos, monkeypatch):
    """Its average, which is a copy of the network and an update, and its layout of memory."""
    steps = []
    real = learner._average

    def watched(averaged, generator, decay, step):
        weights = next(value for value in averaged.parameters() if value.ndim == 4)
        steps.append(weights.is_contiguous(memory_format=torch.channels_last))
        real(averaged, generator, decay, step)

    monkeypatch.setattr(learner, "_average", watched)
    estimate(tiny_config(photos, channels_last=True, ema=0.9), lambda event: None, Token())
    assert steps == [True] * (WARM_UP + MEASURED)
