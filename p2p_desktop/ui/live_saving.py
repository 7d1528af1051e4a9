"""What Live saves: names, places and words for snapshots and recordings, and the camera for other programs."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDeadlineTimer, QObject, Signal

from p2p_desktop.ui import live_words
from p2p_desktop.ui.live_output_form import LiveOutputForm
from p2p_desktop.ui.remembered import Remembered
from p2p_desktop.ui.show_file import FolderDoor
from p2p_desktop.workers.errands import Errands
from p2p_desktop.workers.live_outputs import LiveOutputs

if TYPE_CHECKING:
    from p2p_desktop.live.frames import Shown


class LiveSaving(QObject):
    said = Signal(str, str, str)  # kind of note, what happened, and more of it
    changed = Signal()  # a recording has begun or ended

    def __init__(self, outputs: LiveOutputs, form: LiveOutputForm, remembered: Remembered, parent: QObject) -> None:
        super().__init__(parent)
        self._outputs, self._form, self._remembered = outputs, form, remembered
        self._errands = Errands(self)
        self._offers_camera = False
        self._door = FolderDoor(self._errands, self)
        folder = remembered.text("live_folder")
        if folder:
            form.show_folder(Path(folder))
        from p2p_desktop.live.virtual_camera import is_available

        form.offer_camera(is_available())
        form.folder_chosen.connect(self._on_folder_chosen)
        form.folder_asked.connect(self._on_folder_asked)
        form.camera_switched.connect(self._on_camera_switched)
        outputs.snapshot_saved.connect(self._on_snapshot_saved)
        outputs.recording_begun.connect(self._on_recording_begun)
        outputs.recording_ended.connect(self._on_recording_ended)
        outputs.failed.connect(self._on_failed)
        outputs.virtual_camera_failed.connect(self._on_virtual_camera_failed)
        self._door.none_is_there.connect(self._on_no_folder)
        self._door.not_opened.connect(self._on_not_opened)

    def snapshot(self, shown: "Shown", model: str, camera: str) -> None:
        """Save a result that is on the screen."""
        from p2p_desktop.live.names import dated_name

        if shown.result is None:
            return
        width, height = shown.size
        about = {
            "Model": model,
            "Strength": f"{shown.wishes.strength:.0%}",
            "Working size": f"{width} x {height}",
            "Mirrored": "yes" if shown.wishes.mirror else "no",
            "Blend": f"{shown.wishes.blend:g}",
            "Camera": camera,
        }
        name = dated_name(datetime.now().astimezone(), model, ".png")
        self._outputs.snapshot(shown.result, self._form.folder, name, about)

    def record(self, model: str, fps: float) -> None:
        """`fps`: frames a second that are translated at the moment."""
        from p2p_desktop.live.names import dated_name

        self._outputs.record(self._form.folder / dated_name(datetime.now().astimezone(), model, ".mp4"), fps)
        self.changed.emit()

    def stop_recording(self) -> None:
        self._outputs.stop_recording()

    def begin(self) -> None:
        """Live is seen: other programs see it, too, if that is wished."""
        self._outputs.offer_camera(self._offers_camera)

    def end(self) -> None:
        """Live is left: a recording ends, and other programs do not go on showing the last frame."""
        self.stop_recording()
        self._outputs.offer_camera(False)

    def close(self, until: QDeadlineTimer) -> None:
        self._errands.close(until)

    def _on_folder_chosen(self, folder: Path) -> None:
        self._remembered.keep(live_folder=str(folder))

    def _on_folder_asked(self) -> None:
        self._door.show([self._form.folder])

    def _on_no_folder(self) -> None:
        self.said.emit("info", self.tr("There is no such folder yet. The first snapshot or recording makes it."), "")

    def _on_not_opened(self, folder: Path) -> None:
        self.said.emit("warning", self.tr("No program on this computer shows folders. This one is {path}").format(path=folder), "")

    def _on_snapshot_saved(self, path: Path) -> None:
        self.said.emit("success", self.tr("Saved as {name}.").format(name=path.name), str(path.parent))

    def _on_recording_begun(self, _: Path) -> None:
        self.changed.emit()

    def _on_recording_ended(self, recorded: Any) -> None:  # Any: live.recorder.Recorded
        if recorded.path is None:
            self.said.emit("info", recorded.why or self.tr("Nothing was recorded: no frame was translated."), "")
        else:
            words = live_words.recorded(recorded.seconds, recorded.dropped, recorded.path.name)
            self.said.emit("warning" if recorded.why else "success", words, recorded.why or str(recorded.path.parent))
        self.changed.emit()

    def _on_failed(self, sentence: str) -> None:
        self.said.emit("error", sentence, "")
        self.changed.emit()

    def _on_camera_switched(self, on: bool) -> None:
        self._offers_camera = on
        self._outputs.offer_camera(on)

    def _on_virtual_camera_failed(self, sentence: str) -> None:
        self._offers_camera = False
        self._form.show_camera(False)
        self.said.emit("warning", sentence, "")
