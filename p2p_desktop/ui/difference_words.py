"""What a person reads of a difference between two runs: what differs, both values, and what a setting does."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from p2p_desktop.runs.comparison import Difference
from p2p_desktop.ui import knob_words, run_words
from p2p_desktop.ui.knobs import knobs_of, network_knobs
from p2p_desktop.ui.plain_words import count, rate
from training.contract.config import TrainConfig
from training.contract.corrections import Correction
from training.contract.tasks import TASKS

_MOST_LETTERS = 120  # of a value, as of a network's list of filters
_NETWORK, _BEST = "generator.", "best."

_FACTS = {
    "pairs.train": "Pairs that it learns from",
    "pairs.val": "Pairs held out",
    "parameters.g": "Weights of the generator",
    "parameters.d": "Weights of the discriminator",
    "step": "Steps done",
    "best.step": "Step of the best model",
    "steps_per_second": "Speed",
}
_SET_ELSEWHERE = {
    "data": "Folder of pictures",
    "data_b": "Folder of the second pictures",
    "direction": "Which picture is the input",
    "leave_out": "Pairs left out",
    "line_up": "Pairs put right",
    "init_model": "Model that it started from",
    "name": "Name of the model",
}
_PARTS = {
    "kind": "Kind",
    "in_channels": "Channels in",
    "out_channels": "Channels out",
    "encoder": "Filters on the way down",
    "decoder": "Filters on the way up",
    "stem": "Filters before the way down",
    "fold": "Pixels folded into channels",
    "blocks": "Residual blocks",
    "norm_innermost": "Normalisation of the innermost layer",
    "norm_eps": "Least variance of the normalisation",
    "bias": "Biases",
    "dropout_rate": "Share of dropout",
    "skip_activation": "Activation of skip connections",
    "global_vector": "Mean of the whole picture",
}
"""Of the network; the rest is called as in the form."""


@dataclass(frozen=True, slots=True)
class Row:
    """One difference as it is shown."""

    title: str
    first: str
    second: str
    effect: str = ""
    """What the setting does; "" for what is no setting."""


def setting_row(difference: Difference) -> Row:
    """A setting in which two requests differ."""
    key, unit = difference.key, difference.unit
    first, second = _setting(key, difference.first, unit), _setting(key, difference.second, unit)
    return Row(_setting_title(key), first, second, knob_words.in_words(_effect(difference)))


def fact_row(difference: Difference) -> Row:
    """What two runs told of themselves."""
    key = difference.key
    return Row(_fact_title(key), _fact(key, difference.first), _fact(key, difference.second))


def _setting_title(key: str) -> str:
    if key.startswith(_NETWORK):
        part = key.removeprefix(_NETWORK)
        return _tr("Network: {part}").format(part=_tr(_PARTS[part]) if part in _PARTS else knob_words.title(part))
    return _tr(_SET_ELSEWHERE[key]) if key in _SET_ELSEWHERE else knob_words.title(key)


def _effect(difference: Difference) -> str:
    if not difference.key.startswith(_NETWORK):
        return difference.effect
    part = difference.key.removeprefix(_NETWORK)
    return next((knob.effect for knob in network_knobs() if knob.key == part), "") or difference.effect


def _fact_title(key: str) -> str:
    if key == "device":
        return _tr("Trained on")
    if key == "steps":
        return _tr("Steps in all")
    if key.startswith(_BEST) and key not in _FACTS:
        return _tr("Best {metric}").format(metric=run_words.metric_title(key.removeprefix(_BEST)))
    return _tr(_FACTS[key]) if key in _FACTS else knob_words.title(key)


def _fact(key: str, value: object) -> str:
    match value:
        case float() if key == "steps_per_second":
            return rate(value)
        case float() if key.startswith(_BEST):
            return run_words.metric_value(key.removeprefix(_BEST), value)
        case str() if key == "device" and value:
            return run_words.device_words(value)
    return _said(value)


def _setting(key: str, value: object, unit: str) -> str:
    if key == "task" and value in TASKS:
        return _tr(TASKS[str(value)].title)
    if isinstance(value, str):
        knobs = [*knobs_of(TrainConfig), *network_knobs()]
        knob = next((knob for knob in knobs if knob.key == key and value in knob.choices), None)
        if knob is not None:
            return knob_words.choice(knob, value)
    words = _said(value)
    return f"{words} {unit}" if unit and isinstance(value, int | float) else words


def _said(value: object) -> str:
    match value:
        case None | "":
            return _tr("not said")
        case bool():
            return _tr("on") if value else _tr("off")
        case int():
            return count(value)
        case float():
            return f"{value:.4g}"
        case list() | tuple():
            words = ", ".join(one.pair if isinstance(one, Correction) else str(one) for one in value)
            return words[:_MOST_LETTERS] or _tr("none")
    return str(value)[:_MOST_LETTERS]


def _tr(text: str) -> str:
    return QCoreApplication.translate("DifferenceWords", text)
