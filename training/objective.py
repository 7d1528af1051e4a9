"""The objective of pix2pix: conditional GAN + lambda L1 (paper, section 3.1), one update of each network at a time.

Where the target was not measured, L1 counts nothing and the discriminator sees the same emptiness in both pictures.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import log
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from training.contract.config import TrainConfig
from training.contract.errors import ConfigError
from training.contract.networks import Generator, PatchDiscriminator
from training.world import World

GanMode = Literal["vanilla", "lsgan"]
UNDECIDED: dict[GanMode, float] = {"vanilla": log(2), "lsgan": 0.25}
"""The loss of a discriminator that cannot tell: 0.5 for every patch."""
UNMEASURED = -1.0  # what encodings give for depth 0, no measurement


def _compiled(generator: Generator) -> Callable[[Tensor], Tensor]:
    """Raises ConfigError in a frozen program: what torch compiles with is not in it."""
    if getattr(sys, "frozen", False):
        raise ConfigError(
            "compile needs a compiler, which the installed program does not bring. Leave it out, or install from source."
        )
    return torch.compile(generator)


@dataclass(frozen=True, slots=True)
class Losses:
    """What one step reports: generator terms times their lambda, discriminator terms unhalved, 0 where there is no GAN."""

    g_gan: float
    g_l1: float
    d_real: float
    d_fake: float


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a step's pairs on their device. Shapes [N, C, H, W]; mask bool [N, 1, H, W] or None where all is measured."""

    input_NCHW: Tensor
    target_NCHW: Tensor
    mask_N1HW: Tensor | None

    def seen(self, picture_NCHW: Tensor) -> Tensor:
        """What a discriminator may see of a picture."""
        return picture_NCHW if self.mask_N1HW is None else torch.where(self.mask_N1HW, picture_NCHW, UNMEASURED)

    def num_measured(self) -> Tensor:
        """Values that L1 is averaged over."""
        if self.mask_N1HW is None:
            return torch.tensor(float(self.target_NCHW.numel()))
        return self.mask_N1HW.sum() * self.target_NCHW.shape[1]

    def split(self, count: int) -> Iterator["Part"]:
        """The same pairs in `count` parts as equal as can be, or each by itself where there are fewer pairs than that."""
        count = min(count, self.num_pairs)
        masks = [None] * count if self.mask_N1HW is None else self.mask_N1HW.tensor_split(count)
        inputs, targets = self.input_NCHW.tensor_split(count), self.target_NCHW.tensor_split(count)
        for input_NCHW, target_NCHW, mask in zip(inputs, targets, masks, strict=True):
            yield Part(input_NCHW, target_NCHW, mask)

    @property
    def num_pairs(self) -> int:
        return self.input_NCHW.shape[0]


def gan_loss(logits: Tensor, target: Literal["real", "fake"], mode: GanMode = "vanilla") -> Tensor:
    """The distance of every patch's verdict from one verdict; the generator minimises it with "real" (non-saturating).

    vanilla: binary cross-entropy (paper). lsgan: squared distance from 1 and 0 (Mao et al. 2017).
    """
    wanted = torch.ones_like(logits) if target == "real" else torch.zeros_like(logits)
    return F.mse_loss(logits, wanted) if mode == "lsgan" else F.binary_cross_entropy_with_logits(logits, wanted)


class Objective:
    """Both networks, their optimisers, and how a step changes them."""

    def __init__(
        self,
        config: TrainConfig,
        device: torch.device,
        generator: Generator,
        g_optimizer: torch.optim.Optimizer,
        discriminator: PatchDiscriminator | None,
        d_optimizer: torch.optim.Optimizer | None,
        world: World | None = None,
    ) -> None:
        """`world`: the processes that train together; None where one trains alone."""
        self.config, self.device = config, device
        self.world = world or World()
        self.generator, self.g_optimizer = generator, g_optimizer
        self.discriminator, self.d_optimizer = discriminator, d_optimizer
        self.mode: GanMode = "lsgan" if config.gan_mode == "lsgan" else "vanilla"
        self.translate: Callable[[Tensor], Tensor] = _compiled(generator) if config.compile else generator
        half = config.precision == "fp16"
        self.scalers = {name: torch.amp.GradScaler(device.type, enabled=half) for name in ("generator", "discriminator")}

    def step(self, whole: Part, num_parts: int) -> Losses:
        """One update of the discriminator, if there is one, then one of the generator against the updated discriminator.

        The pairs are computed in `num_parts` parts, one after the other. Several processes each give their own pairs and get the
        losses of all.
        """
        parts = list(whole.split(num_parts))
        # Of all processes: their losses and gradients are averaged, and one may have measured more than another.
        num_measured = self.world.mean(whole.num_measured().to(whole.target_NCHW)).clamp(min=1 / self.world.size)
        # The generator's picture serves both updates, unless parts come one after the other to save the memory that it takes.
        fakes = [self._translated(part) for part in parts] if len(parts) == 1 else None
        d_real, d_fake = self._update_discriminator(parts, fakes)
        g_gan, g_l1 = self._update_generator(parts, fakes, num_measured)
        values = self.world.mean(torch.stack([g_gan, g_l1, d_real, d_fake]))
        return Losses(*values.tolist())  # one wait for the device, not four

    def _update_discriminator(self, parts: list[Part], fakes: list[Tensor] | None) -> tuple[Tensor, Tensor]:
        """One step on (real + fake) / 2, as the reference halves it; gives both terms unhalved."""
        total_real = total_fake = torch.zeros((), device=parts[0].target_NCHW.device)
        if self.discriminator is None or self.d_optimizer is None:
            return total_real, total_fake
        self.d_optimizer.zero_grad(set_to_none=True)
        num_pairs = sum(part.num_pairs for part in parts)
        for index, part in enumerate(parts):
            if fakes is None:
                with torch.no_grad():
                    fake_NCHW = self._translated(part)
            else:
                fake_NCHW = fakes[index].detach()
            share = part.num_pairs / num_pairs
            d_fake = gan_loss(self._judged(part, fake_NCHW), "fake", self.mode) * share
            d_real = gan_loss(self._judged(part, part.target_NCHW), "real", self.mode) * share
            torch.autograd.backward(self.scalers["discriminator"].scale((d_fake + d_real) / 2))
            total_real, total_fake = total_real + d_real.detach(), total_fake + d_fake.detach()
        self._update("discriminator", self.d_optimizer)
        return total_real, total_fake

    def _update_generator(self, parts: list[Part], fakes: list[Tensor] | None, num_measured: Tensor) -> tuple[Tensor, Tensor]:
        total_gan = total_l1 = torch.zeros((), device=parts[0].target_NCHW.device)
        self.g_optimizer.zero_grad(set_to_none=True)
        num_pairs = sum(part.num_pairs for part in parts)
        with self._judge_at_rest():
            for index, part in enumerate(parts):
                fake_NCHW = self._translated(part) if fakes is None else fakes[index]
                g_l1 = self.config.lambda_l1 * _l1(fake_NCHW, part, num_measured, self.config.smooth_l1)
                loss, total_l1 = g_l1, total_l1 + g_l1.detach()
                if self.discriminator is not None:
                    verdict = gan_loss(self._judged(part, fake_NCHW), "real", self.mode)
                    g_gan = self.config.lambda_gan * verdict * (part.num_pairs / num_pairs)
                    loss, total_gan = loss + g_gan, total_gan + g_gan.detach()
                torch.autograd.backward(self.scalers["generator"].scale(loss))
        self._update("generator", self.g_optimizer)
        return total_gan, total_l1

    @contextlib.contextmanager
    def _judge_at_rest(self) -> Iterator[None]:
        """While the generator learns, the discriminator takes no gradients; it does again afterwards, whatever happens."""
        if self.discriminator is None:
            yield
            return
        self.discriminator.requires_grad_(False)
        try:
            yield
        finally:
            self.discriminator.requires_grad_(True)

    def _translated(self, part: Part) -> Tensor:
        with self._autocast():
            return self.translate(part.input_NCHW).float()

    def _judged(self, part: Part, picture_NCHW: Tensor) -> Tensor:
        if self.discriminator is None:
            raise ValueError("there is no discriminator")
        with self._autocast():
            logits: Tensor = self.discriminator(part.input_NCHW, part.seen(picture_NCHW))
        return logits.float()

    def _autocast(self) -> torch.autocast:
        dtype = torch.float16 if self.config.precision == "fp16" else torch.bfloat16
        return torch.autocast(self.device.type, dtype, enabled=self.config.precision != "fp32")

    def _update(self, name: str, optimizer: torch.optim.Optimizer) -> None:
        self.world.average_gradients([parameter for group in optimizer.param_groups for parameter in group["params"]])
        self.scalers[name].step(optimizer)
        self.scalers[name].update()


def _l1(fake_NCHW: Tensor, part: Part, num_measured: Tensor, smooth: float) -> Tensor:
    """The sum of absolute errors where there is a target, over the number of values in the whole step.

    `smooth`: errors below it count by their square over twice of it, larger ones by half of it less (Girshick 2015).
    """
    if part.mask_N1HW is None:
        return F.smooth_l1_loss(fake_NCHW, part.target_NCHW, reduction="sum", beta=smooth) / num_measured
    errors = F.smooth_l1_loss(fake_NCHW, part.target_NCHW, reduction="none", beta=smooth)
    return (errors * part.mask_N1HW).sum() / num_measured
