"""Titles of the settings of a training, and where in the form each of them stands."""

import re
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from p2p_desktop.ui.knobs import GIVEN, NETWORK, OF_PRESET, Knob

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Length", ("steps", "epochs", "early_stop")),
    (
        "Network",
        (NETWORK, "ngf", "norm", "skips", "up", "dropout", "init", "patch_size", "ndf", "conditional"),
    ),
    (
        "Pictures",
        (
            "crop_size",
            "load_size",
            "shrink",
            "mirror",
            "colour_jitter",
            "identity_share",
            "labels",
            "encoding_in",
            "encoding_out",
            "depth_unit",
            "depth_range",
            "sparse",
        ),
    ),
    ("What counts as good", ("lambda_l1", "lambda_gan", "gan_mode", "smooth_l1")),
    (
        "Learning",
        (
            "batch_size",
            "accumulate",
            "learning_rate",
            "learning_rate_d",
            "constant",
            "ema",
            "weight_decay",
            "beta1",
            "beta2",
            "seed",
        ),
    ),
    (
        "Measured and kept",
        ("validate_every", "sample_every", "checkpoint_every", "validation_pairs", "half_weights", "csv"),
    ),
    ("Computing", ("device", "threads", "precision", "workers", "cache_mb", "channels_last", "fused", "compile")),
)
"""Which settings stand together, by their keys. Whatever is in no group stands in a last one."""

OTHER = "Other"

_TITLES = {
    "early_stop": "Stop without progress after",
    NETWORK: "Network",
    "ngf": "Filters (ngf)",
    "norm": "Normalisation",
    "skips": "Skip connections",
    "up": "Enlarging",
    "init": "First weights",
    "patch_size": "Patch of the discriminator",
    "ndf": "Filters of the discriminator (ndf)",
    "conditional": "The discriminator sees the input",
    "crop_size": "Cut-out size",
    "load_size": "Size before cutting out",
    "shrink": "Shrink at random",
    "mirror": "Mirror at random",
    "colour_jitter": "Vary colours",
    "identity_share": "Share left untouched",
    "labels": "Side that holds labels",
    "encoding_in": "How the input is read",
    "encoding_out": "How the result is written",
    "depth_unit": "Unit of depth",
    "depth_range": "Range of depth",
    "sparse": "What is taken away of depth",
    "lambda_l1": "Closeness to the target (lambda L1)",
    "lambda_gan": "Realism (lambda GAN)",
    "gan_mode": "Kind of adversarial loss",
    "smooth_l1": "Small errors by their square",
    "batch_size": "Pictures a step",
    "accumulate": "Parts of a step",
    "learning_rate": "Learning speed",
    "learning_rate_d": "Learning speed of the discriminator",
    "constant": "Share at full speed",
    "ema": "Averaged network",
    "beta1": "Momentum (beta 1)",
    "beta2": "Memory of gradients (beta 2)",
    "seed": "Seed of random numbers",
    "validate_every": "Measure every",
    "sample_every": "Preview pictures every",
    "checkpoint_every": "Save every",
    "validation_pairs": "Pictures to measure with",
    "half_weights": "Half-size model files",
    "csv": "Tables beside the run (CSV)",
    "threads": "Processor threads",
    "precision": "Precision",
    "workers": "Helping processes",
    "cache_mb": "Memory for pictures",
    "channels_last": "Memory layout for graphics cards",
    "fused": "Fused optimiser",
    "compile": "Compile the network first",
}

_CHOICES = {
    ("device", "auto"): "Automatic",
    ("device", "cpu"): "Processor",
    ("device", "cuda"): "Graphics card (NVIDIA)",
    ("device", "mps"): "Graphics card (Apple)",
    (NETWORK, OF_PRESET): "As the preset has it",
    (NETWORK, GIVEN): "As that run had it",
    ("encoding_in", ""): "As the task says",
    ("encoding_out", ""): "As the task says",
    ("labels", "task"): "As the task says",
}

_KEY_IN_SENTENCE = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")


def title(key: str) -> str:
    """What a setting is called; one that nobody has named yet goes by its key."""
    return _tr(_TITLES.get(key, key.replace("_", " ").capitalize()))


def choice(knob: Knob, value: str) -> str:
    return _tr(_CHOICES.get((knob.key, value), value)) or _tr("None")


def in_groups(knobs: Sequence[Knob]) -> list[tuple[str, list[Knob]]]:
    """(heading, settings) in the order of the form; no group is empty."""
    by_key = {knob.key: knob for knob in knobs}
    grouped = [(_tr(words), [by_key.pop(key) for key in keys if key in by_key]) for words, keys in GROUPS]
    return [(words, some) for words, some in [*grouped, (_tr(OTHER), list(by_key.values()))] if some]


def in_words(sentence: str) -> str:
    """A sentence of the trainer about its settings, with the titles that the form has for them."""
    found = _KEY_IN_SENTENCE.sub(lambda match: _named(match.group()), sentence)
    first, space, rest = found.partition(" ")
    return f"{_named(first)}{space}{rest}" if space and first in _TITLES else found


def named_in(sentence: str) -> set[str]:
    """Keys of settings that a sentence of the trainer is about."""
    first = sentence.partition(" ")[0]
    return {match.group() for match in _KEY_IN_SENTENCE.finditer(sentence)} | {first}


def parted(problems: str) -> list[str]:
    """The sentences of a ConfigError, which lists all that is wrong."""
    return [sentence for sentence in re.split(r"(?<=[.!?]) (?=[A-Za-z])", problems) if sentence]


def _named(key: str) -> str:
    return f"\u201c{title(key)}\u201d" if key in _TITLES else key


def _tr(text: str) -> str:
    return QCoreApplication.translate("KnobWords", text)
