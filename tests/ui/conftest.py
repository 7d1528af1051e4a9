"""Tests of the window: without a screen, in one program for all of them, and no thread may outlive its test."""

import gc
import os
import traceback

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before anything imports Qt

import pytest
from shiboken6 import isValid

from p2p_desktop.ui.icons import Icons
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import Theme
from p2p_desktop.workers.task_thread import TaskThread

_GRACE_MS = 1000  # a thread that has told how it ended may still be leaving


@pytest.fixture(scope="session")
def _shared_look(qapp):
    theme = Theme(qapp, "light")
    icons = Icons(theme, theme)
    icons.load()
    return Look(theme, icons)


@pytest.fixture
def look(_shared_look):
    """The look of the program: light, with icons."""
    _shared_look.theme.follow("light")
    return _shared_look


@pytest.fixture(scope="module", autouse=True)
def _what_is_there_stays():
    """What is there before a file of tests is not looked over after each of them, which took most of the time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _no_thread_is_left(_what_is_there_stays, monkeypatch):
    """Fail a test that leaves a TaskThread running, and say where it was made.

    The idea is napari's (src/napari/conftest.py, _dangling_qthreads).
    """
    made = []
    original = TaskThread.__init__

    def remembered(thread, *args, **kwargs):
        original(thread, *args, **kwargs)
        made.append((thread, "".join(traceback.format_stack(limit=6)[:-1])))

    monkeypatch.setattr(TaskThread, "__init__", remembered)
    yield
    left = []
    for thread, where in made:
        if isValid(thread) and thread.isRunning() and not thread.wait(_GRACE_MS):
            left.append(f"{thread.objectName()}, made here:\n{where}")
            thread.cancel()
            thread.wait(10 * _GRACE_MS)  # a thread that is destroyed while it runs ends the whole program
    if made:
        # Here and now: objects of Qt that refer to each other would else be collected, and so destroyed, in whatever thread
        # happens to run Python when the collector does.
        made.clear()
        thread = None
        gc.collect()
    if left:
        pytest.fail("Threads are still running.\n" + "\n".join(left))


@pytest.fixture
def prepared_home(home_in_use, converted_networks):
    """The user's home, with the shipped model ready to be used."""
    from p2p_desktop.inference.openvino_runtime import convert_network
    from p2p_desktop.paths import resources
    from training.contract.model_file import file_digest, read_card

    model = resources() / "models" / "deblur.safetensors"
    convert_network(model, file_digest(model), read_card(model).statistics, converted_networks)
    return home_in_use


@pytest.fixture
def driver(qtbot, look, prepared_home):
    """The window, open."""
    from tests.ui.driving import Driver

    driver = Driver(qtbot, look)
    yield driver
    driver.close()
    assert driver.errors.reports == []


@pytest.fixture
def hands(qtbot, look, tmp_path):
    """The train wizard, open."""
    from tests.ui.wizard_hands import Hands

    hands = Hands(qtbot, look, tmp_path)
    yield hands
    hands.close()


@pytest.fixture
def pairs(tmp_path):
    """Two folders, matched by name, of twelve tiny pairs; one more picture has no partner."""
    from tests.training.runs import write_photos

    root = tmp_path / "pairs"
    write_photos(root / "drawings", 12, 64, 72)
    write_photos(root / "photos", 13, 64, 72, seed=1)
    return root
