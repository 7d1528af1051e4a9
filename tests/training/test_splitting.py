"""What is held out was never seen in training, in whatever guise."""

import shutil
import time

import cv2
import numpy as np
import pytest

from tests.training.runs import save, scene, tiny_config, two_folders
from training.contract.errors import PairingError
from training.contract.pairing import PairFiles, Pairs
from training.glances import Glance, Glances, green_share
from training.reading import pairs_of_run
from training.splitting import BIT_STEP, TELLING_BITS, divided, links


def write_jpeg(path, rgb, quality=70):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())


GUISES = {
    "saved anew": lambda rgb: rgb,
    "smaller": lambda rgb: cv2.resize(rgb, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA),
    "mirrored": lambda rgb: np.ascontiguousarray(rgb[:, ::-1]),
    "brighter": lambda rgb: np.clip(rgb * 0.8 + 40, 0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("guise", GUISES)
def test_a_copy_in_another_guise_falls_on_the_side_of_its_picture(tmp_path, guise):
    for number in range(12):
        save(tmp_path / f"{number}.png", scene(number))
        write_jpeg(tmp_path / f"{number} again.jpg", GUISES[guise](scene(number)))
    for seed in range(3):
        found = pairs_of_run(tiny_config(tmp_path, task="deblur", seed=seed), None)
        seen, measured = ({pair.name.removesuffix(" again") for pair in side} for side in (found.train, found.held_out))
        assert len(found.train) + len(found.held_out) == 24
        assert not seen & measured


@pytest.mark.parametrize("half", [0, 1])
def test_strips_that_share_a_half_stay_together(tmp_path, half):
    for number in range(12):
        parts = [scene(number), scene(100 + number)]
        parts[half] = scene(200 + number // 2)
        write_jpeg(tmp_path / f"{number}.jpg", np.hstack(parts), 90)
    found = pairs_of_run(tiny_config(tmp_path, task="pairs"), None)
    seen, measured = ({int(pair.name) // 2 for pair in side} for side in (found.train, found.held_out))
    assert measured
    assert not seen & measured


def test_pairs_that_share_a_file_stay_together(tmp_path):
    """One photograph with several label maps, or the same pair twice: seen in training, they cannot measure."""
    for number in range(30):
        save(tmp_path / "A" / f"{number}.png", scene(number // 3))
        save(tmp_path / "B" / f"{number}.png", scene(100 + number))
    save(tmp_path / "A" / "again.png", scene(99))
    shutil.copy(tmp_path / "B" / "0.png", tmp_path / "B" / "again.png")
    for seed in range(6):
        found = pairs_of_run(tiny_config(tmp_path, task="pairs", seed=seed), None)
        groups = [
            {"0" if pair.name == "again" else str(int(pair.name) // 3) for pair in side} for side in (found.train, found.held_out)
        ]
        assert not groups[0] & groups[1]
        assert len(groups[1]) == 1


def test_pictures_with_little_in_them_are_not_taken_for_copies(tmp_path):
    for number in range(20):
        plain = np.full((64, 64, 3), 10 * number, np.uint8)
        plain[30:34, 2 * number : 2 * number + 4] = 255
        save(tmp_path / f"{number}.png", plain)
    pairs = [PairFiles(path.stem, path, None) for path in sorted(tmp_path.iterdir())]
    assert list(links(pairs, Glances(strips=False))) == []


def hazy(seed, height=384, width=512):
    """A picture with much in it that is nearly plain, as photographs have."""
    rng = np.random.default_rng(seed)
    layers = [(4, 60), (9, 14), (20, 6), (90, 12)]  # cells along the width, and how far they go up and down
    sizes = [(max(2, cells * height // width), cells, 3) for cells, _ in layers]
    picture = sum(
        cv2.resize(rng.normal(0, strength, size), (width, height), interpolation=cv2.INTER_CUBIC)
        for size, (_, strength) in zip(sizes, layers, strict=True)
    )
    return np.clip(picture + 120, 0, 255).astype(np.uint8)


def shrunk(rgb, scale):
    return cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


HARD_GUISES = {
    "at low quality": lambda path, rgb: write_jpeg(path, rgb, 30),
    "a fourth of the size": lambda path, rgb: write_jpeg(path, shrunk(rgb, 0.25), 90),
    "both, mirrored": lambda path, rgb: write_jpeg(path, shrunk(rgb[:, ::-1], 0.25), 30),
    "brighter by a fifth": lambda path, rgb: write_jpeg(path, np.clip(rgb * 1.2, 0, 255).astype(np.uint8), 90),
}


@pytest.mark.parametrize("guise", HARD_GUISES)
def test_copies_that_lost_much_are_known_by_what_stayed(tmp_path, guise):
    for number in range(30):
        write_jpeg(tmp_path / f"{number:02}.jpg", hazy(number), 90)
        HARD_GUISES[guise](tmp_path / f"{number:02} again.jpg", hazy(number))
    pairs = [PairFiles(path.stem, path, None) for path in sorted(tmp_path.iterdir(), key=lambda path: path.stem)]
    assert set(links(pairs, Glances(strips=False))) == {(index, index + 1) for index in range(0, 60, 2)}


def room(seed, height=96, width=128):
    """The depths of a floor that recedes to a wall, as in all rooms, and of boxes at places of their own."""
    rng = np.random.default_rng(seed)
    depth = np.repeat(np.linspace(4500, 900, height)[:, None], width, 1)
    depth[: height // 3] = 4500
    for _ in range(4):
        top, left = rng.integers(10, 60), rng.integers(0, 100)
        depth[top : top + rng.integers(20, 40), left : left + rng.integers(20, 40)] -= rng.integers(300, 900)
    return depth.astype(np.uint16)


def test_rooms_of_one_shape_with_other_things_in_them_are_no_copies(tmp_path):
    for number in range(60):
        save(tmp_path / f"{number}.png", room(number))
    pairs = [PairFiles(path.stem, path, None) for path in sorted(tmp_path.iterdir())]
    assert list(links(pairs, Glances(strips=False))) == []


def test_input_and_target_that_look_alike_are_no_copies_of_each_other(tmp_path):
    two_folders(tmp_path, 20, lambda pixels: pixels)
    found = pairs_of_run(tiny_config(tmp_path, task="pairs"), None)
    assert (len(found.train), len(found.held_out)) == (18, 2)


def test_many_copies_of_one_picture_do_not_swell_what_is_held_out(tmp_path):
    for number in range(20):
        write_jpeg(tmp_path / f"same {number}.jpg", scene(0), 50 + number)
        save(tmp_path / f"{number}.png", scene(1 + number))
    for seed in range(5):
        found = pairs_of_run(tiny_config(tmp_path, seed=seed), None)
        assert len(found.held_out) == 4
        assert sum(pair.name.startswith("same") for pair in found.train) == 20


def test_copies_of_one_picture_alone_are_refused_with_the_way_out(tmp_path):
    for number in range(5):
        write_jpeg(tmp_path / f"{number}.jpg", scene(0), 50 + number)
    with pytest.raises(PairingError, match=r"copies of one, or look like it\. .* folder val"):
        pairs_of_run(tiny_config(tmp_path), None)


def test_an_owners_split_takes_no_look_at_the_pictures(tmp_path):
    class Unwilling(Glances):
        def _glance(self, path):
            raise AssertionError(f"{path} was looked at")

    pair = PairFiles("x", tmp_path / "x.png", None)
    found = Pairs("photos", (pair,), (pair,), "owner")
    assert divided(found, 0, Unwilling(strips=False)) == found


def test_damaged_pictures_are_split_like_all_others(tmp_path):
    for number in range(20):
        (tmp_path / f"{number}.png").write_bytes(b"no picture %d" % number)
    found = pairs_of_run(tiny_config(tmp_path), None)
    assert (len(found.train), len(found.held_out)) == (18, 2)


def test_thousands_of_looks_are_compared_in_a_second(tmp_path):
    levels = np.random.default_rng(0).integers(0, 256, (3000, 16, 17), dtype=np.uint8)
    levels[2999] = levels[7][:, ::-1]

    class Known(Glances):
        def _glance(self, path):
            return Glance(path.name, (levels[int(path.name)],), 0.0)

    pairs = [PairFiles(str(number), tmp_path / str(number), None) for number in range(3000)]
    began = time.process_time()
    assert list(links(pairs, Known(strips=False))) == [(7, 2999)]
    assert time.process_time() - began < 3  # a slow computer's second


@pytest.mark.parametrize("order", [("more", "less"), ("less", "more")])
def test_whether_two_are_copies_does_not_hang_on_which_comes_first(tmp_path, order):
    more = np.full((16, 17), 100, np.uint8)
    more[np.arange(TELLING_BITS), 5] = 101 + BIT_STEP  # a bit each, just so
    less = more.copy()
    less[0, 5] -= 1
    looks = {"more": more, "less": less}

    class Known(Glances):
        def _glance(self, path):
            return Glance(path.name, (looks[path.name],), 0.0)

    pairs = [PairFiles(name, tmp_path / name, None) for name in order]
    assert list(links(pairs, Known(strips=False))) == []


@pytest.mark.parametrize(
    ("colour", "is_green"),
    [
        ((70, 120, 50), True),
        ((130, 125, 70), True),  # dry grass
        ((20, 40, 15), True),
        ((210, 180, 140), False),  # sand
        ((60, 150, 160), False),  # the sea
        ((128, 128, 128), False),
        ((250, 160, 20), False),
    ],
)
def test_green_is_what_plants_are(colour, is_green):
    assert green_share(np.full((8, 8, 3), colour, np.uint8)) == float(is_green)


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_picture_is_not_what_a_small_run_is_measured_on(tmp_path, seed):
    for number in range(8):
        save(tmp_path / f"{number}.png", scene(number))
    whole = (tmp_path / "3.png").read_bytes()
    (tmp_path / "3.png").write_bytes(whole[: len(whole) // 3])
    found = pairs_of_run(tiny_config(tmp_path, task="deblur", seed=seed), None)
    assert [pair.name for pair in found.held_out] != ["3"]
