"""The wish for fewer processor cores reaches what computes."""

import time

import numpy as np
import pytest

from p2p_desktop.inference.device import Compute, num_cores
from p2p_desktop.inference.translator import Translator, default_batch
from tests.models_for_tests import write_small_model


def test_a_wish_for_more_cores_than_there_are_gives_those_there_are():
    assert num_cores(0) == num_cores()
    assert num_cores(1) == 1
    assert num_cores(10_000) == num_cores()


def test_as_many_pictures_are_in_flight_as_cores_are_wished_for():
    assert default_batch(Compute("openvino", "cpu"), 1) == 1
    assert default_batch(Compute("openvino", "cpu"), 0) == min(default_batch(Compute("openvino", "cpu")), 8)


@pytest.mark.skipif(num_cores() < 2, reason="one core cannot be halved")
def test_one_thread_keeps_one_core_busy(tmp_path):
    model = write_small_model(tmp_path / "small.safetensors")
    picture = np.random.default_rng(0).integers(0, 256, (1024, 1024, 3), np.uint8)
    with Translator.load(model, device="cpu", cache=tmp_path / "cache", threads=1, memory_budget=1 << 30) as translator:
        result = translator(picture)
        began, worked = time.perf_counter(), time.process_time()
        for _ in range(3):
            translator(picture)
        busy = (time.process_time() - worked) / (time.perf_counter() - began)
    assert busy < 1.3
    with Translator.load(model, device="cpu", cache=tmp_path / "cache", memory_budget=1 << 30) as translator:
        assert np.abs(translator(picture).astype(int) - result).max() <= 1
