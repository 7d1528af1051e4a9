"""The objective of pix2pix: conditional GAN + lambda L1 (paper, section 3.1), one update of each network at a time."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from training.contract.networks import Generator, PatchDiscriminator


@dataclass(frozen=True, slots=True)
class Losses:
    """What one step reports: generator terms times their lambda, discriminator terms unhalved, 0 where there is no GAN."""

    g_gan: float
    g_l1: float
    d_real: float
    d_fake: float


def gan_loss(logits: Tensor, target: Literal["real", "fake"]) -> Tensor:
    """Binary cross-entropy of every patch against one verdict; the generator minimises it with "real" (non-saturating)."""
    wanted = torch.ones_like(logits) if target == "real" else torch.zeros_like(logits)
    return F.binary_cross_entropy_with_logits(logits, wanted)


def update_discriminator(
    discriminator: PatchDiscriminator, optimizer: torch.optim.Optimizer, input_NCHW: Tensor, target_NCHW: Tensor, fake_NCHW: Tensor
) -> tuple[Tensor, Tensor]:
    """One step on (real + fake) / 2, as the reference halves it; gives both terms unhalved."""
    optimizer.zero_grad(set_to_none=True)
    d_fake = gan_loss(discriminator(input_NCHW, fake_NCHW.detach()), "fake")
    d_real = gan_loss(discriminator(input_NCHW, target_NCHW), "real")
    loss: Tensor = (d_fake + d_real) / 2
    torch.autograd.backward(loss)
    optimizer.step()
    return d_real.detach(), d_fake.detach()


def step(
    generator: Generator,
    g_optimizer: torch.optim.Optimizer,
    discriminator: PatchDiscriminator | None,
    d_optimizer: torch.optim.Optimizer | None,
    input_NCHW: Tensor,
    target_NCHW: Tensor,
    lambda_gan: float,
    lambda_l1: float,
) -> Losses:
    """One update of the discriminator, if there is one, then one of the generator against the updated discriminator."""
    fake_NCHW = generator(input_NCHW)
    zero = torch.zeros((), device=fake_NCHW.device)
    g_gan = d_real = d_fake = zero
    if discriminator is not None and d_optimizer is not None:
        d_real, d_fake = update_discriminator(discriminator, d_optimizer, input_NCHW, target_NCHW, fake_NCHW)
        discriminator.requires_grad_(False)
        g_gan = lambda_gan * gan_loss(discriminator(input_NCHW, fake_NCHW), "real")
    g_l1 = lambda_l1 * F.l1_loss(fake_NCHW, target_NCHW)
    g_optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(g_gan + g_l1)
    g_optimizer.step()
    if discriminator is not None:
        discriminator.requires_grad_(True)
    values = torch.stack([g_gan.detach(), g_l1.detach(), d_real, d_fake]).tolist()  # one wait for the device, not four
    return Losses(*values)
