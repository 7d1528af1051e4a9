"""Which model Live translates with, and whether it is ready: without widgets, as `live_camera`."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from p2p_desktop.settings import Settings
from p2p_desktop.ui import model_words
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.working_model import WorkingModel
from p2p_desktop.workers.live_session import LiveSession

if TYPE_CHECKING:  # it imports OpenCV
    from p2p_desktop.models.library import Model

_PREFERRED = "deblur"  # at first


class LiveModel(QObject):
    changed = Signal()  # another one is chosen, or it is ready now
    failed = Signal(str)  # a sentence: the camera is shown alone
    replaced = Signal(str, str)  # the name of a model that is gone, and the title of the one that stands in for it

    def __init__(self, session: LiveSession, shelf: ModelShelf, working: WorkingModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._shelf, self._working = session, shelf, working
        self.name = ""
        """In the library; "" while there is none."""
        self.is_loading = self.is_failing = False
        self._gone = ("", "")  # a chosen model that is not there any more, and the one that stands in for it
        self._is_wanted = False  # somebody looks
        self._loaded: Path | None = None  # the file that is loaded, or being loaded
        self._computing: tuple[object, ...] = ()  # the settings that a loaded model depends on
        session.model_loading.connect(self._on_loading)
        session.model_ready.connect(self._on_ready)
        session.model_failed.connect(self._on_failed)
        shelf.changed.connect(self._on_shelf_changed)
        shelf.renamed.connect(self._on_renamed)

    @property
    def model(self) -> "Model | None":
        """The chosen one; None while it is not there, or damaged."""
        model = self._shelf.find(self.name) if self.name else None
        return model if model is not None and model.card is not None else None

    @property
    def title(self) -> str:
        model = self.model
        return self.name if model is None else model_words.title(model)

    def begin(self) -> None:
        """Somebody looks: load the model."""
        self._is_wanted = True
        if self.model is None:
            self._on_shelf_changed()
        else:
            self._load()

    def end(self) -> None:
        """Nobody looks any more. The session is stopped by whoever calls."""
        self._is_wanted = self.is_loading = False
        self._loaded = None

    def choose(self, name: str) -> None:
        self.name = name
        self._load()

    def follow_settings(self, settings: Settings) -> None:
        """Load it again if it shall compute otherwise."""
        computing = (settings.device, settings.runtime, settings.threads, settings.memory_mb)
        if computing != self._computing:
            self._computing = computing
            self._load()

    def _load(self) -> None:
        model = self.model
        if model is None or not self._is_wanted:
            self.changed.emit()
            return
        self._loaded, self.is_loading, self.is_failing = model.path, True, False
        self._session.choose_model(self._working.load_live(self.name))
        self.changed.emit()

    def _on_shelf_changed(self) -> None:
        model = self.model
        if model is not None and model.path != self._loaded:
            self._load()
        elif model is None:
            names = [one.name for one in self._shelf.models if one.card is not None]
            if names:
                gone, stand_in = self.name, _PREFERRED if _PREFERRED in names else names[0]
                self.choose(stand_in)
                self._gone = (gone, stand_in)
                if gone:
                    self.replaced.emit(gone, self.title)

    def _on_renamed(self, name: str, new_name: str) -> None:
        """Told after the model went by its old name, and another one stood in for it."""
        if self.name == name or self._gone == (name, self.name):
            self.choose(new_name)

    def _on_loading(self) -> None:
        self.is_loading = True
        self.changed.emit()

    def _on_ready(self, _: str, __: str) -> None:
        self.is_loading = self.is_failing = False
        self.changed.emit()

    def _on_failed(self, sentence: str) -> None:
        self.is_loading, self.is_failing = False, True
        self.changed.emit()
        self.failed.emit(sentence)
