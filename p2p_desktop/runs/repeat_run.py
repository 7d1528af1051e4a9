"""A run once more: the draft that leads to the same request, for whoever wants to change something of it."""

import json
from dataclasses import fields
from pathlib import Path

from p2p_desktop.runs.run_draft import RunDraft
from training.contract.config import TrainConfig, recommended

_OF_DRAFT = frozenset({"task", "data", "data_b", "preset", "name", "init_model", "generator"})


def draft_of(config: TrainConfig) -> RunDraft:
    """What a person would have said to get this config. A preset that is a network's name becomes the balanced one, changed."""
    preset = config.preset if config.preset in config.task_spec.presets else "balanced"
    recipe = recommended(config.task, Path(config.data), preset)
    ours, theirs = config.to_dict(), recipe.to_dict()
    names = {item.name for item in fields(config)} - _OF_DRAFT
    changes = {name: _text(ours[name]) for name in ours if name in names and ours[name] != theirs[name]}
    start = Path(config.init_model) if config.init_model else None
    if start is None:
        changes |= _network_changes(config, recipe)
    other = Path(config.data_b) if config.data_b else None
    return RunDraft(config.task, Path(config.data), other, preset, changes, start, config.name)


def _network_changes(config: TrainConfig, recipe: TrainConfig) -> dict[str, str]:
    ours, theirs = config.generator.to_json(), recipe.generator.to_json()
    follow = ("in_channels", "out_channels")  # the encodings
    return {f"generator.{key}": _text(value) for key, value in ours.items() if value != theirs[key] and key not in follow}


def _text(value: object) -> str:
    """As `--set` takes it."""
    return value if isinstance(value, str) else json.dumps(value)
