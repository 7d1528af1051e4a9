"""Models that take a picture and its depth: from a folder of pictures and one of depths to a folder of depths."""

import unicodedata

import cv2
import numpy as np
import pytest

from p2p_desktop.convert.events import ConvertSettings
from p2p_desktop.convert.request import Part, Places, Request, run_request
from tests.models_for_tests import small_card, write_small_model
from training.contract.errors import ConfigError
from training.contract.progress import Token


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "rgb" / "day").mkdir(parents=True)
    (tmp_path / "depth").mkdir()
    rng = np.random.default_rng(0)
    for number in range(3):
        cv2.imwrite(str(tmp_path / "rgb" / "day" / f"{number}.jpg"), rng.integers(0, 256, (40, 56, 3), np.uint8))
        depth = rng.integers(500, 4000, (40, 56), np.uint16)
        depth[10:20, 10:30] = 0
        cv2.imwrite(str(tmp_path / "depth" / f"{number}.png"), depth)
    return tmp_path


def converted(desk, model, partners):
    rows = []
    settings = ConvertSettings(partners=str(partners) if partners else "")
    request = Request((Part((desk / "rgb",), desk / "out"),), model, settings, device="cpu")
    places = Places(desk / "journal.sqlite", desk / "cache", 1 << 30)
    run_request(request, places, report=rows.append, token=Token())
    return {row.source.name: row for row in rows if hasattr(row, "state")}


def two_picture_model(desk):
    return write_small_model(desk / "guided.safetensors", small_card(encodings=("rgb_depth16", "depth16"), task="fill-depth"))


def test_depths_come_out_filled_and_what_was_measured_stays(desk):
    rows = converted(desk, two_picture_model(desk), desk / "depth")
    assert {row.state for row in rows.values()} == {"converted"}
    for number in range(3):
        result = cv2.imread(str(desk / "out" / "day" / f"{number}.png"), cv2.IMREAD_UNCHANGED)
        depth = cv2.imread(str(desk / "depth" / f"{number}.png"), cv2.IMREAD_UNCHANGED)
        assert (result.dtype, result.shape) == (np.uint16, (40, 56))
        assert np.array_equal(result[depth > 0], depth[depth > 0])


def test_a_picture_without_its_depth_is_a_row_and_so_is_a_depth_of_eight_bits(desk):
    (desk / "depth" / "0.png").unlink()
    cv2.imwrite(str(desk / "depth" / "1.png"), np.zeros((40, 56), np.uint8))
    (desk / "depth" / "more").mkdir()
    rows = converted(desk, two_picture_model(desk), desk / "depth")
    assert {name: row.state for name, row in rows.items()} == {"0.jpg": "failed", "1.jpg": "failed", "2.jpg": "converted"}
    assert f"no picture named 0 in {desk / 'depth'}" in rows["0.jpg"].reason
    assert "1.png is no 16-bit grey picture" in rows["1.jpg"].reason


def test_an_accent_may_be_written_in_another_way(desk):
    for form, path in (("NFC", desk / "rgb" / "day" / "0.jpg"), ("NFD", desk / "depth" / "0.png")):
        path.rename(path.with_stem(unicodedata.normalize(form, "caf\u00e9")))
    assert {row.state for row in converted(desk, two_picture_model(desk), desk / "depth").values()} == {"converted"}


def test_two_depths_of_one_name_are_not_guessed_between(desk):
    (desk / "depth" / "more").mkdir()
    (desk / "depth" / "more" / "2.png").write_bytes((desk / "depth" / "2.png").read_bytes())
    assert "2 pictures named 2" in converted(desk, two_picture_model(desk), desk / "depth")["2.jpg"].reason


@pytest.mark.parametrize(
    ("takes_two", "partners", "said"),
    [
        (True, None, "name the folder of the depths by --with"),
        (False, "depth", "leave out --with"),
        (True, "none", "does not exist"),
    ],
)
def test_one_picture_or_two_is_said_before_anything_is_done(desk, takes_two, partners, said):
    model = two_picture_model(desk) if takes_two else write_small_model(desk / "plain.safetensors")
    with pytest.raises(ConfigError, match=said):
        converted(desk, model, desk / partners if partners else None)
    assert not (desk / "out").exists()
