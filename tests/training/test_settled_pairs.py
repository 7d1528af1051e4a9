"""What a person settled about single pairs: left out, and lined up, wherever pairs are read."""

import contextlib
import json

import cv2
import numpy as np
import pytest

from tests.training.runs import events, save, scene, tiny_config, two_folders, write_photos, write_rooms, write_strips
from training.contract.config import TrainConfig
from training.contract.corrections import Correction
from training.contract.errors import ConfigError
from training.contract.held_back import held_back
from training.contract.model_file import read_card
from training.contract.pairing import fingerprint
from training.contract.progress import Token
from training.contract.protocol import EVENTS
from training.dataset import TrainingPairs
from training.held_out import full_set
from training.loop import train
from training.pairs import PairsRequest, check_pairs, make_pairs, show_pairs
from training.reading import pairs_of_run, read_pair, sides_of, split_pairs, told_of_pairs, unsplit_pairs
from training.run_files import EventLog


def keys(pairs):
    return [pair.key for pair in pairs]


def answer(mode, request):
    told = []
    mode(request, told.append, Token())
    return told


def checked(config):
    return answer(check_pairs, PairsRequest(config))[-1].data


# --- left out


def test_what_is_left_out_is_in_no_part_and_shuffles_no_other_pair(tmp_path):
    write_photos(tmp_path, 30)
    whole = split_pairs(tiny_config(tmp_path))
    assert (len(whole.train), len(whole.held_out)) == (27, 3)
    gone = (keys(whole.train)[4], keys(whole.held_out)[0])
    rest = split_pairs(tiny_config(tmp_path, leave_out=gone))
    assert not set(gone) & {*keys(rest.train), *keys(rest.held_out)}
    assert len(rest.train) + len(rest.held_out) == 28
    assert set(keys(whole.held_out)[1:]) < set(keys(rest.held_out))  # another one takes the place of what has gone
    assert rest.order == whole.order


def test_of_the_order_anybody_can_tell_what_will_be_held_out(tmp_path):
    write_photos(tmp_path, 14)
    for copy in (20, 21):
        save(tmp_path / f"photo-{copy}.png", cv2.imread(str(tmp_path / "photo-3.png"))[..., ::-1])
    result = checked(tiny_config(tmp_path))
    gone = {result["order"][0][0], "photo-21.png"}
    rest = pairs_of_run(tiny_config(tmp_path, leave_out=tuple(gone)), None)
    places = held_back([sum(key not in gone for key in group) for group in result["order"]])
    told = {key for place in places for key in result["order"][place]} - gone
    assert set(keys(rest.held_out)) == told
    assert len(rest.train) == 14 - len(told)


def test_parts_that_the_owner_made_lose_what_is_left_out_and_only_that(tmp_path):
    for part in ("train", "val"):
        two_folders(tmp_path / part, 3)
    result = checked(tiny_config(tmp_path, task="pairs"))
    assert [item["key"] for item in result["every"]] == [f"{part}/A/{n}.png" for part in ("train", "val") for n in range(3)]
    assert [item["held_out"] for item in result["every"]] == [False] * 3 + [True] * 3
    config = tiny_config(tmp_path, task="pairs", leave_out=("train/A/1.png",))  # val has one of that name, too
    found = pairs_of_run(config, None)
    assert (keys(found.train), len(found.held_out)) == (["train/A/0.png", "train/A/2.png"], 3)
    assert len(unsplit_pairs(config).train) == 2


def test_every_mode_leaves_out(tmp_path):
    write_photos(tmp_path / "data", 4)
    config = tiny_config(tmp_path / "data", leave_out=("photo-1.png",))
    assert [item["pair"] for item in checked(config)["every"]].count("photo-1") == 0
    made = answer(make_pairs, PairsRequest(config, tmp_path / "made"))[-1].data
    assert made["pairs"] == 3
    shown = answer(show_pairs, PairsRequest(config, tmp_path / "shown"))[-1].data
    assert "photo-1" not in {item["pair"] for item in shown["shown"]}


@pytest.mark.parametrize("task", ["deblur", "fill-depth"])
def test_names_of_no_pair_are_told_and_hinder_nothing(tmp_path, task):
    write_rooms(tmp_path)
    config = tiny_config(tmp_path, task=task, leave_out=("rgb/0.jpg", "rgb/nobody.jpg"))
    found = split_pairs(config)
    said = dict(told_of_pairs(found, config))["unknown_pairs"]
    assert said.endswith(", 1: rgb/nobody.jpg")
    assert said in [event.message for event in answer(check_pairs, PairsRequest(config)) if hasattr(event, "message")]


def test_photographs_have_nothing_to_line_up(tmp_path):
    write_photos(tmp_path)
    config = tiny_config(tmp_path, line_up=(Correction("photo-1.png", mirrored=True),))
    assert "photo-1.png" in dict(told_of_pairs(split_pairs(config), config))["unknown_pairs"]


# --- lined up


def moved(pixels, down, right):
    """What a camera sees that looks elsewhere: its picture lies so many pixels lower and farther right. Noise comes in."""
    seen = np.roll(pixels, (down, right), (0, 1))
    noise = np.random.default_rng(0).integers(0, 256, pixels.shape).astype(pixels.dtype)
    height, width = pixels.shape[:2]
    y, x = np.mgrid[:height, :width]
    unseen = (y < down) | (y >= height + down) | (x < right) | (x >= width + right)
    seen[unseen] = noise[unseen]
    return seen


@pytest.mark.parametrize(("down", "right"), [(7, -9), (-6, 5), (9, 8)])
def test_a_shifted_pair_is_found_and_lined_up_to_the_pixel(tmp_path, down, right):
    two_folders(tmp_path)
    save(tmp_path / "B" / "3.png", moved(255 - scene(3), down, right))
    (finding,) = checked(tiny_config(tmp_path, task="pairs"))["findings"]
    assert (finding["code"], finding["key"], finding["mirrored"]) == ("misaligned", "A/3.png", False)
    assert finding["pixels"] == (down, right)
    correction = Correction(finding["key"], *finding["shift"])
    config = tiny_config(tmp_path, task="pairs", line_up=(correction,))
    assert checked(config)["findings"] == []
    pair = next(pair for pair in unsplit_pairs(config).train if pair.key == "A/3.png")
    sides = read_pair(pair, "folders", sides_of(config))
    rows = slice(max(0, -down), 96 - max(0, down))
    columns = slice(max(0, -right), 128 - max(0, right))
    assert np.array_equal(sides.first, scene(3)[rows, columns])
    assert np.array_equal(sides.second, 255 - scene(3)[rows, columns])


@pytest.mark.parametrize("shift", [0, 8])
def test_a_mirrored_pair_is_found_and_mirrored_back(tmp_path, shift):
    two_folders(tmp_path)
    wanted = 255 - scene(3)
    save(tmp_path / "B" / "3.png", (moved(wanted, shift, shift) if shift else wanted)[:, ::-1])
    (finding,) = checked(tiny_config(tmp_path, task="pairs"))["findings"]
    assert (finding["code"], finding["key"], finding["mirrored"]) == ("misaligned", "A/3.png", True)
    assert "B seems to be mirrored" in finding["message"]
    down, right = finding["shift"] or (0.0, 0.0)
    config = tiny_config(tmp_path, task="pairs", line_up=(Correction("A/3.png", down, right, True),))
    assert checked(config)["findings"] == []
    pair = next(pair for pair in unsplit_pairs(config).train if pair.key == "A/3.png")
    sides = read_pair(pair, "folders", sides_of(config))
    assert np.array_equal(sides.second, wanted[: 96 - shift, : 128 - shift])
    assert np.array_equal(sides.first, scene(3)[: 96 - shift, : 128 - shift])


def test_depth_in_sixteen_bits_is_moved_and_not_mixed(tmp_path):
    write_rooms(tmp_path, height=48, width=60)
    depth = cv2.imread(str(tmp_path / "depth_mm" / "2.png"), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(tmp_path / "depth_mm" / "2.png"), moved(depth, 6, -5)[:, ::-1])
    correction = Correction("rgb/2.jpg", 6.3 / 48, -4.8 / 60, True)  # whole pixels, whatever is asked for
    config = tiny_config(tmp_path, task="mono-depth", line_up=(correction,))
    pair = next(pair for pair in unsplit_pairs(config).train if pair.name == "2")
    second = read_pair(pair, "folders", sides_of(config)).second
    assert second.dtype == np.uint16
    assert np.array_equal(second[..., 0], depth[:42, 5:])


def test_strips_and_labels_are_lined_up_wherever_they_are_read(tmp_path):
    write_strips(tmp_path)
    strip = cv2.imread(str(tmp_path / "3.png"))[..., ::-1]
    labels = strip[:, 32:]
    save(tmp_path / "3.png", np.hstack([strip[:, :32], moved(labels, 3, 4)]))
    config = tiny_config(tmp_path, task="facades", line_up=(Correction("3.png", 3 / 32, 4 / 32),))
    pair = next(pair for pair in unsplit_pairs(config).train if pair.name == "3")
    (row,) = full_set(config, [pair], "strips", pytest.fail)
    assert np.array_equal(row.source, labels[:29, :28])
    assert np.array_equal(row.target, strip[:29, :28])
    whole, damaged = TrainingPairs(config, [pair], "strips").read(0)
    assert np.array_equal(whole.second, labels[:29, :28])
    assert not damaged


def test_pictures_of_two_sizes_are_lined_up_at_the_smaller_one(tmp_path):
    two_folders(tmp_path, 3)
    save(tmp_path / "B" / "1.png", np.repeat(np.repeat(moved(255 - scene(1), 8, 0), 2, 0), 2, 1))
    config = tiny_config(tmp_path, task="pairs", line_up=(Correction("A/1.png", 8 / 96),))
    pair = next(pair for pair in unsplit_pairs(config).train if pair.name == "1")
    sides = read_pair(pair, "folders", sides_of(config))
    assert np.array_equal(sides.first, scene(1)[:88])
    assert np.array_equal(sides.second, 255 - scene(1)[:88])


# --- as settings


SETTLED = {"leave_out": '["A/0.png"]', "line_up": '[{"pair": "A/1.png", "down": 0, "right": -0.125, "mirrored": true}]'}


def test_both_are_set_as_lists_and_survive_the_way_through_a_file(tmp_path):
    config = tiny_config(tmp_path, task="pairs").changed(SETTLED)
    assert config.leave_out == ("A/0.png",)
    assert config.line_up == (Correction("A/1.png", 0.0, -0.125, True),)
    assert TrainConfig.from_json(config.to_json()) == config
    assert config.differences(tiny_config(tmp_path, task="pairs")) == ["leave_out", "line_up"]


@pytest.mark.parametrize(
    ("key", "text", "sentence"),
    [
        ("leave_out", "A/0.png", "leave_out cannot be 'A/0.png'"),
        ("leave_out", '"A/0.png"', "leave_out must be a list of texts"),
        ("leave_out", "[1]", "leave_out must be a list of texts"),
        ("line_up", "{}", "line_up must be a list of objects"),
        ("line_up", '["A/0.png"]', "line_up must be a list of objects like"),
        ("line_up", '[{"down": 0.1}]', "line_up must be a list of objects like"),
        ("line_up", '[{"pair": "x", "up": 0.1}]', "line_up must be a list of objects like"),
        ("line_up", '[{"pair": "x", "mirrored": 1}]', "line_up must be a list of objects like"),
        ("line_up", '[{"pair": "x"}, {"pair": "x"}]', "must name each pair once, not 'x'"),
        ("line_up", '[{"pair": "x", "down": 0.5}]', "less than half of its size"),
        ("line_up", '[{"pair": "x", "right": NaN}]', "less than half of its size"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(tmp_path, key, text, sentence):
    with pytest.raises(ConfigError, match=sentence):
        tiny_config(tmp_path, task="pairs").changed({key: text})
    data = tiny_config(tmp_path, task="pairs").to_dict()
    if text.startswith(("[", "{")):
        with pytest.raises(ConfigError, match=sentence):
            TrainConfig.from_json(json.dumps(data | {key: json.loads(text)}))


def test_a_run_keeps_to_what_was_settled_when_it_began(tmp_path):
    two_folders(tmp_path / "data", 5)
    run = tmp_path / "run"
    run.mkdir()
    config = tiny_config(tmp_path / "data", task="pairs", steps=2).changed(SETTLED)
    with contextlib.closing(EventLog(run, None)) as report:
        train(config, run, report, Token())
    assert events(run, "started")[0]["pairs"] == {"train": 3, "val": 1}
    provenance = read_card(run / "models" / "latest.safetensors").provenance
    assert (provenance["left_out"], provenance["lined_up"]) == (1, 1)
    before = (run / EVENTS).read_bytes()
    for other in ({"leave_out": "[]"}, {"line_up": "[]"}):
        with pytest.raises(ConfigError, match=f"other settings \\({next(iter(other))}\\)"):
            train(config.changed({"steps": "4"} | other), run, lambda _: None, Token())
    assert (run / EVENTS).read_bytes() == before


def test_pictures_are_others_once_one_is_lined_up(tmp_path):
    two_folders(tmp_path, 3)
    plain = split_pairs(tiny_config(tmp_path, task="pairs"))
    config = tiny_config(tmp_path, task="pairs", line_up=(Correction("A/1.png", 0.1),))
    assert fingerprint(split_pairs(config)) != fingerprint(plain)
