"""Train at first: the runs there are, and the way to teach something new."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from p2p_desktop.ui.drop_hint import DropHint
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.run_list import RunList
from p2p_desktop.ui.run_words import begin_words
from p2p_desktop.ui.theme import PLAIN_TOP_BAR_HEIGHT, SPACE_L, SPACE_M, SPACE_S, SPACE_XL
from p2p_desktop.ui.widgets import Kind, Note

if TYPE_CHECKING:
    from p2p_desktop.runs.run_glance import RunGlance

_ICON = 48
_WORDS_WIDTH = 480


class TrainHome(QWidget):
    new_asked = Signal()
    examples_asked = Signal()
    find_asked = Signal()  # a run's folder, made elsewhere
    open_asked = Signal(Path)
    go_on_asked = Signal(Path)
    duplicate_asked = Signal(Path)
    remove_asked = Signal(Path)
    show_asked = Signal(Path)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._glances: dict[Path, RunGlance] = {}
        self.note = Note(look, "info", self)
        self.note.setObjectName("train_home_note")
        self._list = RunList(look, self)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._empty())
        self._pages.addWidget(self._list)
        self._hint = DropHint(look, "", self._pages)
        frame = QFrame(self)
        frame.setProperty("role", "page")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(SPACE_XL, SPACE_M, SPACE_XL, 0)
        inside.addWidget(self.note)
        frame.hide()
        self.note.shown.connect(frame.setVisible)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._top())
        layout.addWidget(frame)
        layout.addWidget(self._pages, 1)
        self._list.open_asked.connect(self.open_asked)
        self._list.remove_asked.connect(self._on_remove)
        self._list.menu_asked.connect(self._on_menu)
        look.icons.ready.connect(self._on_look_changed)
        look.theme.changed.connect(self._on_look_changed)
        self._on_look_changed()
        self.show_runs(())

    def show_runs(self, glances: "Sequence[RunGlance]") -> None:
        self._glances = {glance.folder: glance for glance in glances}
        self._list.show_runs(glances)
        self._pages.setCurrentIndex(1 if glances else 0)
        self._new.setVisible(bool(glances))  # the empty page has one of its own: one filled button a page

    def take_keyboard(self, reason: Qt.FocusReason) -> None:
        (self._list if self._glances else self._begin).setFocus(reason)

    def say(self, kind: Kind, words: str, detail: str = "") -> None:
        """Tell something until it is settled."""
        self.note.clear()
        self.note.set_kind(kind)
        self.note.say(words, detail)

    def highlight_drop(self, on: bool) -> None:
        """Show that a run's folder may be dropped here."""
        if on:
            self._hint.say(self.tr("Drop pictures to teach something new, or the folder of a run to open it"))
        self._hint.show_over(on)

    def close_down(self, until: QDeadlineTimer) -> None:
        self._list.close_down(until)

    def _top(self) -> QFrame:
        bar = QFrame(self)
        bar.setProperty("role", "top_bar")
        bar.setFixedHeight(PLAIN_TOP_BAR_HEIGHT)
        title = QLabel(self.tr("Train"), bar)
        title.setProperty("role", "title")
        find = QPushButton(self.tr("Open a run"), bar)
        find.setObjectName("train_find")
        find.setToolTip(self.tr("The folder of a run that was begun in a shell or on another computer"))
        find.clicked.connect(self.find_asked)
        self._look.icons.set_on(find, "folder-open")
        self._new = QPushButton(self.tr("New model"), bar)
        self._new.setObjectName("train_new")
        self._new.setProperty("role", "primary")
        self._new.setToolTip(self.tr("Teach something new with pictures of your own"))
        self._new.clicked.connect(self.new_asked)
        self._look.icons.set_on(self._new, "plus", token="on_accent")
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(SPACE_XL, 0, SPACE_L, 0)
        layout.setSpacing(SPACE_S)
        layout.addWidget(title)
        layout.addStretch(1)
        layout.addWidget(find)
        layout.addWidget(self._new)
        return bar

    def _empty(self) -> QFrame:
        page = QFrame(self)
        page.setProperty("role", "page")
        self._icon = QLabel(page)
        headline = QLabel(self.tr("Teach this computer what you want done to pictures"), page)
        headline.setProperty("role", "title")
        words = QLabel(
            self.tr(
                "Show it pairs of pictures, before and after, or plain photos for what it can make pairs of. You watch it learn, "
                "stop and go on as you like, and use what it has learnt at once. Nothing leaves this computer."
            ),
            page,
        )
        for label in (headline, words):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setFixedWidth(_WORDS_WIDTH)
        words.setProperty("role", "muted")
        self._begin = QPushButton(self.tr("New model"), page)
        self._begin.setObjectName("train_begin")
        self._begin.setProperty("role", "primary")
        self._begin.setToolTip(self.tr("Teach something new with pictures of your own"))
        self._begin.clicked.connect(self.new_asked)
        examples = QPushButton(self.tr("Try it with the example pictures"), page)
        examples.setObjectName("train_examples")
        examples.setProperty("role", "link")
        examples.setToolTip(self.tr("Teaches a small model to sharpen, from the photographs that came with the program"))
        examples.clicked.connect(self.examples_asked)
        layout = QVBoxLayout(page)
        layout.setSpacing(SPACE_M)
        layout.addStretch(2)
        for widget in (self._icon, headline, words, self._begin, examples):
            line = QHBoxLayout()  # between stretches: with an alignment, words that wrap would get the height of one line
            line.addStretch(1)
            line.addWidget(widget)
            line.addStretch(1)
            layout.addLayout(line)
        layout.addStretch(3)
        return page

    def _on_remove(self, folder: Path) -> None:
        if self._glances[folder].is_held:
            self.say("info", self.tr("{name} is being trained. Stop it first.").format(name=self._glances[folder].name))
        else:
            self.remove_asked.emit(folder)

    def _on_menu(self, folder: Path, where: QPoint) -> None:
        glance = self._glances[folder]
        is_held = glance.is_held
        menu = QMenu(self)
        menu.setObjectName("train_menu")
        for key, words, is_possible in (
            ("open", self.tr("Open"), not glance.problem),
            ("go_on", begin_words(glance.standing), not is_held and not glance.problem and glance.standing != "finished"),
            ("duplicate", self.tr("Duplicate settings"), not glance.problem),
            ("show", self.tr("Show the folder"), True),
            ("remove", self.tr("Move to the bin"), not is_held),
        ):
            action = menu.addAction(words)
            action.setData((key, folder))
            action.setEnabled(is_possible)
        menu.triggered.connect(self._on_menu_triggered)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)

    def _on_menu_triggered(self, action: QAction) -> None:
        key, folder = action.data()
        signals = {
            "open": self.open_asked,
            "go_on": self.go_on_asked,
            "duplicate": self.duplicate_asked,
            "show": self.show_asked,
            "remove": self.remove_asked,
        }
        signals[key].emit(folder)

    def _on_look_changed(self) -> None:
        self._icon.setPixmap(self._look.icons.pixmap("chart-line-up", "muted", _ICON, self.devicePixelRatioF()))
