"""Last step of the wizard: a preset first, every setting behind it, and what it will take on this computer."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from p2p_desktop.runs.run_draft import RunDraft
from p2p_desktop.ui import knob_words
from p2p_desktop.ui.estimate_panel import EstimatePanel
from p2p_desktop.ui.knob_form import KnobForm
from p2p_desktop.ui.knobs import Knob, knobs_of
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.notes import Note
from p2p_desktop.ui.plain_words import duration
from p2p_desktop.ui.preset_cards import PRESETS, PresetCards
from p2p_desktop.ui.theme import FORM_WIDTH, NARROW_WINDOW, RAIL_WIDTH, SPACE_L, SPACE_M, SPACE_XS, SPACE_XXL
from p2p_desktop.ui.wizard_step import WizardStep
from p2p_desktop.workers.estimates import Estimates
from training.contract.config import TrainConfig, recommended
from training.contract.errors import ConfigError, P2PError
from training.contract.model_file import read_card
from training.contract.spec import GeneratorSpec
from training.contract.tasks import TASKS

_LEAST_CHARACTERS = 84  # of the form's width beside the panel


class SettingsStep(WizardStep):
    def __init__(self, look: Look, runs: Path, parent: QWidget | None = None, *, knobs: Sequence[Knob] | None = None) -> None:
        """`runs`: the folder of runs, on whose disk there must be room. `knobs` stand in for those of the trainer's config."""
        super().__init__(parent)
        self._look = look
        self._draft = RunDraft()
        self._start: GeneratorSpec | None = None
        self._config: TrainConfig | None = None
        self._others: dict[str, TrainConfig] = {}
        self._wrong = ""
        self._estimates = Estimates(self)
        self._estimates.changed.connect(self._show_estimates)
        title, hint = QLabel(self.tr("How long may it learn?"), self), QLabel(self)
        title.setProperty("role", "title")
        hint.setText(self.tr("A preset is enough to begin. You can pause, stop and go on later without losing anything."))
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        self._note = Note(look, "error", self, closable=False)
        self._note.setObjectName("train_settings_problem")
        self._presets = PresetCards(look, self)
        self._presets.chosen.connect(self._on_preset_chosen)
        self._form = KnobForm(look, knobs_of(TrainConfig) if knobs is None else knobs, self)
        self._form.changed.connect(self._on_form_changed)
        self._panel = EstimatePanel(look, runs, self)
        self._panel.edited.connect(self._on_named)
        self._inner = QWidget(self)
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(SPACE_XXL, SPACE_L, SPACE_XXL, SPACE_XXL)
        self._column.setSpacing(SPACE_M)
        head = QVBoxLayout()
        head.setSpacing(SPACE_XS)
        head.addWidget(title)
        head.addWidget(hint)
        self._column.addLayout(head)
        self._column.addWidget(self._note)
        self._column.addWidget(self._presets)
        self._column.addWidget(self._form)
        self._column.addStretch(1)
        for part in (self._note, self._presets, self._form, self._panel):
            part.setMaximumWidth(FORM_WIDTH)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._inner)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(0)
        self._line.addWidget(area, 1)
        self._is_beside = False
        self._place_panel(True)

    # --- as a step

    def enter(self, draft: RunDraft) -> None:
        is_first = self._draft is not draft
        self._draft = draft
        self._start = self._network_to_start_from()
        task = draft.task_spec
        if task is not None:
            self._panel.name.setPlaceholderText(self.tr(task.title))
        if is_first:
            self._panel.name.setText(draft.name)
            self._panel.licence.setText(draft.changes.get("licence", ""))
            self._presets.choose(draft.preset if draft.preset in PRESETS else "balanced")
        self._show_recipe()
        if is_first:
            self._form.put(draft.changes)
        self._estimates.forget_problems()
        self._look_again()

    def leave(self, draft: RunDraft) -> None:
        draft.preset = self._presets.choice
        draft.name = self._panel.name.text().strip()
        draft.changes = self._changes()
        self._estimates.pause()

    def why_not(self) -> str:
        return self._wrong or self._panel.name_problem()

    def words(self) -> tuple[str, str]:
        headline = self.tr("Not ready to start") if self.why_not() else self.tr("Ready to start")
        return headline, self.tr("Goes on when this window is closed. You can pause and stop it at any time.")

    def shown_name(self) -> str:
        """The name as it is typed."""
        return self._panel.name.text().strip()

    def close_down(self, until: QDeadlineTimer) -> None:
        self._estimates.close(until)
        self._panel.close_down(until)

    # --- of Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        least = self.fontMetrics().averageCharWidth() * _LEAST_CHARACTERS
        has_room = self.width() >= max(NARROW_WINDOW - RAIL_WIDTH, self._panel.minimumSizeHint().width() + least)
        self._place_panel(has_room)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._measure()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._estimates.pause()

    # --- what is shown

    def _place_panel(self, beside: bool) -> None:
        if beside == self._is_beside:
            return
        self._is_beside = beside
        if beside:
            self._column.removeWidget(self._panel)
            self._line.addWidget(self._panel)
        else:
            self._line.removeWidget(self._panel)
            self._column.insertWidget(self._column.indexOf(self._form), self._panel)
        self._panel.set_beside(beside)

    def _show_recipe(self) -> None:
        """The form as the chosen preset has it; what was changed stays."""
        recipe = self._recipe(self._presets.choice)
        if recipe is not None:
            self._form.show_recipe(recipe, self._start)

    def _look_again(self) -> None:
        """Find out what is wrong, and measure what is right."""
        chosen, changes = self._presets.choice, self._changes()
        self._config, self._others, sentences = None, {}, list[str]()
        single = self._form.problems()
        if not single:
            try:
                self._config = self._config_of(chosen, changes)
            except P2PError as error:
                sentences = knob_words.parted(str(error)) if isinstance(error, ConfigError) else [str(error)]
            for preset in PRESETS:
                if preset != chosen:
                    with contextlib.suppress(P2PError):  # said when it is chosen
                        self._others[preset] = self._config_of(preset, changes)
        self._form.contradict(sentences)
        told = [knob_words.in_words(sentence) for sentence in sentences]
        self._wrong = " ".join(single[:1] or told[:1])
        if told:
            self._note.say(told[0], "\n".join(told[1:]))
        else:
            self._note.clear()
        self._measure()
        self._show_estimates()
        self.changed.emit()

    def _measure(self) -> None:
        """The chosen preset, then the others while nobody changes anything; nothing while the page is not seen."""
        if self._config is not None and self.isVisible():
            self._estimates.want([self._config, *self._others.values()])
        else:
            self._estimates.pause()

    def _show_estimates(self) -> None:
        for preset in PRESETS:
            config = self._config if preset == self._presets.choice else self._others.get(preset)
            found = self._estimates.known(config) if config is not None else None
            if config is None:
                self._presets.say(preset, None, "")
            elif found is None:
                is_measured = self._estimates.progress(config) is not None
                self._presets.say(preset, None if config.epochs else config.steps, self.tr("measuring") if is_measured else "")
            else:
                self._presets.say(preset, found.steps(config), duration(found.seconds(config)))
        config = self._config
        if config is None:
            self._panel.show_nothing(self.tr("Nothing can be measured with these settings."))
        elif found := self._estimates.known(config):
            self._panel.show_estimate(found, config)
        elif problem := self._estimates.problem(config):
            self._panel.show_problem(problem)
        else:
            self._panel.show_measuring(self._estimates.progress(config))

    # --- what it comes to

    def _recipe(self, preset: str) -> TrainConfig | None:
        """The preset of the task, untouched."""
        draft = self._draft
        if draft.task not in TASKS or draft.data is None:
            return None
        return recommended(draft.task, draft.data, preset)

    def _changes(self) -> dict[str, str]:
        """What other steps said of the run, and what this one does."""
        kept = {key: text for key, text in self._draft.changes.items() if self._is_of_others(key)}
        licence = self._panel.licence.text().strip()
        return kept | self._form.changes() | ({"licence": licence} if licence else {})

    def _is_of_others(self, key: str) -> bool:
        return key not in self._form.keys and key != "licence" and not key.startswith("generator.")

    def _config_of(self, preset: str, changes: dict[str, str]) -> TrainConfig:
        """Raises ConfigError, ModelError."""
        draft = self._draft
        return RunDraft(draft.task, draft.data, draft.data_b, preset, changes, draft.start_from).config(network=self._start)

    def _network_to_start_from(self) -> GeneratorSpec | None:
        if self._draft.start_from is None:
            return None
        try:
            return read_card(self._draft.start_from).generator
        except P2PError:  # said when the config is made
            return None

    # --- what happens

    def _on_preset_chosen(self, _: str) -> None:
        self._show_recipe()
        self._look_again()

    def _on_form_changed(self) -> None:
        self._look_again()

    def _on_named(self) -> None:
        self.changed.emit()
