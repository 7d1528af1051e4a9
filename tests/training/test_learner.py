"""One update after the other: memory that does not suffice, the paper's ablations, numbers of 16 bit, the optimiser."""

import copy

import pytest
import torch

from tests.training.runs import tiny_config
from training.contract.errors import ConfigError
from training.dataset import Batch
from training.learner import Learner
from training.optimizers import make_optimizer
from training.world import World

CPU = torch.device("cpu")
RATE = 2e-4


def learner_of(**changes):
    learner = Learner(tiny_config("photos", **({"batch_size": 4} | changes)), CPU, World())
    learner.begin()
    return learner


def batch_of(number, size=4):
    rng = torch.Generator().manual_seed(number)
    first, second = (torch.rand(size, 3, 16, 16, generator=rng) * 2 - 1 for _ in range(2))
    return Batch(first, second, None, ())


def learn(learner, number, told=None):
    """One step; `told` takes the codes of its warnings."""
    losses = learner.update(batch_of(number), RATE, lambda code, _: told.append(code) if told is not None else None)
    learner.state.step += 1
    return losses


def everything(learner):
    """All that a step changes, by name."""
    tensors = {
        f"{name}.{key}": value for name, module in learner.state.modules.items() for key, value in module.state_dict().items()
    }
    for name, optimizer in learner.state.optimizers.items():
        for index, held in optimizer.state_dict()["state"].items():
            tensors |= {f"{name}.{index}.{key}": value for key, value in held.items()}
    return tensors | {"random": torch.get_rng_state()}


def no_memory():
    raise torch.OutOfMemoryError("no more")


def no_memory_of_a_cpu():
    torch.empty(1 << 60, dtype=torch.uint8)


@pytest.mark.parametrize("fail", [no_memory, no_memory_of_a_cpu])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_step_that_ran_out_of_memory_is_the_step_that_it_would_have_been_in_parts(fail, at_once):
    """The memory ends in the generator's half, with the discriminator updated: batch norms, dropout and moments and all."""
    expected = learner_of()
    if not at_once:
        learn(expected, 0)
    expected.state.parts = 2
    learn(expected, 1)
    wanted = {name: value.clone() for name, value in everything(expected).items()}

    learner, told = learner_of(), []
    if not at_once:
        learn(learner, 0)

    def end_once(gradient):
        if not told:
            fail()
        return gradient

    learner.generator.head.conv.weight.register_hook(end_once)  # no gradient reaches it from the discriminator's half
    losses = learn(learner, 1, told)
    assert told == ["out_of_memory"]
    assert learner.state.parts == 2
    assert losses.d_fake > 0
    found = everything(learner)
    assert found.keys() == wanted.keys()
    assert [name for name in wanted if not torch.equal(found[name], wanted[name])] == []


def test_other_errors_are_not_taken_for_too_little_memory():
    learner = learner_of()

    def wrong(_):
        raise RuntimeError("shapes do not fit")

    learner.generator.head.conv.weight.register_hook(wrong)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        learn(learner, 1)
    assert all(parameter.requires_grad for parameter in learner.discriminator.parameters())


@pytest.mark.parametrize("conditional", [True, False])
def test_a_discriminator_without_a_condition_does_not_see_the_input(conditional):
    learner = learner_of(conditional=conditional)
    assert next(learner.discriminator.parameters()).shape[1] == (6 if conditional else 3)
    gradients = []
    for scale in (1.0, -1.0):
        x, y, mask, damaged = batch_of(0)
        part = learner._on_device(Batch(x * scale, y, mask, damaged))
        gradients.append(learner.objective._judged(part, part.target_NCHW))
    assert torch.equal(*gradients) == (not conditional)


def test_without_skip_connections_all_goes_through_the_bottleneck():
    """With the innermost features at zero, what comes out no longer depends on what went in."""
    results = {}
    for skips in (True, False):
        learner = learner_of(spec={"skips": skips, "dropout": "none", "norm": "none"})
        learn(learner, 0)
        with torch.no_grad():
            for parameter in learner.generator.down[-1].parameters():
                parameter.zero_()
            outputs = [learner.generator.eval()(batch_of(number).input_NCHW) for number in (1, 2)]
        results[skips] = torch.equal(*outputs)
    assert results == {True: False, False: True}


def test_weights_decay_by_the_rate_times_the_decay():
    """Decoupled (Loshchilov and Hutter 2019, algorithm 2): without a gradient a step leaves 1 - rate * decay of a weight."""
    network = torch.nn.Linear(3, 3)
    before = copy.deepcopy(network)
    optimizer = make_optimizer(tiny_config("photos", learning_rate=0.01), network, weight_decay=0.5)
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for after, old in zip(network.parameters(), before.parameters(), strict=True):
        assert torch.allclose(after, old * (1 - 0.01 * 0.5), rtol=1e-6)


def test_half_precision_halves_its_scale_after_an_overflow_and_a_checkpoint_keeps_it():
    """An overflow halves the scale and passes the step over; the scale is part of what a checkpoint keeps."""
    learner = learner_of(precision="fp16")
    scaler = learner.objective.scalers["generator"]
    before = {name: value.clone() for name, value in learner.generator.named_parameters()}
    scaler._lazy_init_scale_growth_tracker(CPU)
    scaler._scale.fill_(2.0**40)  # which no gradient of 16 bit survives
    learn(learner, 0)
    assert scaler.get_scale() == 2.0**39
    assert all(torch.equal(before[name], value) for name, value in learner.generator.named_parameters())
    learner.keep_scalers()
    other = learner_of(precision="fp16")
    other.state.scalers = learner.state.scalers
    other.restore_scalers()
    assert other.objective.scalers["generator"].get_scale() == 2.0**39


def test_the_average_is_of_the_layout_and_the_place_of_its_network():
    learner = learner_of(channels_last=True)
    for network in (learner.generator, learner.averaged, learner.discriminator):
        weights = [parameter for parameter in network.parameters() if parameter.ndim == 4 and parameter.shape[1] > 1]
        assert all(value.is_contiguous(memory_format=torch.channels_last) for value in weights)
    plain = learner_of()
    assert all(torch.equal(a, b) for a, b in zip(learner.generator.parameters(), plain.generator.parameters(), strict=True))
    learner.begin()  # again, as a run does that goes back to its beginning
    assert all(torch.equal(a, b) for a, b in zip(learner.generator.parameters(), plain.generator.parameters(), strict=True))


def test_an_installed_program_says_that_it_cannot_compile(monkeypatch):
    monkeypatch.setattr("sys.frozen", True, raising=False)
    with pytest.raises(ConfigError, match="compiler"):
        learner_of(compile=True)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the compiler itself
def test_a_compiled_generator_learns_the_same():
    """With real code of a real compiler, which takes a minute."""
    plain, compiled = (learner_of(compile=which, spec={"dropout": "none"}) for which in (False, True))
    for number in range(3):
        first, second = (learn(learner, number) for learner in (plain, compiled))
        assert (first.g_gan, first.g_l1, first.d_real, first.d_fake) == pytest.approx(
            (second.g_gan, second.g_l1, second.d_real, second.d_fake), rel=1e-4
        )
