"""Another name for a model: it stays open, with what was typed, until the name can be used."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.theme import SPACE_L, SPACE_S, SPACE_XL

_WIDTH = 440


class RenameDialog(QDialog):
    def __init__(self, _: Look, shelf: ModelShelf, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shelf, self._name = shelf, name
        self.setObjectName("rename_dialog")
        self.setWindowTitle(self.tr("Rename {name}").format(name=name))
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        label, self._field, self._problem = QLabel(self.tr("New name"), self), QLineEdit(name, self), QLabel(self)
        label.setProperty("role", "label")
        label.setBuddy(self._field)
        self._field.setObjectName("rename_field")
        self._field.setAccessibleName(self.tr("New name"))
        self._field.setToolTip(self.tr("What the model is called in the window and in a shell, and its file on the disk"))
        self._field.selectAll()
        self._field.textChanged.connect(self._on_text_changed)
        self._problem.setObjectName("rename_problem")
        self._problem.setProperty("role", "error")
        self._problem.setTextFormat(Qt.TextFormat.PlainText)
        self._problem.setWordWrap(True)
        self._problem.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_L, SPACE_XL, SPACE_L)
        layout.setSpacing(SPACE_S)
        layout.addWidget(label)
        layout.addWidget(self._field)
        layout.addWidget(self._problem)
        layout.addSpacing(SPACE_L)
        layout.addLayout(self._buttons())
        self.setFixedWidth(_WIDTH)
        shelf.renamed.connect(self._on_renamed)
        shelf.failed.connect(self._on_failed)

    def _buttons(self) -> QHBoxLayout:
        keep, self._rename = QPushButton(self.tr("Keep the name"), self), QPushButton(self.tr("Rename"), self)
        keep.setObjectName("rename_keep")
        keep.setToolTip(self.tr("Esc"))
        keep.setAutoDefault(False)
        keep.clicked.connect(self.reject)
        self._rename.setObjectName("rename_apply")
        self._rename.setProperty("role", "primary")
        self._rename.setToolTip(self.tr("Return"))
        self._rename.setDefault(True)
        self._rename.clicked.connect(self._on_rename)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE_S)
        buttons.addStretch(1)
        buttons.addWidget(keep)
        buttons.addWidget(self._rename)
        return buttons

    def _on_rename(self) -> None:
        if self._field.text().strip() == self._name:
            self.reject()
            return
        self._rename.setEnabled(False)  # until the answer is there: a second one would rename what is gone
        self._shelf.rename(self._name, self._field.text())

    def _on_text_changed(self, _: str) -> None:
        self._complain("")

    def _on_renamed(self, old: str, _: str) -> None:
        if old == self._name:
            self.accept()

    def _on_failed(self, sentence: str) -> None:
        if not self._rename.isEnabled():
            self._complain(sentence)
            self._field.setFocus()

    def _complain(self, sentence: str) -> None:
        self._rename.setEnabled(True)
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        self._field.setAccessibleDescription(sentence)
        self._field.setProperty("invalid", bool(sentence))
        self._field.style().unpolish(self._field)
        self._field.style().polish(self._field)
        self.adjustSize()
