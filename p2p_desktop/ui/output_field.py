"""The output folder of Convert: a field, a button to choose, and below it where results go, or why they cannot go there."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from p2p_desktop.ui.drops import leave_drops_to_window
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import SPACE_S
from p2p_desktop.workers.folder_check import FolderCheck


class OutputField(QWidget):
    """A folder is taken as soon as it is typed, and asked for meanwhile: whoever starts at once is told by the conversion."""

    chosen = Signal(str)  # a folder, absolute; or "", for beside each source folder

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._folder = ""
        self._beside: list[str] = []
        self._complaint = ""
        self._is_refused = False  # what is typed is no folder that could be taken
        self._check = FolderCheck(self)
        self._check.passed.connect(self._on_passed)
        self._check.refused.connect(self._complain)
        self.field = QLineEdit(self)
        leave_drops_to_window(self.field)
        self.field.setObjectName("convert_output")
        self.field.setAccessibleName(self.tr("Output folder"))
        self.field.setPlaceholderText(self.tr("Beside each source folder"))
        self.field.setClearButtonEnabled(True)
        self.field.editingFinished.connect(self._on_edited)
        self.field.textEdited.connect(self._on_text_edited)
        choose = QToolButton(self)
        choose.setObjectName("convert_output_choose")
        choose.setProperty("role", "plain")
        choose.setAccessibleName(self.tr("Choose the output folder"))
        choose.setToolTip(self.tr("All results go there; several sources each get a folder of their own."))
        choose.clicked.connect(self._on_choose)
        look.icons.set_on(choose, "folder-open")
        self._hint = QLabel(self)
        self._hint.setObjectName("convert_output_hint")
        self._hint.setWordWrap(True)
        line = QHBoxLayout()
        line.setSpacing(SPACE_S - 2)
        line.addWidget(self.field, 1)
        line.addWidget(choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_S)
        layout.addLayout(line)
        layout.addWidget(self._hint)
        self._show()

    def show_folder(self, folder: str) -> None:
        """Show what holds; what is typed and cannot be taken stays for editing."""
        if folder != self._folder:
            self._folder = folder
            self._check.forget()
            if not self._is_refused:
                self._complain("")
            if folder:
                self._check.ask(Path(folder))
        self._show()

    def show_beside(self, folders: Sequence[Path]) -> None:
        """Where results go as long as no folder is chosen."""
        self._beside = [str(folder) for folder in folders]
        self._show()

    def commit(self) -> str:
        """Take what is typed and was not confirmed yet. Return why it cannot be taken; "" if it was."""
        if self.field.isModified():
            self._on_edited()
        return self._complaint if self._is_refused else ""

    def close_down(self, until: QDeadlineTimer) -> None:
        """Wait for a disk that was asked: only for a program that ends."""
        self._check.close(until)

    def _show(self) -> None:
        if not self._is_refused:
            self.field.setText(self._folder)
        nothing = self.tr("Empty: a new folder beside each source folder")
        self.field.setToolTip(self._folder or "\n".join(self._beside) or nothing)
        self._hint.setText(self._complaint or self._promise())
        for widget, name, value in (
            (self._hint, "role", "error" if self._complaint else "small"),
            (self.field, "invalid", bool(self._complaint)),
        ):
            if widget.property(name) != value:
                widget.setProperty(name, value)
                widget.style().unpolish(widget)
                widget.style().polish(widget)
        self.field.setAccessibleDescription(self._hint.text())

    def _promise(self) -> str:
        if self._folder or not self._beside:
            return self.tr("Same folders and names as the source. Your originals are never changed.")
        if len(self._beside) == 1:
            words = self.tr("Results go to {folder}. Your originals are never changed.")
            return words.format(folder=Path(self._beside[0]).name)
        return self.tr("Results go to {n} new folders. Your originals are never changed.").format(n=len(self._beside))

    def _on_text_edited(self, text: str) -> None:
        """What was wrong with the text before says nothing of this one."""
        self._check.forget()
        self._is_refused = True  # until it is taken: nothing else shall be written over it
        self._complain("")
        if not text:  # also by the button in the field, after which nobody presses Enter
            self._take("")

    def _on_edited(self) -> None:
        text = self.field.text().strip()
        self.field.setModified(False)
        try:
            folder = Path(text).expanduser()
        except RuntimeError:  # "~somebody", whom this computer does not know
            folder = Path(text)
        if text and not folder.is_absolute():  # the folder that the program was started in means nothing to a person
            self._check.forget()
            self._is_refused = True
            words = self.tr("This is a part of a path only. Type all of it, from {start} on, or choose a folder.")
            self._complain(words.format(start=Path.home().anchor))
            return
        self._take(str(folder) if text else "")

    def _on_choose(self) -> None:
        start = self._folder or (str(Path(self._beside[0]).parent) if self._beside else "")
        folder = QFileDialog.getExistingDirectory(self, self.tr("Output folder"), start)
        if folder:
            self._take(folder)

    def _take(self, folder: str) -> None:
        was_refused, self._is_refused = self._is_refused, False
        if folder == self._folder:
            if was_refused and folder:
                self._check.ask(Path(folder))  # what was said of it before was taken away
            self._show()
            return
        self.show_folder(folder)
        self.chosen.emit(folder)

    def _on_passed(self, _: Path) -> None:
        self._complain("")

    def _complain(self, sentence: str) -> None:
        self._complaint = sentence
        self._show()
