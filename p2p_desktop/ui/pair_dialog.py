"""One pair, large: A and B half and half, side by side, or one after the other; and what can be done about it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDeadlineTimer, Qt, QTimer, Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from p2p_desktop.runs.checked_pairs import Found
from p2p_desktop.ui.compare_view import CompareView
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.no_picture import NoPicture
from p2p_desktop.ui.pair_cards import CardWords, Verb
from p2p_desktop.ui.pair_thumbnails import Wanted
from p2p_desktop.ui.theme import SPACE_M, SPACE_S, TOP_BAR_HEIGHT
from p2p_desktop.ui.widgets import ElidedLabel, SegmentedControl
from p2p_desktop.workers.task_thread import TaskThread
from training.contract.progress import Report, Token

if TYPE_CHECKING:  # OpenCV; nothing of it is needed before a pair is opened
    from p2p_desktop.convert.pyramid import Pyramid

_SIZE = (940, 660)
_FLICKER_MS = 500  # slow enough for those who must not see flashes: one change in half a second
_VERBS: tuple[Verb, ...] = ("put_right", "use", "leave_out", "undo")


class PairDialog(QDialog):
    verb_asked = Signal(str, object)  # a Verb, and the Found that it is about
    stepped = Signal(int)  # to the pair before, -1, or after, 1

    def __init__(self, look: Look, labels: tuple[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Found | None = None
        self._wanted: Wanted | None = None
        self._being_read: Wanted | None = None
        self._thread: TaskThread | None = None
        self.setObjectName("train_pair_dialog")
        self.setWindowTitle(self.tr("Compare a pair"))
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.resize(*_SIZE)
        self._view = CompareView(look, self)
        self._view.set_words(*labels)
        self._no_picture = NoPicture(look, self._view)
        self._flicker = QTimer(self)
        self._flicker.setInterval(_FLICKER_MS)
        self._flicker.timeout.connect(self._view.flip)
        self._name, self._message, self._state = ElidedLabel(self), ElidedLabel(self), QLabel(self)
        self._buttons: dict[Verb, QPushButton] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar(look))
        layout.addWidget(self._view, 1)
        layout.addLayout(self._verbs(look))

    @property
    def found(self) -> Found | None:
        """What is shown."""
        return self._found

    def name_sides(self, first: str, second: str) -> None:
        self._view.set_words(first, second)

    def show_pair(self, found: Found, words: CardWords) -> None:
        """Show a pair, or the same one as it stands by now."""
        self._found = found
        self._name.setText(words.name)
        self._message.setText(words.message)
        self._state.setText(words.state[0])
        texts = dict(words.verbs)
        for verb, button in self._buttons.items():
            button.setVisible(verb in texts)
            button.setText(texts.get(verb, button.text()))
        if words.wanted != self._wanted:
            self._wanted = words.wanted
            self._read()

    def done(self, result: int) -> None:
        self._flicker.stop()
        if self._thread is not None:
            self._thread.cancel()  # nobody waits for it: this is hidden, and not gone
        super().done(result)

    def close_down(self, until: QDeadlineTimer) -> None:
        """End the thread that reads, `until` then."""
        self._flicker.stop()
        if self._thread is not None:
            self._thread.cancel()
            self._thread.wait(until)

    def _bar(self, look: Look) -> QWidget:
        bar = QFrame(self)
        bar.setProperty("role", "top_bar")
        bar.setFixedHeight(TOP_BAR_HEIGHT)
        self._name.setProperty("role", "label")
        self._name.setObjectName("train_pair_name")
        mode = SegmentedControl(
            look,
            [
                ("divider", self.tr("Half and half"), "square-half", self.tr("Drag the line, or use Left and Right")),
                ("side_by_side", self.tr("Side by side"), "columns", self.tr("Both at the same place and zoom")),
                ("result", self.tr("Flicker"), "arrows-clockwise", self.tr("One after the other; what jumps does not lie over it")),
            ],
            self,
        )
        mode.setObjectName("train_pair_mode")
        mode.setAccessibleName(self.tr("How the two are shown"))
        mode.chosen.connect(self._on_mode_chosen)
        row = QHBoxLayout(bar)
        row.setContentsMargins(SPACE_M, 0, SPACE_M, 0)
        row.setSpacing(SPACE_M)
        row.addWidget(self._name, 1)
        row.addWidget(mode)
        return bar

    def _verbs(self, look: Look) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(SPACE_M, SPACE_M, SPACE_M, SPACE_M)
        row.setSpacing(SPACE_S)
        for step, name, icon, words in (
            (-1, "train_pair_before", "caret-left", self.tr("The pair before")),
            (1, "train_pair_after", "caret-right", self.tr("The next pair")),
        ):
            button = QToolButton(self)
            button.setObjectName(name)
            button.setProperty("role", "plain")
            button.setProperty("step", step)
            button.setAccessibleName(words)
            button.setToolTip(self.tr("{words} of this group").format(words=words))
            button.clicked.connect(self._on_step)
            look.icons.set_on(button, icon)
            row.addWidget(button)
        self._message.setProperty("role", "muted")
        self._message.setObjectName("train_pair_message")
        self._state.setProperty("role", "label")
        self._state.setObjectName("train_pair_state")
        row.addWidget(self._message, 1)
        row.addWidget(self._state)
        tips = {
            "put_right": self.tr("Cuts both to what they show in common; the files stay as they are"),
            "use": self.tr("Uses the pair as it is"),
            "leave_out": self.tr("The pair is not used; the files stay where they are"),
            "undo": self.tr("Takes back what was decided of this pair"),
        }
        for verb in _VERBS:
            act = self._buttons[verb] = QPushButton(self)
            act.setObjectName(f"train_pair_{verb}")
            act.setProperty("verb", verb)
            act.setToolTip(tips[verb])
            act.setAutoDefault(False)
            act.clicked.connect(self._on_verb)
            row.addWidget(act)
        return row

    def _read(self) -> None:
        """Have both pictures read, unless some are being read: then these follow."""
        if self._thread is not None or self._wanted is None:
            return
        wanted = self._being_read = self._wanted

        def work(_: Report[Any], token: Token) -> "tuple[Wanted, list[Pyramid]]":  # Any: it reports nothing
            from p2p_desktop.convert.pyramid import Pyramid
            from p2p_desktop.runs.pair_pictures import whole_pair

            pictures = whole_pair(wanted.files, wanted.is_strip, wanted.correction)
            token.check()
            return wanted, [Pyramid.of(rgb) for rgb in pictures]

        self._thread = TaskThread(work, "a pair to compare", self)
        self._thread.succeeded.connect(self._on_read)
        self._thread.failed.connect(self._on_failed)
        self._thread.finished.connect(self._on_finished)
        self._thread.start()

    def _on_read(self, result: "tuple[Wanted, list[Pyramid]]") -> None:
        wanted, pictures = result
        if wanted == self._wanted:
            self._no_picture.say("")
            self._view.show_before(pictures[0], self._name.text())
            self._view.show_after(pictures[1] if len(pictures) > 1 else None)

    def _on_failed(self, error: Exception) -> None:
        self._view.clear()
        self._no_picture.say(str(error))

    def _on_finished(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.deleteLater()
        if self.isVisible() and self._wanted != self._being_read:  # another pair was wanted meanwhile
            self._read()

    def _on_mode_chosen(self, mode: str) -> None:
        self._view.set_mode(mode)  # type: ignore[arg-type]  # the segments hold nothing else
        if mode == "result":
            self._flicker.start()
        else:
            self._flicker.stop()

    def _on_step(self) -> None:
        self.stepped.emit(self.sender().property("step"))

    def _on_verb(self) -> None:
        if self._found is not None:
            self.verb_asked.emit(self.sender().property("verb"), self._found)


def neighbour(shown: Sequence[Found], found: Found, step: int) -> Found:
    """The pair before or after one, the last coming before the first."""
    return shown[(shown.index(found) + step) % len(shown)] if found in shown else found
