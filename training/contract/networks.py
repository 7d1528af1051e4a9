"""Generators and discriminators, built from their specs or read from model files.

Shapes: N pictures, C channels, H x W pixels; K numbers that describe a whole picture (see layers.py).
Facts of the reference networks: pix2pix.md section 1, with parameter counts that the tests repeat.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.contract.errors import ModelError
from training.contract.layers import BatchNorm, Dropout, GlobalVector, MomentNorm, PictureStatistics, make_norm
from training.contract.model_file import ModelCard, read_card, read_weights
from training.contract.spec import DiscriminatorSpec, GeneratorSpec, Statistics

InitName = Literal["normal", "kaiming"]

LEAKY_SLOPE = 0.2  # paper, section 6.1


class Generator(nn.Module):
    """A network of `spec`, from [N, in_channels, H, W] to [N, out_channels, H, W]; H and W multiples of `spec.multiple`.

    Values are in [-1, 1] on both sides; a residual network's may leave the range and are clamped by whoever decodes them.
    """

    def __init__(self, spec: GeneratorSpec) -> None:
        super().__init__()
        self.spec = spec

    def body(self, x_NCHW: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, x_NCHW: Tensor, statistics_NK: Tensor | None = None, masks: Sequence[Tensor] | None = None) -> Tensor:
        """Translate. With `statistics_NK` (from `measure`, in eval mode) they stand in for those of the pictures themselves.

        With `masks`, dropout is on and these are what it does: for each of `spec.dropout_places` [N, channels, H / stride,
        W / stride] factors.
        """
        is_given = statistics_NK is not None or masks is not None
        if is_given:
            self._give(statistics_NK, masks)
        try:
            y_NCHW = self.body(x_NCHW)
        finally:
            if is_given:
                self._give(None, None)
        if self.spec.output == "residual":
            return x_NCHW[:, -self.spec.out_channels :] + y_NCHW
        return torch.tanh(y_NCHW)

    def measure(self, x_NCHW: Tensor, masks: Sequence[Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Translate, and give the statistics used: ([N, out_channels, H, W], [N, num_statistics]). In eval mode."""
        y_NCHW = self.forward(x_NCHW, masks=masks)
        return y_NCHW, self._take_measured(x_NCHW)

    def follow(self, x_NCHW: Tensor, statistics_NK: Tensor) -> tuple[Tensor, Tensor]:
        """Translate with these statistics, and measure on the way: as `measure`, for frames of which each is much like the last.

        What a layer measures depends on what those before it were given; given a picture's own statistics it measures these again.
        """
        for layer in self.statistics_layers():
            layer.measures_anyway = True
        try:
            y_NCHW = self.forward(x_NCHW, statistics_NK)
        finally:
            for layer in self.statistics_layers():
                layer.measures_anyway = False
        return y_NCHW, self._take_measured(x_NCHW)

    def statistics_layers(self) -> Iterator[PictureStatistics]:
        """The layers that depend on the picture as a whole, under the statistics in use, in the order of their names."""
        for layer in self.modules():
            if isinstance(layer, PictureStatistics) and getattr(layer, "statistics", "image") == "image":
                yield layer

    @property
    def num_statistics(self) -> int:
        return sum(layer.num_statistics for layer in self.statistics_layers())

    def use_statistics(self, statistics: Statistics) -> None:
        """Choose where batch norms take their statistics outside training. Without batch norms this changes nothing."""
        for layer in self.modules():
            if isinstance(layer, BatchNorm):
                layer.statistics = statistics

    def _take_measured(self, x_NCHW: Tensor) -> Tensor:
        layers = list(self.statistics_layers())
        if not layers:
            return x_NCHW.new_zeros(x_NCHW.shape[0], 0)
        measured = [layer.measured_NK for layer in layers if layer.measured_NK is not None]
        for layer in layers:
            layer.measured_NK = None
        return torch.cat(measured, 1)

    def _give(self, statistics_NK: Tensor | None, masks: Sequence[Tensor] | None) -> None:
        start = 0
        for layer in self.statistics_layers():
            stop = start + layer.num_statistics
            layer.given_NK = None if statistics_NK is None else statistics_NK[:, start:stop]
            start = stop
        dropouts = [layer for layer in self.modules() if isinstance(layer, Dropout)]
        for dropout, mask_NCHW in zip(dropouts, masks if masks is not None else [None] * len(dropouts), strict=True):
            dropout.given_NCHW = mask_NCHW


class _Up(nn.Module):
    """Double height and width: a transposed 4x4 convolution, or nearest neighbour and a 3x3 one."""

    def __init__(self, channels_in: int, channels_out: int, kind: str, bias: bool) -> None:
        super().__init__()
        self.kind = kind
        self.conv: nn.Module
        if kind == "transposed":
            self.conv = nn.ConvTranspose2d(channels_in, channels_out, 4, 2, 1, bias=bias)
        else:
            self.conv = nn.Conv2d(channels_in, channels_out, 3, 1, 1, bias=bias)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        if self.kind == "resize":
            x_NCHW = F.interpolate(x_NCHW, scale_factor=2.0, mode="nearest")
        y_NCHW: Tensor = self.conv(x_NCHW)
        return y_NCHW


class _Block(nn.Module):
    """Residual block of a U-Net level, pre-activated (He et al. 2016b): the identity way carries values untouched."""

    def __init__(self, channels: int, spec: GeneratorSpec, bias: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, 1, 1, bias=bias)
        self.norm1 = make_norm(spec.norm, channels, spec.norm_eps)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=bias)
        self.norm2 = make_norm(spec.norm, channels, spec.norm_eps)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW = self.norm1(self.conv1(F.leaky_relu(x_NCHW, LEAKY_SLOPE)))
        y_NCHW = self.norm2(self.conv2(F.leaky_relu(y_NCHW, LEAKY_SLOPE)))
        return x_NCHW + y_NCHW  # type: ignore[no-any-return]  # nn.Module calls are untyped


class UNet(Generator):
    """Encoder-decoder with skip connections between mirrored levels (paper, section 3.2.1).

    Features are kept before their activation; LeakyReLU stands before each down-convolution but the first, ReLU before each
    up-convolution. Joined features are ordered [skip, decoder], as in the reference implementation since 2017-09-22.
    """

    def __init__(self, spec: GeneratorSpec) -> None:
        super().__init__(spec)
        bias = spec.bias == "all" or spec.norm == "instance"
        levels = len(spec.encoder)
        channels = spec.in_channels * spec.fold**2
        self.stem = nn.Conv2d(channels, spec.stem, 3, 1, 1, bias=bias) if spec.stem else None
        channels = spec.stem or channels
        self.down = nn.ModuleList()
        self.down_norm = nn.ModuleList()
        self.down_blocks = nn.ModuleList()
        for level, width in enumerate(spec.encoder):
            self.down.append(nn.Conv2d(channels, width, 4, 2, 1, bias=bias))
            normed = level > 0 and (level < levels - 1 or spec.norm_innermost)
            self.down_norm.append(make_norm(spec.norm if normed else "none", width, spec.norm_eps))
            self.down_blocks.append(nn.Sequential(*(_Block(width, spec, bias) for _ in range(spec.blocks))))
            channels = width
        self.global_vector = GlobalVector(channels) if spec.global_vector else None

        self.up = nn.ModuleList()
        self.up_norm = nn.ModuleList()
        self.up_dropout = nn.ModuleList()
        self.up_join = nn.ModuleList()
        self.up_blocks = nn.ModuleList()
        for step, width in enumerate(spec.decoder):
            self.up.append(_Up(channels, width, spec.up, bias))
            self.up_norm.append(make_norm(spec.norm, width, spec.norm_eps))
            self.up_dropout.append(_dropout(spec) if step in spec.dropout_steps else nn.Identity())
            channels = width + self._skip_width(step)
            if spec.blocks:  # mix what was joined before the blocks work on it
                self.up_join.append(nn.Conv2d(channels, width, 1, bias=bias))
                self.up_blocks.append(nn.Sequential(*(_Block(width, spec, bias) for _ in range(spec.blocks))))
                channels = width
        num_planes = spec.out_channels * spec.fold**2
        self.head: nn.Module
        if spec.head == "up":
            self.head = _Up(channels, num_planes, spec.up, bias=True)
        else:
            self.head = nn.Conv2d(channels, num_planes, 3, 1, 1)

    def _skip_width(self, step: int) -> int:
        """Channels that join the output of up-convolution `step`: the encoder's at that size, or the stem's."""
        if not self.spec.skips:
            return 0
        level = len(self.spec.encoder) - 2 - step
        return self.spec.encoder[level] if level >= 0 else self.spec.stem

    def body(self, x_NCHW: Tensor) -> Tensor:
        skips = []
        if self.spec.fold > 1:
            x_NCHW = F.pixel_unshuffle(x_NCHW, self.spec.fold)
        if self.stem is not None:
            x_NCHW = self.stem(x_NCHW)
            skips.append(x_NCHW)
        for level, (conv, norm, blocks) in enumerate(zip(self.down, self.down_norm, self.down_blocks, strict=True)):
            if level or self.stem is not None:
                x_NCHW = F.leaky_relu(x_NCHW, LEAKY_SLOPE)
            x_NCHW = blocks(norm(conv(x_NCHW)))
            skips.append(x_NCHW)
        x_NCHW = skips.pop()
        if self.global_vector is not None:
            x_NCHW = self.global_vector(x_NCHW)
        x_NCHW = self._activate_skip(x_NCHW)
        for step in range(len(self.up)):
            x_NCHW = self._climb(step, x_NCHW, skips)
        y_NCHW: Tensor = self.head(x_NCHW)
        return F.pixel_shuffle(y_NCHW, self.spec.fold) if self.spec.fold > 1 else y_NCHW

    def _climb(self, step: int, x_NCHW: Tensor, skips: list[Tensor]) -> Tensor:
        x_NCHW = self.up_norm[step](self.up[step](x_NCHW))
        x_NCHW = F.relu(self.up_dropout[step](x_NCHW))
        if self._skip_width(step):
            x_NCHW = torch.cat([self._activate_skip(skips.pop()), x_NCHW], 1)
        if self.spec.blocks:
            x_NCHW = F.relu(self.up_blocks[step](self.up_join[step](x_NCHW)))
        return x_NCHW

    def _activate_skip(self, x_NCHW: Tensor) -> Tensor:
        return F.relu(x_NCHW) if self.spec.skip_activation == "relu" else F.leaky_relu(x_NCHW, LEAKY_SLOPE)


class _ResnetBlock(nn.Module):
    def __init__(self, channels: int, spec: GeneratorSpec, bias: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, bias=bias)
        self.norm1 = make_norm(spec.norm, channels, spec.norm_eps)
        self.conv2 = nn.Conv2d(channels, channels, 3, bias=bias)
        self.norm2 = make_norm(spec.norm, channels, spec.norm_eps)
        self.dropout = _dropout(spec)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW = self.dropout(F.relu(self.norm1(self.conv1(_pad_reflect(x_NCHW, 1)))))
        return x_NCHW + self.norm2(self.conv2(_pad_reflect(y_NCHW, 1)))  # type: ignore[no-any-return]  # as above


class ResNet(Generator):
    """The ResNet generator of Johnson et al. (2016), as the reference implementation offers it."""

    def __init__(self, spec: GeneratorSpec) -> None:
        super().__init__(spec)
        bias = spec.bias == "all" or spec.norm == "instance"
        outer, middle, inner = spec.encoder
        self.conv_in = nn.Conv2d(spec.in_channels, outer, 7, bias=bias)
        self.norm_in = make_norm(spec.norm, outer, spec.norm_eps)
        self.down = nn.ModuleList([nn.Conv2d(outer, middle, 3, 2, 1, bias=bias), nn.Conv2d(middle, inner, 3, 2, 1, bias=bias)])
        self.down_norm = nn.ModuleList(make_norm(spec.norm, width, spec.norm_eps) for width in (middle, inner))
        self.blocks = nn.Sequential(*(_ResnetBlock(inner, spec, bias) for _ in range(spec.blocks)))
        self.global_vector = GlobalVector(inner) if spec.global_vector else None
        self.up = nn.ModuleList(_resnet_up(a, b, spec.up, bias) for a, b in ((inner, middle), (middle, outer)))
        self.up_norm = nn.ModuleList(make_norm(spec.norm, width, spec.norm_eps) for width in (middle, outer))
        self.head = nn.Conv2d(outer, spec.out_channels, 7)

    def body(self, x_NCHW: Tensor) -> Tensor:
        x_NCHW = F.relu(self.norm_in(self.conv_in(_pad_reflect(x_NCHW, 3))))
        for conv, norm in zip(self.down, self.down_norm, strict=True):
            x_NCHW = F.relu(norm(conv(x_NCHW)))
        x_NCHW = self.blocks(x_NCHW)
        if self.global_vector is not None:
            x_NCHW = self.global_vector(x_NCHW)
        for up, norm in zip(self.up, self.up_norm, strict=True):
            x_NCHW = F.relu(norm(up(x_NCHW)))
        y_NCHW: Tensor = self.head(_pad_reflect(x_NCHW, 3))
        return y_NCHW


def _resnet_up(channels_in: int, channels_out: int, kind: str, bias: bool) -> nn.Module:
    if kind == "resize":
        return _Up(channels_in, channels_out, kind, bias)
    return nn.ConvTranspose2d(channels_in, channels_out, 3, 2, 1, output_padding=1, bias=bias)


def _dropout(spec: GeneratorSpec) -> nn.Module:
    return Dropout(spec.dropout_rate) if spec.dropout_places else nn.Identity()


def _pad_reflect(x_NCHW: Tensor, pad: int) -> Tensor:
    """Mirror at the border. Sides of at least `framing.MIN_SIDE` leave enough to mirror everywhere in the network."""
    return F.pad(x_NCHW, (pad, pad, pad, pad), "reflect")


class PatchDiscriminator(nn.Module):
    """PatchGAN: logits [N, 1, h, w], one for each overlapping patch, of [N, condition + picture, H, W].

    Unconditional discriminators see the picture only. Source: paper, sections 3.2.2 and 6.1.2; the last two 4x4 layers have
    stride 1, without which the field would be 94 and not 70 pixels (pix2pix.md, fact 2).
    """

    def __init__(self, spec: DiscriminatorSpec) -> None:
        super().__init__()
        self.spec = spec
        channels = spec.out_channels + (spec.in_channels if spec.conditional else 0)
        self.layers = nn.Sequential(*(self._pixel(channels) if spec.num_layers == 0 else self._patch(channels)))

    def _pixel(self, channels: int) -> list[nn.Module]:
        width, bias = self.spec.width, self.spec.norm == "instance"
        return [
            nn.Conv2d(channels, width, 1),
            nn.LeakyReLU(LEAKY_SLOPE),
            nn.Conv2d(width, 2 * width, 1, bias=bias),
            make_norm(self.spec.norm, 2 * width),
            nn.LeakyReLU(LEAKY_SLOPE),
            nn.Conv2d(2 * width, 1, 1, bias=bias),
        ]

    def _patch(self, channels: int) -> list[nn.Module]:
        bias = self.spec.norm == "instance"
        width = self.spec.width
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(LEAKY_SLOPE)]
        for layer in range(1, self.spec.num_layers + 1):
            wider = self.spec.width * min(2**layer, 8)
            stride = 2 if layer < self.spec.num_layers else 1
            layers.append(nn.Conv2d(width, wider, 4, stride, 1, bias=bias))
            layers.append(make_norm(self.spec.norm, wider))
            layers.append(nn.LeakyReLU(LEAKY_SLOPE))
            width = wider
        return [*layers, nn.Conv2d(width, 1, 4, 1, 1)]

    def forward(self, condition_NCHW: Tensor, picture_NCHW: Tensor) -> Tensor:
        if self.spec.conditional:
            picture_NCHW = torch.cat([condition_NCHW, picture_NCHW], 1)
        logits: Tensor = self.layers(picture_NCHW)
        return logits


def build_generator(spec: GeneratorSpec) -> Generator:
    """Build a generator with torch's default weights, on the default device (which may be "meta")."""
    return UNet(spec) if spec.kind == "unet" else ResNet(spec)


def build_discriminator(spec: DiscriminatorSpec) -> PatchDiscriminator:
    return PatchDiscriminator(spec)


def load_generator(path: Path, statistics: Statistics | None = None) -> tuple[ModelCard, Generator]:
    """Build the network of a model file with its weights as float32, in eval mode, on the CPU.

    `statistics`: None for those that the card names. Every shape is compared on "meta" before memory is taken. Raises ModelError.
    """
    card = read_card(path)
    with torch.device("meta"):
        generator = build_generator(card.generator)
    expected = _shapes(generator)
    tensors = {name: torch.from_numpy(value) for name, value in read_weights(path, expected).items()}
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise ModelError(f"{path.name} is damaged: some of its weights are not numbers.")
    floats = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    generator.load_state_dict(floats, assign=True)
    generator.use_statistics(statistics or card.statistics)
    return card, generator.eval()


def weight_shapes(spec: GeneratorSpec) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight and average of such a network. No memory is taken for them."""
    with torch.device("meta"):
        return _shapes(build_generator(spec))


def _shapes(generator: Generator) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in generator.state_dict().items()}


@torch.no_grad()
def initialise(network: nn.Module, kind: InitName, rng: torch.Generator) -> None:
    """Draw fresh weights from `rng` (on the CPU).

    "normal": the paper's N(0, 0.02), batch norm weights N(1, 0.02) (section 6.2; reference `init_weights`). "kaiming": He et al.
    (2015) for networks without norms, with a residual generator's head at zero, so that it starts as the identity.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            if kind == "normal":
                module.weight.normal_(0.0, 0.02, generator=rng)
            else:
                nn.init.kaiming_normal_(module.weight, LEAKY_SLOPE, nonlinearity="leaky_relu", generator=rng)
            if module.bias is not None:
                module.bias.zero_()
        elif isinstance(module, MomentNorm):
            _initialise_norm(module, kind, rng)
    if kind == "kaiming":
        for module in network.modules():
            if isinstance(module, _Block):  # each block starts near the identity, so depth does not blow values up
                module.conv2.weight.mul_(0.1)
        if isinstance(network, UNet | ResNet) and network.spec.output == "residual":
            for parameter in network.head.parameters():
                parameter.zero_()


def _initialise_norm(norm: MomentNorm, kind: InitName, rng: torch.Generator) -> None:
    if isinstance(norm, BatchNorm):
        norm.reset()
    if norm.weight is None or norm.bias is None:
        return
    if kind == "normal" and isinstance(norm, BatchNorm):
        norm.weight.normal_(1.0, 0.02, generator=rng)
    else:
        norm.weight.fill_(1.0)
    norm.bias.zero_()
