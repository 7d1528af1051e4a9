"""Three steps against the formulas, written out: paper sections 3.1 and 3.3; Adam of Kingma and Ba (2015), algorithm 1."""

import copy

import pytest
import torch
from torch.nn import functional as F

from tests.training.runs import tiny_config
from training.contract.networks import build_discriminator, build_generator, initialise
from training.contract.spec import DiscriminatorSpec, unet
from training.objective import Objective, Part

RATE, BETA1, BETA2, EPS = 2e-4, 0.5, 0.999, 1e-8


def step(generator, g_optimizer, discriminator, d_optimizer, x, y, lambda_gan, lambda_l1, mask=None, **changes):
    config = tiny_config("photos", lambda_gan=lambda_gan, lambda_l1=lambda_l1, **changes)
    device = torch.device("cpu")
    return Objective(config, device, generator, g_optimizer, discriminator, d_optimizer).step(Part(x, y, mask), config.accumulate)


class PlainAdam:
    def __init__(self, network):
        self.parameters = list(network.parameters())
        self.m = [torch.zeros_like(p) for p in self.parameters]
        self.v = [torch.zeros_like(p) for p in self.parameters]
        self.t = 0

    def step(self, gradients):
        self.t += 1
        for p, g, m, v in zip(self.parameters, gradients, self.m, self.v, strict=True):
            m.mul_(BETA1).add_((1 - BETA1) * g)
            v.mul_(BETA2).add_((1 - BETA2) * g * g)
            p.data -= RATE * (m / (1 - BETA1**self.t)) / ((v / (1 - BETA2**self.t)).sqrt() + EPS)


def networks(norm="batch", out=3):
    rng = torch.Generator().manual_seed(1)
    generator = build_generator(unet(3, out, levels=3, width=4, dropout="none", norm=norm))
    discriminator = build_discriminator(DiscriminatorSpec(3, out, field=34, width=4, norm=norm))
    initialise(generator, "normal", rng)
    initialise(discriminator, "normal", rng)
    return generator, discriminator


def adam(network):
    return torch.optim.AdamW(network.parameters(), RATE, (BETA1, BETA2), weight_decay=0.0)


def batches(count=3):
    rng = torch.Generator().manual_seed(2)
    return [
        (torch.rand(2, 3, 24, 24, generator=rng) * 2 - 1, torch.rand(2, 3, 24, 24, generator=rng) * 2 - 1) for _ in range(count)
    ]


def plain_gan(logits, is_real, mode):
    if mode == "lsgan":
        return ((logits - (1.0 if is_real else 0.0)) ** 2).mean()
    share = torch.sigmoid(logits)
    return -torch.log(share if is_real else 1 - share).mean()


def plain_step(generator, g_adam, discriminator, d_adam, x, y, lambda_gan, lambda_l1, mode="vanilla"):
    fake = generator(x)
    d_fake = plain_gan(discriminator(x, fake.detach()), False, mode)
    d_real = plain_gan(discriminator(x, y), True, mode)
    d_adam.step(torch.autograd.grad(0.5 * d_real + 0.5 * d_fake, d_adam.parameters))
    g_gan = lambda_gan * plain_gan(discriminator(x, fake), True, mode)  # the updated one
    g_l1 = lambda_l1 * (fake - y).abs().mean()
    g_adam.step(torch.autograd.grad(g_gan + g_l1, g_adam.parameters))
    return g_gan.item(), g_l1.item(), d_real.item(), d_fake.item()


@pytest.mark.parametrize(
    ("lambda_gan", "lambda_l1", "mode"), [(1.0, 100.0, "vanilla"), (0.5, 0.0, "vanilla"), (1.0, 100.0, "lsgan")]
)
def test_steps_equal_the_formulas(lambda_gan, lambda_l1, mode):
    generator, discriminator = networks()
    plain_g, plain_d = copy.deepcopy(generator), copy.deepcopy(discriminator)
    g_adam, d_adam = PlainAdam(plain_g), PlainAdam(plain_d)
    g_optimizer, d_optimizer = adam(generator), adam(discriminator)
    for x, y in batches():
        losses = step(generator, g_optimizer, discriminator, d_optimizer, x, y, lambda_gan, lambda_l1, gan_mode=mode)
        expected = plain_step(plain_g, g_adam, plain_d, d_adam, x, y, lambda_gan, lambda_l1, mode)
        assert (losses.g_gan, losses.g_l1, losses.d_real, losses.d_fake) == pytest.approx(expected, rel=1e-4)
    for network, plain in ((generator, plain_g), (discriminator, plain_d)):
        for (name, value), other in zip(network.named_parameters(), plain.parameters(), strict=True):
            assert torch.allclose(value, other, atol=RATE / 100), name  # far less than one update


def test_the_discriminator_takes_half_of_its_gradient():
    """Adam would hide a factor (pix2pix.md, fact 8)."""
    generator, discriminator = networks()
    before = copy.deepcopy(discriminator)
    (x, y), *_ = batches(1)
    fake = copy.deepcopy(generator)(x).detach()
    loss = F.softplus(before(x, fake)).mean() / 2 + F.softplus(-before(x, y)).mean() / 2
    gradients = torch.autograd.grad(loss, list(before.parameters()))
    step(generator, adam(generator), discriminator, torch.optim.SGD(discriminator.parameters(), 1.0), x, y, 1.0, 100.0)
    for value, old, gradient in zip(discriminator.parameters(), before.parameters(), gradients, strict=True):
        assert torch.allclose(value, old - gradient, atol=1e-6)


def test_the_generator_is_judged_by_the_updated_discriminator():
    generator, discriminator = networks()
    before = copy.deepcopy(discriminator)
    (x, y), *_ = batches(1)
    fake = copy.deepcopy(generator)(x)
    eager = torch.optim.SGD(discriminator.parameters(), 1.0)  # a step that shows
    losses = step(generator, adam(generator), discriminator, eager, x, y, 1.0, 0.0)
    judged = [F.softplus(-judge(x, fake)).mean().item() for judge in (before, discriminator)]
    assert losses.g_gan == pytest.approx(judged[1], rel=1e-4)
    assert abs(judged[0] - judged[1]) > 1e-2


def test_without_a_discriminator_only_the_pictures_count():
    generator, _ = networks()
    (x, y), *_ = batches(1)
    expected = 10 * (copy.deepcopy(generator)(x) - y).abs().mean().item()
    losses = step(generator, adam(generator), None, None, x, y, 1.0, 10.0)
    assert (losses.g_gan, losses.d_real, losses.d_fake) == (0, 0, 0)
    assert losses.g_l1 == pytest.approx(expected, rel=1e-5)


def test_a_step_of_one_network_leaves_the_other_no_gradients():
    generator, discriminator = networks()
    (x, y), *_ = batches(1)
    d_optimizer = adam(discriminator)
    step(generator, adam(generator), discriminator, d_optimizer, x, y, 1.0, 100.0)
    assert all(parameter.requires_grad for parameter in discriminator.parameters())
    of_discriminator = [parameter.grad.clone() for parameter in discriminator.parameters()]
    d_optimizer.zero_grad()
    step(generator, adam(generator), None, None, x, y, 1.0, 100.0)
    assert all(parameter.grad is None for parameter in discriminator.parameters())
    assert any(bool(gradient.any()) for gradient in of_discriminator)


def depths():
    """(x, y, mask) where the left half and some points of the right one were measured."""
    rng = torch.Generator().manual_seed(3)
    x, y = (torch.rand(2, channels, 24, 24, generator=rng) * 2 - 1 for channels in (3, 1))
    mask = torch.rand(2, 1, 24, 24, generator=rng) < 0.2
    mask[0, ..., :12] = True
    return x, y, mask


def test_what_was_not_measured_changes_nothing():
    """Neither the losses nor any weight of either network depend on targets in holes."""
    x, y, mask = depths()
    told, weights = [], []
    for filling in (-1.0, 0.3):
        generator, discriminator = networks(out=1)
        target = torch.where(mask, y, filling)
        told.append(step(generator, adam(generator), discriminator, adam(discriminator), x, target, 1.0, 100.0, mask))
        weights.append([parameter.detach().clone() for net in (generator, discriminator) for parameter in net.parameters()])
    assert told[0] == told[1]
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


def test_l1_is_the_mean_over_what_was_measured_in_the_whole_batch():
    x, y, mask = depths()
    generator, _ = networks(out=1)
    fake = copy.deepcopy(generator)(x).detach()
    expected = 100 * (fake - y).abs()[mask].mean().item()
    assert step(generator, adam(generator), None, None, x, y, 1.0, 100.0, mask).g_l1 == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("masked", [False, True])
def test_small_errors_may_count_by_their_square(masked):
    x, y, mask = depths()
    generator, _ = networks(out=1)
    errors = (copy.deepcopy(generator)(x).detach() - y).abs()
    expected = torch.where(errors < 0.5, errors**2 / (2 * 0.5), errors - 0.5 / 2)
    expected = expected[mask] if masked else expected
    losses = step(generator, adam(generator), None, None, x, y, 1.0, 100.0, mask if masked else None, smooth_l1=0.5)
    assert losses.g_l1 == pytest.approx(100 * expected.mean().item(), rel=1e-5)
    assert 0 < (errors < 0.5).float().mean() < 1


def test_a_batch_without_any_measurement_is_no_division_by_nothing():
    x, y, mask = depths()
    generator, discriminator = networks(out=1)
    losses = step(generator, adam(generator), discriminator, adam(discriminator), x, y, 1.0, 100.0, torch.zeros_like(mask))
    assert losses.g_l1 == 0
    assert all(bool(torch.isfinite(parameter).all()) for parameter in generator.parameters())


@pytest.mark.parametrize("accumulate", [2, 3, 7])
@pytest.mark.parametrize("masked", [True, False])
def test_parts_of_a_batch_add_up_to_the_whole(masked, accumulate):
    """Norms by picture: with batch norm, parts have statistics of their own."""
    x, y, mask = (torch.cat([part, part.flip(3)[:1]]) for part in depths())  # three pairs: parts need not be equal
    outcomes = []
    for parts in (1, accumulate):
        generator, discriminator = networks(norm="instance", out=1)
        sgd = [torch.optim.SGD(net.parameters(), 0.1) for net in (generator, discriminator)]
        judged = {"batch_size": parts, "accumulate": parts}  # the share of one process may be smaller than either
        losses = step(generator, sgd[0], discriminator, sgd[1], x, y, 1.0, 100.0, mask if masked else None, **judged)
        weights = torch.cat([parameter.detach().flatten() for net in (generator, discriminator) for parameter in net.parameters()])
        outcomes.append((losses, weights))
    (first, whole), (second, parted) = outcomes
    assert (second.g_gan, second.g_l1, second.d_real, second.d_fake) == pytest.approx(
        (first.g_gan, first.g_l1, first.d_real, first.d_fake), rel=1e-4
    )
    assert torch.allclose(whole, parted, atol=1e-4)
