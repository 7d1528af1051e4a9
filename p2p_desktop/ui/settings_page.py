"""Settings: the look, the speed, the pictures; and what this computer is able to do."""

import psutil
from PySide6.QtCore import QDeadlineTimer, QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from p2p_desktop.inference.device import num_cores
from p2p_desktop.paths import UserPaths
from p2p_desktop.settings import Settings
from p2p_desktop.ui.computer_panel import ComputerPanel
from p2p_desktop.ui.errors import UncaughtErrors
from p2p_desktop.ui.folding_panel import FoldingPanel
from p2p_desktop.ui.licences import LicencesLine
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.settings_box import SettingsBox
from p2p_desktop.ui.settings_form import CONTROL_WIDTH, FolderField, WordedSlider, card, heading, leave_wheel_to_page, row
from p2p_desktop.ui.theme import SPACE_S, SPACE_XXL, SPACE_XXXL
from p2p_desktop.ui.widgets import SegmentedControl, Switch
from p2p_desktop.workers.device_probe import DeviceProbe, Found
from p2p_desktop.workers.doctor_run import DoctorRun

_STEP_MB = 512
_MB_PER_GB = 1024
_MOST_SHARE = 0.75  # of this computer's memory, that translating may be given


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
        self._most_cores = num_cores()
        self._found: Found | None = None
        groups = self._groups()  # before the panel: the tab key goes in the order of making
        panel = ComputerPanel(look, doctor, probe, paths, errors, self)
        self._folding = FoldingPanel(look, panel, self.tr("This computer"), self)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(groups, 1)
        whole.addWidget(self._folding)
        settings.changed.connect(self._show)
        probe.found.connect(self._on_device_found)
        if probe.last is not None:
            self._found = probe.last
        self._show(settings.value)

    def set_narrow(self, on: bool) -> None:
        """Whether what this computer is able to do has to fold away."""
        self._folding.set_narrow(on)

    def close_down(self, until: QDeadlineTimer) -> None:
        self._output.close_down(until)
        self._models.close_down(until)

    # --- building

    def _groups(self) -> QFrame:
        inner = QWidget(self)
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(SPACE_XXXL, SPACE_XXL, SPACE_XXXL, SPACE_XXL)
        layout.setSpacing(SPACE_S)
        title = QLabel(self.tr("Settings"), inner)
        title.setProperty("role", "title")
        layout.addWidget(title)
        for words, rows in (
            (self.tr("Look"), [self._theme_row(inner)]),
            (self.tr("Speed"), [self._device_row(inner), self._threads_row(inner), self._memory_row(inner)]),
            (
                self.tr("Pictures"),
                [self._output_row(inner), self._models_row(inner), self._details_row(inner), self._awake_row(inner)],
            ),
        ):
            layout.addWidget(heading(words, inner))
            layout.addWidget(card(rows, inner))
        layout.addStretch(1)
        layout.addWidget(LicencesLine(inner))
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        frame = QFrame(self)
        frame.setProperty("role", "page")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(area)
        return frame

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
        return row(self.tr("Theme"), self.tr("System: as the other programs, and changes with them."), self._theme, parent)

    def _device_row(self, parent: QWidget) -> QWidget:
        self._device = QComboBox(parent)
        self._device.setObjectName("settings_device")
        self._device.setFixedWidth(CONTROL_WIDTH)
        self._device.setToolTip(self.tr("Automatic takes a graphics card where one can be used."))
        self._device.activated.connect(self._on_device_chosen)
        leave_wheel_to_page(self._device)
        return row(self.tr("Device"), "", self._device, parent)

    def _threads_row(self, parent: QWidget) -> QWidget:
        self._threads = WordedSlider("settings_threads", parent)
        self._threads.slider.setRange(1, self._most_cores)
        self._threads.slider.setPageStep(1)
        self._threads.slider.setEnabled(self._most_cores > 1)
        self._threads.slider.valueChanged.connect(self._on_threads_moved)
        hint = self.tr("Fewer leave more for other programs.")
        return row(self.tr("CPU threads"), hint, self._threads, parent, self._threads.slider)

    def _memory_row(self, parent: QWidget) -> QWidget:
        most = int(psutil.virtual_memory().total * _MOST_SHARE) >> 20
        self._memory = WordedSlider("settings_memory", parent)
        self._memory.slider.setRange(0, max(1, most // _STEP_MB))
        self._memory.slider.setPageStep(2)
        self._memory.slider.setToolTip(self.tr("At the left end the program takes a quarter of what is free."))
        self._memory.slider.valueChanged.connect(self._on_memory_moved)
        hint = self.tr("Larger photos are done in tiles to stay below it.")
        return row(self.tr("Memory budget"), hint, self._memory, parent, self._memory.slider)

    def _output_row(self, parent: QWidget) -> QWidget:
        self._output = FolderField(self._look, "settings_output", self.tr("Beside each source folder"), parent)
        self._output.chosen.connect(self._on_output_chosen)
        hint = self.tr("Where results go unless you choose otherwise.")
        return row(self.tr("Output folder"), hint, self._output, parent, self._output.field)

    def _models_row(self, parent: QWidget) -> QWidget:
        self._models = FolderField(self._look, "settings_models_folder", self.tr("The program's own folder"), parent)
        self._models.field.setToolTip(self.tr("Empty means: {nothing}").format(nothing=self._paths.data))
        self._models.chosen.connect(self._on_models_chosen)
        hint = self.tr("What you train or add is kept here. What is there already stays where it is.")
        return row(self.tr("Models and runs"), hint, self._models, parent, self._models.field)

    def _details_row(self, parent: QWidget) -> QWidget:
        self._details = Switch(self._look, parent)
        self._details.setObjectName("settings_keep_details")
        self._details.toggled.connect(self._on_details_toggled)
        hint = self.tr("Date, camera, place and colour profile are copied to the result.")
        return row(self.tr("Keep details"), hint, self._details, parent)

    def _awake_row(self, parent: QWidget) -> QWidget:
        self._awake = Switch(self._look, parent)
        self._awake.setObjectName("settings_keep_awake")
        self._awake.toggled.connect(self._on_awake_toggled)
        return row(self.tr("Keep the computer awake"), self.tr("Only while it works."), self._awake, parent)

    # --- what they say

    def _show(self, settings: Settings) -> None:
        threads = min(settings.threads or self._most_cores, self._most_cores)
        self._theme.choose(settings.theme)
        for slider, value in ((self._threads.slider, threads), (self._memory.slider, settings.memory_mb // _STEP_MB)):
            with QSignalBlocker(slider):
                slider.setValue(value)
        for switch, on in ((self._details, settings.keep_metadata), (self._awake, settings.keep_awake)):
            if switch.isChecked() != on:  # by the program: the person's own click is shown already, and moves
                with QSignalBlocker(switch):
                    switch.setChecked(on)
                switch.settle()
        self._threads.say(self.tr("{n} of {all}").format(n=threads, all=self._most_cores))
        if settings.memory_mb:
            self._memory.say(self.tr("{n} GB").format(n=f"{settings.memory_mb / _MB_PER_GB:.1f}"))
        else:
            self._memory.say(self.tr("Automatic"))
        self._output.show_folder(settings.output)
        self._models.show_folder(settings.models_folder)
        self._show_devices(settings.device)

    def _show_devices(self, chosen: str) -> None:
        self._device.clear()
        choices = [("auto", self.tr("Automatic")), ("cpu", self.tr("CPU"))] if self._found is None else self._found.choices
        for key, words in choices:
            meaning = f": {self._found.words}" if self._found is not None and key == "auto" else ""
            self._device.addItem(words + meaning, key)
        if self._device.findData(chosen) < 0:
            words = chosen if self._found is None else self.tr("{device} (not found)").format(device=chosen)
            self._device.addItem(words, chosen)
        self._device.setCurrentIndex(self._device.findData(chosen))

    # --- what happens

    def _on_device_found(self, found: Found) -> None:
        self._found = found
        self._show_devices(self._settings.value.device)

    def _on_theme_chosen(self, theme: str) -> None:
        self._settings.change(theme=theme)

    def _on_device_chosen(self, _: int) -> None:
        self._settings.change(device=self._device.currentData())

    def _on_threads_moved(self, number: int) -> None:
        self._settings.change(threads=0 if number >= self._most_cores else number)

    def _on_memory_moved(self, steps: int) -> None:
        self._settings.change(memory_mb=steps * _STEP_MB)

    def _on_output_chosen(self, folder: str) -> None:
        self._settings.change(output=folder)

    def _on_models_chosen(self, folder: str) -> None:
        self._settings.change(models_folder=folder)

    def _on_details_toggled(self, on: bool) -> None:
        self._settings.change(keep_metadata=on)

    def _on_awake_toggled(self, on: bool) -> None:
        self._settings.change(keep_awake=on)
