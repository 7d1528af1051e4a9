"""The Live page, driven as a person does: cameras that the test plugs in and pulls out, small real models."""

import threading
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QWidget
from shiboken6 import isValid

from p2p_desktop.inference.openvino_runtime import convert_network
from p2p_desktop.live.camera import CameraError
from p2p_desktop.live.frames import Frame
from p2p_desktop.live.sources import Device, open_source
from p2p_desktop.models.library import Library
from p2p_desktop.paths import user_paths
from p2p_desktop.ui.live_page import LivePage
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.remembered import Remembered
from p2p_desktop.ui.settings_box import SettingsBox
from p2p_desktop.ui.working_model import WorkingModel
from tests.deadlines import soon
from tests.live.clips import drawn_frame, number_of, write_clip
from tests.models_for_tests import small_card, write_small_model
from training.contract.model_file import file_digest, read_card
from training.contract.spec import unet

PATIENCE_MS = 60_000
FPS = 60.0
ALPHA, BETA = "alpha", "beta"
SPEC = unet(3, 3, 3, width=4, norm="none", bias="all", output="residual", dropout="none")
DEPTH = unet(2, 1, 3, width=4, norm="none", bias="all", dropout="none")


class PluggedCamera:
    """A camera that sends drawn frames, numbered from 0, until the test pulls it out."""

    def __init__(self, device: Device) -> None:
        self.device, self.rate = device, FPS
        self.size = (320, 240)
        self.is_silent = False
        self.problem: CameraError | None = None
        self.num_open = self.num_opened = 0
        self.wanted: list[object] = []
        self.may_open = threading.Event()
        self.may_open.set()

    def opened(self, wanted):
        self.wanted.append(wanted)
        assert self.may_open.wait(PATIENCE_MS / 1000)
        if self.problem is not None:
            raise self.problem
        if self.num_open:
            raise CameraError("The camera is used by another program. Close it there, then try again.")
        self.num_open += 1
        self.num_opened += 1
        return _Opened(self)


class _Opened:
    def __init__(self, camera: PluggedCamera) -> None:
        self._camera, self.rate = camera, camera.rate
        self._number, self._is_open = 0, True
        self._next = time.monotonic()

    def read(self, timeout_s):
        if self._camera.problem is not None:
            raise self._camera.problem
        if self._camera.is_silent:
            time.sleep(min(timeout_s, 0.01))
            return None
        self._next = max(self._next + 1 / FPS, time.monotonic())
        time.sleep(max(0.0, self._next - time.monotonic()))
        frame = Frame(drawn_frame(self._number % 4096, self._camera.size), time.monotonic())
        self._number += 1
        return frame

    def close(self):
        if self._is_open:
            self._is_open = False
            self._camera.num_open -= 1


class LiveHands:
    def __init__(self, qtbot, look, folder: Path, cameras=(), cache: Path | None = None) -> None:
        self.qtbot, self.look, self.folder, self.cache = qtbot, look, folder, cache
        self.cameras = {camera.device: camera for camera in cameras}
        self.paths = user_paths()
        self.remembered = Remembered(self.paths.window)
        self.remembered.keep(live_folder=str(folder / "saved"))
        library = Library(folder / "shipped", folder / "models", folder / "removed")
        for number, name in enumerate((ALPHA, BETA)):
            model = library.shipped / f"{name}.safetensors"
            if not model.exists():
                write_small_model(model, small_card(name, SPEC), seed=number, gain=3.0 + 2 * number)
                convert_network(model, file_digest(model), read_card(model).statistics, self.paths.cache)
        self.shelf = ModelShelf(library.shipped, library.added, library.removed, measured=self.paths.measured)
        self.settings = SettingsBox(self.paths.settings)
        self.working = WorkingModel(self.shelf, self.settings, self.paths, self.remembered)
        self.working.compute_on("cpu", "openvino")
        self.clip = folder / "clip.mp4"
        if not self.clip.exists():
            write_clip(self.clip, 30)
        self.page: LivePage | None = None

    def open(self, width=1124, height=720) -> "LiveHands":
        self.page = LivePage(
            self.look, self.shelf, self.working, self.remembered, self.clip, known=self._known, opened=self._opened
        )
        self.page.resize(width, height)
        self.shelf.refresh()
        self.wait(lambda: self.shelf.is_read)
        self.page.show()
        return self

    def _known(self):
        return tuple(self.cameras)

    def _opened(self, source, wanted):
        if isinstance(source, Device):
            if source not in self.cameras:
                raise CameraError(f"There is no {source.name} any more. Plug it in, then try again.", may_return=True)
            return self.cameras[source].opened(wanted)
        return open_source(source)

    def close(self):
        if self.page is not None:
            self.page.close_down(soon())
            self.settings.flush(soon())
            self.shelf.close(soon())
            self.page.deleteLater()  # here and now, not when Python collects it, in whatever thread
            QApplication.sendPostedEvents(self.page, QEvent.Type.DeferredDelete)
            assert not isValid(self.page)
            self.page = None

    def wait(self, condition, timeout_ms=PATIENCE_MS):
        self.qtbot.waitUntil(condition, timeout=timeout_ms)

    def find(self, name, kind=QWidget):
        found = self.page.findChild(kind, name)
        assert found is not None, f"there is no {name}"
        return found

    def click(self, name):
        button = self.find(name, QAbstractButton)
        assert button.isVisible(), f"{name} is not to be seen"
        assert button.isEnabled(), f"{name} cannot be pressed"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def choose(self, name, words):
        """Choose from a list that opens."""
        combo = self.find(name, QComboBox)
        index = combo.findText(words)
        assert index >= 0, f"{name} has no {words}: {[combo.itemText(i) for i in range(combo.count())]}"
        combo.setCurrentIndex(index)
        combo.activated.emit(index)

    def text(self, name):
        return self.find(name, QLabel).text()

    @property
    def listed(self):
        combo = self.find("live_camera", QComboBox)
        return [combo.itemText(index) for index in range(combo.count()) if combo.itemText(index)]

    @property
    def shown(self):
        """What is on the screen; None while nothing is."""
        current = self.page._current
        return None if current is None else current.shown

    @property
    def trouble(self):
        return self.page._trouble.reason()

    @property
    def note(self):
        return self.page._note.text()

    @property
    def waiting(self):
        return self.page._view._waiting

    @property
    def number(self):
        """Of the frame that is shown."""
        return number_of(self.shown.frame.rgb)

    def wait_translated(self, model=None):
        """Until a translated frame is on the screen, and was painted."""
        self.wait(lambda: self.shown is not None and self.shown.result is not None and self.page._is_counted)
        if model is not None:
            self.wait(lambda: self.shown.model == self.page._session._model and self.label == model.capitalize())

    @property
    def label(self):
        """What the picture says that the right half is."""
        return self.page._view._words[1]

    def is_changed(self):
        """Whether the result differs from its frame."""
        return not np.array_equal(self.shown.result, self.shown.frame.rgb)
