"""Layers whose result depends on a whole picture: norms and the global vector. With networks.py the only owner of torch here.

Shapes: N pictures, C channels, H x W pixels; K numbers that describe a whole picture (see `PictureStatistics`).
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.contract.spec import NormName, Statistics

GROUP_SIZE = 16  # channels per group of a group norm (Wu and He 2018, table 3)


class PictureStatistics(nn.Module):
    """A layer whose result depends on numbers taken from the whole picture.

    Outside training it takes them from `given` (set, used and cleared by `Generator.forward`) or measures them, one set per
    picture of a batch, and leaves what it measured in `measured`. With `measures_anyway` it does so beside given ones, too.
    """

    num_statistics: int
    given_NK: Tensor | None = None
    measured_NK: Tensor | None = None
    measures_anyway: bool = False


class MomentNorm(PictureStatistics):
    """Normalise by mean and variance of each group of channels within one picture."""

    def __init__(self, channels: int, groups: int, eps: float, affine: bool) -> None:
        super().__init__()
        self.channels, self.groups, self.eps = channels, groups, eps
        self.num_statistics = 2 * groups
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return self.normalise(x_NCHW, self.moments(x_NCHW))

    def moments(self, x_NCHW: Tensor) -> Tensor:
        """Mean and biased variance per group: [N, 2 * groups]. One value per group has the variance 0, which gives the bias."""
        if self.given_NK is not None and not self.measures_anyway:
            return self.given_NK
        grouped = x_NCHW.reshape(x_NCHW.shape[0], self.groups, -1)
        mean_NG = grouped.mean(2)
        var_NG = (grouped - mean_NG[:, :, None]).square().mean(2)
        self.measured_NK = torch.cat([mean_NG, var_NG], 1)
        return self.measured_NK if self.given_NK is None else self.given_NK

    def normalise(self, x_NCHW: Tensor, moments_NK: Tensor) -> Tensor:
        mean_NG, var_NG = moments_NK[:, : self.groups], moments_NK[:, self.groups :]
        repeat = self.channels // self.groups
        scale_NC = torch.rsqrt(var_NG + self.eps).repeat_interleave(repeat, 1)
        mean_NC = mean_NG.repeat_interleave(repeat, 1)
        if self.weight is not None:
            scale_NC = scale_NC * self.weight
        shift_NC = -mean_NC * scale_NC
        if self.bias is not None:
            shift_NC = shift_NC + self.bias
        return x_NCHW * scale_NC[:, :, None, None] + shift_NC[:, :, None, None]


class BatchNorm(MomentNorm):
    """Batch normalisation that can use the statistics of the batch (training), of each picture by itself, or the running ones.

    Parameter and buffer names are those of `nn.BatchNorm2d`.
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    num_processes: int = 1
    average: Callable[[Tensor], Tensor] | None = None
    """Gives the mean of a tensor over the `num_processes` that train together; None where one trains alone."""

    def __init__(self, channels: int, eps: float) -> None:
        super().__init__(channels, channels, eps, affine=True)
        self.momentum = 0.1
        self.statistics: Statistics = "running"
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))

    def reset(self) -> None:
        """Forget the running averages."""
        self.running_mean.zero_()
        self.running_var.fill_(1)
        self.num_batches_tracked.zero_()

    def forward(self, x_NCHW: Tensor) -> Tensor:
        if not self.training and self.statistics == "image":
            return super().forward(x_NCHW)
        if self.training and self.average is not None:
            return self._normalised_together(x_NCHW, self.average)
        if self.training and x_NCHW.numel() == self.channels:  # F.batch_norm refuses one value per channel
            return super().forward(x_NCHW)
        if self.training:
            self.num_batches_tracked.add_(1)
        return F.batch_norm(
            x_NCHW, self.running_mean, self.running_var, self.weight, self.bias, self.training, self.momentum, self.eps
        )

    def _normalised_together(self, x_NCHW: Tensor, average: Callable[[Tensor], Tensor]) -> Tensor:
        """As `nn.BatchNorm2d` does it with the pictures of all processes in one batch."""
        mean_C = average(x_NCHW.mean((0, 2, 3)))
        var_C = average((x_NCHW - mean_C[:, None, None]).square().mean((0, 2, 3)))
        count = x_NCHW.numel() // self.channels * self.num_processes
        with torch.no_grad():
            self.num_batches_tracked.add_(1)
            self.running_mean.lerp_(mean_C.to(self.running_mean.dtype), self.momentum)
            self.running_var.lerp_((var_C * count / max(1, count - 1)).to(self.running_var.dtype), self.momentum)
        return self.normalise(x_NCHW, torch.cat([mean_C, var_C])[None])


class GlobalVector(PictureStatistics):
    """Add a linear function of the picture's mean features to every position."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.num_statistics = channels
        self.linear = nn.Linear(channels, channels)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        if self.given_NK is None or self.measures_anyway:
            self.measured_NK = x_NCHW.mean((2, 3))
        added: Tensor = self.linear(self.measured_NK if self.given_NK is None else self.given_NK)
        return x_NCHW + added[:, :, None, None]


class Dropout(nn.Module):
    """Dropout (Srivastava et al. 2014), which training draws by itself and variations are given from outside.

    Outside training nothing is dropped, unless `given` (set and cleared by `Generator.forward`) says what: [N, C, H, W] factors,
    0 or 1 / (1 - rate).
    """

    given_NCHW: Tensor | None = None

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x_NCHW: Tensor) -> Tensor:
        if self.given_NCHW is not None:
            return x_NCHW * self.given_NCHW
        return F.dropout(x_NCHW, self.rate, self.training)


def make_norm(kind: NormName, channels: int, eps: float = 1e-5) -> nn.Module:
    """A normalisation layer: "instance" has neither weights nor running statistics, as in the reference; "none" is the identity."""
    match kind:
        case "batch":
            return BatchNorm(channels, eps)
        case "instance" | "instance_affine":
            return MomentNorm(channels, channels, eps, affine=kind == "instance_affine")
        case "group":
            size = next(size for size in range(min(GROUP_SIZE, channels), 0, -1) if channels % size == 0)
            return MomentNorm(channels, channels // size, eps, affine=True)
        case "none":
            return nn.Identity()
