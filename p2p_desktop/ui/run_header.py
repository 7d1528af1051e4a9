"""The head of a run's page: its name, how it stands and how far it is; the verbs, which follow the process and not the click."""

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from p2p_desktop.runs.run_process import HELD, Standing
from p2p_desktop.runs.run_state import RunState
from p2p_desktop.ui import run_words
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.notes import BadgeKind
from p2p_desktop.ui.theme import CONTROL_HEIGHT, PLAIN_TOP_BAR_HEIGHT, SPACE_L, SPACE_M, SPACE_S, SPACE_XS
from p2p_desktop.ui.widgets import Badge, ElidedLabel, SlimProgress
from training.contract.protocol import OrderName

_BAR_HEIGHT = 3  # pixels of the line that says how far it is
_RANKS = 4  # of words that may be left out where there is no room
_SEPARATOR = "  \u00b7  "
_WORDS_ROOM = 250  # pixels that name and progress keep, or the verbs become icons


@dataclass(frozen=True, slots=True)
class HeadFacts:
    """What the head shows of a run."""

    name: str
    state: RunState
    standing: Standing
    is_known: bool
    """Whether its files were looked at already."""
    is_out_of_reach: bool
    """They cannot be read at the moment: how it stands is what was known before."""
    waiting: frozenset[OrderName]
    """Orders that were given and are not answered."""
    is_stopping: bool
    """A stop was answered, and the process has not ended yet."""
    is_starting: bool
    """A trainer was begun, and has not told anything yet."""
    has_model: bool
    memory_bytes: int | None
    """What its trainer takes up; None: nobody trains it here."""
    now: float
    """Unix time."""


class RunHeader(QFrame):
    back_asked = Signal()
    order_asked = Signal(str)  # an OrderName
    go_on_asked = Signal()
    use_asked = Signal()
    use_menu_asked = Signal(QPoint)  # below the button, on the screen
    more_asked = Signal(QPoint)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._words: dict[QPushButton, str] = {}
        self._told_words: list[tuple[str, int]] = []
        self.left_out: list[str] = []
        """What there is no room for here: it may be said elsewhere."""
        self._is_compact = False
        self.setProperty("role", "page")
        self._name, self._badge = ElidedLabel(self), Badge(look, "plain", "", self)
        self._name.setProperty("role", "title")
        self._name.setObjectName("train_name")
        self._badge.setObjectName("train_standing")
        self._step, self._facts = QLabel(self), ElidedLabel(self)
        self._step.setObjectName("train_step")
        self._step.setProperty("role", "label")
        self._facts.setObjectName("train_facts")
        self._facts.setProperty("role", "muted")
        self._progress = SlimProgress(look, self)
        self._progress.setFixedHeight(_BAR_HEIGHT)
        self._progress.setObjectName("train_progress")
        self._progress.setAccessibleName(self.tr("How far the training is"))
        self._make_verbs()
        line = QHBoxLayout()
        line.setContentsMargins(SPACE_L, SPACE_S, SPACE_L, SPACE_S)
        line.setSpacing(SPACE_S)
        line.addWidget(self._back)
        line.addLayout(self._told(), 1)
        for button in self._verbs:
            line.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addWidget(self._progress)
        self.setMinimumHeight(PLAIN_TOP_BAR_HEIGHT + _BAR_HEIGHT)

    def show_run(self, run: HeadFacts) -> None:
        """Show how it stands now."""
        state, standing = run.state, run.standing
        self._name.setText(run.name)
        out_of_reach: tuple[str, BadgeKind] = self.tr("Out of reach"), "warning"
        self._badge.say(*(out_of_reach if run.is_out_of_reach else run_words.standing_words(standing)))
        self._badge.setVisible(run.is_known or run.is_out_of_reach)
        is_begun = standing != "new" or not (run.is_known or run.is_out_of_reach)
        self._step.setText(run_words.step_words(state) if is_begun else "")
        told = [] if run.is_out_of_reach else run_words.progress_words(state, standing, run.now, run.memory_bytes)
        self._told_words = told
        self._progress.set_fraction(state.step / state.steps if state.steps else None)
        self._show_verbs(run)
        self._make_room()
        self._show_facts()

    @property
    def menu_place(self) -> QPoint:
        """Where a menu of the run opens, on the screen."""
        return _below(self._more)

    def _show_facts(self) -> None:
        """As much as there is room for; all of it in the tooltip."""
        waits = [(words, 0) for words in self._waiting_words()]
        parts = [*waits, *self._told_words]
        room, metrics = self._facts.width(), self._facts.fontMetrics()
        whole = _line(words for words, _ in parts)
        shown, most = whole, _RANKS
        while metrics.horizontalAdvance(shown) > room and most > 0:
            most -= 1
            shown = _line(words for words, rank in parts if rank <= most)
        self.left_out = [words for words, rank in parts if rank > most]
        self._facts.setText(shown)
        self._facts.setAccessibleName(whole)
        self._facts.setToolTip(whole.removeprefix(_SEPARATOR) if shown != whole else "")

    def _told(self) -> QVBoxLayout:
        first, second, told = QHBoxLayout(), QHBoxLayout(), QVBoxLayout()
        first.setSpacing(SPACE_M)
        self._name.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        first.addWidget(self._name)
        first.addWidget(self._badge)
        first.addStretch(1)
        second.setSpacing(0)
        second.addWidget(self._step)
        second.addWidget(self._facts, 1)
        told.setSpacing(2)
        told.addLayout(first)
        told.addLayout(second)
        return told

    def _make_verbs(self) -> None:
        self._back = self._icon_button(
            "train_all_runs", "arrow-left", self.tr("All runs"), self.tr("Goes back to the list; the run goes on")
        )
        self._back.clicked.connect(self.back_asked)
        self._preview = self._button("train_preview", "eye", self.tr("Preview now"))
        self._pause = self._button("train_pause", "pause", self.tr("Pause"))
        self._resume = self._button("train_resume", "play", self.tr("Resume"))
        self._stop = self._button("train_stop", "stop", self.tr("Stop and save"))
        self._go_on = self._button("train_go_on", "play", self.tr("Go on"))
        self._use = self._button("train_use", "export", self.tr("Use this model now"))
        self._which = self._icon_button("train_use_which", "caret-down", self.tr("Use another model of this run"), "")
        self._which.setToolTip(self.tr("The model of this very step, or of another one"))
        self._more = self._icon_button(
            "train_more", "dots-three", self.tr("More"), self.tr("Snapshot, folder, settings, compare, remove")
        )
        self._preview.setToolTip(self.tr("Draws the held-out pictures after this step, without waiting for the next time"))
        self._pause.setToolTip(self.tr("Finishes this step, saves, and waits; its memory stays in use"))
        self._resume.setToolTip(self.tr("Goes on with the next step"))
        self._stop.setToolTip(self.tr("Finishes this step, saves everything and ends; it can go on at any time"))
        for button, order in ((self._preview, "preview"), (self._pause, "pause"), (self._resume, "resume"), (self._stop, "stop")):
            button.setProperty("order", order)
            button.clicked.connect(self._on_order)
        self._go_on.clicked.connect(self.go_on_asked)
        self._use.clicked.connect(self.use_asked)
        self._which.clicked.connect(self._on_which)
        self._more.clicked.connect(self._on_more)
        self._verbs: list[QAbstractButton] = [
            self._preview, self._pause, self._resume, self._stop, self._go_on, self._use, self._which, self._more
        ]  # fmt: skip

    def _button(self, name: str, icon: str, words: str) -> QPushButton:
        button = QPushButton(words, self)
        button.setObjectName(name)
        button.setAccessibleName(words)
        self._look.icons.set_on(button, icon)
        self._words[button] = words
        return button

    def _icon_button(self, name: str, icon: str, words: str, tooltip: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setProperty("role", "icon" if name == "train_all_runs" else "plain")
        button.setAccessibleName(words)
        button.setToolTip(tooltip)
        self._look.icons.set_on(button, icon)
        return button

    def _show_verbs(self, run: HeadFacts) -> None:
        standing, waiting = run.standing, run.waiting
        held, ending = standing in HELD, run.is_stopping or "stop" in waiting
        self._say(self._preview, self.tr("Drawing...") if "preview" in waiting else self.tr("Preview now"))
        self._say(self._pause, self.tr("Pausing...") if "pause" in waiting else self.tr("Pause"))
        self._say(self._resume, self.tr("Resuming...") if "resume" in waiting else self.tr("Resume"))
        self._say(self._stop, self._stop_words(run))
        self._say(self._go_on, self.tr("Starting...") if run.is_starting else run_words.begin_words(standing))
        self._go_on.setEnabled(not run.is_starting)
        for button, is_shown in (
            (self._preview, held),
            (self._pause, held and standing != "paused"),
            (self._resume, standing == "paused"),
            (self._stop, held),
            (self._go_on, run.is_known and standing in ("stopped", "failed", "died", "new")),
            (self._use, standing != "new"),
            (self._which, standing != "new"),
        ):
            button.setVisible(is_shown and not run.is_out_of_reach)
        self._preview.setEnabled(not ending and "preview" not in waiting)
        self._pause.setEnabled(not ending and "pause" not in waiting)
        self._resume.setEnabled(not ending and "resume" not in waiting)
        self._stop.setEnabled(not ending)
        for button in (self._use, self._which):
            button.setEnabled(run.has_model or held)
        self._use.setToolTip(self._why_use(run, held))
        self._go_on.setToolTip(self._why_go_on(standing))
        self._fill(self._go_on, not self._go_on.isHidden())
        self._fill(self._use, self._go_on.isHidden())

    def _stop_words(self, run: HeadFacts) -> str:
        if run.is_stopping:
            return self.tr("Saving...")
        return self.tr("Stopping after this step...") if "stop" in run.waiting else self.tr("Stop and save")

    def _waiting_words(self) -> list[str]:
        """What a button of words says, where there is only an icon of it."""
        if not self._is_compact:
            return []
        buttons = (self._preview, self._pause, self._resume, self._stop)
        return [self._words[button] for button in buttons if self._words[button].endswith("...")]

    def _why_use(self, run: HeadFacts, held: bool) -> str:
        if not (run.has_model or held):
            return self.tr("There is no model yet: it was not trained long enough to save one")
        best = run.state.best
        if best is not None:
            words = self.tr("Opens Convert with the best model so far, of step {n}; the training goes on")
            done = self.tr("Opens Convert with its best model, of step {n}")
            return (words if held else done).format(n=f"{best.step:,}")
        if held and not run.has_model:
            return self.tr("Saves a model after this step and opens Convert with it; the training goes on")
        return self.tr("Opens Convert with its latest model")

    def _why_go_on(self, standing: Standing) -> str:
        if standing == "new":
            return self.tr("Starts it as it was set up; it goes on when this window is closed")
        return self.tr("Continues from the last checkpoint, as if it had never ended")

    def _say(self, button: QPushButton, words: str) -> None:
        if self._words[button] != words:
            self._words[button] = words
            button.setAccessibleName(words)
            self._dress(button)

    def _fill(self, button: QPushButton, on: bool) -> None:
        role = "primary" if on else ""
        if (button.property("role") or "") != role:
            button.setProperty("role", role)
            button.style().unpolish(button)
            button.style().polish(button)
            icon = "export" if button is self._use else "play"
            self._look.icons.set_on(button, icon, token="on_accent" if on else "text")
        elif button.icon().isNull():
            self._look.icons.set_on(button, "export" if button is self._use else "play", token="on_accent" if on else "text")

    # --- room

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()
        self._show_facts()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def _make_room(self) -> None:
        """Words in the verbs give way to icons before the progress has no room; the filled one keeps its words."""
        compact = self.width() < self._wide()
        if compact != self._is_compact:
            self._is_compact = compact
            for button in self._words:
                self._dress(button)

    def _wide(self) -> int:
        shown = [button for button in self._verbs if button.isVisibleTo(self)]
        metrics = self.fontMetrics()
        spare = 2 * SPACE_L + SPACE_M + CONTROL_HEIGHT  # of a button of words, beside its words
        words = sum(metrics.horizontalAdvance(self._words[one]) + spare for one in shown if isinstance(one, QPushButton))
        icons = sum(CONTROL_HEIGHT for one in shown if not isinstance(one, QPushButton))
        return words + icons + len(shown) * SPACE_S + _WORDS_ROOM + CONTROL_HEIGHT + 2 * SPACE_L + SPACE_XS

    def _dress(self, button: QPushButton) -> None:
        only_icon = self._is_compact and button.property("role") != "primary"
        button.setText("" if only_icon else self._words[button])

    def _on_order(self) -> None:
        button = self.sender()
        if isinstance(button, QPushButton):
            self.order_asked.emit(button.property("order"))

    def _on_which(self) -> None:
        self.use_menu_asked.emit(_below(self._which))

    def _on_more(self) -> None:
        self.more_asked.emit(self.menu_place)


def _line(parts: Iterable[str]) -> str:
    return "".join(f"{_SEPARATOR}{words}" for words in parts)


def _below(button: QWidget) -> QPoint:
    return button.mapToGlobal(QPoint(0, button.height()))
