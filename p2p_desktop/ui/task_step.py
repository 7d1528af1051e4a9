"""First step of the wizard: what is to be learned, as cards, and what the training begins with."""

from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPainterPath, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QGridLayout, QLabel, QVBoxLayout, QWidget

from p2p_desktop.runs.run_draft import RunDraft
from p2p_desktop.ui import task_words
from p2p_desktop.ui.choice_card import ChoiceCard, let_tab_reach
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.start_from import StartFrom
from p2p_desktop.ui.theme import RADIUS_CARD, SPACE_L, SPACE_M, SPACE_S, SPACE_XS, SPACE_XXL, SPACE_XXXL
from p2p_desktop.ui.wizard_step import WizardStep
from training.contract.tasks import TASKS, Task

_OWN = "pairs"  # first among the tasks: whoever teaches a new one comes for it
_COLUMN_CHARACTERS = 32  # a card's least width, so that it stays legible at any size of type
_MOST_COLUMNS = 3
_PICTURE_ASPECT = 0.3  # height to width
_MOST_PICTURE = 120  # pixels of its height
_GAP = 2
_ICON, _ARROW = 40, 20
_ENCODINGS = ("encoding_in", "encoding_out")
_FRAME = 2  # pixels of the frame of a chosen card


class TaskStep(WizardStep):
    def __init__(self, look: Look, shelf: ModelShelf, pictures: Path, parent: QWidget | None = None) -> None:
        """`pictures`: folder of what tasks do to a picture, before and after side by side, by their names."""
        super().__init__(parent)
        self._look = look
        self._cards: dict[str, _TaskCard] = {}
        self._drafted: tuple[str, ...] = ("",)  # the draft's task, and its encodings where they are not that task's
        self._group = QButtonGroup(self)
        title, hint = QLabel(self.tr("What should it learn?"), self), QLabel(self)
        title.setProperty("role", "title")
        hint.setText(self.tr("Every model learns from pairs: a picture as it goes in, and as it should come out."))
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        self._grid = QGridLayout()
        self._grid.setSpacing(SPACE_L)
        self._columns = 0
        for task in sorted(TASKS.values(), key=lambda task: task.name != _OWN):
            card = _TaskCard(look, task, pictures / f"{task.name}.jpg", self)
            self._cards[task.name] = card
            self._group.addButton(card)
        let_tab_reach(list(self._cards.values()))
        self._group.buttonToggled.connect(self._on_toggled)
        self._start = StartFrom(look, shelf, self)
        self._start.changed.connect(self.changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XXL, SPACE_L, SPACE_XXL, SPACE_XXL)
        layout.setSpacing(SPACE_XS)
        layout.addWidget(title)
        layout.addWidget(hint)
        layout.addSpacing(SPACE_M)
        layout.addLayout(self._grid)
        layout.addSpacing(SPACE_XXL)
        layout.addWidget(self._start)
        layout.addStretch(1)
        self._arrange()

    def enter(self, draft: RunDraft) -> None:
        self._drafted = draft.task, *(draft.changes.get(key, "") for key in _ENCODINGS)
        if draft.task in self._cards and self._task != draft.task:
            self._cards[draft.task].setChecked(True)
        else:
            self._tell_start()
        if draft.start_from != self._start.model:
            self._start.choose(draft.start_from)

    def leave(self, draft: RunDraft) -> None:
        if draft.task != self._task:
            for key in ("direction", "labels", *_ENCODINGS):  # which each task has its own of
                draft.changes.pop(key, None)
            draft.forget_decisions()  # and so is what is wrong with a pair
        draft.task = self._task
        draft.start_from = self._start.model

    def why_not(self) -> str:
        return self._start.why_not() if self._task else self.tr("Choose what is to be learned.")

    def words(self) -> tuple[str, str]:
        task = TASKS.get(self._task)
        if task is None:
            return self.tr("A new model"), ""
        return self.tr(task.title), task_words.needs(task)

    def close_down(self, until: QDeadlineTimer) -> None:
        self._start.close_down(until)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    @property
    def _task(self) -> str:
        card = self._group.checkedButton()
        return card.task.name if isinstance(card, _TaskCard) else ""

    def _arrange(self) -> None:
        """As many cards side by side as are legible."""
        least = QFontMetrics(self._look.theme.font("body")).averageCharWidth() * _COLUMN_CHARACTERS
        columns = max(1, min(_MOST_COLUMNS, (self.width() - 2 * SPACE_XXL + SPACE_L) // (least + SPACE_L)))
        if columns == self._columns:
            return
        for column in range(max(columns, self._columns)):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        self._columns = columns
        for index, card in enumerate(self._cards.values()):
            self._grid.addWidget(card, index // columns, index % columns)

    def _on_toggled(self, _: QAbstractButton, on: bool) -> None:
        if on:
            self._tell_start()
            self.changed.emit()

    def _tell_start(self) -> None:
        drafted, *encodings = self._drafted
        self._start.use_task(self._task, *(encodings if self._task == drafted else ()))


class _TaskCard(ChoiceCard):
    def __init__(self, look: Look, task: Task, picture: Path, parent: QWidget) -> None:
        super().__init__(look, parent)
        self.task = task
        self.setObjectName(f"train_task_{task.name.replace('-', '_')}")
        title = self.tr(task.title)
        self.setAccessibleName(title)
        self.setAccessibleDescription(" ".join((task_words.learns(task), task_words.needs(task), task_words.lengths(task))))
        self.setToolTip(task_words.lengths(task))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_FRAME, _FRAME, _FRAME, SPACE_L)
        layout.setSpacing(SPACE_XS)
        layout.addWidget(_TaskPicture(look, task, picture, self))
        layout.addSpacing(SPACE_S)
        for words, role in (
            (title, "section"),
            (task_words.learns(task), ""),
            (task_words.needs(task), "muted"),
            (task_words.lengths(task), "small"),
        ):
            label = QLabel(words, self)
            label.setProperty("role", role)
            label.setWordWrap(True)
            label.setContentsMargins(SPACE_L, 0, SPACE_L, 0)
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            layout.addWidget(label)
        layout.addStretch(1)


class _TaskPicture(QWidget):
    """Before and after, as the trainer itself makes them; of tasks whose pictures are the person's own, what they are of."""

    def __init__(self, look: Look, task: Task, file: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._icons = look, task_words.icons(task)
        strip = QPixmap(str(file)) if file.is_file() else QPixmap()
        half = strip.width() // 2
        self._halves = (
            None if strip.isNull() else (strip.copy(0, 0, half, strip.height()), strip.copy(half, 0, half, strip.height()))
        )
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        look.icons.ready.connect(self.update)
        look.theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(SPACE_XXXL, round(SPACE_XXXL * _PICTURE_ASPECT))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return min(_MOST_PICTURE, round(width * _PICTURE_ASPECT))

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        corners = QPainterPath()
        corners.addRoundedRect(QRectF(self.rect()).adjusted(0, 0, 0, RADIUS_CARD), RADIUS_CARD - 1, RADIUS_CARD - 1)
        painter.setClipPath(corners)
        if self._halves is None:
            self._paint_icons(painter)
            return
        width = (self.width() - _GAP) // 2
        for half, left in zip(self._halves, (0, self.width() - width), strict=True):
            painter.drawPixmap(QRect(left, 0, width, self.height()), _filling(half, width / self.height()))

    def _paint_icons(self, painter: QPainter) -> None:
        theme = self._look.theme
        painter.fillRect(self.rect(), theme.color("hover"))
        middle = QRectF(self.rect()).center()
        for name, x, side, token in (
            (self._icons[0], -_ICON - _ARROW, _ICON, "muted"),
            ("arrow-right", 0, _ARROW, "muted"),
            (self._icons[1], _ICON + _ARROW, _ICON, "accent_text"),
        ):
            box = QRectF(0, 0, side, side)
            box.moveCenter(middle)
            box.translate(x, 0)
            self._look.icons.paint(painter, box, name, theme.color(token))


def _filling(picture: QPixmap, aspect: float) -> QPixmap:
    """The middle of a picture that has this aspect (width to height)."""
    width = min(picture.width(), round(picture.height() * aspect))
    height = min(picture.height(), round(picture.width() / aspect))
    return picture.copy((picture.width() - width) // 2, (picture.height() - height) // 2, width, height)
