"""A new run with the settings of an old one: as the wizard would have been filled in."""

import json
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from p2p_desktop.runs.run_draft import RunDraft
from p2p_desktop.runs.run_request import read_request
from training.contract.config import TrainConfig, recommended
from training.contract.errors import ModelError
from training.contract.model_file import read_card

_OF_THE_DRAFT = frozenset({"task", "data", "data_b", "preset", "generator", "init_model", "name"})
"""What a draft says by other means than changes."""
_OF_THE_PICTURES = frozenset(
    {"direction", "leave_out", "line_up", "encoding_in", "encoding_out", "labels", "depth_unit", "depth_range", "sparse"}
)
"""What says how the pictures are to be read; it does not go with a network or a recipe."""


def draft_of_run(run: Path) -> tuple[RunDraft, list[str]]:
    """The settings of a run, under a new name, and sentences about what of it is gone meanwhile.

    Raises TrainerError, ConfigError.
    """
    return draft_of(read_request(run))


def draft_of_fine_tuning(run: Path, model: Path) -> tuple[RunDraft, list[str]]:
    """A new run that starts from a model of this one: its task and pictures, and how they are read; else as for a new one.

    Raises TrainerError, ConfigError.
    """
    draft, notes = draft_of(replace(read_request(run), init_model=None, preset="balanced"))
    draft.start_from = model
    draft.changes = {key: value for key, value in draft.changes.items() if key in _OF_THE_PICTURES}
    return draft, notes


def draft_of(config: TrainConfig) -> tuple[RunDraft, list[str]]:
    """A draft whose request is this one under a new name, and sentences about what is gone meanwhile."""
    notes: list[str] = []
    recipe, preset = _recipe(config)
    draft = RunDraft(config.task, preset=preset, name=_next_name(config.name))
    draft.data = _folder(config.data, notes)
    draft.data_b = _folder(config.data_b, notes) if config.data_b else None
    ours, theirs = config.to_dict(), recipe.to_dict()
    for name in (item.name for item in fields(config) if item.name not in _OF_THE_DRAFT):
        if ours[name] != theirs[name]:
            draft.changes[name] = _as_text(ours[name])
    draft.start_from = _start(config, notes)
    if draft.start_from is None:
        draft.changes |= _network_changes(config, recipe)
    return draft, notes


def _recipe(config: TrainConfig) -> tuple[TrainConfig, str]:
    """The preset that the request began with; one that is a network's name, or gone by now, is the balanced one, changed."""
    preset = config.preset if config.preset in config.task_spec.presets else "balanced"
    return recommended(config.task, Path(config.data), preset), preset


def _folder(text: str, notes: list[str]) -> Path | None:
    folder = Path(text)
    if folder.is_dir():
        return folder
    notes.append(f"The pictures in {text} are not there any more. Choose them again, or connect their drive.")
    return None


def _start(config: TrainConfig, notes: list[str]) -> Path | None:
    """The model that the run started from, if it is there and has the run's network."""
    if config.init_model is None:
        return None
    model = Path(config.init_model)
    try:
        if read_card(model).generator == config.generator:
            return model
        notes.append(f"{model} is another model now, so the new run starts afresh.")
    except ModelError:
        notes.append(f"The model {model}, which the run started from, is not there any more. The new run starts afresh.")
    return None


def _network_changes(config: TrainConfig, recipe: TrainConfig) -> dict[str, str]:
    """What of the network is not the recipe's. Its channels follow from the encodings."""
    wanted = config.generator
    channels = {"in_channels": wanted.in_channels, "out_channels": wanted.out_channels}
    usual = recipe.generator.to_json() | channels
    return {f"generator.{key}": _as_text(value) for key, value in wanted.to_json().items() if value != usual[key]}


def _as_text(value: Any) -> str:  # Any: of a setting
    """As `TrainConfig.changed` reads it."""
    return value if isinstance(value, str) else json.dumps(value)


def _next_name(name: str) -> str:
    """ "Old lens" -> "Old lens 2" -> "Old lens 3"; what has no name gets none."""
    if not name:
        return ""
    counted = re.fullmatch(r"(.*\S) (\d{1,6})", name)
    return f"{counted[1]} {int(counted[2]) + 1}" if counted else f"{name} 2"
