"""The first look at what was dropped: the list, sizes, thumbnails, where results go, how fast it is."""

import errno
import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from p2p_desktop.convert.destinations import beside
from p2p_desktop.convert.earlier_results import EarlierResults
from p2p_desktop.convert.looking import Measured, Unreadable, measure, read_thumbnail
from p2p_desktop.convert.pace import Pace
from p2p_desktop.convert.plan import FoundPicture, Listing, Unlooked, list_pictures
from p2p_desktop.convert.pyramid import Pyramid
from p2p_desktop.convert.system_errors import unreadable
from tests.convert.fakes import save_picture
from training.contract.progress import Cancelled, Token


def listed(*sources, out=None, recurse=True, token=None, journal=Path("none")):
    batches: list = []
    with EarlierResults(journal) as results:
        listing = list_pictures(sources, recurse=recurse, out=out, results=results, report=batches.append, token=token or Token())
    return listing, [one for batch in batches for one in batch], batches


def test_a_list_has_what_a_conversion_would_find(tmp_path):
    for name in ("a.png", "x/b.jpg", "x/y/c.webp"):
        save_picture(tmp_path / name)
    for name in ("notes.txt", "x/d.NEF", "._a.png"):
        (tmp_path / name).touch()
    listing, found, _ = listed(tmp_path)
    assert [(one.folder, one.name) for one in found] == [
        (tmp_path, "a.png"),
        (tmp_path / "x", "b.jpg"),
        (tmp_path / "x/y", "c.webp"),
    ]
    assert listing == Listing(2, {"NEF": 1})
    assert [one.name for one in listed(tmp_path, recurse=False)[1]] == ["a.png"]


def test_a_long_list_comes_in_pieces(tmp_path):
    for number in range(1300):
        (tmp_path / f"{number:04}.png").touch()
    _, found, batches = listed(tmp_path)
    assert len(found) == 1300
    assert max(map(len, batches)) <= 500


def test_the_output_folder_within_the_source_is_left_out(tmp_path):
    save_picture(tmp_path / "a.png")
    save_picture(tmp_path / "out" / "a.png")
    assert [one.name for one in listed(tmp_path, out=tmp_path / "out")[1]] == ["a.png"]


def test_a_list_and_a_conversion_pass_over_the_same_results(desk):
    for number in range(3):
        save_picture(desk.photos / f"{number}.png", seed=number)
    desk.convert(out=desk.photos)
    listing, found, _ = listed(desk.photos, journal=desk.journal)
    assert sorted(one.name for one in found) == ["0.png", "1.png", "2.png"]
    assert listing == Listing(0, {}, 3)
    summary = desk.convert(out=desk.photos)
    assert {row.source.name for row in desk.rows} == {one.name for one in found}
    assert (summary.skipped, summary.earlier_results) == (3, 3)


def test_what_cannot_be_looked_at_is_told(tmp_path):
    _, found, _ = listed(tmp_path / "gone")
    assert found == [Unlooked(tmp_path / "gone", f"{tmp_path / 'gone'} does not exist. Was it moved or renamed?")]


def test_a_folder_that_vanishes_while_it_is_walked_costs_only_itself(tmp_path):
    for name in ("a", "b", "c"):
        for number in range(600):
            (tmp_path / name / f"{number}.png").parent.mkdir(exist_ok=True)
            (tmp_path / name / f"{number}.png").touch()
    found: list = []

    def report(batch):
        found.extend(batch)
        gone = tmp_path / "b"
        if gone.exists():
            gone.rename(tmp_path.parent / "elsewhere")

    with EarlierResults(tmp_path / "none") as results:
        list_pictures([tmp_path], recurse=True, out=None, results=results, report=report, token=Token())
    assert sum(isinstance(one, FoundPicture) for one in found) == 1200
    assert [one.path.name for one in found if isinstance(one, Unlooked)] == ["b"]


def test_a_walk_can_be_cancelled(tmp_path):
    token = Token()
    token.cancel()
    with pytest.raises(Cancelled):
        listed(tmp_path, token=token)


def test_sizes_are_read_and_what_is_no_picture_is_told(tmp_path):
    good = save_picture(tmp_path / "good.png", height=30, width=40)
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.jpg").touch()
    batches: list = []
    paths = [good, tmp_path / "text.png", tmp_path / "empty.jpg", tmp_path / "gone.png"]
    measure(paths, report=batches.append, token=Token())
    told = [one for batch in batches for one in batch]
    assert told[0] == Measured(good, 30, 40, good.stat().st_size)
    assert [one.path for one in told[1:] if isinstance(one, Unreadable)] == paths[1:]
    assert all(one.reason.endswith((".", "?")) for one in told[1:])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_a_pipe_keeps_neither_sizes_nor_thumbnails_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    good = save_picture(tmp_path / "good.png", height=30, width=40)
    told: list = []
    measure([tmp_path / "pipe.jpg", good], report=told.extend, token=Token())
    assert [type(one) for one in told] == [Unreadable, Measured]
    assert "not a file with content" in told[0].reason
    assert read_thumbnail(tmp_path / "pipe.jpg", 60) is None


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_a_thumbnail_shows_the_picture_at_its_aspect(tmp_path, suffix):
    rgb = np.zeros((600, 900, 3), np.uint8)
    rgb[:, :450] = (200, 30, 30)
    rgb[:, 450:] = (20, 30, 220)
    path = tmp_path / f"p{suffix}"
    path.write_bytes(cv2.imencode(suffix, rgb[..., ::-1])[1].tobytes())
    small = read_thumbnail(path, 60)
    assert small is not None
    assert small.shape == (40, 60, 3)
    assert np.abs(small[20, 10].astype(int) - (200, 30, 30)).max() < 12
    assert np.abs(small[20, 50].astype(int) - (20, 30, 220)).max() < 12


def test_a_small_picture_is_not_enlarged(tmp_path):
    small = read_thumbnail(save_picture(tmp_path / "p.png", height=10, width=20), 60)
    assert small is not None
    assert small.shape == (10, 20, 3)


@pytest.mark.parametrize("content", [b"", b"text", b"\xff\xd8\xff\xe0 cut off"])
def test_what_is_no_picture_has_no_thumbnail(tmp_path, content):
    (tmp_path / "p.jpg").write_bytes(content)
    assert read_thumbnail(tmp_path / "p.jpg", 60) is None
    assert read_thumbnail(tmp_path / "gone.jpg", 60) is None


def test_results_lie_beside_each_folder_and_beside_that_of_loose_pictures(tmp_path):
    (tmp_path / "Holiday").mkdir()
    loose = [tmp_path / "Party" / name for name in ("a.jpg", "b.jpg")]
    for path in loose:
        save_picture(path)
    parts = beside([tmp_path / "Holiday", *loose, loose[0]], "sharp")
    assert [(part.sources, part.out) for part in parts] == [
        ((tmp_path / "Holiday",), tmp_path / "Holiday sharp"),
        (tuple(loose), tmp_path / "Party sharp"),
    ]


def test_what_lies_within_a_dropped_folder_goes_where_its_results_go(tmp_path):
    trip, day, loose = tmp_path / "Trip", tmp_path / "Trip" / "Day 1", tmp_path / "Trip" / "Day 1" / "a.png"
    other = save_picture(tmp_path / "Other" / "b.png")
    save_picture(loose)
    parts = beside([loose, day, trip, other], "sharp")
    assert [(part.sources, part.out) for part in parts] == [
        ((trip, loose, day), tmp_path / "Trip sharp"),
        ((other,), tmp_path / "Other sharp"),
    ]


def test_without_recursion_a_folder_within_another_has_results_of_its_own(tmp_path):
    trip, day = tmp_path / "Trip", tmp_path / "Trip" / "Day 1"
    loose = [save_picture(trip / "a.png"), save_picture(day / "b.png")]
    parts = beside([trip, day, *loose], "sharp", recurse=False)
    assert [(part.sources, part.out) for part in parts] == [
        ((trip, loose[0]), tmp_path / "Trip sharp"),
        ((day, loose[1]), trip / "Day 1 sharp"),
    ]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_results_go_within_where_nothing_can_be_made_beside(tmp_path):
    (tmp_path / "locked" / "mine").mkdir(parents=True)
    (tmp_path / "locked").chmod(0o555)
    (part,) = beside([tmp_path / "locked" / "mine"], "sharp")
    (tmp_path / "locked").chmod(0o755)
    assert part.out == tmp_path / "locked" / "mine" / "sharp"


def test_the_root_of_a_disk_gets_its_results_within():
    root = os.path.abspath(os.sep)  # noqa: PTH100  a text, as the system gives it
    (part,) = beside([Path(root)], "sharp")
    assert part.out == Path(root) / "sharp"


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_the_pace_leaves_pauses_out():
    clock = Clock()
    pace = Pace(clock)
    for _ in range(10):
        clock.seconds += 1
        pace.converted(2.0)
    pace.pause()
    clock.seconds += 1000
    assert pace.rates() == (1.0, 2.0)
    assert pace.worked_s == 10
    pace.resume()
    clock.seconds += 1
    pace.converted(2.0)
    assert pace.rates() == (1.0, 2.0)
    assert pace.seconds_left(44) == 22


def test_nothing_is_said_of_the_pace_too_early():
    clock = Clock()
    pace = Pace(clock)
    assert pace.rates() is None
    clock.seconds = 0.5
    pace.converted(1.0)
    assert pace.rates() is None
    assert pace.seconds_left(10) is None


def test_the_pace_follows_the_last_pictures():
    clock = Clock()
    pace = Pace(clock)
    for seconds in [10.0] * 20 + [1.0] * 150:
        clock.seconds += seconds
        pace.converted(1.0)
    assert pace.rates() == (1.0, 1.0)


def test_the_time_left_goes_down_through_large_and_small_pictures():
    """Every picture takes a second a megapixel, one after the other: the truth is known at every moment."""
    clock = Clock()
    pace = Pace(clock)
    sizes = [24, 1, 1, 24, 1, 24, 1, 1, 1, 24, 1, 24]
    told = []
    for number, size in enumerate(sizes):
        for second in range(size):
            left = pace.seconds_left(sum(sizes[number:]), size)
            told.append((left, sum(sizes[number:]) - second))
            clock.seconds += 1
        pace.converted(size)
    assert len([left for left, _ in told if left is not None]) > 100
    assert all(left == pytest.approx(truth) for left, truth in told if left is not None)


def test_a_picture_that_takes_longer_than_any_before_makes_the_time_left_longer():
    clock = Clock()
    pace = Pace(clock)
    for _ in range(10):
        clock.seconds += 1
        pace.converted(1.0)
    before = pace.seconds_left(20.0, 1.0)
    clock.seconds += 30
    assert pace.seconds_left(20.0, 1.0) > 2 * before


@pytest.mark.parametrize("size", [(1, 1), (255, 256), (257, 1000), (1023, 777)])
def test_a_pyramid_that_is_pasted_over_is_that_of_the_new_picture(size):
    rng = np.random.default_rng(0)
    old, new = (rng.integers(0, 256, (*size, 3), np.uint8) for _ in range(2))
    pasted, whole = Pyramid.of(old), Pyramid.of(new)
    for top in range(0, size[0], 200):
        for left in range(0, size[1], 200):
            pasted.paste(top, left, new[top : top + 200, left : left + 200])
    for scale in (1.0, 0.5, 0.25, 0.1):
        ours, theirs = pasted.level_for(scale)[0], whole.level_for(scale)[0]
        assert ours.shape == theirs.shape
        assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_a_level_has_enough_pixels_and_not_many_more():
    pyramid = Pyramid.of(np.zeros((3000, 4000, 3), np.uint8))
    for scale in (1.0, 0.7, 0.5, 0.3, 0.125, 0.07):
        level, level_scale = pyramid.level_for(scale)
        assert level_scale >= scale * 0.999 or max(level.shape) <= 256
        assert level_scale <= 2 * scale or level.shape[1] == 4000


def test_deep_grey_and_transparent_pictures_are_shown_in_8_bit_rgb():
    grey = np.full((20, 30, 1), 0x80FF, np.uint16)
    level, _ = Pyramid.of(grey, np.full((20, 30), 0xFFFF, np.uint16)).level_for(1.0)
    assert level.dtype == np.uint8
    assert (level == 0x80).all()
    clear, _ = Pyramid.of(grey, np.zeros((20, 30), np.uint16)).level_for(1.0)
    assert set(np.unique(clear)) <= {150, 190}


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ETIMEDOUT, errno.EBADF])
def test_what_the_system_refuses_comes_with_something_to_do(number):
    reason, _, advice = unreadable("a.jpg", OSError(number, os.strerror(number))).partition(". ")
    assert reason == f"a.jpg cannot be read: {os.strerror(number)}"
    assert advice.endswith(".")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such links")
def test_a_picture_that_the_system_does_not_give_is_told_with_advice(tmp_path):
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    told = []
    measure([tmp_path / "loop.jpg"], report=told.extend, token=Token())
    assert told[0].reason.startswith("loop.jpg cannot be read: ")
    assert told[0].reason.endswith("It is a link that leads to itself: use the picture that was meant.")
