"""The settings of a training as a form that builds itself: groups of rows behind "More settings"."""

import contextlib
from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from p2p_desktop.ui import knob_words
from p2p_desktop.ui.knob_row import KnobRow
from p2p_desktop.ui.knobs import (
    GIVEN,
    NETWORK,
    OF_PRESET,
    Knob,
    crop_changes,
    network_changes,
    network_knobs,
    values_of,
    words_of,
)
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.settings_form import card, heading
from p2p_desktop.ui.theme import SPACE_M, SPACE_S
from training.contract.config import TrainConfig
from training.contract.encodings import encoding_named
from training.contract.errors import ConfigError
from training.contract.spec import GeneratorSpec, named_generator

_DEPTH = ("depth_unit", "depth_range", "sparse")


class KnobForm(QWidget):
    """Shows a recipe, and gives what was changed of it."""

    changed = Signal()

    def __init__(self, look: Look, knobs: Sequence[Knob], parent: QWidget) -> None:
        """`knobs` beside those of the network."""
        super().__init__(parent)
        self._look = look
        self._recipe: TrainConfig | None = None
        self._start: GeneratorSpec | None = None
        self._given: dict[str, str] = {}
        self._rows: dict[str, KnobRow] = {}
        self._open = QToolButton(self)
        self._open.setObjectName("train_more")
        self._open.setProperty("role", "disclosure")
        self._open.setText(self.tr("More settings"))
        self._open.setToolTip(self.tr("Everything that can be set; the preset is enough to begin"))
        self._open.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._open.setCheckable(True)
        self._open.toggled.connect(self._on_opened)
        self._count = QLabel(self)
        self._count.setObjectName("train_more_count")
        self._count.setProperty("role", "small")
        self._count.setWordWrap(True)
        self._back = QPushButton(self.tr("Back to the preset"), self)
        self._back.setObjectName("train_back_to_preset")
        self._back.setProperty("role", "link")
        self._back.setToolTip(self.tr("Takes every change of these settings back"))
        self._back.clicked.connect(self._on_back_to_preset)
        look.icons.set_on(self._back, "arrow-counter-clockwise", token="accent_text")
        self._body = QWidget(self)
        top = QHBoxLayout()
        top.setSpacing(SPACE_M)
        top.addWidget(self._open)
        top.addWidget(self._count, 1)
        top.addWidget(self._back)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_S)
        layout.addLayout(top)
        layout.addWidget(self._body)
        self._fill([*knobs, *network_knobs()])
        self._on_opened(False)

    @property
    def keys(self) -> frozenset[str]:
        """Settings that have a row."""
        return frozenset(self._rows)

    def row(self, key: str) -> KnobRow:
        return self._rows[key]

    def show_recipe(self, recipe: TrainConfig, start: GeneratorSpec | None) -> None:
        """Rows that were not changed follow the recipe. `start`: the network that is trained on, if any."""
        self._recipe, self._start = recipe, start
        self._follow()

    def put(self, changes: Mapping[str, str]) -> None:
        """Show values that are not the recipe's. What is said of the network's own description counts as one that was given."""
        self._given = {key: text for key, text in changes.items() if key.startswith("generator.")}
        if self._given:
            self._rows[NETWORK].put(GIVEN)
        for key, text in changes.items():
            if key in self._rows:
                self._rows[key].put(text)
        self._follow()

    def changes(self) -> dict[str, str]:
        """What is not the recipe's, as for `--set`."""
        changes = self._implied()
        for key, row in self._rows.items():
            if key != NETWORK and row.is_changed and not self._is_hidden(key):
                changes[key] = row.value()
        return changes

    def problems(self) -> list[str]:
        """What is wrong with single values that are shown, and so can be put right."""
        return [
            self.tr("{title}: {problem}").format(title=knob_words.title(key), problem=problem)
            for key, row in self._rows.items()
            if not self._is_hidden(key) and (problem := row.problem())
        ]

    def contradict(self, sentences: Sequence[str]) -> None:
        """Show what is wrong with values beside each other at the rows that it names."""
        for key, row in self._rows.items():
            said = [knob_words.in_words(sentence) for sentence in sentences if key in knob_words.named_in(sentence)]
            row.contradict(" ".join(said))
            if said:
                self.open()

    def open(self) -> None:
        self._open.setChecked(True)

    # --- building

    def _fill(self, knobs: Sequence[Knob]) -> None:
        self._of_network = frozenset(knob.key for knob in network_knobs())
        layout = QVBoxLayout(self._body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_S)
        self._groups: list[tuple[QLabel, QWidget, list[KnobRow]]] = []
        for words, some in knob_words.in_groups(knobs):
            rows = []
            for knob in some:
                row = self._rows[knob.key] = KnobRow(self._look, knob, self._body)
                row.edited.connect(self._on_edited)
                rows.append(row)
            label, frame = heading(words, self._body), card(rows, self._body)
            layout.addWidget(label)
            layout.addWidget(frame)
            self._groups.append((label, frame, rows))

    # --- what is shown

    def _implied(self) -> dict[str, str]:
        """What the network asks for that is trained on, or that was chosen by its name."""
        recipe, network = self._recipe, self._rows[NETWORK].value()
        if recipe is None:
            return {}
        if self._start is not None:
            return crop_changes(recipe.crop_size, self._start.multiple)
        if network in (OF_PRESET, GIVEN):
            return dict(self._given) if network == GIVEN else {}
        return network_changes(network, recipe.crop_size, _channels(recipe))

    def _follow(self) -> None:
        """Show the recipe, with what the chosen network asks for, in all rows that were not changed."""
        if self._recipe is None:
            return
        values = values_of(self._recipe) | self._implied() | self._words_of_network(self._recipe)
        for key, row in self._rows.items():
            if key in values:
                row.show_preset(values[key])
        self._show()

    def _words_of_network(self, recipe: TrainConfig) -> dict[str, str]:
        """What the rows about the network say where it is not the recipe's."""
        network = self._rows[NETWORK].value()
        if network == OF_PRESET or self._start is not None:
            return {}
        if network != GIVEN:
            return words_of(named_generator(network, *_channels(recipe)))
        with contextlib.suppress(ConfigError):  # which is said when the whole request is made
            return words_of(recipe.changed(self._given).generator)
        return {}

    def _is_hidden(self, key: str) -> bool:
        """Whether a setting means nothing beside the others; its row keeps what was entered, and nothing comes of it."""
        return (key in _DEPTH and not self._has_depth) or (self._start is not None and key in self._of_network)

    @property
    def _has_depth(self) -> bool:
        """Of the encodings that are chosen, which need not be the recipe's."""
        if self._recipe is None:
            return True
        task = self._recipe.task_spec
        usual = {"encoding_in": task.encoding_in, "encoding_out": task.encoding_out}
        chosen = (self._rows[key].value() or name if key in self._rows else name for key, name in usual.items())
        return any(encoding_named(name).is_depth for name in chosen)

    def _show(self) -> None:
        for key, row in self._rows.items():
            row.setVisible(not self._is_hidden(key))
        shown = [row for key, row in self._rows.items() if not self._is_hidden(key)]
        number = sum(row.is_changed for row in shown)
        words = self.tr("{n} settings, {changed} changed") if number else self.tr("{n} settings, all as the preset has them")
        self._count.setText(words.format(n=len(shown), changed=number))
        self._back.setVisible(number > 0)

    # --- what happens

    def _on_opened(self, on: bool) -> None:
        self._body.setVisible(on)
        self._look.icons.set_on(self._open, "caret-down" if on else "caret-right")

    def _on_edited(self) -> None:
        if self.sender() is self._rows[NETWORK]:
            self._follow()
        self._show()
        self.changed.emit()

    def _on_back_to_preset(self) -> None:
        for row in self._rows.values():
            row.back_to_preset()
        self._follow()
        self.changed.emit()


def _channels(recipe: TrainConfig) -> tuple[int, int]:
    return recipe.generator.in_channels, recipe.generator.out_channels
