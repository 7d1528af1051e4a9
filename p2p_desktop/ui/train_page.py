"""Train: the runs there are, a wizard for a new one, and the page of one run."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDeadlineTimer, QPoint, Qt, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from p2p_desktop.runs.duplicate import draft_of_fine_tuning, draft_of_run
from p2p_desktop.runs.health import health
from p2p_desktop.runs.run_draft import RunDraft
from p2p_desktop.runs.run_glance import is_run
from p2p_desktop.runs.run_process import Standing
from p2p_desktop.runs.run_request import read_request
from p2p_desktop.ui.drops import Dropped
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.notes import Kind
from p2p_desktop.ui.run_words import device_words
from p2p_desktop.ui.show_file import FolderDoor
from p2p_desktop.ui.train_home import TrainHome
from p2p_desktop.ui.train_wizard import TrainWizard
from p2p_desktop.ui.training_questions import ask_beside
from p2p_desktop.ui.wizard_steps import wizard_steps
from p2p_desktop.ui.working_model import WorkingModel
from p2p_desktop.workers.errands import Errands
from p2p_desktop.workers.run_control import RunControl
from p2p_desktop.workers.run_follower import RunFollower
from p2p_desktop.workers.runs_watch import RunsWatch
from training.contract.errors import P2PError
from training.contract.progress import Report, Token

if TYPE_CHECKING:
    from p2p_desktop.ui.run_comparisons import RunComparisons
    from p2p_desktop.ui.run_page import RunPage

_NUMBERS = ("step", "best_step", "value", "better_by", "steps_since_best", "saved_step")
_EXAMPLE_TASK, _EXAMPLE_PRESET = "deblur", "quick"


class TrainPage(QWidget):
    use_asked = Signal(str)  # a model's name, in Convert
    watch_asked = Signal(str)  # as above, in Live
    made = Signal(Path)  # a run's folder: the wizard has made it

    def __init__(
        self,
        look: Look,
        shelf: ModelShelf,
        working: WorkingModel,
        watch: RunsWatch,
        runs: Path,
        resources: Path,
        parent: QWidget | None = None,
    ) -> None:
        """`runs`: folder where new runs are made. `resources`: what comes with the program."""
        super().__init__(parent)
        self._look, self._shelf, self._working, self._watch = look, shelf, working, watch
        self._runs, self._resources = runs, resources
        self._errands = Errands(self)
        self._door = FolderDoor(self._errands, self)
        self._follower = RunFollower(self)
        self._control = RunControl(self._follower, self)
        watch.begun = lambda: self._control.begun
        self._wizard: TrainWizard | None = None
        self._run_page: RunPage | None = None
        self._comparisons: RunComparisons | None = None
        self._judged: tuple[int, int, int, Standing, bool] | None = None  # how far the run was when its health was last told
        self._home = TrainHome(look, self)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._home)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self._connect()
        self._on_runs_changed()

    # --- what the window asks for

    @property
    def _front(self) -> "TrainHome | TrainWizard | RunPage":
        front = self._stack.currentWidget()
        return next((page for page in (self._wizard, self._run_page) if page is front and page is not None), self._home)

    @property
    def shown_run(self) -> Path | None:
        """The run whose page is in front."""
        return self._follower.run if self._run_page is not None and self._front is self._run_page else None

    def take_keyboard(self, reason: Qt.FocusReason) -> None:
        """Put the keyboard where the page in front wants it."""
        self._front.take_keyboard(reason)

    def use_folder(self, runs: Path) -> None:
        """Make new runs in another folder from now on."""
        self._runs = runs

    def keep_awake(self, on: bool) -> None:
        """Whether the computer stays awake while a run is trained."""
        self._control.keep_awake = on

    def highlight_drop(self, what: Dropped | None) -> None:
        """Show where what is being dragged will go; None: nothing is."""
        self._home.highlight_drop(what is not None and bool(what.pictures) and self._front is self._home)
        if self._wizard is not None:
            self._wizard.highlight_drop(what if self._front is self._wizard else None)

    def take_drop(self, paths: Sequence[Path]) -> None:
        """Pictures and folders that were dropped here: for the wizard, which is opened if need be."""
        if self._wizard is None or self._front is not self._wizard:
            self.new_model()
        if self._wizard is not None:
            self._wizard.take_drop(paths)

    def new_model(self, draft: RunDraft | None = None) -> None:
        """Open the wizard, or bring it to the front."""
        if self._wizard is None:
            steps = wizard_steps(self._look, self._shelf, self._resources, self._runs)
            self._wizard = TrainWizard(self._look, steps, self._runs, self, draft=draft)
            self._wizard.run_made.connect(self._on_run_made)
            self._wizard.cancelled.connect(self._on_cancelled)
            self._stack.addWidget(self._wizard)
        self._show(self._wizard)

    def open_run(self, run: Path) -> None:
        """Show one run, live or past."""
        if self._run_page is None:
            from p2p_desktop.ui.run_page import RunPage  # imports the plots

            self._run_page = RunPage(self._look, self._follower, self._control, self)
            self._connect_run_page(self._run_page)
            self._stack.addWidget(self._run_page)
        if self._follower.run != run:
            self._judged = None
            self._follower.follow(run)
            self._run_page.refresh()  # before its health is told
        self._watch.note(run)
        self._show(self._run_page)

    def close_down(self, until: QDeadlineTimer) -> None:
        """What trains goes on."""
        for dialog in self.findChildren(QDialog):  # comparisons that may be computing
            dialog.close()
        if self._comparisons is not None:
            self._comparisons.close(until)
        if self._wizard is not None:
            self._wizard.close_down(until)
        if self._run_page is not None:
            self._run_page.close_down(until)
        self._home.close_down(until)
        self._control.close(until)
        self._follower.close(until)
        self._errands.close(until)

    # --- building

    def _connect(self) -> None:
        self._watch.changed.connect(self._on_runs_changed)
        self._watch.removed.connect(self._on_removed)
        self._watch.restored.connect(self._on_restored)
        self._watch.failed.connect(self._on_failed)
        self._follower.changed.connect(self._on_followed)
        self._control.failed.connect(self._on_run_failed)
        self._door.none_is_there.connect(self._on_no_folder)
        home = self._home
        home.new_asked.connect(self._on_new)
        home.examples_asked.connect(self._on_examples)
        home.find_asked.connect(self._on_find)
        home.open_asked.connect(self.open_run)
        home.go_on_asked.connect(self._on_go_on)
        home.duplicate_asked.connect(self._on_duplicate)
        home.remove_asked.connect(self._watch.remove)
        home.show_asked.connect(self._on_show_folder)

    def _connect_run_page(self, page: "RunPage") -> None:
        page.back_asked.connect(self._on_back)
        page.use_asked.connect(self._on_use)
        page.watch_asked.connect(self._on_watch)
        page.go_on_asked.connect(self._on_go_on_here)
        page.fine_tune_asked.connect(self._on_fine_tune)
        page.duplicate_asked.connect(self._on_duplicate)
        page.remove_asked.connect(self._watch.remove)
        page.compare_asked.connect(self._on_compare)
        page.models_asked.connect(self._on_compare_models)

    def _show(self, page: QWidget) -> None:
        self._stack.setCurrentWidget(page)
        self.take_keyboard(Qt.FocusReason.OtherFocusReason)

    # --- the home page

    def _on_runs_changed(self) -> None:
        self._home.show_runs(self._watch.glances)

    def _on_new(self) -> None:
        self.new_model()

    def _on_examples(self) -> None:
        name = self.tr("First steps")
        if self._refuse_second():
            return
        self.new_model(RunDraft(_EXAMPLE_TASK, data=self._resources / "examples", preset=_EXAMPLE_PRESET, name=name))

    def _on_find(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Open a run"), str(self._runs))
        if folder:
            self.open_folder(Path(folder))

    def open_folder(self, folder: Path) -> None:
        """Open a folder that is, or should be, a run's."""

        def work(_: Report[Any], __: Token) -> tuple[Path, bool]:  # Any: nothing is reported
            return folder, is_run(folder)

        self._errands.run(work, "looking at a folder", self._on_looked_at)

    def _on_looked_at(self, found: tuple[Path, bool] | None) -> None:
        if found is not None and found[1]:
            self.open_run(found[0])
        elif found is not None:
            words = self.tr("{folder} holds no training run. A run's folder has a file run.json in it.")
            self._say("warning", words.format(folder=found[0]))

    def _on_back(self) -> None:
        self._show(self._home)
        self._watch.look()

    def _on_show_folder(self, run: Path) -> None:
        self._door.show([run])

    def _on_no_folder(self) -> None:
        self._say("warning", self.tr("This folder is not there any more."))

    # --- a new run

    def _on_run_made(self, run: Path) -> None:
        self._end_wizard()
        self.made.emit(run)
        self._start(run)

    def _on_cancelled(self) -> None:
        self._end_wizard()
        self._show(self._home)

    def _end_wizard(self) -> None:
        wizard, self._wizard = self._wizard, None
        if wizard is not None:
            self._stack.removeWidget(wizard)
            wizard.retire()

    def _on_duplicate(self, run: Path) -> None:
        self._draft_from(lambda: draft_of_run(run))

    def _on_fine_tune(self, run: Path, model: Path) -> None:
        self._draft_from(lambda: draft_of_fine_tuning(run, model))

    def _draft_from(self, read: Callable[[], tuple[RunDraft, list[str]]]) -> None:
        """Prepare a new model as an old run says."""
        if self._refuse_second():
            return

        def work(_: Report[Any], __: Token) -> tuple[RunDraft, list[str]] | str:  # Any: nothing is reported
            try:
                return read()
            except P2PError as error:
                return str(error)

        self._errands.run(work, "reading the settings of a run", self._on_draft)

    def _on_draft(self, read: tuple[RunDraft, list[str]] | str | None) -> None:
        if not isinstance(read, tuple):
            self._on_failed(read or self.tr("The settings could not be read. The log says what happened."))
            return
        draft, gone = read
        self.new_model(draft)
        if gone:
            self._say("warning", " ".join(gone))

    def _refuse_second(self) -> bool:
        """Whether a new model is being prepared already, which then is shown."""
        if self._wizard is None:
            return False
        self._show(self._wizard)
        self._say("info", self.tr("A new model is being prepared already. Finish that, or cancel it, first."))
        return True

    # --- a run that is trained

    def _on_go_on(self, run: Path) -> None:
        self._start(run)

    def _on_go_on_here(self) -> None:
        if self._follower.run is not None:
            self._start(self._follower.run)

    def _start(self, run: Path) -> None:
        """Begin to train a run, or go on with it, unless the person would rather not have two at once."""
        self.open_run(run)

        def work(_: Report[Any], __: Token) -> tuple[Path, str]:  # Any: nothing is reported
            try:
                return run, read_request(run).device
            except P2PError:  # the trainer will say what is wrong with it
                return run, ""

        self._errands.run(work, "reading a run's request", self._on_request)

    def _on_request(self, read: tuple[Path, str] | None) -> None:
        run, device = read or (self._follower.run, "")
        if run is None:
            return
        beside = [glance for glance in self._watch.training_beside(device) if glance.folder != run] if device else []
        how: Standing = next((glance.standing for glance in self._watch.glances if glance.folder == run), "new")
        if not beside or ask_beside(beside[0].name, device_words(beside[0].device), how, self):
            self._control.start(run)
            self._watch.look()

    def _on_followed(self) -> None:
        """Tell the run's page how the run does, whenever something of it is new."""
        state = self._follower.state
        seen = state.step, len(state.validations), len(state.warnings), self._follower.standing, self._follower.disk_is_full
        if self._run_page is None or not self._follower.is_caught_up or seen == self._judged:
            return
        self._judged = seen
        found = health(state, self._follower.standing, disk_is_full=self._follower.disk_is_full)
        numbers = {name: value for name in _NUMBERS if (value := getattr(found, name)) is not None}
        self._run_page.show_health(found.code, numbers, found.message)

    def _on_compare(self, run: Path, place: QPoint) -> None:
        self._comparing().choose_other(run, self._watch.glances, place)

    def _on_compare_models(self, run: Path) -> None:
        self._comparing().compare_models(run, self._follower.state)

    def _comparing(self) -> "RunComparisons":
        if self._comparisons is None:
            from p2p_desktop.ui.run_comparisons import RunComparisons  # as above

            self._comparisons = RunComparisons(self._look, self._working, self._errands, self)
            self._comparisons.failed.connect(self._on_failed)
        return self._comparisons

    def _on_use(self, model: Path) -> None:
        self._shelf.put(model, self._on_put)

    def _on_watch(self, model: Path) -> None:
        self._shelf.put(model, self._on_put_for_live)

    def _on_put(self, name: str, problem: str) -> None:
        """The model that was asked for is in Models, or a sentence says why not."""
        if name:
            self.use_asked.emit(name)
        else:
            self._on_failed(problem)

    def _on_put_for_live(self, name: str, problem: str) -> None:
        if name:
            self.watch_asked.emit(name)
        else:
            self._on_failed(problem)

    def _on_removed(self, run: Path, where: Path) -> None:
        if self._follower.run == run:
            self._follower.unfollow()
            self._show(self._home)
        self._undo = where, run
        self._home.say("info", self.tr("Moved {name} to the bin of this program.").format(name=run.name), str(where))
        self._home.note.add_button(self.tr("Undo"), "train_undo").clicked.connect(self._on_undo)

    def _on_undo(self) -> None:
        self._home.note.clear()
        self._watch.restore(*self._undo)

    def _on_restored(self, run: Path) -> None:
        self._say("success", self.tr("{name} is back.").format(name=run.name))

    def _on_run_failed(self, run: Path, sentence: str) -> None:
        """Something about one run: its own page says it, if it is the one in front."""
        if self._front is not self._run_page or self._follower.run != run:
            self._say("error", f"{run.name}: {sentence}")

    def _on_failed(self, sentence: str) -> None:
        self._say("error", sentence)

    def _say(self, kind: Kind, words: str, detail: str = "") -> None:
        """On the page in front."""
        self._front.say(kind, words, detail)
