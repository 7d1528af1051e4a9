"""A graphics card that is full, played by a network that refuses what is too large for it: every step down, and what is said."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from p2p_desktop.inference.torch_runtime import TorchRuntime
from p2p_desktop.inference.translator import Translator
from tests.models_for_tests import small_card, write_small_model
from training.contract.metadata import Metadata
from training.contract.model_file import file_digest, read_card
from training.contract.pictures import Picture
from training.contract.spec import unet


class Card:
    """Lets a runtime that computes on the processor believe in a card which holds so many pixels at once."""

    def __init__(self, runtime, most_pixels, batch=4):
        self.most_pixels, self.asked = most_pixels, []
        self._runtime, self._compute, self._measure = runtime, runtime._generator.forward, runtime._generator.measure
        runtime.device, runtime._device, runtime._batch = "cuda:0", _Pretended("cuda"), batch
        runtime._tensor = self._tensor
        runtime._generator.forward = self._forward

    def _tensor(self, planes):
        return torch.from_numpy(np.stack(planes))

    def _forward(self, x_NCHW, *others):
        if self._runtime.device != "cpu":
            pixels = x_NCHW.shape[0] * x_NCHW.shape[2] * x_NCHW.shape[3]
            self.asked.append(tuple(x_NCHW.shape))
            if pixels > self.most_pixels:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return self._compute(x_NCHW, *others)


class _Pretended(str):
    """What a runtime asks of its device."""

    @property
    def type(self):
        return "pretended"


@pytest.fixture
def model(tmp_path):
    card = small_card("m", unet(3, 3, 3, width=4, norm="none", bias="all", dropout="none", output="residual"))
    return write_small_model(tmp_path / "m.safetensors", card)


def runtime_on(model, most_pixels, batch=4):
    runtime = TorchRuntime(model, "image", "cpu", batch)
    return runtime, Card(runtime, most_pixels, batch)


def translator_on(model, most_pixels, batch=4):
    runtime, _ = runtime_on(model, most_pixels, batch)
    return Translator(read_card(model), file_digest(model), runtime, "image", 1 << 30)


def picture(height, width, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return Picture(pixels, None, Metadata(), "PNG", ())


def reference(model, pixels):
    with Translator.load(model, device="cpu", runtime="torch", cache=model.parent) as translator:
        return translator(pixels)


def test_batches_get_smaller_until_they_fit(model):
    runtime, card = runtime_on(model, 2 * 64 * 64, batch=8)
    inputs = [np.random.default_rng(seed).uniform(-1, 1, (3, 64, 64)).astype(np.float32) for seed in range(8)]
    with runtime._network:  # all of them wait when the first is taken
        futures = [runtime.submit(x) for x in inputs]
    results = [future.result(60) for future in futures]
    assert card.asked[-1][0] <= 2
    assert runtime.device == "cuda:0"
    said = runtime.eased()
    assert said
    assert said[-1].endswith("from here on 2.") or said[-1].endswith("from here on 1.")
    assert runtime.eased() == []
    alone = [runtime.submit(x).result(60) for x in inputs]
    assert all(np.allclose(one, other, atol=1e-5) for one, other in zip(results, alone, strict=True))
    runtime.close()


def test_tiles_get_smaller_and_the_picture_says_so_once(model):
    translator = translator_on(model, 400 * 400, batch=1)
    source = picture(500, 700)
    with translator:
        result = translator.translate(source)
        again = translator.translate(source)
        assert translator.device == "cuda:0"
    assert result.notes == ("cuda:0 has too little memory for pieces of 700 pixels a side: from here on 344.",)
    assert again.notes == ()
    assert np.abs(result.pixels.astype(int) - reference(model, source.pixels)).mean() < 0.25


def test_at_last_the_processor_computes(model):
    translator = translator_on(model, 1000, batch=1)
    source = picture(300, 300)
    with translator:
        result = translator.translate(source)
        assert translator.device == "cpu"
        again = translator.translate(source)
    assert [note.split(": ")[1] for note in result.notes] == [
        "from here on 144.",
        "from here on 128.",
        "from here on the processor computes, which takes longer.",
    ]
    assert again.notes == ()
    assert np.abs(result.pixels.astype(int) - reference(model, source.pixels)).mean() < 0.25


def test_pictures_that_are_under_way_together_step_down_together(model):
    translator = translator_on(model, 1000)
    sources = [picture(200, 260, seed) for seed in range(6)]
    with translator, ThreadPoolExecutor(6) as threads:
        results = list(threads.map(translator.translate, sources))
    notes = [note for result in results for note in result.notes]
    assert len(notes) == len(set(notes))  # nobody steps twice
    for source, result in zip(sources, results, strict=True):
        assert np.abs(result.pixels.astype(int) - reference(model, source.pixels)).mean() < 0.25


def test_other_errors_are_no_reason_to_step_down(model):
    runtime, card = runtime_on(model, 10**9)
    card._compute = lambda *_: (_ for _ in ()).throw(RuntimeError("CUDA error: device-side assert triggered"))
    with pytest.raises(RuntimeError, match="device-side"):
        runtime.submit(np.zeros((3, 64, 64), np.float32)).result(60)
    assert (runtime.device, runtime.eased()) == ("cuda:0", [])
    runtime.close()
