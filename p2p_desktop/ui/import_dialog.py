"""A file of another program becomes a model: what it does not tell is asked before, what was recognised is told after."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDeadlineTimer, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from p2p_desktop import child
from p2p_desktop.ui.choices import SegmentedControl
from p2p_desktop.ui.drops import leave_drops_to_window
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import SPACE_L, SPACE_M, SPACE_S, SPACE_XL
from p2p_desktop.workers.child_answer import ChildError, ask_child
from p2p_desktop.workers.errands import Errands
from training.contract.progress import Report, Token

_WIDTH = 540
_USUAL_SIZE, _LARGEST_SIZE = 256, 4096  # pixels
_USUAL_NAME = re.compile(r"^(latest|\d+)_net_G(_[AB])?$")  # of the reference program: the folder tells what it is
_OF_A_SHELL = re.compile(r" \([^()]*--[^()]*\)")  # what a sentence says to those who type
_CLOSING_MS = 2000


class ImportDialog(QDialog):
    """One file. Ends with `imported`, or without it where the person gives up."""

    imported = Signal(str)  # the new model's name
    try_asked = Signal(str)

    def __init__(self, look: Look, file: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._file = look, file
        self._name = ""
        self._errands = Errands(self)
        self.setObjectName("import_dialog")
        self.setWindowTitle(self.tr("Import {file}").format(file=file.name))
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(_WIDTH)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._questions())
        self._pages.addWidget(self._report())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_L, SPACE_XL, SPACE_L)
        layout.setSpacing(SPACE_M)
        layout.addWidget(self._pages)
        layout.addLayout(self._buttons())
        self._show_page(0)

    def done(self, result: int) -> None:
        """However it ends: the child does, too."""
        self._errands.close(QDeadlineTimer(_CLOSING_MS))
        super().done(result)

    # --- what is seen

    def _questions(self) -> QWidget:
        page = QWidget(self)
        words = _label(
            self.tr(
                "A file of the PyTorch programs for pix2pix and CycleGAN holds weights, and little about them. What is recognised"
                " is told afterwards. Nothing in the file is run, and the file stays as it is."
            ),
            "muted",
        )
        self._name_field = QLineEdit(_likely_name(self._file), page)
        self._name_field.setObjectName("import_name")
        self._name_field.setAccessibleName(self.tr("Name of the model"))
        self._name_field.setToolTip(self.tr("What it is called in the window and in a shell"))
        leave_drops_to_window(self._name_field)
        self._direction = SegmentedControl(
            self._look,
            [
                ("AtoB", self.tr("A to B"), "", self.tr("The left or first pictures of its pairs are what goes in")),
                ("BtoA", self.tr("B to A"), "", self.tr("The right or second ones go in, as for facades")),
            ],
            page,
        )
        self._direction.setObjectName("import_direction")
        self._direction.setAccessibleName(self.tr("Direction"))
        self._size = QSpinBox(page)
        self._size.setObjectName("import_size")
        self._size.setAccessibleName(self.tr("Size of its training pictures"))
        self._size.setRange(0, _LARGEST_SIZE)
        self._size.setSingleStep(64)
        self._size.setValue(_USUAL_SIZE)
        self._size.setSuffix(self.tr(" pixels"))
        self._size.setSpecialValueText(self.tr("any: pictures keep their size"))
        self._size.setToolTip(
            self.tr("Pictures are brought to this size for the network, as in training; results have their own size")
        )
        self._is_old = QCheckBox(self.tr("It is from before September 2017"), page)
        self._is_old.setObjectName("import_old")
        self._is_old.setToolTip(
            self.tr("Such files join their layers in another order. Read wrongly, a model gives coloured noise.")
        )
        self._part = QComboBox(page)
        self._part.setObjectName("import_part")
        self._part.setAccessibleName(self.tr("Generator"))
        self._part.setToolTip(
            self.tr("A file of CycleGAN holds one for each way; try one, and import the other if it goes the wrong way")
        )
        self._problem = _label("", "error")
        self._problem.setObjectName("import_problem")
        self._problem.hide()
        self._bar = QProgressBar(page)
        self._bar.setObjectName("import_progress")
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.hide()
        form = QFormLayout()
        form.setHorizontalSpacing(SPACE_L)
        form.setVerticalSpacing(SPACE_M)
        form.addRow(self.tr("Name"), self._name_field)
        form.addRow(self.tr("It was trained"), self._direction)
        form.addRow(self.tr("Trained at"), self._size)
        form.addRow("", self._is_old)
        form.addRow(self.tr("Generator"), self._part)
        form.setRowVisible(self._part, False)
        self._form = form
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_L)
        layout.addWidget(words)
        layout.addLayout(form)
        layout.addWidget(self._problem)
        layout.addWidget(self._bar)
        return page

    def _report(self) -> QWidget:
        page = QWidget(self)
        self._headline, self._recognised, self._assumed = _label("", "title"), _label("", "body"), _label("", "muted")
        self._headline.setObjectName("import_headline")
        self._recognised.setObjectName("import_recognised")
        self._assumed.setObjectName("import_assumed")
        for label in (self._recognised, self._assumed):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_M)
        for label in (self._headline, self._recognised, self._assumed):
            layout.addWidget(label)
        layout.addStretch(1)
        return page

    def _buttons(self) -> QHBoxLayout:
        self._cancel, self._go = QPushButton(self.tr("Cancel"), self), QPushButton(self.tr("Import"), self)
        self._try, self._done = QPushButton(self.tr("Try on a picture"), self), QPushButton(self.tr("Done"), self)
        for button, name, tooltip, slot in (
            (self._cancel, "import_cancel", self.tr("Esc"), self.reject),
            (self._go, "import_start", self.tr("Return"), self._on_import),
            (self._try, "import_try", self.tr("Shows at once whether it was read rightly"), self._on_try),
            (self._done, "import_done", self.tr("Return"), self.accept),
        ):
            button.setObjectName(name)
            button.setToolTip(tooltip)
            button.setAutoDefault(False)
            button.clicked.connect(slot)
        self._go.setProperty("role", "primary")
        self._done.setProperty("role", "primary")
        layout = QHBoxLayout()
        layout.setSpacing(SPACE_S)
        layout.addStretch(1)
        for button in (self._cancel, self._go, self._try, self._done):
            layout.addWidget(button)
        return layout

    def _show_page(self, index: int) -> None:
        self._pages.setCurrentIndex(index)
        for button in (self._cancel, self._go):
            button.setVisible(index == 0)
        for button in (self._try, self._done):
            button.setVisible(index == 1)
        default = self._go if index == 0 else self._done
        default.setDefault(True)
        (self._name_field if index == 0 else self._done).setFocus()
        self.adjustSize()

    def _set_working(self, on: bool) -> None:
        self._bar.setVisible(on)
        for widget in (self._name_field, self._direction, self._size, self._is_old, self._part, self._go):
            widget.setEnabled(not on)
        self.adjustSize()

    def _complain(self, sentence: str) -> None:
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        self.adjustSize()

    # --- what happens

    def _on_import(self) -> None:
        self._complain("")
        self._set_working(True)
        words = [
            "--name",
            self._name_field.text().strip(),
            "--direction",
            self._direction.choice,
            "--size",
            str(self._size.value()),
        ]
        words += ["--skip-order", "decoder-first" if self._is_old.isChecked() else "skip-first"]
        if self._part.count():
            words += ["--part", self._part.currentText()]
        command = child.own_command("models", "import", str(self._file), "--json", *words)

        def work(_: Report[Any], token: Token) -> dict[str, Any] | str:  # Any: JSON
            try:
                return next(line for line in ask_child(command, token) if line.get("type") == "imported")
            except ChildError as error:
                several = (line for line in error.printed if line.get("type") == "several_generators")
                return next(several, str(error))

        self._errands.run(work, "importing a model", self._on_answer)

    def _on_answer(self, answer: dict[str, Any] | str | None) -> None:  # Any: JSON
        self._set_working(False)
        if not isinstance(answer, dict):
            self._complain(_OF_A_SHELL.sub("", answer or "") or self.tr("That did not work. The log says why."))
            return
        if answer["type"] == "several_generators":
            self._ask_which(answer["parts"])
            return
        self._name = str(answer["name"])
        self._headline.setText(self.tr("{name} is here now").format(name=self._name))
        self._recognised.setText(self.tr("Recognised: {what}.").format(what=answer["recognised"]))
        assumed = "\n".join(f"\u2022 {_OF_A_SHELL.sub('', sentence)}" for sentence in answer["assumed"])
        self._assumed.setText(self.tr("What the file does not tell was assumed:") + "\n" + assumed if assumed else "")
        self._show_page(1)
        self.imported.emit(self._name)

    def _ask_which(self, parts: Sequence[str]) -> None:
        self._part.clear()
        self._part.addItems(parts)
        self._form.setRowVisible(self._part, True)
        self._complain(self.tr("This file holds {n} generators. Choose one of them.").format(n=len(parts)))
        self._part.setFocus()

    def _on_try(self) -> None:
        self.accept()
        self.try_asked.emit(self._name)


def _likely_name(file: Path) -> str:
    return file.parent.name if _USUAL_NAME.match(file.stem) and file.parent.name else file.stem


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)  # a file's name, and what a file says of itself
    label.setWordWrap(True)
    return label
