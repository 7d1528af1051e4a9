"""The question whether a conversion that a crash ended shall go on. It stays until it is answered, whatever else is said."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from p2p_desktop.ui import convert_words
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.notes import Note

if TYPE_CHECKING:  # it imports OpenCV; the first paint must not wait for it
    from p2p_desktop.convert.unfinished import Unfinished

_MOST_NAMED = 3  # folders


class RecoveryOffer(Note):
    go_on_asked = Signal(object)  # Unfinished
    forget_asked = Signal(object)  # Unfinished

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "info", parent, closable=False)
        self._unfinished: Unfinished | None = None

    @property
    def unfinished(self) -> "Unfinished | None":
        """What is offered, or being gone on with; None if nothing is."""
        return self._unfinished

    def offer(self, unfinished: "Unfinished") -> None:
        self._unfinished = unfinished
        self.clear()
        began = time.localtime(unfinished.began)
        self.say(
            self.tr("A conversion of {pictures} did not come to its end.").format(
                pictures=convert_words.pictures(unfinished.num_pictures)
            ),
            self.tr("{folders}, with {model}, begun on {day} at {time}: what is done is kept, and is not done again.").format(
                folders=self._folders(unfinished),
                model=unfinished.request.model.stem,
                day=time.strftime("%Y-%m-%d", began),
                time=time.strftime("%H:%M", began),
            ),
        )
        self.add_button(self.tr("Go on"), "recovery_go_on").clicked.connect(self._on_go_on)
        self.add_button(self.tr("Forget it"), "recovery_forget").clicked.connect(self._on_forget)

    def settle(self) -> "Unfinished | None":
        """It has been answered for good. Return what was offered."""
        self.clear()
        unfinished, self._unfinished = self._unfinished, None
        return unfinished

    def stand_back(self, on: bool) -> None:
        """Wait, unseen, while other work runs."""
        if self._unfinished is not None:
            self.setVisible(not on)
            self.shown.emit(not on)

    def _folders(self, unfinished: "Unfinished") -> str:
        names = list(dict.fromkeys(_folder_name(source) for part in unfinished.request.parts for source in part.sources))
        folders = ", ".join(names[:_MOST_NAMED])
        if len(names) > _MOST_NAMED:
            return self.tr("{folders} and {n} more").format(folders=folders, n=len(names) - _MOST_NAMED)
        return folders

    def _on_go_on(self) -> None:
        self.go_on_asked.emit(self._unfinished)

    def _on_forget(self) -> None:
        self.forget_asked.emit(self.settle())


def wishes_of(unfinished: "Unfinished", shelf: ModelShelf) -> dict[str, object]:
    """Say in the panel's words how an interrupted conversion was made."""
    request = unfinished.request
    settings = request.settings
    wishes: dict[str, object] = {
        "format": settings.format,
        "strength": settings.strength,
        "quality": settings.quality,
        "existing": settings.existing,
        "recurse": settings.recurse,
        "keep_metadata": settings.keep_metadata,
    }
    if shelf.find(request.model.stem) is not None:
        wishes["model"] = request.model.stem
    return wishes


def _folder_name(source: Path) -> str:
    """A dropped folder's name, or that of the folder which a dropped picture lies in."""
    return source.parent.name if source.suffix else source.name
