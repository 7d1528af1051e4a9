"""Models: what there is, how good it is, and what to do with it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from p2p_desktop.ui import model_words
from p2p_desktop.ui.drop_hint import DropHint
from p2p_desktop.ui.drops import Dropped, leave_drops_to_window, sorted_by_name, where_it_goes
from p2p_desktop.ui.folding_panel import FoldingPanel
from p2p_desktop.ui.import_dialog import ImportDialog
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.measure_dialog import MeasureDialog
from p2p_desktop.ui.model_cards import ModelCards
from p2p_desktop.ui.model_panel import ModelPanel
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.rename_dialog import RenameDialog
from p2p_desktop.ui.theme import PLAIN_TOP_BAR_HEIGHT, SPACE_L, SPACE_M, SPACE_S, SPACE_XL
from p2p_desktop.ui.try_dialog import TryDialog
from p2p_desktop.ui.widgets import Note, SegmentedControl
from p2p_desktop.ui.working_model import WorkingModel

if TYPE_CHECKING:  # it imports NumPy; the first paint does not wait for it
    from p2p_desktop.models.library import Model

_SEARCH_WIDTH = 150


class ModelsPage(QWidget):
    use_asked = Signal(str)
    watch_asked = Signal(str)  # in Live

    def __init__(self, look: Look, shelf: ModelShelf, working: WorkingModel, examples: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._shelf, self._working, self._examples = look, shelf, working, examples
        self._dialogs: list[TryDialog | MeasureDialog] = []
        self._import: ImportDialog | None = None
        self._awaited = ""  # a model that was imported, until the shelf knows it
        self._foreign: list[Path] = []  # files that wait to be asked about
        self._note = Note(look, "info", self)
        self._cards = ModelCards(look, shelf, self)
        self._panel = ModelPanel(look, shelf, self)
        self._folding = FoldingPanel(look, self._panel, self.tr("About the model"), self)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._cards)
        self._pages.addWidget(self._nothing())
        self._hint = DropHint(look, "", self._pages)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(self._top())
        frame = QFrame(self)
        frame.setProperty("role", "page")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(SPACE_XL, SPACE_M, SPACE_XL, 0)
        inside.addWidget(self._note)
        frame.hide()
        self._note.shown.connect(frame.setVisible)
        left.addWidget(frame)
        left.addWidget(self._pages, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(left, 1)
        layout.addWidget(self._folding)
        self._connect()
        self._show()

    def set_narrow(self, on: bool) -> None:
        self._folding.set_narrow(on)
        self._search.setFixedWidth(_SEARCH_WIDTH - 40 if on else _SEARCH_WIDTH)

    def take_keyboard(self, reason: Qt.FocusReason) -> None:
        """Put the keyboard on the selected card."""
        self._cards.setFocus(reason)

    def highlight_drop(self, what: Dropped | None) -> None:
        """Show where what is being dragged will go; None: nothing is."""
        if what:
            self._hint.say(where_it_goes(what))
        self._hint.show_over(bool(what))

    def import_files(self, files: Sequence[Path]) -> None:
        """Ask about files of other programs, one after the other."""
        self._foreign += files
        if self._import is None and self._foreign:
            self._import = ImportDialog(self._look, self._foreign.pop(0), self)
            self._import.imported.connect(self._on_imported)
            self._import.try_asked.connect(self._on_try)
            self._import.finished.connect(self._on_import_over)
            self._import.open()

    def close_down(self, _: QDeadlineTimer) -> None:
        self._foreign.clear()
        for dialog in (*self._dialogs, self._import):
            if dialog is not None:
                dialog.close()

    def _top(self) -> QFrame:
        bar = QFrame(self)
        bar.setProperty("role", "top_bar")
        bar.setFixedHeight(PLAIN_TOP_BAR_HEIGHT)
        title = QLabel(self.tr("Models"), bar)
        title.setProperty("role", "title")
        self._filter = SegmentedControl(
            self._look,
            [
                ("all", self.tr("All"), "", self.tr("Every model at hand")),
                ("shipped", self.tr("Built in"), "", self.tr("What came with the program")),
                ("added", self.tr("Yours"), "", self.tr("What you trained or added")),
            ],
            bar,
        )
        self._filter.setObjectName("models_filter")
        self._search = QLineEdit(bar)
        self._search.setObjectName("models_search")
        leave_drops_to_window(self._search)
        self._search.setPlaceholderText(self.tr("Search"))
        self._search.setAccessibleName(self.tr("Search the models"))
        self._search.setToolTip(self.tr("By name, or by what they do"))
        self._search.setClearButtonEnabled(True)
        self._search.setFixedWidth(_SEARCH_WIDTH)
        add = QPushButton(self.tr("Add a model"), bar)
        add.setObjectName("models_add")
        add.setToolTip(self.tr("A .safetensors file, or a .pth of another program; dropping it on the window does the same"))
        add.clicked.connect(self._on_add)
        self._look.icons.set_on(add, "plus")
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(SPACE_XL, 0, SPACE_L, 0)
        layout.setSpacing(SPACE_M)
        layout.addWidget(title)
        layout.addStretch(1)
        layout.addWidget(self._filter)
        layout.addWidget(self._search)
        layout.addWidget(add)
        return bar

    def _nothing(self) -> QFrame:
        page = QFrame(self)
        page.setProperty("role", "page")
        self._nothing_words = QLabel(page)
        self._nothing_words.setObjectName("models_nothing")
        self._nothing_words.setTextFormat(Qt.TextFormat.PlainText)
        self._nothing_words.setProperty("role", "muted")
        self._everything = QPushButton(self.tr("Show all"), page)
        self._everything.setObjectName("models_show_all")
        self._everything.setToolTip(self.tr("Takes the search and the filter away"))
        self._everything.clicked.connect(self._on_show_all)
        layout = QVBoxLayout(page)
        layout.addStretch(1)
        layout.addWidget(self._nothing_words, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(SPACE_S)
        layout.addWidget(self._everything, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(2)
        return page

    def _connect(self) -> None:
        self._shelf.changed.connect(self._show)
        self._shelf.added.connect(self._on_added)
        self._shelf.known.connect(self._on_known)
        self._shelf.removed.connect(self._on_removed)
        self._shelf.renamed.connect(self._on_renamed)
        self._shelf.failed.connect(self._on_failed)
        self._filter.chosen.connect(self._on_filter_chosen)
        self._search.textChanged.connect(self._on_search)
        self._cards.model_selected.connect(self._panel.show_model)
        for source in (self._cards, self._panel):
            source.use_asked.connect(self.use_asked)
            source.measure_asked.connect(self._on_measure)
            source.rename_asked.connect(self._on_rename)
            source.remove_asked.connect(self._on_remove)
        self._panel.watch_asked.connect(self.watch_asked)
        self._panel.try_asked.connect(self._on_try)
        self._cards.menu_asked.connect(self._on_menu)

    def _show(self) -> None:
        """Show the models that filter and search let through."""
        models = self._shelf.models
        for key, words in (("all", self.tr("All")), ("shipped", self.tr("Built in")), ("added", self.tr("Yours"))):
            self._filter.set_words(key, f"{words} {sum(key in ('all', model.origin) for model in models)}")
        shown = [model for model in models if self._passes(model)]
        self._pages.setCurrentIndex(0 if shown else 1)
        self._nothing_words.setText(self._why_nothing())
        self._everything.setVisible(bool(models))
        self._cards.show_models(shown)
        if self._awaited and self._shelf.find(self._awaited) is not None:
            awaited, self._awaited = self._awaited, ""
            self._bring(awaited)

    def _why_nothing(self) -> str:
        if not self._shelf.is_read:
            return self.tr("Getting ready")
        if not self._shelf.models:
            return self.tr("There is no model yet. Drop a model file here, or add one.")
        wanted = self._search.text().strip()
        if wanted:
            return self.tr("No model here has {words} in its name or in what it does.").format(words=f"\u201c{wanted}\u201d")
        return self.tr("None of the models is yours yet. Drop a model file here, or add one.")

    def _passes(self, model: "Model") -> bool:
        if self._filter.choice not in ("all", model.origin):
            return False
        words = model_words.does(model.card) if model.card is not None else ""
        return self._search.text().strip().casefold() in f"{model.name} {words}".casefold()

    def _on_filter_chosen(self, _: str) -> None:
        self._show()

    def _on_search(self, _: str) -> None:
        self._show()

    def _on_show_all(self) -> None:
        self._filter.choose("all")
        self._search.clear()
        self._show()

    def _on_add(self) -> None:
        kinds = self.tr("Model files (*.safetensors *.pth *.pt)")
        files, _ = QFileDialog.getOpenFileNames(self, self.tr("Add a model"), "", kinds)
        chosen = sorted_by_name(files)
        if chosen.models:
            self._shelf.add(chosen.models)
        self.import_files(chosen.foreign)

    def _on_added(self, name: str) -> None:
        self._bring(name)
        self._say("success", self.tr("{name} is here now.").format(name=name))

    def _on_imported(self, name: str) -> None:
        if self._shelf.find(name) is not None:  # it was seen on the disk before the answer came
            self._bring(name)
            return
        self._awaited = name
        self._shelf.refresh()

    def _on_import_over(self, _: int) -> None:
        self._import = None
        self.import_files(())

    def _on_known(self, names: list[str]) -> None:
        self._bring(names[-1])
        titles = [model_words.title(model) for model in map(self._shelf.find, names) if model is not None]
        words = self.tr("You already have this model: {names}.") if len(names) == 1 else self.tr("You already have these: {names}.")
        self._say("info", words.format(names=", ".join(titles)))

    def _bring(self, name: str) -> None:
        """Select a model, whatever was filtered before."""
        self._on_show_all()
        self._cards.select(name)
        if self.isVisible():
            self.take_keyboard(Qt.FocusReason.OtherFocusReason)

    def _on_removed(self, name: str, where: Path) -> None:
        self._removed = where
        words = self.tr("Removed {name}.").format(name=name)
        self._say("info", words, self.tr("Its file is kept. A conversion that uses it goes on."))
        self._note.add_button(self.tr("Undo"), "models_undo").clicked.connect(self._on_undo)

    def _on_undo(self) -> None:
        self._note.clear()
        self._shelf.restore(self._removed)

    def _on_renamed(self, _: str, new: str) -> None:
        self._note.clear()
        self._cards.select(new)

    def _on_failed(self, sentence: str) -> None:
        if self.findChild(RenameDialog) is None:  # it says by itself why a name cannot be used
            self._say("error", sentence)

    def _on_rename(self, name: str) -> None:
        model = self._shelf.find(name)
        if model is None or model.origin != "added":
            self._say("info", self.tr("{name} came with the program and keeps its name.").format(name=name))
            return
        RenameDialog(self._look, self._shelf, name, self).open()

    def _on_remove(self, name: str) -> None:
        self._shelf.remove(name)

    def _on_try(self, name: str) -> None:
        model = self._shelf.find(name)
        if model is not None and model.card is not None:
            dialog = TryDialog(self._look, self._working, model, self._examples, self)
            dialog.use_asked.connect(self.use_asked)
            dialog.finished.connect(self._on_dialog_finished)
            self._dialogs.append(dialog)
            dialog.show()

    def _on_measure(self, name: str) -> None:
        model = self._shelf.find(name)
        if model is None or model.card is None:
            return
        for dialog in self._dialogs:
            if isinstance(dialog, MeasureDialog) and dialog.model_name == name:
                dialog.raise_()
                dialog.activateWindow()
                return
        measuring = MeasureDialog(self._look, self._working.measuring(self), model, model.card, self)
        measuring.measured.connect(self._shelf.refresh)
        measuring.finished.connect(self._on_dialog_finished)
        self._dialogs.append(measuring)
        measuring.show()

    def _on_dialog_finished(self) -> None:
        dialog = self.sender()
        if isinstance(dialog, TryDialog | MeasureDialog) and dialog in self._dialogs:
            self._dialogs.remove(dialog)
            if self.isVisible():  # back to where it was opened; not if its model is used on another page now
                if self._cards.shows(dialog.model_name):
                    self._cards.select(dialog.model_name)
                self.take_keyboard(Qt.FocusReason.OtherFocusReason)

    def _on_menu(self, name: str, where: QPoint) -> None:
        model = self._shelf.find(name)
        if model is None:
            return
        menu = QMenu(self)
        menu.setObjectName("models_menu")
        for key, words, is_possible in (
            ("use", self.tr("Use in Convert"), model.card is not None),
            ("try", self.tr("Try on a picture"), model.card is not None),
            ("measure", self.tr("Measure"), model.card is not None),
            ("rename", self.tr("Rename"), model.origin == "added"),
            ("remove", self.tr("Remove"), model.origin == "added"),
        ):
            action = menu.addAction(words)
            action.setData((key, name))
            action.setEnabled(is_possible)
        menu.triggered.connect(self._on_menu_triggered)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)

    def _on_menu_triggered(self, action: QAction) -> None:
        key, name = action.data()
        match key:
            case "use":
                self.use_asked.emit(name)
            case "try":
                self._on_try(name)
            case "measure":
                self._on_measure(name)
            case "rename":
                self._on_rename(name)
            case "remove":
                self._on_remove(name)

    def _say(self, kind: str, text: str, detail: str = "") -> None:
        self._note.clear()
        self._note.set_kind(kind)  # type: ignore[arg-type]  # one of Note's kinds
        self._note.say(text, detail)
