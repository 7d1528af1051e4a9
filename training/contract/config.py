"""The whole request of a training run: one dataclass, one sentence a field, checked when it is made.

Defaults are the paper's (section 6.2). Each field's metadata gives its range and unit, from which pages and help build
themselves. A config file is `TrainConfig.to_json()`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from math import ceil
from pathlib import Path
from typing import Any, Literal

from training.contract.corrections import Correction, check_corrections
from training.contract.encodings import DepthScale, Encoding, encoding_named
from training.contract.errors import ConfigError, raise_all
from training.contract.framing import Frame, SizeRule
from training.contract.knobs import choice, fitting, knob, noting, parse, problems_of
from training.contract.spec import GENERATOR_NAMES, PATCH_FIELDS, DiscriminatorSpec, GeneratorSpec, named_generator
from training.contract.tasks import Task, task_named

FORMAT_VERSION = 1

CHANGEABLE_ON_RESUME = frozenset({"steps", "device", "threads", "workers", "validate_every", "sample_every", "checkpoint_every"})
"""What a continued run may have different from its first part (design 3.4)."""

LEAST_CROP, LARGEST_CROP = 8, 4096  # pixels
JITTER = 286 / 256  # the paper's enlargement before the crop (section 6.2)


def _check_encoding(name: str) -> None:
    if name:
        encoding_named(name)


def _check_patch_size(size: int) -> None:
    if size not in PATCH_FIELDS:
        raise ConfigError(f"patch_size must be one of {', '.join(map(str, PATCH_FIELDS))} pixels, not {size}.")


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One run. Raises ConfigError for values out of range, naming every such key."""

    task: str = field(metadata={"effect": "What is learned.", "check": task_named})
    data: str = field(metadata={"effect": "Folder of pictures; sub-folders train and val are used as such, else a split is made."})
    generator: GeneratorSpec = field(metadata={"effect": "The network that translates."})
    preset: str = choice("balanced", "The recipe that this request began with.")
    data_b: str = choice("", "Folder of the second picture of each pair, matched by name, if it does not lie in data.")
    leave_out: tuple[str, ...] = choice(
        (), "Pairs that are not used, each by the path of its first picture below data; a JSON list."
    )
    line_up: tuple[Correction, ...] = choice(
        (), "Pairs whose second picture is mirrored back, or moved over the first; a JSON list.", check_corrections
    )
    direction: Literal["AtoB", "BtoA", "task"] = choice("task", "Which picture of a pair is the input; task: what the task says.")
    encoding_in: str = choice("", "How the network sees its input; empty: as the task says.", _check_encoding)
    encoding_out: str = choice("", "What the network gives; empty: as the task says.", _check_encoding)
    labels: Literal["none", "A", "B", "task"] = choice(
        "task", "Which picture of a pair holds labels, whose colours are never mixed."
    )
    depth_unit: float = knob(0.001, 1e-6, 1, "m", "Metres per count of a depth picture.")
    depth_range: float = knob(10.0, 0.01, 1e5, "m", "Depths up to here are learned; farther ones count as not measured.")
    sparse: Literal["all", "points", "scans", "holes"] = choice("all", "What is left of a depth map that is to be filled.")

    patch_size: int = choice(
        70, "Pixels that one judgement of the PatchGAN sees: 1, 16, 34, 70, 142, 286 or 574.", _check_patch_size
    )
    ndf: int = knob(64, 1, 1024, "filters", "Filters of the discriminator's first layer.")
    conditional: bool = choice(True, "Whether the discriminator sees the input beside the output.")

    steps: int = knob(80000, 1, 10**9, "steps", "Length of the run, in updates of the generator.")
    epochs: float = knob(0.0, 0, 1e6, "epochs", "Length of the run in passes over the pairs, instead of steps; 0: steps counts.")
    batch_size: int = knob(1, 1, 1024, "pictures", "Pictures per step.")
    accumulate: int = knob(
        1, 1, 1024, "parts", "Parts that a step's pictures are computed in, one after the other, to save memory."
    )
    crop_size: int = knob(256, LEAST_CROP, LARGEST_CROP, "pixels", "Side of the square crops that are trained on.")
    load_size: int = knob(
        0, 0, 8192, "pixels", "Long side that pictures are fitted to before the crop; 0: crop_size and an eighth."
    )
    shrink: float = knob(
        1.0, 0.1, 1, "times", "Crops are taken of pictures shrunk at random down to this: of their own size, or of load_size."
    )
    mirror: bool = choice(True, "Whether half of the pictures are mirrored.")
    turn: bool = choice(False, "Whether pictures are turned by quarters at random, as suits what knows no up and down.")
    colour_jitter: float = knob(
        0.0, 0, 1, "share", "How far brightness, contrast and saturation of photographs vary, both sides alike."
    )
    identity_share: float = knob(0.15, 0, 1, "share", "Made pairs whose input is left as good as the target.")

    gan_mode: Literal["vanilla", "lsgan", "none"] = choice(
        "vanilla", "The adversarial loss: cross-entropy, least squares, or none."
    )
    lambda_gan: float = knob(1.0, 0, 1e4, "times", "Weight of the adversarial loss; 0: no discriminator.")
    lambda_l1: float = knob(100.0, 0, 1e4, "times", "Weight of the mean absolute error.")
    smooth_l1: float = knob(
        0.0, 0, 2, "of the range -1 to 1", "Errors up to here count by their square, as suits metrics that do; 0: plain L1."
    )
    learning_rate: float = knob(2e-4, 1e-8, 0.01, "per step", "Step size of Adam, for both networks.")
    learning_rate_d: float = knob(0.0, 0, 0.01, "per step", "Step size of the discriminator's Adam; 0: as learning_rate.")
    beta1: float = knob(0.5, 0, 0.9999, "", "Adam's momentum.")
    beta2: float = knob(0.999, 0, 0.99999, "", "Adam's memory of squared gradients.")
    weight_decay: float = knob(
        0.0, 0, 1, "times", "Decoupled weight decay of the generator: each step takes the learning rate times this off its weights."
    )
    constant: float = knob(1.0, 0, 1, "share", "Share of the run at full learning rate; it then falls linearly to 0.")
    ema: float = knob(0.0, 0, 0.99999, "", "Decay of the averaged generator that is measured and saved; 0: no average.")
    early_stop: int = knob(0, 0, 10**6, "measurements", "Measurements without a new best after which the run ends; 0: never.")
    init: Literal["normal", "kaiming"] = choice("normal", "How fresh weights are drawn.")
    init_model: str | None = choice(None, "Model file whose weights are the start, or none.")

    seed: int = knob(0, 0, 2**31 - 1, "", "Start of every random number.")
    device: str = choice("auto", "auto, cpu, cuda, cuda:N or mps.")
    threads: int = knob(0, 0, 1024, "threads", "Processor threads; 0: as many as suit the computer, or as the run had before.")
    precision: Literal["fp32", "bf16", "fp16"] = choice(
        "fp32", "Numbers that convolutions compute with; graphics cards like narrow ones."
    )
    channels_last: bool = choice(False, "Whether pictures lie in memory pixel by pixel, which graphics cards like.")
    fused: bool = choice(True, "Whether the optimiser updates all weights in one pass.")
    compile: bool = choice(False, "Whether torch compiles the generator first: minutes, then faster steps on CUDA.")
    workers: int = knob(0, 0, 64, "processes", "Processes that prepare pictures beside the training; 0: none.")
    cache_mb: int = knob(1024, 0, 10**6, "MB", "Memory for decoded pictures, per process.")
    validation_pairs: int = knob(24, 1, 10**4, "pictures", "Held-out pictures, at most.")
    validate_every: int = knob(1000, 1, 10**9, "steps", "Steps from one measurement to the next.")
    sample_every: int = knob(1000, 1, 10**9, "steps", "Steps from one set of preview pictures to the next.")
    checkpoint_every: int = knob(1000, 1, 10**9, "steps", "Steps from one checkpoint to the next.")
    csv: bool = choice(False, "Whether losses and metrics are written to losses.csv and metrics.csv, too.")
    half_weights: bool = choice(True, "Whether model files hold 16-bit weights, half as large.")
    licence: str = choice("", "Licence of the model, written on its card.")
    name: str = choice("", "Name of the model; empty: the task's.")

    def __post_init__(self) -> None:
        raise_all(problems_of(type(self), {item.name: getattr(self, item.name) for item in fields(self)}))
        raise_all(list(self._contradictions()))

    def _contradictions(self) -> Iterator[str]:
        """What single values do not say."""
        task, (entering, leaving) = self.task_spec, self.encodings
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
        if self.has_discriminator and self.crop_size < self.discriminator.smallest_side:
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
                yield f"The task {task.name} takes depth16, filled_depth16, surface_depth16 or rgb_depth16, and gives depth16."
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
        """Long side of pictures before the crop, in pixels."""
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
        """Read a config file's text. Raises ConfigError, which lists all that is wrong with it."""
        data = _object_of(text)
        problems = []
        unknown = sorted(set(data) - {item.name for item in fields(cls)} - SHORT_WORDS.keys())
        missing = sorted({"task", "data"} - set(data))
        if unknown:
            problems.append(f"The configuration has keys that this version does not know: {', '.join(unknown)}.")
        if missing:
            problems.append(f"The configuration lacks {', '.join(missing)}.")
        values: dict[str, Any] = {}  # Any: JSON
        for item in fields(cls):
            if item.name in data:
                with noting(problems):
                    values[item.name] = fitting(data[item.name], item.type)
        described = values.pop("generator", None)
        problems += problems_of(cls, values)
        base = None
        if isinstance(described, dict):
            with noting(problems):
                base = GeneratorSpec.from_json(described)
        elif "generator" in data:
            problems.append("The configuration's generator must be a JSON object, or left out.")
        elif all(isinstance(values.get(key, absent), str) for key, absent in _PRESET_KEYS.items()):
            with noting(problems):
                preset = _preset_of(values)
                values = {item.name: getattr(preset, item.name) for item in fields(cls)} | values
                base = preset.generator
        words = {key: data[key] for key in SHORT_WORDS if key in data}
        with noting(problems):
            values["generator"] = _respecified(base or _ANY_NETWORK, words)
        raise_all(problems)
        return cls(**values)

    def changed(self, changes: Mapping[str, str], start: GeneratorSpec | None = None) -> "TrainConfig":
        """A config with values given as text, as in `--set batch_size=4` or `--set generator.skips=false`, all at once.

        A new task's encodings or a new number of channels change the network with them. `start`: the network of the model whose
        weights are the start, which is then the run's as it is; None for the recipe's. Raises ConfigError, which lists all that is
        wrong with the changes.
        """
        problems: list[str] = []
        values, words, inner = self._sorted_out(changes, problems)
        problems += problems_of(type(self), values)
        described = self.generator.to_json()
        with noting(problems):
            task, *encodings = (values.get(name, getattr(self, name)) for name in ("task", "encoding_in", "encoding_out"))
            channels = _channels(task, *encodings)
            described |= {"in_channels": channels[0], "out_channels": channels[1]}
            if start is not None:
                _refuse_other_network(start, channels, [*words, *(f"generator.{name}" for name in inner)])
        if start is not None:
            raise_all(problems)
            return replace(self, generator=start, **values)
        base = self.generator
        with noting(problems):
            base = GeneratorSpec.from_json(described | inner)
        with noting(problems):
            values["generator"] = _respecified(base, words)
        raise_all(problems)
        return replace(self, **values)

    def _sorted_out(self, changes: Mapping[str, str], problems: list[str]) -> tuple[dict[str, Any], ...]:  # Any: JSON
        """Changes to the config, to the network by short words, and to the network's own description."""
        types = {item.name: item.type for item in fields(self) if item.name != "generator"}
        described = self.generator.to_json()
        values: dict[str, Any] = {}  # Any: JSON
        words: dict[str, Any] = {}
        inner: dict[str, Any] = {}
        unknown = []
        for key, text in changes.items():
            name = key.removeprefix("generator.")
            with noting(problems):
                if name != key and name in described:
                    inner[name] = parse(key, text, str if isinstance(described[name], str) else None)
                elif key in SHORT_WORDS:
                    words[key] = parse(key, text, SHORT_WORDS[key])
                elif key in types:
                    values[key] = fitting(parse(key, text, types[key]), types[key])
                else:
                    unknown.append(repr(key))
        if unknown:
            names = ", ".join([*types, *SHORT_WORDS, *(f"generator.{name}" for name in described)])
            problems.append(f"There is no setting {' or '.join(unknown)}. There are: {names}.")
        return values, words, inner

    def differences(self, other: "TrainConfig") -> list[str]:
        """Keys whose values differ."""
        return [item.name for item in fields(self) if getattr(self, item.name) != getattr(other, item.name)]


SHORT_WORDS: dict[str, Any] = {"ngf": int, "norm": str, "skips": bool, "up": str, "dropout": str}  # Any: types
"""What may be said of the generator as if it were a key of the config; a config that is written says it inside `generator`."""

_ANY_NETWORK = named_generator("unet-small", 3, 3)  # to look short words over where what they belong to cannot be known


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


def _object_of(text: str) -> dict[str, Any]:  # Any: JSON
    """The JSON object of a config file that this version can read. Raises ConfigError."""
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
    return data


_PRESET_KEYS = {"task": None, "data": None, "preset": "balanced", "encoding_in": "", "encoding_out": ""}
"""What says which preset a config has, and what is meant where it does not say so; None where it must."""


def _preset_of(values: Mapping[str, Any]) -> TrainConfig:  # Any: JSON
    """The recipe that a config begins with which does not describe its network. Raises ConfigError."""
    task, data, preset, encoding_in, encoding_out = (values.get(key, absent) for key, absent in _PRESET_KEYS.items())
    return recommended(task, Path(data), preset, encoding_in=encoding_in, encoding_out=encoding_out)


def _refuse_other_network(start: GeneratorSpec, channels: tuple[int, int], said: list[str]) -> None:
    """Raises ConfigError where a run cannot have the network of the model that it is to start from."""
    if said:
        raise ConfigError(f"The network is that of the model to start from, so leave out {', '.join(said)}.")
    if (start.in_channels, start.out_channels) != channels:
        raise ConfigError(
            f"The model to start from turns {start.in_channels} channels into {start.out_channels}, and this run needs "
            f"{channels[0]} into {channels[1]}. Choose another model, or other encodings (encoding_in, encoding_out)."
        )


def _respecified(spec: GeneratorSpec, words: Mapping[str, Any]) -> GeneratorSpec:  # Any: JSON
    """The network with short words applied: `ngf` scales all widths, the others replace what they name. Raises ConfigError."""
    if not words:
        return spec
    problems: list[str] = []
    described = spec.to_json() | {key: value for key, value in words.items() if key != "ngf"}
    ngf = words.get("ngf", spec.encoder[0])
    if type(ngf) is not int or ngf < 1:
        problems.append(f"ngf must be 1 or more filters, not {ngf!r}.")
        ngf = spec.encoder[0]
    for key in ("encoder", "decoder"):
        described[key] = [max(1, round(width * ngf / spec.encoder[0])) for width in described[key]]
    described["stem"] = round(described["stem"] * ngf / spec.encoder[0])
    with noting(problems):
        spec = GeneratorSpec.from_json(described)
    raise_all(problems)
    return spec
