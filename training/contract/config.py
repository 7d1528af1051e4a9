"""The whole request of a training run: one dataclass, one sentence a field, checked when it is made.

Defaults are the paper's (section 6.2). Each field's metadata gives its range and unit, from which pages and help build
themselves. A config file is `TrainConfig.to_json()`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, Self, get_args, get_origin

from training.contract.encodings import encoding_named
from training.contract.errors import ConfigError
from training.contract.framing import Frame, SizeRule
from training.contract.spec import GENERATOR_NAMES, DiscriminatorSpec, GeneratorSpec, named_generator
from training.contract.tasks import task_named

FORMAT_VERSION = 1

CHANGEABLE_ON_RESUME = frozenset({"steps", "device", "threads", "validate_every", "sample_every", "checkpoint_every"})
"""What a continued run may have different from its first part (design 3.4)."""


def _knob(default: Any, low: float, high: float, unit: str, effect: str) -> Any:  # Any: a dataclass field of any type
    return field(default=default, metadata={"low": low, "high": high, "unit": unit, "effect": effect})


def _choice(default: Any, effect: str) -> Any:  # Any: as above
    return field(default=default, metadata={"effect": effect})


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One run. Raises ConfigError for values out of range, naming the key."""

    task: str = field(metadata={"effect": "What is learned."})
    data: str = field(metadata={"effect": "Folder of pictures; sub-folders train and val are used as such, else a split is made."})
    generator: GeneratorSpec = field(metadata={"effect": "The network that translates."})
    discriminator_field: int = _choice(70, "Pixels that one judgement of the PatchGAN sees: 1, 16, 34, 70, 142, 286 or 574.")
    discriminator_width: int = _knob(64, 1, 1024, "filters", "Filters of the discriminator's first layer.")
    conditional: bool = _choice(True, "Whether the discriminator sees the input beside the output.")

    steps: int = _knob(80000, 1, 10**9, "steps", "Length of the run, in updates of the generator.")
    batch: int = _knob(1, 1, 1024, "pictures", "Pictures per step.")
    size: int = _knob(256, 8, 4096, "pixels", "Side of the square crops that are trained on.")
    jitter: float = _knob(286 / 256, 1, 2, "times", "Pictures that are fitted are enlarged this much before the crop.")
    shrink: float = _knob(1.0, 0.1, 1, "times", "Pictures at their own size are shrunk at random down to this.")
    mirror: bool = _choice(True, "Whether half of the pictures are mirrored.")
    identity_share: float = _knob(0.15, 0, 1, "share", "Made pairs whose input is left as good as the target.")

    lambda_gan: float = _knob(1.0, 0, 1e4, "times", "Weight of the adversarial loss; 0: no discriminator.")
    lambda_l1: float = _knob(100.0, 0, 1e4, "times", "Weight of the mean absolute error.")
    learning_rate: float = _knob(2e-4, 1e-8, 0.01, "per step", "Step size of Adam, for both networks.")
    beta1: float = _knob(0.5, 0, 0.9999, "", "Adam's momentum.")
    beta2: float = _knob(0.999, 0, 0.99999, "", "Adam's memory of squared gradients.")
    weight_decay: float = _knob(0.0, 0, 1, "per step", "Decoupled weight decay of the generator.")
    constant: float = _knob(0.5, 0, 1, "share", "Share of the run at full learning rate; it then falls linearly to 0.")
    ema: float = _knob(0.0, 0, 0.99999, "", "Decay of the averaged generator that is measured and saved; 0: no average.")
    init: Literal["normal", "kaiming"] = _choice("normal", "How fresh weights are drawn.")
    init_model: str | None = _choice(None, "Model file whose weights are the start, or none.")

    seed: int = _knob(0, 0, 2**31 - 1, "", "Start of every random number.")
    device: str = _choice("auto", "auto, cpu, cuda, cuda:N or mps.")
    threads: int = _knob(0, 0, 1024, "threads", "Processor threads; 0: as many as suit the computer, or as the run had before.")
    workers: int = _knob(0, 0, 64, "processes", "Processes that prepare pictures beside the training; 0: none.")
    cache_mb: int = _knob(1024, 0, 10**6, "MB", "Memory for decoded pictures, per process.")
    validation_pairs: int = _knob(24, 1, 10**4, "pictures", "Held-out pictures, at most.")
    validate_every: int = _knob(1000, 1, 10**9, "steps", "Steps from one measurement to the next.")
    sample_every: int = _knob(1000, 1, 10**9, "steps", "Steps from one set of preview pictures to the next.")
    checkpoint_every: int = _knob(1000, 1, 10**9, "steps", "Steps from one checkpoint to the next.")
    half_weights: bool = _choice(True, "Whether model files hold 16-bit weights, half as large.")
    licence: str = _choice("", "Licence of the model, written on its card.")
    name: str = _choice("", "Name of the model; empty: the task's.")

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            _check_type(item.name, value, item.type)
            low, high = item.metadata.get("low"), item.metadata.get("high")
            if low is not None and not low <= value <= high:
                raise ConfigError(f"{item.name} must be {low:g} to {high:g} {item.metadata['unit']}".rstrip() + f", not {value:g}.")
        task = task_named(self.task)
        if not self.data:
            raise ConfigError("A training run needs a folder of pictures (data).")
        if self.lambda_gan == 0 and self.lambda_l1 == 0:
            raise ConfigError("lambda_gan and lambda_l1 are both 0, so there is nothing to learn.")
        if self.size % self.generator.multiple:
            raise ConfigError(f"size must be a multiple of {self.generator.multiple} for this network, not {self.size}.")
        channels = encoding_named(task.encoding_in).channels, encoding_named(task.encoding_out).channels
        if channels != (self.generator.in_channels, self.generator.out_channels):
            raise ConfigError(f"The task {task.name} needs a network of {channels[0]} to {channels[1]} channels.")
        smallest = self.discriminator.smallest_side
        if self.lambda_gan and self.size < smallest:
            raise ConfigError(
                f"size must be at least {smallest} pixels for a discriminator_field of {self.discriminator_field}, not {self.size}."
            )

    @property
    def discriminator(self) -> DiscriminatorSpec:
        spec = self.generator
        norm = "batch" if spec.norm == "none" else spec.norm
        return DiscriminatorSpec(
            spec.in_channels, spec.out_channels, self.discriminator_field, self.discriminator_width, norm, self.conditional
        )

    @property
    def frame(self) -> Frame:
        """How pictures enter and leave the network that this run trains."""
        task = task_named(self.task)
        rule = SizeRule(task.size_mode, self.size, self.generator.multiple)
        return Frame(rule, task.encoding_in, task.encoding_out, task.keeps_grey)

    def to_json(self) -> str:
        """ASCII: paths that are no Unicode survive."""
        return json.dumps({"version": FORMAT_VERSION} | asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a config file's text. Raises ConfigError."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"The configuration is not valid JSON: {error}.") from error
        if not isinstance(data, dict):
            raise ConfigError("The configuration must be a JSON object.")
        version = data.pop("version", FORMAT_VERSION)
        if type(version) is not int or version < 1:
            raise ConfigError(f"The configuration's version cannot be {version!r}.")
        if version > FORMAT_VERSION:
            raise ConfigError("The configuration was written by a newer version of this program.")
        unknown = sorted(set(data) - {item.name for item in fields(cls)})
        if unknown:
            raise ConfigError(f"The configuration has keys that this version does not know: {', '.join(unknown)}.")
        if not isinstance(data.get("generator"), dict):
            raise ConfigError("The configuration does not describe its generator.")
        missing = sorted({"task", "data"} - set(data))
        if missing:
            raise ConfigError(f"The configuration lacks {', '.join(missing)}.")
        values = {item.name: _fitting(data[item.name], item.type) for item in fields(cls) if item.name in data}
        return cls(**(values | {"generator": GeneratorSpec.from_json(data["generator"])}))

    def changed(self, changes: Mapping[str, str]) -> Self:
        """A config with values given as text, as in `--set batch=4` or `--set generator.skips=false`, all at once.

        Raises ConfigError.
        """
        spec = self.generator.to_json()
        types = {item.name: item.type for item in fields(self) if item.name != "generator"}
        values: dict[str, Any] = {}  # Any: JSON
        for key, text in changes.items():
            inner = key.removeprefix("generator.")
            if inner != key and inner in spec:
                spec[inner] = _parse(key, text, str if isinstance(spec[inner], str) else None)
            elif key in types:
                values[key] = _fitting(_parse(key, text, types[key]), types[key])
            else:
                names = ", ".join([*types, *(f"generator.{name}" for name in spec)])
                raise ConfigError(f"There is no setting {key!r}. There are: {names}.")
        return replace(self, generator=GeneratorSpec.from_json(spec), **values)

    def differences(self, other: Self) -> list[str]:
        """Keys whose values differ."""
        return [item.name for item in fields(self) if getattr(self, item.name) != getattr(other, item.name)]


def recommended(task_name: str, data: Path, preset: str = "balanced") -> TrainConfig:
    """A task's recipe: `quick`, `balanced`, `thorough`, or a network's name with the balanced recipe. Raises ConfigError."""
    task = task_named(task_name)
    if preset not in task.presets and preset not in GENERATOR_NAMES:
        raise ConfigError(f"There is no preset {preset!r}. There are: {', '.join([*task.presets, *GENERATOR_NAMES])}.")
    values = dict(task.presets["balanced" if preset in GENERATOR_NAMES else preset])
    network = values.pop("network")
    channels = encoding_named(task.encoding_in).channels, encoding_named(task.encoding_out).channels
    if preset in GENERATOR_NAMES:
        spec = named_generator(preset, *channels)
        values["init"] = "normal"
        values["size"] = max(256, spec.multiple) if preset != "unet-128" else 128
    elif isinstance(network, str):
        spec = named_generator(network, *channels)
    else:
        spec = GeneratorSpec.from_json({"in_channels": channels[0], "out_channels": channels[1]} | network)
    return TrainConfig(task=task_name, data=str(data), generator=spec, **values)


def _parse(key: str, text: str, wanted: Any) -> Any:  # Any: a type or a special form of typing; JSON
    """The value that a person wrote on a command line: texts stand for themselves, all else is JSON."""
    if wanted is str or get_origin(wanted) is Literal:
        return text
    if str in get_args(wanted):
        return None if text == "null" else text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ConfigError(f"{key} cannot be {text!r}.") from None


def _fitting(value: Any, wanted: Any) -> Any:  # Any: JSON; a type or a special form of typing
    """JSON writes 1.0 as 1. Whole numbers beyond every float stay, and are refused as such."""
    return float(value) if wanted is float and type(value) is int and abs(value) < 1 << 53 else value


def _check_type(name: str, value: object, wanted: Any) -> None:  # Any: a type or a special form of typing
    if get_origin(wanted) is Literal:
        if not isinstance(value, str) or value not in get_args(wanted):
            raise ConfigError(f"{name} must be one of {', '.join(get_args(wanted))}, not {value!r}.")
        return
    options = get_args(wanted) or (wanted,)
    if type(value) not in options:
        names = " or ".join(option.__name__ for option in options).replace("NoneType", "null")
        raise ConfigError(f"{name} must be of the type {names}, not {value!r}.")
