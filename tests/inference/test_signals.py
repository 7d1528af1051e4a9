"""Loading and leaving models leaves the process able to take a signal: Ctrl+C, the end of a child, a request to end."""

import subprocess
import sys

import pytest

from tests.models_for_tests import write_small_model

TAKE_A_SIGNAL = """
import signal, sys
from pathlib import Path
from p2p_desktop.inference.translator import Translator

def load():
    return Translator.load(Path(sys.argv[1]), device="cpu", cache=Path(sys.argv[2]), memory_budget=1 << 30)

signal.signal(signal.SIGTERM, lambda *_: print("taken"))
first = load()
second = load()
first.close()
del first
second.close()
del second
signal.raise_signal(signal.SIGTERM)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals there run on no stack of their own")
def test_a_signal_is_taken_after_two_models_were_open_at_once(tmp_path):
    model = write_small_model(tmp_path / "small.safetensors")
    ended = subprocess.run(
        [sys.executable, "-c", TAKE_A_SIGNAL, str(model), str(tmp_path / "cache")], capture_output=True, text=True, timeout=120
    )
    assert (ended.returncode, ended.stdout.split()) == (0, ["taken"]), ended.stderr
