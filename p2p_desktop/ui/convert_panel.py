"""The side panel of Convert: how the next conversion is made; while one runs, how it is being made, as plain text."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSlider,
    QSpinBox,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.model_chooser import ModelChooser
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.output_field import OutputField
from p2p_desktop.ui.panel_parts import label_of, scrolling, separator
from p2p_desktop.ui.settings_form import leave_wheel_to_page
from p2p_desktop.ui.theme import SIDE_PANEL_WIDTH, SPACE_L, SPACE_M, SPACE_S, SPACE_XL, SPACE_XS
from p2p_desktop.ui.widgets import ElidedLabel, Switch
from p2p_desktop.ui.wishes import Wishes

_FORMATS = ("keep", "jpg", "png", "webp", "tiff", "avif")
_LOSSY = ("keep", "jpg", "webp", "avif")
_EXISTING = ("auto", "skip", "overwrite", "rename")


class ConvertPanel(QFrame):
    """Shows and changes `wishes`."""

    changed = Signal(object)  # Wishes
    strength_moved = Signal(float)  # while the slider is dragged: mixes what is shown, without computing

    def __init__(self, look: Look, shelf: ModelShelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._shelf = look, shelf
        self.wishes = Wishes()
        self.setProperty("role", "panel")
        self.setFixedWidth(SIDE_PANEL_WIDTH)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(scrolling(self._form(), self._pages))
        self._facts = _Facts(look, self)
        self._pages.addWidget(scrolling(self._facts, self._pages))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self._show_wishes()

    def change(self, **keys: object) -> None:
        """Set some of the wishes from outside, as if the person had."""
        self._become(replace(self.wishes, **keys))  # type: ignore[arg-type]  # names and types are those of Wishes
        self._show_wishes()

    def offer_devices(self, devices: Sequence[tuple[str, str]]) -> None:
        """Fill the choice of devices: (key, words)."""
        blocker = QSignalBlocker(self._device)
        self._device.clear()
        for key, words in devices:
            self._device.addItem(words, key)
        del blocker
        if self._device.findData(self.wishes.device) < 0:
            self._become(replace(self.wishes, device="auto"))
        self._show_wishes()

    def show_outputs(self, folders: Sequence[Path]) -> None:
        """Say where results will go, as far as nobody chose a folder."""
        self._output.show_beside(folders)

    def lock(self, facts: Sequence[tuple[str, str]]) -> None:
        """Show the settings of the conversion that runs, which cannot change half-way."""
        self._facts.show_facts(self._shelf, self.wishes.model, facts)
        self._pages.setCurrentIndex(1)

    def unlock(self) -> None:
        self._pages.setCurrentIndex(0)

    def _form(self) -> QWidget:
        form = QWidget(self)
        layout = QVBoxLayout(form)
        layout.setContentsMargins(SPACE_XL, SPACE_L + 2, SPACE_XL, SPACE_XL)
        layout.setSpacing(SPACE_S)
        self._model = ModelChooser(self._look, self._shelf, form)
        self._model.chosen.connect(self._on_model_chosen)
        layout.addWidget(label_of(self.tr("Model"), self._model))
        layout.addWidget(self._model)
        layout.addSpacing(SPACE_M)
        layout.addLayout(self._strength_line(form))
        layout.addWidget(self._strength)
        layout.addSpacing(SPACE_M)
        self._output = OutputField(self._look, form)
        self._output.chosen.connect(self._on_output_chosen)
        layout.addWidget(label_of(self.tr("Output folder"), self._output.field))
        layout.addWidget(self._output)
        layout.addSpacing(SPACE_S)
        self._format = _combo(form, "convert_format", [(key, self.format_words(key)) for key in _FORMATS])
        self._format.setToolTip(self.tr("What a format cannot hold is kept as PNG, and the row says so."))
        self._format.activated.connect(self._on_format_chosen)
        leave_wheel_to_page(self._format)
        self._device = _combo(form, "convert_device", [("auto", self.tr("Automatic"))])
        self._device.setToolTip(self.tr("A graphics card is much faster where there is one."))
        self._device.activated.connect(self._on_device_chosen)
        leave_wheel_to_page(self._device)
        for words, combo in ((self.tr("Format"), self._format), (self.tr("Device"), self._device)):
            line = QHBoxLayout()
            line.addWidget(label_of(words, combo), 1)
            line.addWidget(combo)
            combo.setFixedWidth(152)
            layout.addLayout(line)
        layout.addSpacing(SPACE_S)
        layout.addWidget(separator(form))
        layout.addLayout(self._more_line(form))
        layout.addWidget(self._more_options(form))
        layout.addStretch(1)
        return form

    def _strength_line(self, form: QWidget) -> QHBoxLayout:
        self._strength = QSlider(Qt.Orientation.Horizontal, form)
        self._strength.setObjectName("convert_strength")
        self._strength.setAccessibleName(self.tr("Strength"))
        self._strength.setRange(0, 100)
        leave_wheel_to_page(self._strength)
        self._strength.setPageStep(10)
        self._strength.setToolTip(self.tr("Mixes the result with the source: 0 % is the source itself."))
        self._strength.valueChanged.connect(self._on_strength_moved)
        self._strength_value = QLabel(form)
        self._strength_value.setProperty("role", "muted")
        line = QHBoxLayout()
        line.addWidget(label_of(self.tr("Strength"), self._strength), 1)
        line.addWidget(self._strength_value)
        return line

    def _more_line(self, form: QWidget) -> QHBoxLayout:
        self._more = QToolButton(form)
        self._more.setObjectName("convert_more")
        self._more.setProperty("role", "disclosure")
        self._more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._more.setText(self.tr("More options"))
        self._more.setToolTip(self.tr("Quality, existing files, folders below, details"))
        self._more.setCheckable(True)
        self._more.toggled.connect(self._on_more_toggled)
        self._look.icons.set_on(self._more, "caret-right")
        self._more_count = QLabel(form)
        self._more_count.setObjectName("convert_more_count")
        self._more_count.setProperty("role", "small")
        line = QHBoxLayout()
        line.addWidget(self._more)
        line.addStretch(1)
        line.addWidget(self._more_count)
        return line

    def _more_options(self, form: QWidget) -> QWidget:
        self._options = QWidget(form)
        layout = QFormLayout(self._options)
        layout.setContentsMargins(0, SPACE_XS, 0, 0)
        layout.setVerticalSpacing(SPACE_M)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        layout.setFormAlignment(Qt.AlignmentFlag.AlignLeft)
        self._quality = QSpinBox(self._options)
        self._quality.setObjectName("convert_quality")
        self._quality.setRange(1, 100)
        self._quality.setToolTip(self.tr("For JPEG, WebP and AVIF: 1 to 100. More is larger and better."))
        self._quality.valueChanged.connect(self._on_quality_changed)
        leave_wheel_to_page(self._quality)
        self._quality.setAcceptDrops(False)
        self._existing = _combo(self._options, "convert_existing", [(key, self._existing_words(key)) for key in _EXISTING])
        self._existing.setToolTip(self.tr("What is done about a file that has the name of a result. Sources are never replaced."))
        self._existing.activated.connect(self._on_existing_chosen)
        leave_wheel_to_page(self._existing)
        self._recurse = Switch(self._look, self._options)
        self._recurse.setObjectName("convert_recurse")
        self._recurse.setToolTip(self.tr("Also converts what lies in the folders below a dropped one."))
        self._recurse.toggled.connect(self._on_recurse_toggled)
        self._keep = Switch(self._look, self._options)
        self._keep.setObjectName("convert_keep_details")
        self._keep.setToolTip(self.tr("Date, camera, place and colour profile are copied to the result."))
        self._keep.toggled.connect(self._on_keep_toggled)
        for words, field in (
            (self.tr("Quality"), self._quality),
            (self.tr("Existing files"), self._existing),
            (self.tr("Folders below"), self._recurse),
            (self.tr("Keep details"), self._keep),
        ):
            field.setAccessibleName(words)
            layout.addRow(label_of(words, field), field)
        self._options.hide()
        return self._options

    def device_words(self) -> str:
        """The chosen device as the panel calls it."""
        return self._device.currentText()

    def format_words(self, key: str) -> str:
        """A format as the panel calls it."""
        return self.tr("Same as source") if key == "keep" else {"jpg": "JPEG", "tiff": "TIFF", "webp": "WebP"}.get(key, key.upper())

    def _existing_words(self, key: str) -> str:
        return {
            "auto": self.tr("Skip if the same"),
            "skip": self.tr("Skip"),
            "overwrite": self.tr("Replace"),
            "rename": self.tr("Keep both"),
        }[key]

    def _show_wishes(self) -> None:
        wishes = self.wishes
        blockers = [QSignalBlocker(widget) for widget in (self._strength, self._quality, self._recurse, self._keep)]
        self._strength.setValue(round(wishes.strength * 100))
        self._quality.setValue(wishes.quality)
        self._recurse.setChecked(wishes.recurse)
        self._keep.setChecked(wishes.keep_metadata)
        del blockers
        self._format.setCurrentIndex(max(0, self._format.findData(wishes.format)))
        self._device.setCurrentIndex(max(0, self._device.findData(wishes.device)))
        self._existing.setCurrentIndex(max(0, self._existing.findData(wishes.existing)))
        self._model.choose(wishes.model)
        self._strength_value.setText(self.tr("{percent} %").format(percent=round(wishes.strength * 100)))
        self._quality.setEnabled(wishes.format in _LOSSY)
        changed = sum(getattr(wishes, key) != getattr(Wishes(), key) for key in ("quality", "existing", "recurse", "keep_metadata"))
        self._more_count.setText(self.tr("4 at their defaults") if not changed else self.tr("{n} of 4 changed").format(n=changed))
        self._output.show_folder(wishes.output)

    def _become(self, wishes: Wishes) -> None:
        if wishes != self.wishes:
            self.wishes = wishes
            self.changed.emit(wishes)

    def _on_model_chosen(self, name: str) -> None:
        self.change(model=name)

    def _on_strength_moved(self, percent: int) -> None:
        self._strength_value.setText(self.tr("{percent} %").format(percent=percent))
        self._become(replace(self.wishes, strength=percent / 100))
        self.strength_moved.emit(percent / 100)

    def commit(self) -> str:
        """Take what is typed and was not confirmed yet: a shortcut starts without leaving the field. Return why it cannot be."""
        return self._output.commit()

    def close_down(self, until: QDeadlineTimer) -> None:
        """Wait for a disk that was asked: only for a program that ends."""
        self._output.close_down(until)

    def _on_output_chosen(self, folder: str) -> None:
        self.change(output=folder)

    def _on_format_chosen(self, _: int) -> None:
        self.change(format=self._format.currentData())

    def _on_device_chosen(self, _: int) -> None:
        self.change(device=self._device.currentData())

    def _on_existing_chosen(self, _: int) -> None:
        self.change(existing=self._existing.currentData())

    def _on_quality_changed(self, value: int) -> None:
        self.change(quality=value)

    def _on_recurse_toggled(self, on: bool) -> None:
        self.change(recurse=on)

    def _on_keep_toggled(self, on: bool) -> None:
        self.change(keep_metadata=on)

    def _on_more_toggled(self, on: bool) -> None:
        self._look.icons.set_on(self._more, "caret-down" if on else "caret-right")
        self._options.setVisible(on)


class _Facts(QWidget):
    """The settings of the conversion that runs."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.setObjectName("conversion_facts")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_L + 2, SPACE_XL, SPACE_XL)
        layout.setSpacing(SPACE_M)
        title = QLabel(self.tr("This conversion"), self)
        title.setProperty("role", "label")
        layout.addWidget(title)
        self._model = ModelChooser(look, None, self)
        layout.addWidget(self._model)
        self._rows = QFormLayout()
        self._rows.setHorizontalSpacing(SPACE_XL)
        self._rows.setVerticalSpacing(SPACE_M)
        layout.addLayout(self._rows)
        layout.addWidget(separator(self))
        note = QHBoxLayout()
        self._lock = QLabel(self)
        self._lock.setAlignment(Qt.AlignmentFlag.AlignTop)
        words = QLabel(self.tr("Fixed until it ends, so that every picture is made the same way."), self)
        words.setProperty("role", "small")
        words.setWordWrap(True)
        note.addWidget(self._lock)
        note.addWidget(words, 1)
        layout.addLayout(note)
        layout.addStretch(1)

    def show_facts(self, shelf: ModelShelf, model: str, facts: Sequence[tuple[str, str]]) -> None:
        self._lock.setPixmap(self._look.icons.pixmap("lock-simple", "muted", 16, self.devicePixelRatioF()))
        self._model.show_model(shelf, model)
        while self._rows.rowCount():
            self._rows.removeRow(0)
        for name, value in facts:
            words, what = QLabel(name, self), ElidedLabel(self)
            words.setProperty("role", "muted")
            what.setProperty("role", "label")
            what.setText(value)
            self._rows.addRow(words, what)


def _combo(parent: QWidget, name: str, items: Sequence[tuple[str, str]]) -> QComboBox:
    combo = QComboBox(parent)
    combo.setObjectName(name)
    for key, words in items:
        combo.addItem(words, key)
    return combo
