"""A model that is chosen and then removed: another one stands in for it, until it comes back."""

from PySide6.QtCore import QObject, Signal

from p2p_desktop.ui.convert_panel import ConvertPanel
from p2p_desktop.ui.model_shelf import ModelShelf

_PREFERRED = "deblur"


class StandIn(QObject):
    wanted = Signal(str)  # a model's name: it shall be chosen
    replaced = Signal(str, str)  # the name of a chosen model that is gone, and of the one that stands in for it

    def __init__(self, shelf: ModelShelf, panel: ConvertPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shelf, self._panel = shelf, panel
        self._gone = ("", "")  # a chosen model that is no longer there, and the one that stands in for it
        shelf.renamed.connect(self._on_renamed)
        shelf.added.connect(self._on_added)

    def check(self) -> None:
        """Choose another model if the chosen one is not there, or none is chosen."""
        names = [model.name for model in self._shelf.models if model.card is not None]
        chosen = self._panel.wishes.model
        if names and chosen not in names:
            stand_in = _PREFERRED if _PREFERRED in names else names[0]
            self._gone = (chosen, stand_in)
            self._panel.change(model=stand_in)
            if chosen:
                self.replaced.emit(chosen, stand_in)

    def _on_renamed(self, name: str, new_name: str) -> None:
        """Told after the model went by its old name, and another one stood in for it."""
        if self._gone == (name, self._panel.wishes.model) or self._panel.wishes.model == name:
            self.wanted.emit(new_name)

    def _on_added(self, name: str) -> None:
        """Removing it is undone: it is what the person had chosen."""
        if self._gone == (name, self._panel.wishes.model):
            self.wanted.emit(name)
