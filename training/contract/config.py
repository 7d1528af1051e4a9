"""The whole request of a training run: one dataclass, one sentence a field, checked when it is made.

Defaults are the paper's (section 6.2). Each field's metadata gives its range and unit, from which pages and help build
themselves. A config file is `TrainConfig.to_json()`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import Field, asdict, dataclass, field, fields, replace
from math import ceil
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from training.contract.encodings import DepthScale, Encoding, encoding_named
from training.contract.errors import ConfigError
from training.contract.framing import Frame, SizeRule
from training.contract.spec import GENERATOR_NAMES, PATCH_FIELDS, DiscriminatorSpec, GeneratorSpec, named_generator
from training.contract.tasks import Task, task_named

FORMAT_VERSION = 1

CHANGEABLE_ON_RESUME = frozenset({"steps", "device", "threads", "workers", "validate_every", "sample_every", "checkpoint_every"})
"""What a continued run may have different from its first part (design 3.4)."""

JITTER = 286 / 256  # the paper's enlargement before the crop (section 6.2)


def _knob(default: Any, low: float, high: float, unit: str, effect: str) -> Any:  # Any: a dataclass field of any type
    return field(default=default, metadata={"low": low, "high": high, "unit": unit, "effect": effect})


def _choice(default: Any, effect: str) -> Any:  # Any: as above
    return field(default=default, metadata={"effect": effect})


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One run. Raises ConfigError for values out of range, naming every such key."""

    task: str = field(metadata={"effect": "What is learned."})
    data: str = field(metadata={"effect": "Folder of pictures; sub-folders train and val are used as such, else a split is made."})
    generator: GeneratorSpec = field(metadata={"effect": "The network that translates."})
    preset: str = _choice("balanced", "The recipe that this request began with.")
    data_b: str = _choice("", "Folder of the second picture of each pair, matched by name, if it does not lie in data.")
    direction: Literal["AtoB", "BtoA", "task"] = _choice("task", "Which picture of a pair is the input; task: what the task says.")
    encoding_in: str = _choice("", "How the network sees its input; empty: as the task says.")
    encoding_out: str = _choice("", "What the network gives; empty: as the task says.")
    labels: Literal["none", "A", "B", "task"] = _choice(
        "task", "Which picture of a pair holds labels, whose colours are never mixed."
    )
    depth_unit: float = _knob(0.001, 1e-6, 1, "m", "Metres per count of a depth picture.")
    depth_range: float = _knob(10.0, 0.01, 1e5, "m", "Depths up to here are learned; farther ones count as not measured.")
    sparse: Literal["all", "points", "scans", "holes"] = _choice("all", "What is left of a depth map that is to be filled.")

    patch_size: int = _choice(70, "Pixels that one judgement of the PatchGAN sees: 1, 16, 34, 70, 142, 286 or 574.")
    ndf: int = _knob(64, 1, 1024, "filters", "Filters of the discriminator's first layer.")
    conditional: bool = _choice(True, "Whether the discriminator sees the input beside the output.")

    steps: int = _knob(80000, 1, 10**9, "steps", "Length of the run, in updates of the generator.")
    epochs: float = _knob(0.0, 0, 1e6, "epochs", "Length of the run in passes over the pairs, instead of steps; 0: steps counts.")
    batch_size: int = _knob(1, 1, 1024, "pictures", "Pictures per step.")
    accumulate: int = _knob(
        1, 1, 1024, "parts", "Parts that a step's pictures are computed in, one after the other, to save memory."
    )
    crop_size: int = _knob(256, 8, 4096, "pixels", "Side of the square crops that are trained on.")
    load_size: int = _knob(
        0, 0, 8192, "pixels", "Short side that pictures are fitted to before the crop; 0: crop_size and an eighth."
    )
    shrink: float = _knob(1.0, 0.1, 1, "times", "Pictures at their own size are shrunk at random down to this.")
    mirror: bool = _choice(True, "Whether half of the pictures are mirrored.")
    colour_jitter: float = _knob(
        0.0, 0, 1, "share", "How far brightness, contrast and saturation of photographs vary, both sides alike."
    )
    identity_share: float = _knob(0.15, 0, 1, "share", "Made pairs whose input is left as good as the target.")

    gan_mode: Literal["vanilla", "lsgan", "none"] = _choice(
        "vanilla", "The adversarial loss: cross-entropy, least squares, or none."
    )
    lambda_gan: float = _knob(1.0, 0, 1e4, "times", "Weight of the adversarial loss; 0: no discriminator.")
    lambda_l1: float = _knob(100.0, 0, 1e4, "times", "Weight of the mean absolute error.")
    learning_rate: float = _knob(2e-4, 1e-8, 0.01, "per step", "Step size of Adam, for both networks.")
    learning_rate_d: float = _knob(0.0, 0, 0.01, "per step", "Step size of the discriminator's Adam; 0: as learning_rate.")
    beta1: float = _knob(0.5, 0, 0.9999, "", "Adam's momentum.")
    beta2: float = _knob(0.999, 0, 0.99999, "", "Adam's memory of squared gradients.")
    weight_decay: float = _knob(
        0.0, 0, 1, "times", "Decoupled weight decay of the generator: each step takes the learning rate times this off its weights."
    )
    constant: float = _knob(0.5, 0, 1, "share", "Share of the run at full learning rate; it then falls linearly to 0.")
    ema: float = _knob(0.0, 0, 0.99999, "", "Decay of the averaged generator that is measured and saved; 0: no average.")
    early_stop: int = _knob(0, 0, 10**6, "measurements", "Measurements without a new best after which the run ends; 0: never.")
    init: Literal["normal", "kaiming"] = _choice("normal", "How fresh weights are drawn.")
    init_model: str | None = _choice(None, "Model file whose weights are the start, or none.")

    seed: int = _knob(0, 0, 2**31 - 1, "", "Start of every random number.")
    device: str = _choice("auto", "auto, cpu, cuda, cuda:N or mps.")
    threads: int = _knob(0, 0, 1024, "threads", "Processor threads; 0: as many as suit the computer, or as the run had before.")
    precision: Literal["fp32", "bf16", "fp16"] = _choice("fp32", "Numbers that convolutions compute with; fp16 needs CUDA.")
    channels_last: bool = _choice(False, "Whether pictures lie in memory pixel by pixel, which graphics cards like.")
    fused: bool = _choice(True, "Whether the optimiser updates all weights in one pass.")
    compile: bool = _choice(False, "Whether torch compiles the generator first: minutes, then faster steps on CUDA.")
    workers: int = _knob(0, 0, 64, "processes", "Processes that prepare pictures beside the training; 0: none.")
    cache_mb: int = _knob(1024, 0, 10**6, "MB", "Memory for decoded pictures, per process.")
    validation_pairs: int = _knob(24, 1, 10**4, "pictures", "Held-out pictures, at most.")
    validate_every: int = _knob(1000, 1, 10**9, "steps", "Steps from one measurement to the next.")
    sample_every: int = _knob(1000, 1, 10**9, "steps", "Steps from one set of preview pictures to the next.")
    checkpoint_every: int = _knob(1000, 1, 10**9, "steps", "Steps from one checkpoint to the next.")
    csv: bool = _choice(False, "Whether losses and metrics are written to losses.csv and metrics.csv, too.")
    half_weights: bool = _choice(True, "Whether model files hold 16-bit weights, half as large.")
    licence: str = _choice("", "Licence of the model, written on its card.")
    name: str = _choice("", "Name of the model; empty: the task's.")

    def __post_init__(self) -> None:
        problems = [problem for item in fields(self) if (problem := _problem(item, getattr(self, item.name)))]
        problems = problems or list(self._contradictions())
        if problems:
            raise ConfigError(" ".join(problems))

    def _contradictions(self) -> Iterator[str]:
        """What single values do not say."""
        try:
            task, (entering, leaving) = self.task_spec, self.encodings
        except ConfigError as error:
            yield str(error)
            return
        if not self.data:
            yield "A training run needs a folder of pictures (data)."
        if not self.has_discriminator and self.lambda_l1 == 0:
            yield "Both losses are switched off (lambda_l1, and lambda_gan or gan_mode), so there is nothing to learn."
        if self.crop_size % self.generator.multiple:
            yield f"crop_size must be a multiple of {self.generator.multiple} for this network, not {self.crop_size}."
        if task.size_mode == "fit" and self.load_size and self.load_size < self.crop_size:
            yield f"load_size must be at least crop_size ({self.crop_size}), not {self.load_size}."
        if (entering.channels, leaving.channels) != (self.generator.in_channels, self.generator.out_channels):
            yield (
                f"{entering.name} to {leaving.name} needs a network of {entering.channels} to {leaving.channels} channels, "
                f"not {self.generator.in_channels} to {self.generator.out_channels}."
            )
        yield from self._wrong_encodings(task, entering, leaving)
        if self.patch_size not in PATCH_FIELDS:
            yield f"patch_size must be one of {', '.join(map(str, PATCH_FIELDS))} pixels, not {self.patch_size}."
        elif self.has_discriminator and self.crop_size < self.discriminator.smallest_side:
            least = self.discriminator.smallest_side
            yield f"crop_size must be at least {least} pixels for a patch_size of {self.patch_size}, not {self.crop_size}."
        if self.batch_size % self.accumulate:
            yield f"batch_size must be a multiple of accumulate ({self.accumulate}), not {self.batch_size}."

    def _wrong_encodings(self, task: Task, entering: Encoding, leaving: Encoding) -> Iterator[str]:
        if task.source == "found":
            if entering.name in ("lab_ab", "rgb_depth16") or leaving.name in ("lab_ab", "lab_l") or leaving.is_filled:
                yield f"Pairs of {entering.name} and {leaving.name} cannot be found on a disk."
        elif task.source == "sparse":
            if not entering.is_depth or leaving.name != "depth16":
                yield f"The task {task.name} takes depth16, filled_depth16 or rgb_depth16, and gives depth16."
        elif (entering.name, leaving.name) != (task.encoding_in, task.encoding_out):
            yield f"The task {task.name} makes its pairs, and they are {task.encoding_in} to {task.encoding_out}."

    @property
    def task_spec(self) -> Task:
        return task_named(self.task)

    @property
    def encodings(self) -> tuple[Encoding, Encoding]:
        """Of what goes in and what comes out."""
        task = self.task_spec
        return encoding_named(self.encoding_in or task.encoding_in), encoding_named(self.encoding_out or task.encoding_out)

    @property
    def is_reversed(self) -> bool:
        """Whether B is the input."""
        return (self.task_spec.direction if self.direction == "task" else self.direction) == "BtoA"

    @property
    def labelled_side(self) -> Literal["none", "input", "output"]:
        side = self.task_spec.labels if self.labels == "task" else self.labels
        if side == "none":
            return "none"
        return "input" if (side == "B") == self.is_reversed else "output"

    @property
    def is_masked(self) -> bool:
        """Whether targets have holes, where nothing is learned."""
        return self.encodings[1].is_depth

    @property
    def has_discriminator(self) -> bool:
        return self.gan_mode != "none" and self.lambda_gan > 0

    def num_steps(self, num_pairs: int) -> int:
        """Length of the run with so many pairs to train on."""
        return ceil(self.epochs * num_pairs / self.batch_size) if self.epochs else self.steps

    @property
    def fitted_size(self) -> int:
        """Short side of pictures before the crop, in pixels."""
        return self.load_size or round(self.crop_size * JITTER)

    @property
    def discriminator(self) -> DiscriminatorSpec:
        spec = self.generator
        norm = "batch" if spec.norm == "none" else spec.norm
        return DiscriminatorSpec(spec.in_channels, spec.out_channels, self.patch_size, self.ndf, norm, self.conditional)

    @property
    def frame(self) -> Frame:
        """How pictures enter and leave the network that this run trains."""
        task, (entering, leaving) = self.task_spec, self.encodings
        rule = SizeRule(task.size_mode, self.crop_size, self.generator.multiple)
        depth = DepthScale(self.depth_unit, self.depth_range)
        return Frame(rule, entering.name, leaving.name, task.keeps_grey, self.labelled_side, depth)

    def to_json(self) -> str:
        """ASCII: paths that are no Unicode survive."""
        return json.dumps(self.to_dict(), indent=1) + "\n"

    def to_dict(self) -> dict[str, Any]:  # Any: JSON
        return {"version": FORMAT_VERSION} | asdict(self)

    @classmethod
    def from_json(cls, text: str) -> "TrainConfig":
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
        unknown = sorted(set(data) - {item.name for item in fields(cls)} - SHORT_WORDS.keys())
        missing = sorted({"task", "data"} - set(data))
        if unknown or missing:
            said = [f"The configuration has keys that this version does not know: {', '.join(unknown)}."] if unknown else []
            raise ConfigError(" ".join([*said, *([f"The configuration lacks {', '.join(missing)}."] if missing else [])]))
        values = {item.name: _fitting(data[item.name], item.type) for item in fields(cls) if item.name in data}
        if isinstance(data.get("generator"), dict):
            spec = GeneratorSpec.from_json(data["generator"])
            return cls(**(values | {"generator": _respecified(spec, {key: data[key] for key in SHORT_WORDS if key in data})}))
        if "generator" in data:
            raise ConfigError("The configuration's generator must be a JSON object, or left out.")
        return _completed(values, {key: data[key] for key in SHORT_WORDS if key in data})

    def changed(self, changes: Mapping[str, str], start: GeneratorSpec | None = None) -> "TrainConfig":
        """A config with values given as text, as in `--set batch_size=4` or `--set generator.skips=false`, all at once.

        A new task's encodings or a new number of channels change the network with them. `start`: the network of the model whose
        weights are the start, which is then the run's as it is; None for the recipe's. Raises ConfigError.
        """
        types = {item.name: item.type for item in fields(self) if item.name != "generator"}
        values: dict[str, Any] = {}  # Any: JSON
        words: dict[str, Any] = {}
        inner: dict[str, Any] = {}
        described = self.generator.to_json()
        for key, text in changes.items():
            name = key.removeprefix("generator.")
            if name != key and name in described:
                inner[name] = _parse(key, text, str if isinstance(described[name], str) else None)
            elif key in SHORT_WORDS:
                words[key] = _parse(key, text, SHORT_WORDS[key])
            elif key in types:
                values[key] = _fitting(_parse(key, text, types[key]), types[key])
            else:
                names = ", ".join([*types, *SHORT_WORDS, *(f"generator.{name}" for name in described)])
                raise ConfigError(f"There is no setting {key!r}. There are: {names}.")
        channels = _channels(self.task, values.get("encoding_in", self.encoding_in), values.get("encoding_out", self.encoding_out))
        if start is not None:
            _refuse_other_network(start, channels, [*words, *(f"generator.{name}" for name in inner)])
            return replace(self, generator=start, **values)
        described |= {"in_channels": channels[0], "out_channels": channels[1]} | inner
        return replace(self, generator=_respecified(GeneratorSpec.from_json(described), words), **values)

    def differences(self, other: "TrainConfig") -> list[str]:
        """Keys whose values differ."""
        return [item.name for item in fields(self) if getattr(self, item.name) != getattr(other, item.name)]


SHORT_WORDS: dict[str, Any] = {"ngf": int, "norm": str, "skips": bool, "up": str, "dropout": str}  # Any: types
"""What may be said of the generator as if it were a key of the config; a config that is written says it inside `generator`."""


def recommended(
    task_name: str, data: Path, preset: str = "balanced", *, encoding_in: str = "", encoding_out: str = ""
) -> TrainConfig:
    """A task's recipe: `quick`, `balanced`, `thorough`, or a network's name with the balanced recipe. Raises ConfigError."""
    task = task_named(task_name)
    if preset not in task.presets and preset not in GENERATOR_NAMES:
        raise ConfigError(f"There is no preset {preset!r}. There are: {', '.join([*task.presets, *GENERATOR_NAMES])}.")
    values = dict(task.presets["balanced" if preset in GENERATOR_NAMES else preset])
    network = values.pop("network")
    channels = _channels(task_name, encoding_in, encoding_out)
    if preset in GENERATOR_NAMES:
        spec = named_generator(preset, *channels)
        values |= {"init": "normal", "crop_size": 128 if preset == "unet-128" else max(256, spec.multiple), "load_size": 0}
    elif isinstance(network, str):
        spec = named_generator(network, *channels)
    else:
        spec = GeneratorSpec.from_json({"in_channels": channels[0], "out_channels": channels[1]} | network)
    return TrainConfig(
        task=task_name, data=str(data), generator=spec, preset=preset, encoding_in=encoding_in, encoding_out=encoding_out, **values
    )


def _channels(task_name: str, encoding_in: str, encoding_out: str) -> tuple[int, int]:
    task = task_named(task_name)
    return encoding_named(encoding_in or task.encoding_in).channels, encoding_named(encoding_out or task.encoding_out).channels


def _refuse_other_network(start: GeneratorSpec, channels: tuple[int, int], said: list[str]) -> None:
    """Raises ConfigError where a run cannot have the network of the model that it is to start from."""
    if said:
        raise ConfigError(f"The network is that of the model to start from, so leave out {', '.join(said)}.")
    if (start.in_channels, start.out_channels) != channels:
        raise ConfigError(
            f"The model to start from turns {start.in_channels} channels into {start.out_channels}, and this run needs "
            f"{channels[0]} into {channels[1]}. Choose another model, or other encodings (encoding_in, encoding_out)."
        )


def _completed(values: dict[str, Any], words: dict[str, Any]) -> TrainConfig:  # Any: JSON
    """A config that does not describe its network: that of its preset. Raises ConfigError."""
    for key in ("task", "data", "preset", "encoding_in", "encoding_out"):
        if not isinstance(values.get(key, ""), str):
            raise ConfigError(f"{key} must be of the type str, not {values[key]!r}.")
    encodings = {key: values.get(key, "") for key in ("encoding_in", "encoding_out")}
    base = recommended(values["task"], Path(values["data"]), values.get("preset", "balanced"), **encodings)
    return replace(base, generator=_respecified(base.generator, words), **values)


def _respecified(spec: GeneratorSpec, words: Mapping[str, Any]) -> GeneratorSpec:  # Any: JSON
    """The network with short words applied: `ngf` scales all widths, the others replace what they name. Raises ConfigError."""
    if not words:
        return spec
    described = spec.to_json() | {key: value for key, value in words.items() if key != "ngf"}
    ngf = words.get("ngf", spec.encoder[0])
    if type(ngf) is not int or ngf < 1:
        raise ConfigError(f"ngf must be 1 or more filters, not {ngf!r}.")
    for key in ("encoder", "decoder"):
        described[key] = [max(1, round(width * ngf / spec.encoder[0])) for width in described[key]]
    described["stem"] = round(described["stem"] * ngf / spec.encoder[0])
    return GeneratorSpec.from_json(described)


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


def _problem(item: "Field[Any]", value: object) -> str:  # Any: of any type
    """What is wrong with one value, as a sentence; "" if nothing is."""
    if get_origin(item.type) is Literal:
        if not isinstance(value, str) or value not in get_args(item.type):
            return f"{item.name} must be one of {', '.join(get_args(item.type))}, not {value!r}."
        return ""
    options = get_args(item.type) or (item.type,)
    if type(value) not in options:
        names = " or ".join(getattr(option, "__name__", str(option)) for option in options).replace("NoneType", "null")
        return f"{item.name} must be of the type {names}, not {value!r}."
    low, high = item.metadata.get("low"), item.metadata.get("high")
    if low is not None and not low <= value <= high:  # type: ignore[operator]  # a number, as its type says
        return f"{item.name} must be {low:g} to {high:g} {item.metadata['unit']}".rstrip() + f", not {value:g}."
    return ""
