"""Several files of one picture: which there are, what they are called, and that none is made twice."""

import cv2
import numpy as np
import pytest

from p2p_desktop.placing import LONGEST_NAME_BYTES
from tests.convert.fakes import Inverter, is_negative, save_picture
from training.contract.errors import ConfigError
from training.contract.pictures import read_picture


def test_variations_and_uncertainty_lie_beside_the_result(desk):
    source = save_picture(desk.photos / "x/a.png")
    summary = desk.convert(variations=2, uncertainty=True)
    assert desk.made() == ["x/a.png", "x/a.uncertainty.png", "x/a.v1.png", "x/a.v2.png"]
    assert (summary.converted, summary.failed) == (4, 0)
    assert is_negative(desk.out / "x/a.png", source)
    pixels = read_picture(source).pixels
    for number in (1, 2):
        made = read_picture(desk.out / f"x/a.v{number}.png").pixels
        assert np.array_equal(made, np.maximum(pixels, number) - number)
    spread = read_picture(desk.out / "x/a.uncertainty.png").pixels
    assert (spread.dtype, spread.shape[2], int(spread.max())) == (np.uint16, 1, 2000)


@pytest.mark.parametrize("variations", [0, 1])
def test_uncertainty_takes_enough_draws(desk, variations):
    save_picture(desk.photos / "a.png")
    desk.convert(uncertainty=True, variations=variations)
    assert "a.uncertainty.png" in desk.made()
    assert read_picture(desk.out / "a.uncertainty.png").pixels.max() == 8000


def test_nothing_is_made_twice_and_more_variations_are_added(desk):
    save_picture(desk.photos / "a.png")
    desk.convert(variations=2)
    model = Inverter()
    desk.convert(variations=2, model=model)
    assert [row.state for row in desk.rows] == ["skipped"] * 3
    desk.convert(variations=4, model=model)
    assert len(model.seen) == 2
    assert desk.made() == ["a.png", "a.v1.png", "a.v2.png", "a.v3.png", "a.v4.png"]


def test_another_seed_leaves_the_first_ones_alone(desk):
    save_picture(desk.photos / "a.png")
    desk.convert(variations=1)
    before = (desk.out / "a.v1.png").read_bytes()
    desk.convert(variations=1, seed=7)
    assert desk.made() == ["a.png", "a.v1-2.png", "a.v1.png"]
    assert (desk.out / "a.v1.png").read_bytes() == before


def test_variations_among_the_sources_are_not_converted_with_them(desk):
    save_picture(desk.photos / "a.png")
    desk.convert(out=desk.photos, variations=1, uncertainty=False)
    desk.convert(sources=sorted(desk.photos.iterdir()), out=desk.photos, variations=1)
    assert {row.state for row in desk.rows} == {"skipped"}


def test_formats_follow_the_source_but_for_uncertainty(desk):
    desk.photos.mkdir()
    cv2.imwrite(str(desk.photos / "a.jpg"), np.full((16, 16, 3), 90, np.uint8))
    desk.convert(variations=2, uncertainty=True)
    assert desk.made() == ["a.jpg", "a.uncertainty.png", "a.v1.jpg", "a.v2.jpg"]


@pytest.mark.parametrize(("wish", "uncertainty"), [("webp", "a.uncertainty.png"), ("tiff", "a.uncertainty.tif")])
def test_a_format_that_was_asked_for_is_taken_where_it_holds_the_numbers(desk, wish, uncertainty):
    save_picture(desk.photos / "a.png")
    desk.convert(uncertainty=True, format=wish)
    assert uncertainty in {name.replace(".tiff", ".tif") for name in desk.made()}


def test_one_picture_with_a_name_of_its_own_has_variations_of_that_name(desk):
    source = save_picture(desk.photos / "a.png")
    desk.convert(sources=[source], out=desk.out / "b.png", variations=1, uncertainty=True)
    assert desk.made() == ["b.png", "b.uncertainty.png", "b.v1.png"]


def test_long_names_keep_the_ending_that_tells_them_apart(desk):
    save_picture(desk.photos / ("n" * (LONGEST_NAME_BYTES - 4) + ".png"))
    desk.convert(variations=2)
    assert {name[-8:] for name in desk.made()} == {"nnnn.png", "n.v1.png", "n.v2.png"}
    assert max(map(len, desk.made())) <= LONGEST_NAME_BYTES


def test_names_that_pictures_have_already_are_left_to_them(desk):
    """A source that is called as a variation would be: both are there, each under a name of its own."""
    save_picture(desk.photos / "a.png", seed=1)
    other = save_picture(desk.photos / "a.v1.png", seed=2)
    desk.convert(variations=1)
    assert sorted(desk.made()) == ["a.png", "a.v1-2.png", "a.v1.png", "a.v1.v1.png"]
    assert is_negative(desk.out / "a.v1.png", other)  # as without variations: a result gives its name away to none of them
    desk.convert(variations=1)
    assert {row.state for row in desk.rows} == {"skipped"}


def test_one_that_fails_leaves_the_others(desk):
    save_picture(desk.photos / "a.png")
    model = Inverter()
    model.uncertainty = lambda *_, **__: (_ for _ in ()).throw(MemoryError)
    summary = desk.convert(model=model, variations=1, uncertainty=True)
    assert (summary.converted, summary.failed) == (2, 1)
    assert [row.state for row in desk.rows if "memory" in row.reason] == ["failed"]


@pytest.mark.parametrize("wrong", [{"variations": -1}, {"variations": 1001}, {"seed": -1}, {"seed": 2**31}])
def test_numbers_out_of_range_are_sentences(desk, wrong):
    save_picture(desk.photos / "a.png")
    with pytest.raises(ConfigError, match=r"\.$"):
        desk.convert(**wrong)
