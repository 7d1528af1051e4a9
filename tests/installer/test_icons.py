import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from resources.installer.icons import LARGE_SIDES, SIDES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def icons(tmp_path_factory):
    folder = tmp_path_factory.mktemp("icons")
    subprocess.run([sys.executable, "-m", "resources.installer.icons", folder], cwd=ROOT, check=True)
    return folder


def test_each_side_is_a_picture_of_its_own(icons):
    for side in (*SIDES, *LARGE_SIDES):
        with Image.open(icons / f"{side}.png") as picture:
            assert picture.size == (side, side)
            assert picture.getpixel((0, 0))[3] == 0
            assert picture.getpixel((side // 4, side // 2))[3] == 255


def test_the_windows_icon_holds_every_side_as_it_was_drawn(icons):
    with Image.open(icons / "icon.ico") as picture:
        assert picture.ico.sizes() == {(side, side) for side in SIDES}
        for side in SIDES:
            with Image.open(icons / f"{side}.png") as drawn:
                assert picture.ico.getimage((side, side)).convert("RGBA").tobytes() == drawn.convert("RGBA").tobytes()


def test_the_mac_icon_holds_the_large_sides(icons):
    with Image.open(icons / "icon.icns") as picture:
        sides = {width * scale for width, _, scale in picture.info["sizes"]}
    assert {32, 64, 128, 256, 512, 1024} <= sides
