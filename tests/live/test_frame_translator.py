"""Frames through real small networks: whole, at working sizes, and steady."""

import cv2
import numpy as np
import pytest

from p2p_desktop.inference.translator import Translator
from p2p_desktop.live.frame_translator import STEADY_S, FrameTranslator, coloured
from p2p_desktop.paths import resources
from tests.models_for_tests import random_generator, small_card, weights_of, write_small_model
from training.contract.encodings import to_grey
from training.contract.errors import ModelError
from training.contract.model_file import write_model
from training.contract.pictures import read_picture
from training.contract.spec import unet

RESIDUAL = unet(3, 3, 3, width=8, norm="none", bias="all", output="residual", dropout="none")
BY_PICTURE = unet(3, 3, 3, width=8, norm="group", up="resize", dropout="none")
COLOUR = unet(1, 2, 3, width=8, norm="group", up="resize", dropout="none", global_vector=True)


@pytest.fixture
def load(tmp_path, converted_networks):
    opened = []

    def load(card, *, gain=3.0, change=None):
        path = tmp_path / f"{card.name}.safetensors"
        if change is None:
            write_small_model(path, card, gain=gain)
        else:
            generator = random_generator(card.generator, gain=gain)
            change(generator)
            write_model(path, card, weights_of(generator))
        translator = Translator.load(path, device="cpu", cache=converted_networks, follows=True)
        opened.append(translator)
        return FrameTranslator(translator)

    yield load
    for translator in opened:
        translator.close()


def scene(height=90, width=120, shift=0, seed=0):
    """A smooth picture with a textured square in it, `shift` pixels from the left."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    rgb = np.dstack([60 + x, 200 - y, 90 + 40 * np.sin(x / 9)]).clip(0, 255).astype(np.uint8)
    square = np.random.default_rng(seed).integers(0, 256, (24, 24, 3), np.uint8)
    rgb[30:54, 20 + shift : 44 + shift] = square
    return rgb


def do_nothing(generator):
    for parameter in generator.parameters():
        parameter.data.zero_()


def test_at_its_own_size_a_frame_becomes_what_the_picture_would(load):
    frames = load(small_card("residual", RESIDUAL))
    rgb = scene()
    made = frames(rgb, 0.0, side=120)
    assert made.size == (120, 90)
    whole = frames.translator(rgb)
    assert np.abs(made.pixels.astype(int) - whole).max() <= 1


@pytest.mark.parametrize("side", [120, 96, 50])
def test_a_network_that_corrects_nothing_leaves_every_pixel_at_any_working_size(load, side):
    frames = load(small_card("nothing", RESIDUAL), change=do_nothing)
    rgb = scene()
    made = frames(rgb, 0.0, side=side)
    assert max(made.size) == side
    assert np.array_equal(made.pixels, rgb)


def test_half_the_strength_is_half_the_way(load):
    frames = load(small_card("residual", RESIDUAL))
    rgb = scene()
    whole = frames(rgb, 0.0, side=96).pixels
    half = frames(rgb, 0.1, side=96, strength=0.5).pixels
    assert np.abs(half - (whole.astype(float) + rgb) / 2).max() <= 1


def test_a_working_size_beyond_the_frame_is_the_frame(load):
    assert load(small_card("residual", RESIDUAL))(scene(), 0.0, side=4096).size == (120, 90)


@pytest.mark.parametrize("side", [64, 120])
def test_colours_keep_the_luminance_of_the_full_size(load, side):
    frames = load(small_card("colour", COLOUR, ("lab_l", "lab_ab"), mode="fit"), gain=0.7)
    rgb = cv2.cvtColor(to_grey(scene()), cv2.COLOR_GRAY2RGB)
    made = frames(rgb, 0.0, side=side).pixels
    assert np.ptp(made.astype(int), axis=2).max() > 8  # it did colour
    strayed = np.abs(to_grey(made).astype(int) - to_grey(rgb))
    inside = (made.min(2) > 0) & (made.max(2) < 255)  # where no channel is at its end
    assert strayed[..., 0][inside].max() <= 2


def test_frames_get_nearly_the_colours_that_pictures_get(converted_networks):
    model = resources() / "models" / "colorize.safetensors"
    with Translator.load(model, device="cpu", cache=converted_networks, follows=True) as translator:
        rgb = read_picture(resources() / "examples" / "koalas.jpg").pixels
        grey = cv2.cvtColor(to_grey(rgb), cv2.COLOR_GRAY2RGB)
        made = FrameTranslator(translator)(grey, 0.0, side=translator.card.size_rule.size).pixels
        exact = translator(grey)
    assert np.ptp(exact.astype(int), axis=2).mean() > 10
    assert np.abs(made.astype(int) - exact).mean() < 1


def test_colour_does_not_leave_its_edges_when_it_is_enlarged():
    rgb = np.full((200, 200, 3), 60, np.uint8)
    rgb[:, 100:] = 200
    small = cv2.resize(rgb, (40, 40), interpolation=cv2.INTER_AREA)
    painted = small.copy()
    painted[:, 20:] = (255, 170, 170)  # what is bright is red
    result = coloured(rgb, painted, small).astype(int)
    redness = result[..., 0] - result[..., 2]
    assert redness[:, 103:].min() > 40
    assert redness[:, :97].max() < 20


def test_noise_in_what_the_camera_sends_does_not_become_flicker(load):
    frames = load(small_card("by-picture", BY_PICTURE))
    rng = np.random.default_rng(1)
    base = scene()

    def brightness(steady):
        frames.forget()
        means = []
        for number in range(24):
            light = 1 + 0.06 * rng.standard_normal()  # a lamp that flickers in a corner
            rgb = base.copy()
            rgb[:20, :30] = (rgb[:20, :30] * light + 10 * rng.standard_normal((20, 30, 3))).clip(0, 255)
            if not steady:
                frames.forget()
            made = frames(rgb, number / 25, side=120).pixels
            means.append(made[60:, 60:].mean())  # where nothing changes
        return np.abs(np.diff(means)).mean()

    assert brightness(steady=True) < 0.5 * brightness(steady=False)


def test_a_change_of_light_is_followed_before_long(load):
    frames = load(small_card("by-picture", BY_PICTURE))
    dark, light = scene() // 2 + 20, scene() // 2 + 40  # no cut: the same scene in a little more light
    for number in range(5):
        frames(dark, number / 25, side=120)
    for number in range(5, 5 + round(25 * 5 * STEADY_S)):
        made = frames(light, number / 25, side=120).pixels
    frames.forget()
    own = frames(light, 9.0, side=120).pixels
    assert np.abs(made.astype(int) - own).mean() < 0.5


def test_after_a_cut_nothing_of_the_scene_before_is_left(load):
    frames = load(small_card("by-picture", BY_PICTURE))
    other = 255 - scene(seed=5)
    fresh = frames(other, 0.0, side=120).pixels
    frames.forget()
    for number in range(8):
        frames(scene(), number / 25, side=120, blend=0.8)
    assert np.array_equal(frames(other, 8 / 25, side=120, blend=0.8).pixels, fresh)


def test_blending_calms_what_stands_still_and_leaves_no_trail_of_what_moves(load):
    frames = load(small_card("residual", RESIDUAL))
    rng = np.random.default_rng(2)

    def filmed(blend):
        frames.forget()
        made = []
        for number in range(12):
            noisy = scene(shift=4 * number) + rng.integers(0, 3, (90, 120, 3), np.uint8)
            made.append(frames(noisy, number / 25, side=120, blend=blend).pixels.astype(float) - noisy)
        return made

    calm, plain = filmed(0.8), filmed(0.0)
    still = np.s_[60:, :]  # where only noise moves
    assert np.std(calm[-4:], axis=0)[still].mean() < 0.7 * np.std(plain[-4:], axis=0)[still].mean()
    moving = np.s_[30:54, 64:88]  # the square in the last frame
    assert np.abs(calm[-1][moving] - plain[-1][moving]).mean() < 3


def test_the_size_of_frames_may_change_at_any_moment(load):
    frames = load(small_card("by-picture", BY_PICTURE))
    for number, (height, width) in enumerate([(90, 120), (61, 33), (1, 1), (90, 120)]):
        made = frames(cv2.resize(scene(), (width, height)), number / 25, side=64, blend=0.5)
        assert made.pixels.shape == (height, width, 3)


def test_depth_comes_out_in_sixteen_bits(load):
    frames = load(small_card("depth", unet(3, 1, 3, width=8, norm="none", bias="all", dropout="none"), ("rgb8", "depth16")))
    made = frames(scene(), 0.0, side=64)
    assert made.pixels.shape == (90, 120, 1)
    assert made.pixels.dtype == np.uint16


@pytest.mark.parametrize(
    ("encodings", "channels", "word"),
    [
        (("filled_depth16", "depth16"), (2, 1), "depth pictures"),
        (("rgb_depth16", "depth16"), (4, 1), "a picture and its depth"),
        (("rgba8", "rgba8"), (4, 4), "transparency"),
    ],
)
def test_a_model_that_no_camera_can_serve_says_so(load, encodings, channels, word):
    spec = unet(*channels, 3, width=4, norm="none", bias="all", dropout="none")
    with pytest.raises(ModelError, match=word):
        load(small_card("unfit", spec, encodings))
