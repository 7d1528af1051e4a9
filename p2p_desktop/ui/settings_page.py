"""Settings: the look, the speed, the pictures; and what this computer is able to do."""

from functools import partial
from pathlib import Path

import psutil
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from p2p_desktop.inference.device import num_cores
from p2p_desktop.paths import UserPaths
from p2p_desktop.settings import Settings
from p2p_desktop.ui.computer_panel import ComputerPanel
from p2p_desktop.ui.errors import UncaughtErrors
from p2p_desktop.ui.folding_panel import FoldingPanel
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.settings_box import SettingsBox
from p2p_desktop.ui.theme import FORM_WIDTH, SPACE_L, SPACE_M, SPACE_S, SPACE_XL, SPACE_XXL, SPACE_XXXL
from p2p_desktop.ui.widgets import SegmentedControl, Switch
from p2p_desktop.workers.device_probe import DeviceProbe, Found
from p2p_desktop.workers.doctor_run import DoctorRun
from p2p_desktop.workers.folder_check import FolderCheck

_STEP_MB = 512
_MOST_SHARE = 0.75  # of this computer's memory, that translating may be given
_CONTROL_WIDTH, _FIELD_WIDTH = 240, 292


class SettingsPage(QWidget):
    def __init__(
        self,
        look: Look,
        settings: SettingsBox,
        probe: DeviceProbe,
        doctor: DoctorRun,
        paths: UserPaths,
        errors: UncaughtErrors,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look, self._settings, self._paths = look, settings, paths
        self._checks: dict[str, FolderCheck] = {}
        self._panel = ComputerPanel(look, doctor, probe, paths, errors, self)
        self._folding = FoldingPanel(look, self._panel, self.tr("This computer"), self)
        groups = QWidget(self)
        layout = QVBoxLayout(groups)
        layout.setContentsMargins(SPACE_XXXL, SPACE_XXL, SPACE_XXXL, SPACE_XXL)
        layout.setSpacing(SPACE_S)
        title = QLabel(self.tr("Settings"), groups)
        title.setProperty("role", "title")
        layout.addWidget(title)
        for words, rows in (
            (self.tr("Look"), [self._theme_row(groups)]),
            (self.tr("Speed"), [self._device_row(groups), self._threads_row(groups), self._memory_row(groups)]),
            (
                self.tr("Pictures"),
                [self._output_row(groups), self._models_row(groups), self._details_row(groups), self._awake_row(groups)],
            ),
        ):
            layout.addSpacing(SPACE_M)
            heading = QLabel(words, groups)
            heading.setProperty("role", "section")
            layout.addWidget(heading)
            layout.addWidget(_card(rows, groups))
        layout.addStretch(1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(groups)
        frame = QFrame(self)
        frame.setProperty("role", "page")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(area)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(frame, 1)
        whole.addWidget(self._folding)
        settings.changed.connect(self._show)
        probe.found.connect(self._on_device_found)
        if probe.last is not None:
            self._on_device_found(probe.last)
        self._show(settings.value)

    def set_narrow(self, on: bool) -> None:
        self._folding.set_narrow(on)

    def close_down(self) -> None:
        for check in self._checks.values():
            check.close()

    # --- the rows

    def _theme_row(self, parent: QWidget) -> QWidget:
        self._theme = SegmentedControl(
            self._look,
            [
                ("system", self.tr("System"), "", self.tr("As the other programs, and changes with them")),
                ("light", self.tr("Light"), "", self.tr("Always light")),
                ("dark", self.tr("Dark"), "", self.tr("Always dark")),
            ],
            parent,
        )
        self._theme.setObjectName("settings_theme")
        self._theme.chosen.connect(self._on_theme_chosen)
        return _row(self.tr("Theme"), self.tr("Follows the system and changes with it."), self._theme, parent)

    def _device_row(self, parent: QWidget) -> QWidget:
        self._device = QComboBox(parent)
        self._device.setObjectName("settings_device")
        self._device.setFixedWidth(_CONTROL_WIDTH)
        self._device.setToolTip(self.tr("Automatic takes a graphics card where one can be used."))
        self._device.addItem(self.tr("Automatic"), "auto")
        self._device.activated.connect(self._on_device_chosen)
        return _row(self.tr("Device"), "", self._device, parent)

    def _threads_row(self, parent: QWidget) -> QWidget:
        self._threads = QSlider(Qt.Orientation.Horizontal, parent)
        self._threads.setObjectName("settings_threads")
        self._threads.setRange(1, num_cores())
        self._threads.setPageStep(1)
        self._threads.valueChanged.connect(self._on_threads_moved)
        self._threads_words = QLabel(parent)
        control = _with_words(self._threads_words, self._threads, parent)
        return _row(self.tr("CPU threads"), self.tr("Fewer leave more for other programs."), control, parent, self._threads)

    def _memory_row(self, parent: QWidget) -> QWidget:
        most = int(psutil.virtual_memory().total * _MOST_SHARE) >> 20
        self._memory = QSlider(Qt.Orientation.Horizontal, parent)
        self._memory.setObjectName("settings_memory")
        self._memory.setRange(0, max(1, most // _STEP_MB))
        self._memory.setPageStep(2)
        self._memory.setToolTip(self.tr("At the left end the program takes a quarter of what is free."))
        self._memory.valueChanged.connect(self._on_memory_moved)
        self._memory_words = QLabel(parent)
        control = _with_words(self._memory_words, self._memory, parent)
        return _row(
            self.tr("Memory budget"), self.tr("Larger photos are done in tiles to stay below it."), control, parent, self._memory
        )

    def _output_row(self, parent: QWidget) -> QWidget:
        field = _FolderField(self._look, "settings_output", self.tr("Beside each source folder"), parent)
        field.field.editingFinished.connect(self._on_output_edited)
        field.choose.clicked.connect(self._on_output_choose)
        self._output = field
        return _row(self.tr("Output folder"), self.tr("Where results go unless you choose otherwise."), field, parent, field.field)

    def _models_row(self, parent: QWidget) -> QWidget:
        field = _FolderField(self._look, "settings_models_folder", str(self._paths.data), parent)
        field.field.editingFinished.connect(self._on_models_edited)
        field.choose.clicked.connect(self._on_models_choose)
        self._models = field
        return _row(self.tr("Models and runs"), self.tr("What you train or add is kept here."), field, parent, field.field)

    def _details_row(self, parent: QWidget) -> QWidget:
        self._details = Switch(self._look, parent)
        self._details.setObjectName("settings_keep_details")
        self._details.toggled.connect(self._on_details_toggled)
        hint = self.tr("Date, camera, place and colour profile are copied to the result.")
        return _row(self.tr("Keep details"), hint, self._details, parent)

    def _awake_row(self, parent: QWidget) -> QWidget:
        self._awake = Switch(self._look, parent)
        self._awake.setObjectName("settings_keep_awake")
        self._awake.toggled.connect(self._on_awake_toggled)
        return _row(self.tr("Keep the computer awake"), self.tr("Only while it works."), self._awake, parent)

    # --- what they say, and what the person does

    def _show(self, settings: Settings) -> None:
        blockers = [QSignalBlocker(widget) for widget in (self._threads, self._memory, self._details, self._awake)]
        self._theme.choose(settings.theme)
        self._device.setCurrentIndex(max(0, self._device.findData(settings.device)))
        self._threads.setValue(settings.threads or num_cores())
        self._memory.setValue(settings.memory_mb // _STEP_MB)
        self._details.setChecked(settings.keep_metadata)
        self._awake.setChecked(settings.keep_awake)
        del blockers
        for switch in (self._details, self._awake):
            switch.settle()
        self._threads_words.setText(
            self.tr("{n} of {all}").format(n=min(settings.threads or num_cores(), num_cores()), all=num_cores())
        )
        self._memory_words.setText(
            self.tr("{n} GB").format(n=f"{settings.memory_mb / 1024:.1f}") if settings.memory_mb else self.tr("Automatic")
        )
        for field, value in ((self._output, settings.output), (self._models, settings.models_folder)):
            if not field.is_invalid:
                field.field.setText(value)

    def _on_device_found(self, found: Found) -> None:
        self._device.clear()
        for key, words in found.choices:
            self._device.addItem(f"{words}: {found.words}" if key == "auto" else words, key)
        self._device.setCurrentIndex(max(0, self._device.findData(self._settings.value.device)))

    def _on_theme_chosen(self, theme: str) -> None:
        self._settings.change(theme=theme)

    def _on_device_chosen(self, _: int) -> None:
        self._settings.change(device=self._device.currentData())

    def _on_threads_moved(self, number: int) -> None:
        self._settings.change(threads=0 if number >= num_cores() else number)

    def _on_memory_moved(self, steps: int) -> None:
        self._settings.change(memory_mb=steps * _STEP_MB)

    def _on_details_toggled(self, on: bool) -> None:
        self._settings.change(keep_metadata=on)

    def _on_awake_toggled(self, on: bool) -> None:
        self._settings.change(keep_awake=on)

    def _on_output_edited(self) -> None:
        self._set_folder("output", self._output)

    def _on_models_edited(self) -> None:
        self._set_folder("models_folder", self._models)

    def _on_output_choose(self) -> None:
        self._choose_folder("output", self._output)

    def _on_models_choose(self) -> None:
        self._choose_folder("models_folder", self._models)

    def _choose_folder(self, key: str, field: "_FolderField") -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Choose folder"), field.field.text())
        if folder:
            field.field.setText(folder)
            self._set_folder(key, field)

    def _set_folder(self, key: str, field: "_FolderField") -> None:
        """Take what the field says once it is known that it can be written to."""
        text = field.field.text().strip()
        if not text:
            field.complain("")
            self._settings.change(**{key: ""})
            return
        if text == getattr(self._settings.value, key) and not field.is_invalid:
            return
        if key in self._checks:
            self._checks[key].close()
        check = FolderCheck(Path(text).expanduser().absolute(), self)
        check.passed.connect(partial(self._take_folder, key, field))
        check.refused.connect(field.complain)
        self._checks[key] = check
        check.start()

    def _take_folder(self, key: str, field: "_FolderField", folder: Path) -> None:
        field.complain("")
        self._settings.change(**{key: str(folder)})


class _FolderField(QWidget):
    """A folder's path, a button to choose one, and a sentence if it cannot be used."""

    def __init__(self, look: Look, name: str, nothing: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.field = QLineEdit(self)
        self.field.setObjectName(name)
        self.field.setPlaceholderText(nothing)
        self.field.setClearButtonEnabled(True)
        self.field.setFixedWidth(_FIELD_WIDTH)
        self.choose = QToolButton(self)
        self.choose.setObjectName(f"{name}_choose")
        self.choose.setProperty("role", "plain")
        self.choose.setAccessibleName(self.tr("Choose folder"))
        self.choose.setToolTip(self.tr("An empty field means: {nothing}").format(nothing=nothing))
        look.icons.set_on(self.choose, "folder-open")
        self._complaint = QLabel(self)
        self._complaint.setObjectName(f"{name}_complaint")
        self._complaint.setProperty("role", "error")
        self._complaint.setWordWrap(True)
        self._complaint.hide()
        line = QHBoxLayout()
        line.setSpacing(SPACE_S - 2)
        line.addWidget(self.field)
        line.addWidget(self.choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_S - 4)
        layout.addLayout(line)
        layout.addWidget(self._complaint)

    @property
    def is_invalid(self) -> bool:
        return bool(self._complaint.text())

    def complain(self, sentence: str) -> None:
        """Say what is wrong with it; "" if nothing is."""
        self._complaint.setText(sentence)
        self._complaint.setVisible(bool(sentence))
        self.field.setProperty("invalid", bool(sentence))
        self.field.style().unpolish(self.field)
        self.field.style().polish(self.field)


def _card(rows: list[QWidget], parent: QWidget) -> QFrame:
    card = QFrame(parent)
    card.setProperty("role", "card")
    card.setMaximumWidth(FORM_WIDTH)
    layout = QVBoxLayout(card)
    layout.setContentsMargins(SPACE_L + 2, 0, SPACE_L + 2, 0)
    layout.setSpacing(0)
    for number, row in enumerate(rows):
        if number:
            line = QFrame(card)
            line.setProperty("role", "separator")
            line.setFixedHeight(1)
            layout.addWidget(line)
        layout.addWidget(row)
    return card


def _row(words: str, hint: str, control: QWidget, parent: QWidget, named: QWidget | None = None) -> QWidget:
    row = QWidget(parent)
    label = QLabel(words, row)
    label.setProperty("role", "label")
    label.setBuddy(named or control)
    (named or control).setAccessibleName(words)
    (named or control).setAccessibleDescription(hint)
    if not (named or control).toolTip():
        (named or control).setToolTip(hint)
    left = QVBoxLayout()
    left.setSpacing(1)
    left.addStretch(1)
    left.addWidget(label)
    if hint:
        small = QLabel(hint, row)
        small.setProperty("role", "small")
        small.setWordWrap(True)
        left.addWidget(small)
    left.addStretch(1)
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, SPACE_M, 0, SPACE_M)
    layout.setSpacing(SPACE_XL)
    layout.addLayout(left, 1)
    layout.addWidget(control)
    return row


def _with_words(words: QLabel, slider: QSlider, parent: QWidget) -> QWidget:
    words.setMinimumWidth(64)
    words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    slider.setFixedWidth(_CONTROL_WIDTH - 58)
    control = QWidget(parent)
    layout = QHBoxLayout(control)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACE_M)
    layout.addWidget(words)
    layout.addWidget(slider)
    return control
