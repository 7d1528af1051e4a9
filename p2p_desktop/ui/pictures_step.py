"""Second step of the wizard: the pictures to learn from, what was found of them, and which of a pair goes in."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from p2p_desktop.runs.run_draft import RunDraft
from p2p_desktop.ui import picture_words
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.notes import Note
from p2p_desktop.ui.pair_glance import PairGlance
from p2p_desktop.ui.picture_folder import PictureFolder
from p2p_desktop.ui.theme import RADIUS_DROP_AREA, SPACE_L, SPACE_M, SPACE_S, SPACE_XL, SPACE_XS, SPACE_XXL
from p2p_desktop.ui.wizard_step import WizardStep
from p2p_desktop.workers.pair_search import FoundPairs, PairSearch
from training.contract.folder_names import named_sides
from training.contract.picture_names import is_picture_name, raw_kind
from training.contract.tasks import TASKS, Task

_WIDTH = 860
_ICON = 32
_DASH = (5.0, 4.0)  # in widths of the pen
_OTHER_WAY = {"AtoB": "BtoA", "BtoA": "AtoB"}


class PicturesStep(WizardStep):
    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._task: Task = next(iter(TASKS.values()))
        self._found: FoundPairs | None = None
        self._refused, self._is_looking = "", False
        self._direction = "AtoB"
        self._search = PairSearch(self)
        self._search.found.connect(self._on_found)
        self._search.refused.connect(self._on_refused)
        title = QLabel(self.tr("Which pictures shall it learn from?"), self)
        title.setProperty("role", "title")
        self._area = _DropArea(look, self)
        self._warning = Note(look, "warning", self, closable=False)
        self._warning.setObjectName("train_pictures_warning")
        self._first = PictureFolder(
            look,
            "train_data",
            self.tr("Folder"),
            self.tr("All pictures in it and in the folders below it; they are only read"),
            self,
        )
        self._second = PictureFolder(
            look,
            "train_data_b",
            self.tr("Folder of the second pictures (B)"),
            self.tr("Only where they do not lie in the folder above; each is called like its partner"),
            self,
        )
        for one in (self._first, self._second):
            one.edited.connect(self._on_edited)
            one.chosen.connect(self._look_again)
        self._elsewhere = QPushButton(self.tr("The second pictures lie in another folder"), self)
        self._elsewhere.setObjectName("train_data_b_open")
        self._elsewhere.setProperty("role", "link")
        self._elsewhere.setToolTip(self.tr("Opens a field for their folder"))
        self._elsewhere.clicked.connect(self._on_elsewhere)
        self._result = self._make_result()
        column = QVBoxLayout()
        column.setSpacing(SPACE_M)
        for widget in (title, self._warning, self._area, self._first, self._second, self._result):
            column.addWidget(widget)
        column.insertWidget(5, self._elsewhere, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        inner = QWidget(self)
        inner.setMaximumWidth(_WIDTH)
        inner.setLayout(column)
        column.setContentsMargins(0, 0, 0, 0)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE_XXL, SPACE_L, SPACE_XXL, SPACE_XXL)
        layout.addWidget(inner, 1)
        layout.addStretch(0)
        self._second.hide()
        self._show()

    # --- as a step

    def enter(self, draft: RunDraft) -> None:
        task = draft.task_spec or self._task
        is_other, wants_other = task.name != self._task.name, task.wanted != self._task.wanted
        self._task = task
        if is_other or self._first.folder is None:
            self._direction = draft.changes.get("direction", task.direction)
        if self._first.folder is None and draft.data is not None:
            self._second.put(draft.data_b)
            self._first.put(draft.data)
        elif wants_other:
            self._look_again()
        self._show()

    def leave(self, draft: RunDraft) -> None:
        data, data_b = self._first.folder, self._second.folder if self._takes_two else None
        if (data, data_b) != (draft.data, draft.data_b):
            draft.forget_decisions()
        draft.data, draft.data_b = data, data_b
        draft.changes.pop("direction", None)
        if self._has_direction and self._direction != self._task.direction:
            draft.changes["direction"] = self._direction

    def why_not(self) -> str:
        if self._first.folder is None:
            return self.tr("Choose the folder that holds the pictures.")
        if self._refused:
            return self._refused
        return self.tr("The folder is being looked through.") if self._found is None else ""

    def words(self) -> tuple[str, str]:
        if self._found is None:
            return self.tr("Looking through the folder") if self._is_looking else self.tr("No pictures yet"), ""
        return self.tr("{what} found").format(what=picture_words.headline(self._found)), picture_words.split(self._found)

    def close_down(self, until: QDeadlineTimer) -> None:
        self._search.close(until)

    def take_drop(self, paths: Sequence[Path]) -> None:
        """Take what was dropped on the window: a folder, the two folders of pairs, or pictures, which stand for their folder."""
        pictures = [path for path in paths if is_picture_name(path.name) or raw_kind(path.name)]
        if pictures:
            folders = {path.parent for path in pictures}
            if len(pictures) < len(paths) or len(folders) > 1:
                self.said.emit(self._why_none())
                return
            paths = list(folders)
            words = self.tr("The folder of what was dropped was taken, with all the pictures in it: {folder}")
            self.said.emit(words.format(folder=paths[0]))
        if not paths:
            return
        most = 2 if self._takes_two else 1
        if len(paths) > most:
            self.said.emit(self._why_only(len(paths), most))
        first, second = paths[0], None
        if len(paths) > 1 and self._takes_two:
            named = named_sides({path.name.casefold(): path for path in paths[:2]})
            first, second = named or (paths[0], paths[1])
        self._second.put(second)
        self._second.setVisible(second is not None)
        self._first.put(first)
        self._show()

    def _why_none(self) -> str:
        if self._takes_two:
            return self.tr("Nothing was taken: the pictures do not lie in one folder. Drop their folder, or both folders of pairs.")
        return self.tr("Nothing was taken: the pictures do not lie in one folder. Drop the folder that holds all of them.")

    def _why_only(self, dropped: int, taken: int) -> str:
        if taken == 1:
            return self.tr("Of the {n} that were dropped, the first was taken. Put pictures of several folders into one.").format(
                n=dropped
            )
        return self.tr("Of the {n} that were dropped, the first two were taken: pairs lie in one folder, or in two.").format(
            n=dropped
        )

    def highlight_drop(self, on: bool) -> None:
        """Show that what is being dragged over the window will be taken."""
        self._area.highlight(on)

    # --- building

    def _make_result(self) -> QFrame:
        frame = QFrame(self)
        frame.setProperty("role", "card")
        self._headline, self._layout_words, self._split = QLabel(frame), QLabel(frame), QLabel(frame)
        self._lonely = Note(self._look, "warning", frame, closable=False)
        self._lonely.setObjectName("train_pictures_lonely")
        for label, name, role in (
            (self._headline, "train_pictures_found", "section"),
            (self._layout_words, "train_pictures_layout", ""),
            (self._split, "train_pictures_split", "muted"),
        ):
            label.setObjectName(name)
            label.setProperty("role", role)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._glance = PairGlance(self._look, frame)
        self._way = QLabel(frame)
        self._way.setObjectName("train_pictures_way")
        self._way.setTextFormat(Qt.TextFormat.PlainText)
        self._way.setWordWrap(True)
        self._swap = QPushButton(self.tr("Swap"), frame)
        self._swap.setObjectName("train_swap")
        self._swap.setToolTip(self.tr("What comes out goes in, and the reverse"))
        self._swap.clicked.connect(self._on_swap)
        self._look.icons.set_on(self._swap, "swap")
        line = QHBoxLayout()
        line.setSpacing(SPACE_M)
        line.addWidget(self._way, 1)
        line.addWidget(self._swap)
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(SPACE_XL, SPACE_L, SPACE_XL, SPACE_L)
        layout.setSpacing(SPACE_XS)
        layout.addWidget(self._headline)
        layout.addWidget(self._layout_words)
        layout.addWidget(self._split)
        layout.addSpacing(SPACE_S)
        layout.addWidget(self._glance)
        layout.addSpacing(SPACE_XS)
        layout.addLayout(line)
        layout.addWidget(self._lonely)
        return frame

    # --- what is shown

    @property
    def _takes_two(self) -> bool:
        return self._task.wanted != "photos"

    @property
    def _has_direction(self) -> bool:
        return self._task.source == "found"

    def _show(self) -> None:
        self._area.say(*picture_words.wanted(self._task))
        what, advice = picture_words.warning(self._task, self._found)
        if what:
            self._warning.say(what, advice)
        else:
            self._warning.clear()
        has_second = self._takes_two and (self._second.isVisibleTo(self) or self._second.folder is not None)
        self._second.setVisible(has_second)
        self._elsewhere.setVisible(self._takes_two and not has_second)
        self._result.setVisible(self._found is not None)
        if self._found is not None:
            self._show_found(self._found)

    def _show_found(self, found: FoundPairs) -> None:
        is_swapped = self._has_direction and self._direction == "BtoA"
        self._headline.setText(picture_words.headline(found))
        self._layout_words.setText(picture_words.layout(found, self._task))
        self._split.setText(picture_words.split(found))
        self._glance.show_pairs(found.shown, is_swapped=is_swapped)
        entering, leaving = picture_words.sides(found)
        if is_swapped:
            entering, leaving = leaving, entering
        self._way.setText(self.tr("{a} goes in, {b} should come out.").format(a=_capital(entering), b=leaving))
        has_way = self._has_direction and found.layout != "photos"
        self._way.setVisible(has_way)
        self._swap.setVisible(has_way)
        over = picture_words.left_over(found)
        if over:
            self._lonely.say(over)
        else:
            self._lonely.clear()

    # --- what happens

    def _on_elsewhere(self) -> None:
        self._second.show()
        self._show()
        self._second.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_edited(self) -> None:
        self._forget()
        self._show()
        self.changed.emit()

    def _forget(self) -> None:
        self._search.forget()
        self._found, self._refused, self._is_looking = None, "", False

    def _look_again(self) -> None:
        self._forget()
        first, second = self._first.folder, self._second.folder if self._takes_two else None
        for one in (self._first, self._second):
            one.complain("")
        for one in (self._first, *([self._second] if self._takes_two else [])):
            if problem := one.problem():
                one.complain(problem)
                self._refused = self._refused or problem
        if first is not None and not self._refused:
            self._is_looking = True
            self._search.look(first, self._task.wanted, second)
        self._show()
        self.changed.emit()

    def _on_found(self, found: FoundPairs) -> None:
        self._found, self._is_looking = found, False
        self._show()
        self.changed.emit()

    def _on_refused(self, sentence: str, which: str) -> None:
        self._refused, self._is_looking = sentence, False
        (self._second if which == "data_b" else self._first).complain(sentence)
        self._show()
        self.changed.emit()

    def _on_swap(self) -> None:
        self._direction = _OTHER_WAY[self._direction]
        self._show()
        self.changed.emit()


class _DropArea(QFrame):
    """Where to drop; everything on the window works as well."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._is_target = look, False
        self.setObjectName("train_drop_area")
        self._icon, self._headline, self._words = QLabel(self), QLabel(self), QLabel(self)
        self._headline.setObjectName("train_drop_headline")
        self._headline.setProperty("role", "section")
        self._words.setProperty("role", "muted")
        words = QVBoxLayout()
        words.setSpacing(SPACE_XS)
        for label in (self._headline, self._words):
            label.setWordWrap(True)
            words.addWidget(label)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_XL, SPACE_XL, SPACE_XL)
        layout.setSpacing(SPACE_L)
        layout.addWidget(self._icon)
        layout.addLayout(words, 1)
        look.icons.ready.connect(self._on_look_changed)
        look.theme.changed.connect(self._on_look_changed)
        self._on_look_changed()

    def say(self, headline: str, words: str) -> None:
        self._headline.setText(headline)
        self._words.setText(words)
        self.setAccessibleName(headline)

    def highlight(self, on: bool) -> None:
        self._is_target = on
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, on = self._look.theme, self._is_target
        pen = QPen(theme.color("accent_text" if on else "outline"), 2.0 if on else 1.5)
        pen.setDashPattern(_DASH)
        painter.setPen(pen)
        painter.setBrush(theme.color("selected" if on else "surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS_DROP_AREA, RADIUS_DROP_AREA)

    def _on_look_changed(self) -> None:
        self._icon.setPixmap(self._look.icons.pixmap("folder-open", "muted", _ICON, self.devicePixelRatioF()))
        self.update()


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
