"""A field for a folder of pictures: typed, chosen or dropped, with what is wrong with it beside it."""

from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from p2p_desktop.ui.choose_files import pictures_folder
from p2p_desktop.ui.complaint import Complaint
from p2p_desktop.ui.drops import leave_drops_to_window
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import SPACE_S, SPACE_XS

_REST_MS = 400  # after the last key: a path is typed letter by letter


class PictureFolder(QWidget):
    """Tells of a folder once the person has stopped typing; what is typed and cannot be used stays for editing."""

    edited = Signal()  # it is something else, which will be told in a moment
    chosen = Signal()

    def __init__(self, look: Look, name: str, words: str, hint: str, parent: QWidget) -> None:
        """`name` of the field; the button is `name`_choose, the complaint `name`_problem."""
        super().__init__(parent)
        self._told = ""
        self.label = QLabel(words, self)
        self.label.setProperty("role", "label")
        self.field = QLineEdit(self)
        leave_drops_to_window(self.field)
        self.field.setObjectName(name)
        self.field.setAccessibleName(words)
        self.field.setToolTip(hint)
        self.field.setClearButtonEnabled(True)
        self.field.setPlaceholderText(self.tr("Drop a folder on the window, or choose one"))
        self.label.setBuddy(self.field)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REST_MS)
        self._timer.timeout.connect(self._tell)
        self.field.textEdited.connect(self._on_edited)
        self.field.textChanged.connect(self._on_changed)
        self.field.editingFinished.connect(self._tell)
        choose = QPushButton(self.tr("Choose folder"), self)
        choose.setObjectName(f"{name}_choose")
        choose.setToolTip(hint)
        choose.clicked.connect(self._on_choose)
        look.icons.set_on(choose, "folder-open")
        self._complaint = Complaint(look, f"{name}_problem", self.field, self)
        line = QHBoxLayout()
        line.setSpacing(SPACE_S)
        line.addWidget(self.field, 1)
        line.addWidget(choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_XS)
        layout.addWidget(self.label)
        layout.addLayout(line)
        layout.addWidget(self._complaint)

    @property
    def folder(self) -> Path | None:
        """What is typed, absolute or not; None if nothing is."""
        text = self.field.text().strip()
        if not text:
            return None
        try:
            return Path(text).expanduser()
        except RuntimeError:  # ~somebody, whom this computer does not know
            return Path(text)

    def problem(self) -> str:
        """What can be said of it without asking the disk."""
        folder = self.folder
        if folder is None or folder.is_absolute():
            return ""
        words = self.tr("This is a part of a path only. Type all of it, from {start} on, or choose a folder.")
        return words.format(start=Path.home().anchor)

    def put(self, folder: Path | None) -> None:
        """Show a folder, and tell of it at once, unless it is there already."""
        text = str(folder) if folder is not None else ""
        if text != self.field.text():
            self.field.setText(text)
        self._tell()

    def complain(self, sentence: str) -> None:
        self._complaint.say(sentence)

    def _on_edited(self, _: str) -> None:
        self._timer.start()

    def _on_changed(self, text: str) -> None:
        self.complain("")
        if text.strip() != self._told:
            self.edited.emit()
        if not text:
            self._tell()  # also by the button in the field, after which nobody presses Return

    def _tell(self) -> None:
        self._timer.stop()
        text = self.field.text().strip()
        if text != self._told:
            self._told = text
            self.chosen.emit()

    def _on_choose(self) -> None:
        folder = self.folder
        start = folder if folder is not None and folder.is_absolute() else pictures_folder()
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Choose folder"), str(start))
        if chosen:
            self.put(Path(chosen))
