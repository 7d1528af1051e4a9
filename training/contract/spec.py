"""What a network is, as plain data: the part of a model file that its weights are checked against. Needs no torch.

Channel counts are those of the convolutions themselves. The paper lists decoder widths *after* concatenation with the
skip connections (section 6.1.1), which is why its CD1024 is a 512-filter up-convolution here.
"""

from collections.abc import Iterator
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

from training.contract.errors import ConfigError, raise_all

NormName = Literal["batch", "instance", "instance_affine", "group", "none"]
""""instance" has no weights, as in the reference; "instance_affine" has."""
Statistics = Literal["image", "running"]
"""Where norms take their statistics: from the picture itself, or from the moving averages of training."""
DropoutPlaces = Literal["none", "paper", "reference"]

# Bounds for specs that come from strangers' files: far above any real network, low enough to build on "meta" in a blink.
MAX_WIDTH = 8192
MAX_LEVELS = 12
MAX_BLOCKS = 64
MAX_CHANNELS = 16
MAX_FOLD = 8

PATCH_FIELDS = {1: 0, 16: 1, 34: 2, 70: 3, 142: 4, 286: 5, 574: 6}
"""Receptive field in pixels of a PatchGAN -> its number of stride-2 layers (0: the 1x1 "PixelGAN")."""


@dataclass(frozen=True, slots=True)
class DropoutPlace:
    """A layer of dropout: how many channels it has, and how many of the picture's pixels along each side one of its own covers."""

    channels: int
    stride: int


@dataclass(frozen=True, slots=True)
class GeneratorSpec:
    """A U-Net or a ResNet generator that maps `in_channels` to `out_channels` planes of the same size in [-1, 1].

    Defaults give the reference implementation's choices (pix2pix.md 1.1). Raises ConfigError where a value is out of range.
    """

    kind: Literal["unet", "resnet"]
    in_channels: int
    out_channels: int
    encoder: tuple[int, ...]
    """Filters of each down-convolution, outermost first; for a ResNet its three widths before the blocks."""
    decoder: tuple[int, ...] = ()
    """U-Net: filters of each up-convolution, innermost first. One fewer than `encoder` where the last up-convolution is itself
    the head (head "up"), as many where a head follows it ("conv3"). Empty for a ResNet."""
    head: Literal["up", "conv3"] = "up"
    stem: int = 0
    """U-Net with head "conv3": filters of a 3x3 convolution before the first down-convolution, joined before the head. 0: none,
    as in the paper."""
    fold: int = 1
    """U-Net: each `fold` x `fold` pixels become channels of one before the first layer, and pixels again after the last
    (sub-pixel convolution, Shi et al. 2016). The costly full-size layers go; 1: none, as in the paper."""
    blocks: int = 0
    """Residual 3x3 blocks: of the ResNet (6, 9), or at each level of the U-Net, on both ways (0 in the paper)."""
    norm: NormName = "batch"
    norm_innermost: bool = False
    """Whether the innermost encoder layer is normalised. The paper's erratum (6.3) says no: one value per channel is erased."""
    norm_eps: float = 1e-5
    bias: Literal["reference", "all"] = "reference"
    """"reference": convolutions have biases only under instance norm, the last one always (pix2pix.md, fact 7)."""
    dropout: DropoutPlaces = "none"
    """"paper": after up-convolutions 1-3; "reference": after 2-4, in shallower nets those up-convolutions that keep the
    innermost width. In a ResNet either means: inside every block."""
    dropout_rate: float = 0.5
    skips: bool = True
    skip_activation: Literal["relu", "leaky"] = "relu"
    """What a skip connection carries: ReLU(x) in the reference, LeakyReLU(x) in the report."""
    up: Literal["transposed", "resize"] = "transposed"
    """"resize": nearest-neighbour doubling and a 3x3 convolution, which leaves no checkerboard (Odena et al. 2016)."""
    output: Literal["tanh", "residual"] = "tanh"
    """"residual": the network corrects the last channels of its input; needs out_channels <= in_channels."""
    global_vector: bool = False
    """Whether the mean of the bottleneck, through a linear layer, is added back to it: whole-picture context for any size."""

    def __post_init__(self) -> None:
        raise_all([*_choice_problems(self), *self._out_of_range()])
        self._check_shape()

    def _out_of_range(self) -> Iterator[str]:
        widths = (*self.encoder, *self.decoder)
        if not self.encoder or any(not 1 <= width <= MAX_WIDTH for width in widths):
            yield f"A generator's widths must be 1 to {MAX_WIDTH}, not {widths}."
        if len(self.encoder) > MAX_LEVELS:
            yield f"A generator has at most {MAX_LEVELS} levels, not {len(self.encoder)}."
        for name, low, high in (
            ("in_channels", 1, MAX_CHANNELS),
            ("out_channels", 1, MAX_CHANNELS),
            ("blocks", 0, MAX_BLOCKS),
            ("stem", 0, MAX_WIDTH),
            ("fold", 1, MAX_FOLD),
        ):
            if not low <= getattr(self, name) <= high:
                yield f"A generator's {name} must be {low} to {high}, not {getattr(self, name)}."
        if not 0 <= self.dropout_rate < 1 or not 0 < self.norm_eps < 1:
            yield "A generator's dropout_rate must be in [0, 1) and its norm_eps in (0, 1)."
        if self.output == "residual" and self.out_channels > self.in_channels:
            yield "A residual generator cannot have more output than input channels."

    def _check_shape(self) -> None:
        if self.kind == "resnet":
            if len(self.encoder) != 3 or self.decoder or self.stem or self.blocks < 1:
                raise ConfigError("A ResNet generator has three widths, at least one block, and neither decoder widths nor a stem.")
            if self.fold != 1:
                raise ConfigError("A ResNet generator does not fold pixels into channels.")
            return
        missing = len(self.encoder) - len(self.decoder)
        if missing != (1 if self.head == "up" else 0):
            raise ConfigError(
                f"A U-Net of {len(self.encoder)} levels with the head {self.head!r} cannot have {len(self.decoder)} decoder widths."
            )
        if self.stem and self.head == "up":
            raise ConfigError("A U-Net's stem needs the head 'conv3'.")

    @property
    def multiple(self) -> int:
        """Height and width must be a multiple of this, in pixels."""
        return 4 if self.kind == "resnet" else self.fold << len(self.encoder)

    @property
    def has_statistics(self) -> bool:
        """Whether a result depends on statistics of its whole picture: norms, or the global vector."""
        return self.norm != "none" or self.global_vector

    @property
    def has_running_statistics(self) -> bool:
        """Whether the network stores moving averages that can stand in for the statistics of the picture."""
        return self.norm == "batch"

    @property
    def dropout_places(self) -> tuple["DropoutPlace", ...]:
        """Where dropout stands, in the order in which a picture meets it; empty for networks without any."""
        if self.dropout == "none" or self.dropout_rate == 0:
            return ()
        if self.kind == "resnet":
            return (DropoutPlace(self.encoder[-1], self.multiple),) * self.blocks
        return tuple(DropoutPlace(self.decoder[step], self.multiple >> (step + 1)) for step in self.dropout_steps)

    @property
    def dropout_steps(self) -> range:
        """Which up-convolutions of a U-Net, counted from 0 at the innermost, are followed by dropout."""
        if self.dropout == "none":
            return range(0)
        if self.dropout == "paper":
            return range(min(3, len(self.decoder)))
        # The reference drops where the encoder keeps its full width on both sides, its innermost block excepted.
        repeats = sum(width == self.encoder[-1] for width in self.encoder) - 1
        return range(1, max(1, repeats))

    def to_json(self) -> dict[str, Any]:  # Any: JSON
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:  # Any: JSON
        """Rebuild a spec from a model file.

        Raises ConfigError for missing or ill-typed values and for keys of a later version: what they mean is unknown here.
        """
        return cls(**_checked_values(cls, data))


@dataclass(frozen=True, slots=True)
class DiscriminatorSpec:
    """A PatchGAN that judges each patch of `field` x `field` pixels (paper, sections 3.2.2 and 6.1.2)."""

    in_channels: int
    """Planes of the condition, the generator's input; not seen when `conditional` is false."""
    out_channels: int
    """Planes of the picture that is judged."""
    field: int = 70
    width: int = 64
    norm: NormName = "batch"
    conditional: bool = True

    def __post_init__(self) -> None:
        raise_all([*_choice_problems(self), *self._out_of_range()])

    def _out_of_range(self) -> Iterator[str]:
        if self.field not in PATCH_FIELDS:
            yield f"A PatchGAN's field must be one of {', '.join(map(str, PATCH_FIELDS))} pixels, not {self.field}."
        if not 1 <= self.width <= MAX_WIDTH:
            yield f"A discriminator's width must be 1 to {MAX_WIDTH}, not {self.width}."
        if not 1 <= self.in_channels <= MAX_CHANNELS or not 1 <= self.out_channels <= MAX_CHANNELS:
            yield f"A discriminator's channels must be 1 to {MAX_CHANNELS}."

    @property
    def num_layers(self) -> int:
        return PATCH_FIELDS[self.field]

    @property
    def smallest_side(self) -> int:
        """Pixels of the smallest picture that leaves a patch to judge: the last two layers, of stride 1, take a pixel each."""
        return 3 << self.num_layers if self.num_layers else 1

    def to_json(self) -> dict[str, Any]:  # Any: JSON
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:  # Any: JSON
        return cls(**_checked_values(cls, data))


def unet(in_channels: int, out_channels: int, levels: int, width: int = 64, **changes: Any) -> GeneratorSpec:  # Any: fields
    """Describe the paper's U-Net with `levels` down-convolutions: filters double up to 8 * `width`, the decoder mirrors them."""
    encoder = tuple(width * min(2**level, 8) for level in range(levels))
    values: dict[str, Any] = {"decoder": tuple(reversed(encoder[:-1])), "dropout": "reference"}
    return GeneratorSpec("unet", in_channels, out_channels, encoder, **(values | changes))


def resnet(in_channels: int, out_channels: int, blocks: int, width: int = 64, **changes: Any) -> GeneratorSpec:  # Any: fields
    """Describe the reference ResNet: 7x7 convolution, two strides, `blocks` residual blocks, two up-convolutions, 7x7 head."""
    values: dict[str, Any] = {"dropout": "reference"}
    return GeneratorSpec("resnet", in_channels, out_channels, (width, 2 * width, 4 * width), blocks=blocks, **(values | changes))


def unet_report(in_channels: int, out_channels: int) -> GeneratorSpec:
    """Describe the seed report's own generator: its decoder takes the paper's post-concatenation widths literally (seed.md)."""
    return GeneratorSpec(
        "unet",
        in_channels,
        out_channels,
        encoder=(64, 128, 256, 512, 512, 512, 512, 512),
        decoder=(512, 1024, 1024, 1024, 1024, 512, 256, 128),
        head="conv3",
        norm_innermost=True,
        norm_eps=1e-3,  # Keras' default
        bias="all",
        dropout="paper",
        skip_activation="leaky",
    )


def named_generator(name: str, in_channels: int, out_channels: int) -> GeneratorSpec:
    """Describe one of the networks that go by a name. Raises ConfigError for an unknown one."""
    match name:
        case "unet-256":
            return unet(in_channels, out_channels, levels=8)
        case "unet-128":
            return unet(in_channels, out_channels, levels=7)
        case "unet-small":
            return unet(in_channels, out_channels, levels=6, width=32)
        case "unet-report":
            return unet_report(in_channels, out_channels)
        case "resnet-6" | "resnet-9":
            return resnet(in_channels, out_channels, blocks=int(name[-1]))
    raise ConfigError(f"There is no network named {name!r}. There are: {', '.join(GENERATOR_NAMES)}.")


GENERATOR_NAMES = ("unet-256", "unet-128", "unet-small", "unet-report", "resnet-6", "resnet-9")


def _choice_problems(spec: GeneratorSpec | DiscriminatorSpec) -> Iterator[str]:
    hints = type(spec).__annotations__
    for field in fields(spec):
        choices = get_args(hints[field.name])
        value = getattr(spec, field.name)
        if choices and all(isinstance(choice, str) for choice in choices) and value not in choices:
            yield f"A network's {field.name} must be one of {', '.join(choices)}, not {value!r}."


def _checked_values(cls: type[GeneratorSpec] | type[DiscriminatorSpec], data: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    hints, problems = cls.__annotations__, []
    unknown = sorted(set(data) - {field.name for field in fields(cls)})
    if unknown:
        problems.append(f"The network is described with words that this version does not know: {', '.join(unknown)}.")
    values: dict[str, Any] = {}
    for name in [name for name in data if name not in unknown]:
        value = data[name]
        if hints[name] == tuple[int, ...]:
            good = isinstance(value, list | tuple) and all(type(item) is int for item in value)
            values[name] = tuple(value) if good else None
        elif hints[name] is float:
            good = type(value) in (int, float)
            values[name] = float(value) if good else None
        else:
            wanted = hints[name] if isinstance(hints[name], type) else str
            good = type(value) is wanted
            values[name] = value
        if not good:
            problems.append(f"The network's {name} is {value!r}, which is of the wrong type.")
    required = {field.name for field in fields(cls) if field.default is MISSING}
    if required - values.keys():
        problems.append(f"The network's description lacks {', '.join(sorted(required - values.keys()))}.")
    raise_all(problems)
    return values
