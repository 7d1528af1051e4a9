"""Pairs as pixels: cut apart, brought to one size, never smoothed where that would lie."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.training.runs import write_rooms, write_strips
from training.contract.config import recommended
from training.contract.errors import PairingError, PictureError
from training.contract.framing import resize, resize_nearest
from training.contract.pairing import PairFiles
from training.dataset import TrainingPairs, make_pair
from training.reading import PairReader, pairs_of_run, read_pair, sides_of, split_pairs, told_of_pairs, unsplit_pairs


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels[..., ::-1] if pixels.ndim == 3 and pixels.shape[2] == 3 else pixels)
    return path


def small(task, data, **changes):
    """A recipe on crops of 32 pixels, without chance but for the place of the crop."""
    config = recommended(task, data, "quick").changed({"ngf": "2"})
    values = {"crop_size": 64, "load_size": 0, "patch_size": 16, "mirror": False, "identity_share": 0.0, "batch_size": 2}
    return replace(config, **(values | changes))


def test_a_strip_is_cut_in_the_middle_and_turned_by_direction(tmp_path):
    write_strips(tmp_path)
    config = small("facades", tmp_path)
    found = pairs_of_run(config, tmp_path / "run")
    sides = read_pair(found.train[0], found.layout, sides_of(config))
    assert sides.first.shape == sides.second.shape == (32, 32, 3)
    labels = {(255, 0, 0), (0, 0, 170)}
    assert {tuple(colour) for colour in sides.second.reshape(-1, 3).tolist()} <= labels
    for direction, side in (("BtoA", "second"), ("AtoB", "first")):
        source, target = make_pair(sides, replace(config, direction=direction), np.random.default_rng(0))
        assert np.array_equal(source, getattr(sides, side))
        assert not np.array_equal(source, target)


def test_labels_keep_their_colours_through_jitter_and_enlargement(tmp_path):
    write_strips(tmp_path)
    config = small("facades", tmp_path, colour_jitter=0.5, mirror=True)
    found = pairs_of_run(config, tmp_path / "run")
    pairs = TrainingPairs(config, found.train, found.layout)
    seen = {
        tuple(colour)
        for epoch in range(5)
        for colour in pairs[epoch, 0].input_CHW.flatten(1).T.mul(127.5).add(127.5).round().int().tolist()
    }
    assert seen == {(255, 0, 0), (0, 0, 170)}


def test_both_pictures_of_a_pair_are_jittered_alike(tmp_path):
    for number in range(4):
        ramp = np.random.default_rng(number).integers(0, 256, (40, 60, 3), np.uint8)
        for side in "AB":
            save(tmp_path / side / f"{number}.png", ramp)
    config = small("pairs", tmp_path, colour_jitter=0.3, mirror=True)
    found = pairs_of_run(config, tmp_path / "run")
    pairs = TrainingPairs(config, found.train, found.layout)
    for epoch in range(6):
        pair = pairs[epoch, 0]
        assert np.array_equal(pair.input_CHW.numpy(), pair.target_CHW.numpy())


def test_depth_is_never_interpolated_and_its_holes_are_masked(tmp_path):
    write_rooms(tmp_path)
    config = small("mono-depth", tmp_path)
    found = pairs_of_run(config, tmp_path / "run")
    there = {int(count) for pair in found.train for count in np.unique(cv2.imread(str(pair.b), cv2.IMREAD_UNCHANGED))}
    pairs = TrainingPairs(config, found.train, found.layout)
    for epoch in range(4):
        pair = pairs[epoch, 0]
        counts = pair.target_CHW.add(1).mul(5000).round().int()
        assert {int(count) for count in counts.unique()} <= there  # enlarged to twice its size
        assert np.array_equal(pair.mask_1HW.numpy()[:, :58], (counts > 0).numpy()[:, :58])
        assert not pair.mask_1HW[:, 58:].any()  # 72 times 58 is all there is: the rest of the square is mirrored


def test_pictures_of_two_sizes_meet_at_the_smaller(tmp_path):
    pair = PairFiles(
        "x",
        save(tmp_path / "a.jpg", np.full((80, 120, 3), 90, np.uint8)),
        save(tmp_path / "b.png", np.arange(40 * 60, dtype=np.uint16).reshape(40, 60)),
    )
    sides = read_pair(pair, "folders", sides_of(small("mono-depth", tmp_path)))
    assert sides.first.shape == (40, 60, 3)
    assert np.array_equal(sides.second[..., 0], np.arange(40 * 60).reshape(40, 60))


def test_pictures_of_two_shapes_are_no_pair(tmp_path):
    pair = PairFiles(
        "x", save(tmp_path / "a.png", np.zeros((40, 60, 3), np.uint8)), save(tmp_path / "b.png", np.zeros((60, 40, 3), np.uint8))
    )
    with pytest.raises(PictureError, match=r"a\.png \(60 x 40\) and b\.png \(40 x 60\) have different shapes"):
        read_pair(pair, "folders", sides_of(small("pairs", tmp_path)))


def test_eight_bits_are_no_depth(tmp_path):
    pair = PairFiles(
        "x", save(tmp_path / "a.png", np.zeros((40, 60, 3), np.uint8)), save(tmp_path / "b.png", np.zeros((40, 60), np.uint8))
    )
    with pytest.raises(PictureError, match=r"b\.png is no 16-bit grey picture, as depth must be"):
        read_pair(pair, "folders", sides_of(small("mono-depth", tmp_path)))


@pytest.mark.parametrize(
    ("encoding", "channels", "dtype"),
    [
        ("grey8", 1, np.uint8),
        ("grey16", 1, np.uint16),
        ("grey_alpha16", 2, np.uint16),
        ("rgb16", 3, np.uint16),
        ("rgba8", 4, np.uint8),
    ],
)
def test_pairs_of_ones_own_have_one_to_four_channels_of_8_or_16_bits(tmp_path, encoding, channels, dtype):
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, np.iinfo(dtype).max + 1, (40, 40, 4)).astype(dtype)
        if channels == 1:
            pixels = pixels[..., 0]
        elif channels == 2:
            pixels[..., 1] = pixels[..., 2] = pixels[..., 0]
        elif channels == 3:
            pixels = pixels[..., :3]
        save(tmp_path / "A" / f"{number}.png", pixels)
        save(tmp_path / "B" / f"{number}.png", pixels)
    config = recommended("pairs", tmp_path, "quick", encoding_in=encoding, encoding_out=encoding)
    config = replace(config.changed({"ngf": "2"}), crop_size=64, load_size=64, patch_size=16, mirror=False)
    found = pairs_of_run(config, tmp_path / "run")
    sides = read_pair(found.train[0], found.layout, sides_of(config))
    assert sides.first.shape == (40, 40, channels)
    assert sides.first.dtype == dtype
    assert TrainingPairs(config, found.train, found.layout)[0, 0].input_CHW.shape == (channels, 64, 64)


def test_filling_takes_depth_alone_or_with_its_photograph(tmp_path):
    write_rooms(tmp_path)
    alone, guided = small("fill-depth", tmp_path), small("fill-depth", tmp_path).changed({"encoding_in": "rgb_depth16"})
    for config, channels in ((alone, 3), (guided, 4)):
        found = pairs_of_run(config, tmp_path / "run")
        pair = TrainingPairs(config, found.train, found.layout)[0, 0]
        assert pair.input_CHW.shape == (channels, 64, 64)
        assert pair.target_CHW.shape == (1, 64, 64)
        assert 0 < pair.mask_1HW.float().mean() < 1


def test_a_photograph_that_is_wanted_and_not_there_is_a_sentence(tmp_path):
    for number in range(3):
        save(tmp_path / f"{number}.png", np.full((40, 40), 1000, np.uint16))
    with pytest.raises(PairingError, match="no folders rgb and depth"):
        pairs_of_run(small("fill-depth", tmp_path).changed({"encoding_in": "rgb_depth16"}), tmp_path / "run")


def test_a_damaged_picture_is_named_with_its_folder_where_two_have_its_name(tmp_path):
    for folder in ("train/A", "train/B"):
        save(tmp_path / folder / "3.png", np.zeros((40, 60, 3), np.uint8))
    pair = PairFiles("3", tmp_path / "train" / "A" / "3.png", tmp_path / "train" / "B" / "3.png")
    pair.b.write_bytes(pair.b.read_bytes()[:60])
    with pytest.raises(PictureError, match=r"^B/3\.png is damaged"):
        read_pair(pair, "folders", sides_of(small("pairs", tmp_path)))


def test_sixteen_bits_that_are_not_used_are_told_once_with_how_many(tmp_path):
    for number in range(4):
        save(tmp_path / "A" / f"{number}.png", np.full((40, 60, 3), 9, np.uint16))
        save(tmp_path / "B" / f"{number}.png", np.full((40, 60, 3), 9, np.uint8))
    config = small("pairs", tmp_path)
    ((code, sentence),) = told_of_pairs(split_pairs(config), config)
    assert code == "bits_left_out"
    assert sentence.startswith("4 of 8 pictures that were looked at have 16 bits a channel")
    deep = replace(config, encoding_in="rgb16", encoding_out="rgb16")
    assert list(told_of_pairs(split_pairs(deep), deep)) == []


def test_depth_in_16_bits_is_nothing_to_tell(tmp_path):
    write_rooms(tmp_path)
    for task in ("mono-depth", "fill-depth"):
        config = small(task, tmp_path)
        assert list(told_of_pairs(split_pairs(config), config)) == []


def write_green_and_blue(folder, num_green, num_blue):
    for number in range(num_green + num_blue):
        grain = np.random.default_rng(number).integers(0, 60, (40, 60, 1), np.uint8)
        save(folder / f"{number}.png", grain + np.uint8([40, 150, 30] if number < num_green else [40, 60, 160]))


def test_winter_is_learned_from_green_photographs_alone_and_the_others_are_counted(tmp_path):
    write_green_and_blue(tmp_path, 10, 3)
    config = small("winter-to-summer", tmp_path)
    found = pairs_of_run(config, None)
    assert {pair.name for pair in (*found.train, *found.held_out)} == {str(number) for number in range(10)}
    ((code, sentence),) = told_of_pairs(found, config)
    assert code == "pictures_without_green"
    assert "less than 2% of green are left out, 3: 10.png, 11.png, 12.png" in sentence
    assert len(unsplit_pairs(config).train) == 10
    other = small("deblur", tmp_path)
    assert len(unsplit_pairs(other).train) == 13


def test_too_few_green_photographs_are_refused_with_the_reason(tmp_path):
    write_green_and_blue(tmp_path, 1, 3)
    with pytest.raises(PairingError, match="3 were left out, because they have too little green"):
        pairs_of_run(small("winter-to-summer", tmp_path), None)


def test_what_a_fit_task_keeps_is_the_very_picture_that_resizing_the_whole_gives(tmp_path):
    write_rooms(tmp_path, 3, height=90, width=120)
    config = small("mono-depth", tmp_path)
    found = pairs_of_run(config, None)
    reader = PairReader(config, found.layout, 1 << 20)
    whole = read_pair(found.train[0], found.layout, sides_of(config))
    for _ in range(2):
        ready = reader.ready(found.train[0])
        assert ready.first.shape == (54, 72, 3)
        assert np.array_equal(ready.first, resize(whole.first, (54, 72)))
        assert np.array_equal(ready.second, resize_nearest(whole.second, (54, 72)))
    assert np.array_equal(reader.whole(found.train[0]).second, whole.second)


def test_a_fitted_picture_is_shrunk_once(tmp_path):
    write_rooms(tmp_path, 3)
    config = small("mono-depth", tmp_path)
    found = pairs_of_run(config, None)
    reader = PairReader(config, found.layout, 1 << 20)
    first = reader.ready(found.train[0])
    assert reader.ready(found.train[0]) is first
    assert PairReader(config, found.layout, 0).ready(found.train[0]) is not first


def test_pictures_at_their_own_size_are_shrunk_within_bounds_and_nowhere_mixed(tmp_path):
    """A ramp tells of each crop how much it was shrunk, and depth that it was not mixed."""
    ramp = np.repeat(np.arange(1000, 1400, dtype=np.uint16)[:, None], 300, 1)
    for number in range(2):
        save(tmp_path / f"{number}.png", ramp)
    config = small("fill-depth", tmp_path, shrink=0.5, sparse="points")
    pairs = TrainingPairs(config, [PairFiles("0", tmp_path / "0.png", None)], "photos")
    steps = []
    for epoch in range(30):
        counts = pairs[epoch, 0].target_CHW.add(1).mul(5000).round().int()[0, :, 0].numpy()
        assert counts.min() >= 1000
        steps.append((counts[-1] - counts[0]) / 63)
    assert 1 <= min(steps) < 1.2
    assert 1.8 < max(steps) <= 2.05
