"""What is said above Convert: a sentence about what happened last, and the offer to go on after a crash, each for itself."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from p2p_desktop.ui import convert_words
from p2p_desktop.ui.convert_panel import ConvertPanel
from p2p_desktop.ui.convert_session import ConvertSession
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.notes import Kind, Note
from p2p_desktop.ui.recovery_offer import RecoveryOffer, wishes_of
from p2p_desktop.ui.theme import SPACE_M, SPACE_S

if TYPE_CHECKING:  # it imports OpenCV; the first paint must not wait for it
    from p2p_desktop.convert.unfinished import Unfinished


Subject = Literal["", "model", "no model", "picture", "output"]
"""What a sentence is about: the chosen model, that it is missing, the picture in sight, the output folder, or anything else."""


class ConvertNotes(QFrame):
    forgotten = Signal(object)  # Unfinished: gone on with, or not wanted any more

    def __init__(
        self, look: Look, session: ConvertSession, panel: ConvertPanel, shelf: ModelShelf, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._panel, self._shelf = session, panel, shelf
        self._about: Subject = ""
        self._note = Note(look, "info", self)
        self._offer = RecoveryOffer(look, self)
        self.setProperty("role", "page")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_M, SPACE_S, SPACE_M, SPACE_S)
        layout.setSpacing(SPACE_S)
        for note in (self._note, self._offer):
            layout.addWidget(note)
            note.shown.connect(self._on_shown)
        self._offer.go_on_asked.connect(self._on_go_on)
        self._offer.forget_asked.connect(self.forgotten)
        session.phase_changed.connect(self._on_phase_changed)
        session.resumed.connect(self._on_resumed)
        session.not_resumed.connect(self._on_not_resumed)
        session.refused.connect(self.warn)
        session.model_missed.connect(self._on_model_missed)
        session.places.missed.connect(self._on_sources_missed)
        self.hide()

    def say(self, kind: Kind, text: str, detail: str = "", *, about: Subject = "") -> None:
        """Show a sentence in the place of the one before. `about`: what settles it, see `settle`.

        That a picture cannot be previewed matters less than whatever else was said, and does not take its place.
        """
        if about == "picture" and self.text() and self._about not in ("picture", "model"):
            return
        self._about = about
        self._note.clear()
        self._note.set_kind(kind)
        self._note.say(text, detail)

    def settle(self, about: Subject | None = None) -> None:
        """Take back what was said about this; None: whatever was said."""
        if about is None or about == self._about:
            self._note.clear()

    def warn(self, text: str) -> None:
        self.say("warning", text)

    def text(self) -> str:
        """The sentence; "" if there is none."""
        return self._note.text()

    def offer(self, unfinished: "Unfinished") -> None:
        """Ask whether a conversion that a crash ended shall go on."""
        self._offer.offer(unfinished)
        self._offer.stand_back(self._session.phase == "working")

    def _on_go_on(self, unfinished: "Unfinished") -> None:
        self._offer.stand_back(True)
        self._panel.change(**wishes_of(unfinished, self._shelf))
        self._session.resume_unfinished(unfinished)

    def _on_resumed(self) -> None:
        self.forgotten.emit(self._offer.settle())  # not before: a crash, or a drive that is away, must not lose the offer

    def _on_not_resumed(self) -> None:
        self._offer.stand_back(False)
        self.warn(self.tr("Nothing of what was begun can be found. Is its drive connected?"))

    def _on_model_missed(self, text: str) -> None:
        self.say("warning", text, about="no model")

    def _on_sources_missed(self, paths: list[Path]) -> None:
        self.warn(convert_words.missing(paths))

    def _on_phase_changed(self, phase: str) -> None:
        if phase == "working":
            self.settle()
        self._offer.stand_back(phase == "working")

    def _on_shown(self) -> None:
        self.setVisible(not self._note.isHidden() or not self._offer.isHidden())
