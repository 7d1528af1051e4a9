"""Networks whose layers are named and computed as the reference program's are, for tests of the import."""

import torch
from torch import Tensor, nn

_NORMS = {
    "batch": nn.BatchNorm2d,
    "instance": nn.InstanceNorm2d,
    "instance_affine": lambda channels: nn.InstanceNorm2d(channels, affine=True),
    "tracked": lambda channels: nn.InstanceNorm2d(channels, track_running_stats=True),
    "none": lambda channels: nn.Identity(),
}


class Block(nn.Module):
    """One level of a U-Net around the levels within it."""

    def __init__(self, outer: int, inner: int, channels_in: int, within: "Block | None", norm: str, *, is_outermost: bool) -> None:
        super().__init__()
        has_bias = norm.startswith(("instance", "tracked"))
        make = _NORMS[norm]
        down = nn.Conv2d(channels_in, inner, 4, 2, 1, bias=has_bias)
        up = nn.ConvTranspose2d(inner if within is None else 2 * inner, outer, 4, 2, 1, bias=has_bias or is_outermost)
        if is_outermost:
            layers = [down, within, nn.ReLU(), up, nn.Tanh()]
        elif within is None:
            layers = [nn.LeakyReLU(0.2), down, nn.ReLU(), up, make(outer)]
        else:
            layers = [nn.LeakyReLU(0.2), down, make(inner), within, nn.ReLU(), up, make(outer), nn.Dropout(0.0)]
        self.model = nn.Sequential(*layers)
        self.is_outermost = is_outermost

    def forward(self, x: Tensor) -> Tensor:
        # Joined features go through a leaky activation and a ReLU there, which together are a ReLU.
        return self.model(x) if self.is_outermost else torch.cat([x, self.model(x)], 1)


class UNet(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, levels: int, width: int, norm: str) -> None:
        super().__init__()
        widths = [width * min(2**level, 8) for level in range(levels)]
        block = None
        for level in reversed(range(1, levels)):
            block = Block(widths[level - 1], widths[level], widths[level - 1], block, norm, is_outermost=False)
        self.model = Block(channels_out, width, channels_in, block, norm, is_outermost=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class Residual(nn.Module):
    def __init__(
        self, channels: int, norm: str, has_dropout: bool, name: str, padding: type[nn.Module] = nn.ReflectionPad2d
    ) -> None:
        super().__init__()
        has_bias = norm.startswith(("instance", "tracked"))
        middle = [nn.Dropout(0.0)] if has_dropout else []
        halves = [
            [padding(1), nn.Conv2d(channels, channels, 3, bias=has_bias), _NORMS[norm](channels), nn.ReLU()],
            [padding(1), nn.Conv2d(channels, channels, 3, bias=has_bias), _NORMS[norm](channels)],
        ]
        self.name = name
        setattr(self, name, nn.Sequential(*halves[0], *middle, *halves[1]))

    def forward(self, x: Tensor) -> Tensor:
        return x + getattr(self, self.name)(x)


class ResNet(nn.Module):
    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        blocks: int,
        width: int,
        norm: str,
        has_dropout: bool = False,
        block_name: str = "conv_block",
        resizes: bool = False,
    ) -> None:
        super().__init__()
        has_bias = norm.startswith(("instance", "tracked"))
        make = _NORMS[norm]
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(channels_in, width, 7, bias=has_bias), make(width), nn.ReLU()]
        for outer in (width, 2 * width):
            layers += [nn.Conv2d(outer, 2 * outer, 3, 2, 1, bias=has_bias), make(2 * outer), nn.ReLU()]
        layers += [Residual(4 * width, norm, has_dropout, block_name) for _ in range(blocks)]
        for inner in (4 * width, 2 * width):
            if resizes:
                layers += [nn.Upsample(scale_factor=2), nn.Conv2d(inner, inner // 2, 3, 1, 1, bias=has_bias)]
            else:
                layers += [nn.ConvTranspose2d(inner, inner // 2, 3, 2, 1, output_padding=1, bias=has_bias)]
            layers += [make(inner // 2), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, channels_out, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class PatchJudge(nn.Module):
    """A discriminator."""

    def __init__(self, channels: int = 6, width: int = 8) -> None:
        super().__init__()
        layers = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        for outer, inner, stride in ((1, 2, 2), (2, 4, 2), (4, 8, 1)):
            layers += [
                nn.Conv2d(width * outer, width * inner, 4, stride, 1, bias=False),
                nn.BatchNorm2d(width * inner),
                nn.LeakyReLU(),
            ]
        self.model = nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))
