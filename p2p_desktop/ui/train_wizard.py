"""A new training from its first click to the run's folder: steps one after the other, in one frame."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from p2p_desktop.runs.run_draft import RunDraft
from p2p_desktop.ui.action_bar import ActionBar
from p2p_desktop.ui.choice_card import ChoiceCard
from p2p_desktop.ui.drops import Dropped
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.notes import Kind, Note
from p2p_desktop.ui.plain_words import sentences, wrapped
from p2p_desktop.ui.question import Question
from p2p_desktop.ui.step_trail import StepTrail
from p2p_desktop.ui.theme import PLAIN_TOP_BAR_HEIGHT, SPACE_M, SPACE_XL, SPACE_XXL
from p2p_desktop.ui.widgets import ElidedLabel
from p2p_desktop.ui.wizard_step import WizardStep
from p2p_desktop.workers.run_maker import RunMaker
from p2p_desktop.workers.task_thread import TaskThread
from training.contract.errors import P2PError

_LEAST_TITLE = 120  # pixels of the title, before the steps give up their words

_retired: set["TrainWizard"] = set()  # whose threads have not left yet


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step before it is made."""

    key: str
    title: str
    make: Callable[[QWidget], WizardStep]


class TrainWizard(QWidget):
    """The last step's button makes the run's folder; whoever hears `run_made` starts its trainer.

    Whoever hears `run_made` or `cancelled` lets the wizard `retire`: its threads may still wait for a disk.
    """

    run_made = Signal(Path)  # the run's folder
    cancelled = Signal()

    def __init__(
        self, look: Look, steps: Sequence[StepPlan], runs: Path, parent: QWidget | None = None, *, draft: RunDraft | None = None
    ) -> None:
        """`runs`: the folder that new runs lie in. `draft`: what is known already, as of a run that is done once more."""
        super().__init__(parent)
        self._look, self._plans, self._runs = look, tuple(steps), runs
        self._draft = draft or RunDraft()
        self._is_touched = draft is not None
        self._index = 0
        self._maker = RunMaker(self)
        self._maker.made.connect(self._on_made)
        self._maker.failed.connect(self._on_not_made)
        self._dropped: tuple[Path, ...] = ()  # what no step has taken yet
        self._ready: Path | None = None  # the run's folder, made while the person is asked whether to throw it away
        self._is_over = False
        self._question: Question | None = None
        self._note = Note(look, "error", self)
        self._note.setObjectName("train_note")
        self._pages = QStackedWidget(self)
        header = self._header()
        self._made: dict[int, WizardStep] = {}
        self._areas = [_scroll_area(self) for _ in self._plans]
        for area in self._areas:
            self._pages.addWidget(area)
        self._bar = ActionBar(look, self)
        self._back = self._bar.add_button(self.tr("Back"), "train_back", icon="arrow-left")
        self._back.clicked.connect(self._on_back)
        self._next = self._bar.add_button("", "train_next", role="primary")
        self._next.clicked.connect(self._on_next)
        self._lay_out(header)
        self._enter(0)

    @property
    def draft(self) -> RunDraft:
        """What was said so far, by the steps that were left."""
        return self._draft

    @property
    def step(self) -> WizardStep:
        """The step in front; made when it is first seen."""
        if self._index not in self._made:
            step = self._made[self._index] = self._plans[self._index].make(self)
            step.changed.connect(self._on_step_changed)
            step.said.connect(partial(self.say, "info"))
            self._areas[self._index].setWidget(step)
            self._let_tab_go_on(step)
        return self._made[self._index]

    def take_keyboard(self, reason: Qt.FocusReason) -> None:
        """Put the keyboard on the first control of the step in front."""
        self.step.setFocus(reason)
        self.step.focusNextChild()

    def take_drop(self, paths: Sequence[Path]) -> None:
        """Give what was dropped on the window to the step that takes it: at once, or when it comes to the front."""
        self._note.clear()
        self._dropped, self._is_touched = tuple(paths), True
        self._give_dropped()

    def say(self, kind: Kind, words: str, detail: str = "") -> None:
        """Tell something until it is settled."""
        self._note.set_kind(kind)
        self._note.say(words, detail)

    def highlight_drop(self, what: Dropped | None) -> None:
        """Show where what is being dragged will go, if the step in front takes it; None: nothing is dragged."""
        highlight = getattr(self.step, "highlight_drop", None)
        if highlight is not None:
            highlight(what is not None and bool(what.pictures))

    def ask_to_cancel(self) -> None:
        """End the wizard; where something would be lost, ask before."""
        if self._question is not None or self._is_over:
            return
        if not self._is_touched:
            self._cancel()
            return
        do, keep = (self.tr("Throw it away"), "train_discard"), (self.tr("Go on"), "train_keep")
        self._question = Question(self.tr("Throw this new model away?"), do, keep, "train_cancel", self)
        self._question.say(self.tr("What you chose on these pages is forgotten. Your pictures stay as they are."))
        self._question.finished.connect(self._on_answered)
        self._question.open()

    def close_down(self, until: QDeadlineTimer) -> None:
        """End what the steps still do: only for a program that ends, and may wait."""
        for step in self._made.values():
            step.close_down(until)
        self._maker.close(until)

    def retire(self) -> None:
        """End without anybody waiting for it: the wizard is not to be seen any more, and goes when its threads have left."""
        if self in _retired:
            return
        _retired.add(self)
        self._end()
        self.hide()
        self.setParent(None)
        self._maker.ended.connect(self._leave)
        for thread in self.findChildren(TaskThread):
            thread.finished.connect(self._leave)
        self._leave()

    # --- of Qt

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What no control had a use for: Return presses the button that has the keyboard, else the filled one; Escape cancels."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self._pressed().click()
        elif event.key() == Qt.Key.Key_Escape:
            self.ask_to_cancel()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _pressed(self) -> QAbstractButton:
        """What Return presses: a card that is not chosen yet is chosen first."""
        held = QApplication.focusWidget()
        if isinstance(held, QPushButton | QToolButton) or (isinstance(held, ChoiceCard) and not held.isChecked()):
            return held if self.isAncestorOf(held) else self._next
        return self._next

    # --- building

    def _header(self) -> QFrame:
        bar = QFrame(self)
        bar.setProperty("role", "top_bar")
        bar.setMinimumHeight(PLAIN_TOP_BAR_HEIGHT)
        self._title = ElidedLabel(bar)
        self._title.setObjectName("train_title")
        self._title.setProperty("role", "label")
        self._title.setMinimumWidth(_LEAST_TITLE)
        line = QFrame(bar)
        line.setProperty("role", "separator")
        line.setFixedSize(1, SPACE_XXL)
        self._trail = StepTrail(self._look, [(plan.key, plan.title) for plan in self._plans], bar)
        self._trail.chosen.connect(self._on_step_chosen)
        self._cancel_button = QPushButton(self.tr("Cancel"), bar)
        self._cancel_button.setObjectName("train_cancel")
        self._cancel_button.setProperty("role", "text")
        self._cancel_button.setToolTip(self.tr("Ends it without training; asks before anything is thrown away (Esc)"))
        self._cancel_button.clicked.connect(self.ask_to_cancel)
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(SPACE_XL, 0, SPACE_M, 0)
        layout.setSpacing(SPACE_M)
        layout.addWidget(self._title)
        layout.addWidget(line)
        layout.addWidget(self._trail)
        layout.addStretch(1)
        layout.addWidget(self._cancel_button)
        return bar

    def _lay_out(self, header: QFrame) -> None:
        page = QFrame(self)
        page.setProperty("role", "page")
        inside = QVBoxLayout(page)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(self._note)
        inside.addWidget(self._pages, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(header)
        layout.addWidget(page, 1)
        layout.addWidget(self._bar)

    def _make_room(self) -> None:
        left = self.width() - self._cancel_button.sizeHint().width() - SPACE_XL - 5 * SPACE_M - 1
        wanted = min(self._title.sizeHint().width(), left // 3)
        self._trail.show_words(self._trail.width_with_words() + max(_LEAST_TITLE, wanted) <= left)
        self._title.setMaximumWidth(max(_LEAST_TITLE, self._title.sizeHint().width()))

    def _let_tab_go_on(self, step: WizardStep) -> None:
        """From a step's last control to Back and the filled button, which were there before it."""
        last: QWidget = step
        while (following := last.nextInFocusChain()) is not None and step.isAncestorOf(following):
            last = following
        self.setTabOrder(last, self._back)
        self.setTabOrder(self._back, self._next)

    # --- what is shown

    def _show(self) -> None:
        reason, busy = self.step.why_not(), self._is_starting
        headline, detail = self.step.words()
        self._bar.say(headline, reason or detail)
        is_last = self._index == len(self._plans) - 1
        words = self.tr("Start training") if is_last else self.tr("Next: {step}").format(step=self._following())
        self._next.setText(self.tr("Starting") if busy else words)
        self._look.icons.set_on(self._next, "play-fill" if is_last else "arrow-right", token="on_accent")
        self._next.setEnabled(not reason and not busy)
        self._next.setToolTip(wrapped(reason) or self.tr("Return does the same"))
        self._back.setVisible(self._index > 0)
        self._back.setEnabled(not busy)
        self._back.setToolTip(self.tr("Nothing that you chose is lost"))
        self._bar.make_room()
        self._show_title()

    def _show_title(self) -> None:
        shown = getattr(self.step, "shown_name", None)
        name = (shown() if shown is not None else "") or self._draft.name.strip()
        task = self._draft.task_spec
        name = name or (self.tr(task.title) if task is not None else "")
        self._title.setText(self.tr("New model: {name}").format(name=name) if name else self.tr("New model"))
        self._make_room()

    def _following(self) -> str:
        return self._plans[self._index + 1].title

    def _enter(self, index: int) -> None:
        self._index = index
        self._note.clear()
        self._trail.show_step(index)
        self._pages.setCurrentIndex(index)
        self.step.enter(self._draft)
        self._give_dropped()
        self._show()

    def _give_dropped(self) -> None:
        """To the step in front, if it takes such a thing; else it is said which one does."""
        if not self._dropped:
            return
        take = getattr(self.step, "take_drop", None)
        if take is None:
            self.say("info", self.tr("What was dropped is taken on the page Pictures, when you come to it."))
        else:
            paths, self._dropped = self._dropped, ()
            take(paths)

    # --- what happens

    def _on_step_changed(self) -> None:
        if self.sender() is self.step:
            self._is_touched = True
            self._show()

    def _on_step_chosen(self, index: int) -> None:
        self._go_back_to(index)

    def _on_back(self) -> None:
        if self._index > 0:
            self._go_back_to(self._index - 1)

    def _go_back_to(self, index: int) -> None:
        if self._is_starting:
            return
        if not self.step.why_not():  # else it stays in the step's own controls, and is shown there again
            self.step.leave(self._draft)
        self._enter(index)
        self.take_keyboard(Qt.FocusReason.OtherFocusReason)

    def _on_next(self) -> None:
        if self.step.why_not() or self._is_starting:
            self._show()
            return
        self.step.leave(self._draft)
        if self._index + 1 < len(self._plans):
            self._enter(self._index + 1)
            self.take_keyboard(Qt.FocusReason.OtherFocusReason)
        else:
            self._make_run()

    @property
    def _is_starting(self) -> bool:
        return self._maker.is_busy or self._ready is not None

    def _make_run(self) -> None:
        self._note.clear()
        self._maker.make(self._draft, self._runs)
        self._show()

    def _on_made(self, run: Path) -> None:
        self._ready = run
        if self._question is None:
            self._hand_over()

    def _hand_over(self) -> None:
        run, self._ready = self._ready, None
        if run is not None:
            self._end()
            self.run_made.emit(run)

    def _on_not_made(self, error: Exception) -> None:
        words = str(error) if isinstance(error, P2PError) else self.tr("The run could not be made. The log says why.")
        self.step.enter(self._draft)  # it has ended what it did
        self.say("error", *sentences(words))
        self._show()

    def _on_answered(self, result: int) -> None:
        question, self._question = self._question, None
        if question is not None:
            question.deleteLater()
        if result == Question.DialogCode.Accepted:
            self._cancel()
        else:
            self._hand_over()

    def _cancel(self) -> None:
        self._end()
        self.cancelled.emit()

    # --- the end

    def _end(self) -> None:
        """Cancel all that is done here, without waiting; a folder that nobody has heard of is removed."""
        if self._is_over:
            return
        self._is_over = True
        for step in self._made.values():
            step.close_down(QDeadlineTimer(0))
        run, self._ready = self._ready, None
        if run is not None:
            self._maker.discard(run)
        else:
            self._maker.give_up()

    def _leave(self) -> None:
        """Go, unless a thread is still at work; it comes back here when it ends."""
        if self in _retired and not self._maker.is_busy and not any(one.isRunning() for one in self.findChildren(TaskThread)):
            _retired.discard(self)
            self.deleteLater()


def _scroll_area(parent: QWidget) -> QScrollArea:
    area = QScrollArea(parent)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
