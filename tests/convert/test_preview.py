"""What one picture will look like: the part in view first, and in the end what a conversion would give."""

import cv2
import numpy as np
import pytest

from p2p_desktop.convert.preview import AfterReady, BeforeReady, PatchDone, PreviewDone, preview
from p2p_desktop.inference.patches import Rect, blocks_in_order
from p2p_desktop.inference.translator import Translator
from tests.convert.fakes import save_picture
from tests.models_for_tests import small_card, write_small_model
from training.contract.errors import PictureError
from training.contract.pictures import read_picture
from training.contract.progress import Cancelled, Token
from training.contract.spec import unet


def smooth_picture(path, height, width, seed=0):
    """Write a picture of soft shapes, which networks of random weights do not turn into noise."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (height // 16 + 2, width // 16 + 2, 3), np.uint8)
    path.write_bytes(cv2.imencode(".png", cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))[1].tobytes())
    return path


def pasted(pixels, patches):
    result = np.zeros_like(pixels)
    covered = np.zeros(pixels.shape[:2], int)
    for patch in patches:
        height, width = patch.pixels.shape[:2]
        result[patch.top : patch.top + height, patch.left : patch.left + width] = patch.pixels
        covered[patch.top : patch.top + height, patch.left : patch.left + width] += 1
    assert (covered == 1).all()
    return result


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    normed = unet(3, 3, levels=3, width=4, norm="batch", bias="all", dropout="none")
    return {
        "plain": write_small_model(folder / "plain.safetensors"),
        "image": write_small_model(folder / "image.safetensors", small_card(spec=normed, statistics="image")),
        "fit": write_small_model(folder / "fit.safetensors", small_card(mode="fit")),
    }


@pytest.mark.parametrize("name", ["plain", "image", "fit"])
@pytest.mark.parametrize("size", [(1000, 1300), (300, 200)])
def test_pieces_together_are_what_a_conversion_gives(tmp_path, models, name, size):
    picture = read_picture(smooth_picture(tmp_path / "p.png", *size))
    with Translator.load(models[name], device="cpu", runtime="torch", cache=tmp_path) as translator:
        whole = translator.translate(picture).pixels
        pieces = pasted(picture.pixels, translator.patches(picture.pixels, lambda: Rect(500, 400, 700, 500), Token()))
    difference = np.abs(whole.astype(int) - pieces)
    assert difference.mean() <= 0.25
    assert (difference <= 3).mean() >= 0.999


def test_what_is_in_view_comes_first_from_the_middle():
    blocks = list(blocks_in_order(2000, 3000, 16, lambda: Rect(1600, 700, 2400, 1100)))
    inside = [block.right > 1600 and block.left < 2400 and block.bottom > 700 and block.top < 1100 for block in blocks]
    assert inside == sorted(inside, reverse=True)
    assert blocks[0].left <= 2000 < blocks[0].right
    assert blocks[0].top <= 900 < blocks[0].bottom
    assert all(block.left % 16 == 0 and block.top % 16 == 0 for block in blocks)


def test_who_looks_elsewhere_meanwhile_is_served_there_next():
    seen = None
    blocks = blocks_in_order(2000, 3000, 16, lambda: seen)
    done = [next(blocks) for _ in range(3)]
    seen = Rect(2900, 0, 3000, 100)
    done.append(next(blocks))
    assert done[-1].right == 3000
    assert done[-1].top == 0
    done.extend(blocks)
    assert sum((block.right - block.left) * (block.bottom - block.top) for block in set(done)) == 2000 * 3000
    assert len(done) == len(set(done))


def test_cancelling_stops_within_a_block(tmp_path, models):
    picture = read_picture(smooth_picture(tmp_path / "p.png", 1200, 1200))
    token = Token()
    with Translator.load(models["plain"], device="cpu", runtime="torch", cache=tmp_path) as translator:
        patches = translator.patches(picture.pixels, lambda: None, token)
        next(patches)
        token.cancel()
        with pytest.raises(Cancelled):
            next(patches)


def run(source, output=None, translator=None, first=None, token=None):
    events: list = []
    preview(source, output, translator, lambda: first, report=events.append, token=token or Token())
    return events


def test_the_source_is_shown_before_the_model_is_loaded(tmp_path, models):
    source = smooth_picture(tmp_path / "p.png", 500, 900)
    seen: list = []

    def load():
        seen.extend(events)
        return loaded

    events: list = []
    with Translator.load(models["plain"], device="cpu", runtime="torch", cache=tmp_path) as loaded:
        preview(source, None, load, lambda: None, report=events.append, token=Token())
        expected = loaded.translate(read_picture(source)).pixels
    assert [type(event) for event in seen] == [BeforeReady]
    assert isinstance(events[1], AfterReady)
    assert isinstance(events[-1], PreviewDone)
    assert events[-1].seconds > 0
    assert events[-1].megapixels == pytest.approx(0.45)
    level, _ = events[1].picture.level_for(1.0)
    assert np.abs(level.astype(int) - expected).mean() <= 0.25
    assert sum(isinstance(event, PatchDone) for event in events) == 6


def test_a_result_that_is_there_is_shown_and_nothing_computed(tmp_path):
    source, output = save_picture(tmp_path / "a.png", seed=1), save_picture(tmp_path / "b.png", seed=2)
    events = run(source, output, lambda: pytest.fail("loaded"))
    assert [type(event) for event in events] == [BeforeReady, AfterReady, PreviewDone]
    assert (events[1].picture.level_for(1.0)[0] == read_picture(output).pixels).all()


def test_what_is_transparent_stays_so_in_the_result(tmp_path, models):
    rgba = np.zeros((600, 900, 4), np.uint8)
    rgba[:, 450:, 3] = 255
    (tmp_path / "a.png").write_bytes(cv2.imencode(".png", rgba)[1].tobytes())
    with Translator.load(models["plain"], device="cpu", runtime="torch", cache=tmp_path) as loaded:
        before, after = (event.picture for event in run(tmp_path / "a.png", None, lambda: loaded)[:2])
    clear = np.s_[:, :450]
    assert (after.level_for(1.0)[0][clear] == before.level_for(1.0)[0][clear]).all()
    assert (after.level_for(1.0)[0][:, 450:] != before.level_for(1.0)[0][:, 450:]).any()


def test_without_a_model_only_the_source_is_shown(tmp_path):
    assert [type(event) for event in run(save_picture(tmp_path / "a.png"))] == [BeforeReady]


def test_what_is_no_picture_is_a_sentence(tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(PictureError):
        run(tmp_path / "a.png")
