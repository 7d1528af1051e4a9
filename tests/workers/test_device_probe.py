"""What computes here, asked of a child: a script that answers, and the real one."""

import json
import sys
import time

import pytest

from p2p_desktop.inference import graphics
from p2p_desktop.workers.device_probe import DeviceProbe, Found
from tests.deadlines import soon

CARD = {
    "type": "compute",
    "device": "cuda:0",
    "runtime": "torch",
    "name": "NVIDIA T4",
    "reason": "",
    "others": ["cuda:0", "cuda:1"],
}
PATIENCE_MS = 60_000


@pytest.fixture
def asked(tmp_path):
    """The command of a child that answers with a line of the file `answer`, and notes in `asked` that it was asked."""
    (tmp_path / "answer").write_text(json.dumps(CARD) + "\n")
    (tmp_path / "child.py").write_text(
        "import pathlib, sys\n"
        "here = pathlib.Path(__file__).parent\n"
        "with (here / 'asked').open('a') as file: file.write('x')\n"
        "print('no JSON'); print((here / 'answer').read_text(), flush=True)\n"
    )
    return [sys.executable, str(tmp_path / "child.py")]


@pytest.fixture
def ask(qtbot, tmp_path):
    """Ask a new probe, as each start of the program does."""
    probes = []

    def ask(command, **how):
        probe = DeviceProbe(tmp_path / "cache", command=command)
        probes.append(probe)
        with qtbot.waitSignal(probe.found, timeout=PATIENCE_MS) as told:
            probe.ask(**how)
        probe.close(soon())
        assert probe.last == told.args[0]
        return told.args[0]

    yield ask
    for probe in probes:
        probe.close(soon())


def times(tmp_path):
    return len((tmp_path / "asked").read_text())


def test_the_child_is_asked_once_and_its_answer_remembered(ask, asked, tmp_path):
    expected = Found("cuda:0", "torch", "NVIDIA T4", "", ("cuda:0", "cuda:1"))
    assert ask(asked) == expected
    assert ask(asked) == expected
    assert times(tmp_path) == 1
    assert ask(asked, again=True) == expected
    assert times(tmp_path) == 2


def test_a_new_driver_or_a_new_torch_is_asked_about(ask, asked, tmp_path, monkeypatch):
    monkeypatch.setattr(graphics, "_DRIVER_FILE", tmp_path / "driver")
    (tmp_path / "driver").write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.256.02\n")
    ask(asked)
    ask(asked)
    assert times(tmp_path) == 1
    (tmp_path / "driver").write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06\n")
    ask(asked)
    assert times(tmp_path) == 2
    monkeypatch.setattr("p2p_desktop.workers.device_probe.version", lambda _: "99.0")
    ask(asked)
    assert times(tmp_path) == 3


@pytest.mark.parametrize("answer", ["", "{}", '{"type": "compute"}', '{"type": "compute", "device": 5}', "[]", "Traceback"])
def test_an_answer_that_is_none_means_the_cpu_and_is_not_remembered(ask, asked, tmp_path, answer):
    (tmp_path / "answer").write_text(answer)
    assert ask(asked) == Found("cpu", "openvino")
    (tmp_path / "answer").write_text(json.dumps(CARD))
    assert ask(asked).device == "cuda:0"


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"key": 1}', '{"key": {}, "found": {"device": 5}}'])
def test_a_damaged_memory_is_no_answer(ask, asked, tmp_path, damaged):
    ask(asked)
    (tmp_path / "cache" / "device.json").write_text(damaged)
    assert ask(asked).device == "cuda:0"
    assert times(tmp_path) == 2


def test_closing_does_not_wait_for_a_child_that_says_nothing(qtbot, tmp_path):
    script = f"import pathlib, time; pathlib.Path({str(tmp_path / 'begun')!r}).touch(); time.sleep(600)"
    probe = DeviceProbe(tmp_path / "cache", command=[sys.executable, "-c", script])
    probe.ask()
    qtbot.waitUntil((tmp_path / "begun").exists, timeout=PATIENCE_MS)
    began = time.monotonic()
    probe.close(soon())
    assert time.monotonic() - began < 5
    assert probe.last is None


def test_the_real_child_answers(ask):
    from p2p_desktop import child
    from p2p_desktop.inference.device import choose_compute

    found = ask(child.own_command("doctor", "--device-only", "--json"))
    compute = choose_compute()
    assert (found.device, found.runtime) == (compute.device, compute.runtime)


def test_a_computer_without_graphics_needs_no_child(ask, tmp_path, monkeypatch):
    monkeypatch.setattr(graphics, "has_graphics", lambda: False)
    assert ask(None) == Found("cpu", "openvino")
    assert not (tmp_path / "cache").exists()


def test_what_was_found_is_told_in_words():
    assert Found("cpu", "openvino").words == "CPU, OpenVINO"
    assert Found("cpu", "openvino").choices == [("auto", "Automatic"), ("cpu", "CPU")]
    assert Found("cpu", "openvino").unused_gpu_reason == ""
    card = Found("cuda:0", "torch", "NVIDIA T4", "", ("cuda:0", "cuda:1"))
    assert card.words == "NVIDIA T4, CUDA"
    assert [key for key, _ in card.choices] == ["auto", "cpu", "cuda:0", "cuda:1"]
    assert len({words for _, words in card.choices}) == 4
    old = Found("cpu", "openvino", "NVIDIA T4", "driver too old")
    assert old.unused_gpu_reason == "Graphics card not used: driver too old"
