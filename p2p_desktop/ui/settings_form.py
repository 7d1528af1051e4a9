"""What a form of settings is built of: cards with rows, sliders that say what they mean, and fields for folders."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLabel, QLineEdit, QSlider, QToolButton, QVBoxLayout, QWidget

from p2p_desktop.ui.drops import leave_drops_to_window
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import FORM_WIDTH, SPACE_L, SPACE_M, SPACE_XL, SPACE_XS, TEXT_ICON
from p2p_desktop.workers.folder_check import FolderCheck

CONTROL_WIDTH = 240
_FIELD_WIDTH = 292
_WORDS_WIDTH = 76  # "Automatic"
_BUTTON_GAP = 6
_ROW_MARGIN = 18


class FolderField(QWidget):
    """A folder's path, a button to choose one, and a sentence if it cannot be used. Empty is a choice too."""

    chosen = Signal(str)  # a folder that can be written to, absolute; or ""

    def __init__(self, look: Look, name: str, nothing: str, parent: QWidget) -> None:
        """`name` of the field; the button is `name`_choose. `nothing` says what an empty field means."""
        super().__init__(parent)
        self._folder = ""
        self._check = FolderCheck(self)
        self._check.passed.connect(self._on_passed)
        self._check.refused.connect(self._complain)
        self.field = QLineEdit(self)
        leave_drops_to_window(self.field)
        self.field.setObjectName(name)
        self.field.setPlaceholderText(nothing)
        self.field.setToolTip(self.tr("Empty means: {nothing}").format(nothing=nothing))
        self.field.setClearButtonEnabled(True)
        self.field.setFixedWidth(_FIELD_WIDTH)
        self.field.editingFinished.connect(self._on_edited)
        self.field.textChanged.connect(self._on_text_changed)
        choose = QToolButton(self)
        choose.setObjectName(f"{name}_choose")
        choose.setProperty("role", "plain")
        choose.setAccessibleName(self.tr("Choose folder"))
        choose.setToolTip(self.tr("A folder that can be written to"))
        choose.clicked.connect(self._on_choose)
        look.icons.set_on(choose, "folder-open")
        self._complaint = QLabel(self)
        self._complaint.setObjectName(f"{name}_complaint")
        self._complaint.setProperty("role", "error")
        self._complaint.setWordWrap(True)
        self._look, self._sign = look, QLabel(self)
        below = QHBoxLayout()
        below.setSpacing(_BUTTON_GAP)
        below.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        below.addWidget(self._complaint, 1)
        line = QHBoxLayout()
        line.setSpacing(_BUTTON_GAP)
        line.addWidget(self.field)
        line.addWidget(choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_XS)
        layout.addLayout(line)
        layout.addLayout(below)
        look.icons.ready.connect(self._on_look_changed)
        look.theme.changed.connect(self._on_look_changed)
        self._on_look_changed()
        self._complain("")

    def show_folder(self, folder: str) -> None:
        """Show what holds; what the person has typed and cannot be used stays for editing."""
        self._folder = folder
        if not self._complaint.text() and not self.field.isModified():
            self.field.setText(folder)

    def close_down(self, until: QDeadlineTimer) -> None:
        """Wait for a disk that was asked: only for a program that ends."""
        self._check.close(until)

    def _on_text_changed(self, text: str) -> None:
        if not text:
            self._settle("")  # also by the button in the field, after which nobody presses Enter

    def _on_edited(self) -> None:
        text = self.field.text().strip()
        if text == self._folder:
            self._settle(text)
            return
        try:
            folder = Path(text).expanduser().absolute()
        except RuntimeError:  # ~somebody who is not there
            self._complain(self.tr("There is no such folder. Choose another one."))
            return
        self._check.ask(folder)

    def _on_choose(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Choose folder"), self._folder or str(Path.home()))
        if folder:
            self.field.setText(folder)
            self._on_edited()

    def _on_passed(self, folder: Path) -> None:
        self._settle(str(folder))

    def _settle(self, folder: str) -> None:
        self._check.forget()
        self._complain("")
        self.field.setModified(False)
        if folder != self._folder:
            self._folder = folder
            self.chosen.emit(folder)
        self.field.setText(folder)

    def _complain(self, sentence: str) -> None:
        self._complaint.setText(sentence)
        for label in (self._sign, self._complaint):
            label.setVisible(bool(sentence))
        self.field.setAccessibleDescription(sentence)
        self.field.setProperty("invalid", bool(sentence))
        self.field.style().unpolish(self.field)
        self.field.style().polish(self.field)

    def _on_look_changed(self) -> None:
        icon = self._look.icons.pixmap("warning-circle-fill", "error", TEXT_ICON, self.devicePixelRatioF())
        self._sign.setPixmap(icon)


class WordedSlider(QWidget):
    """A slider with its value in words beside it."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setObjectName(name)
        self.slider.setFixedWidth(CONTROL_WIDTH - _WORDS_WIDTH + SPACE_L)
        self._words = QLabel(self)
        self._words.setObjectName(f"{name}_words")
        self._words.setMinimumWidth(_WORDS_WIDTH)
        self._words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        leave_wheel_to_page(self.slider)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_M)
        layout.addWidget(self._words)
        layout.addWidget(self.slider)

    def say(self, words: str) -> None:
        self._words.setText(words)
        self.slider.setAccessibleDescription(words)


class _WheelGuard(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()  # goes on to the page
            return True
        return False


def leave_wheel_to_page(control: QWidget) -> None:
    """Let the wheel scroll the page over this control: it changes a value only where the person has begun to change it."""
    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    control.installEventFilter(_WheelGuard(control))


def card(rows: Sequence[QWidget], parent: QWidget) -> QFrame:
    """Rows in a frame, with a line between each two."""
    frame = QFrame(parent)
    frame.setProperty("role", "card")
    frame.setMaximumWidth(FORM_WIDTH)
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(_ROW_MARGIN, 0, _ROW_MARGIN, 0)
    layout.setSpacing(0)
    for number, one in enumerate(rows):
        if number:
            line = QFrame(frame)
            line.setProperty("role", "separator")
            line.setFixedHeight(1)
            layout.addWidget(line)
        layout.addWidget(one)
    return frame


def row(words: str, hint: str, control: QWidget, parent: QWidget, named: QWidget | None = None) -> QWidget:
    """A label with a hint at the left, a control at the right. `named`: the part of the control that the label names."""
    line = QWidget(parent)
    named = named or control
    label = QLabel(words, line)
    label.setProperty("role", "label")
    label.setBuddy(named)
    named.setAccessibleName(words)
    if hint and not named.accessibleDescription():
        named.setAccessibleDescription(hint)
    if not named.toolTip():
        named.setToolTip(hint)
    left = QVBoxLayout()
    left.setSpacing(1)
    left.addStretch(1)
    left.addWidget(label)
    if hint:
        small = QLabel(hint, line)
        small.setProperty("role", "small")
        small.setWordWrap(True)
        left.addWidget(small)
    left.addStretch(1)
    layout = QHBoxLayout(line)
    layout.setContentsMargins(0, SPACE_M, 0, SPACE_M)
    layout.setSpacing(SPACE_XL)
    layout.addLayout(left, 1)
    layout.addWidget(control)
    return line


def heading(words: str, parent: QWidget) -> QLabel:
    label = QLabel(words, parent)
    label.setProperty("role", "section")
    label.setContentsMargins(0, SPACE_M, 0, 0)  # with the room between rows of the page
    return label
