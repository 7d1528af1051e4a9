"""Pieces of a picture: with the model that ships, and when somebody looks away in the middle."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from p2p_desktop.inference.patches import blocks_in_order, translate_blocks
from p2p_desktop.inference.translator import Translator
from p2p_desktop.paths import resources
from tests.models_for_tests import small_card
from training.contract.pictures import read_picture
from training.contract.progress import Cancelled, Token


def test_pieces_of_a_photograph_are_what_the_shipped_model_gives_for_the_whole(tmp_path):
    pixels = read_picture(resources() / "examples" / "street-corner.jpg").pixels
    model = resources() / "models" / "deblur.safetensors"
    pieces = np.zeros_like(pixels)
    count = 0
    with Translator.load(model, device="cpu", runtime="torch", cache=tmp_path) as translator:
        whole = translator(pixels)
        for patch in translator.patches(pixels, lambda: None, Token()):
            height, width = patch.pixels.shape[:2]
            pieces[patch.top : patch.top + height, patch.left : patch.left + width] = patch.pixels
            count += 1
    difference = np.abs(whole.astype(int) - pieces)
    assert count > 1
    assert difference.mean() <= 0.25
    assert (difference <= 3).mean() >= 0.999


def test_nothing_runs_any_more_when_cancelling_is_told():
    """What still ran would read pixels that are gone."""
    pixels = np.zeros((1200, 1200, 3), np.uint8)
    token, started, may_end = Token(), [], threading.Event()
    with ThreadPoolExecutor(2) as pool:

        def submit(x_CHW) -> Future:
            is_first = not started
            started.append(pool.submit(lambda: (is_first or may_end.wait(10), x_CHW)[1]))
            return started[-1]

        blocks = blocks_in_order(1200, 1200, 16, lambda: None)
        patches = translate_blocks(pixels, small_card().frame, blocks, 64, submit, 3, token)
        next(patches)
        token.cancel()
        threading.Timer(0.05, may_end.set).start()
        with pytest.raises(Cancelled):
            next(patches)
        assert len(started) == 3
        assert all(future.done() for future in started)
