"""Parameter counts and receptive fields are those of the public implementations: pix2pix.md, tables 1.2 and 1.3."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from training.contract.errors import ConfigError
from training.contract.layers import Dropout
from training.contract.networks import (
    BatchNorm,
    Generator,
    build_discriminator,
    build_generator,
    initialise,
)
from training.contract.spec import (
    PATCH_FIELDS,
    DiscriminatorSpec,
    GeneratorSpec,
    named_generator,
    resnet,
    unet,
    unet_report,
)


def num_parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def on_meta(spec: GeneratorSpec) -> Generator:
    with torch.device("meta"):
        return build_generator(spec)


def random_generator(spec: GeneratorSpec, seed: int = 0) -> Generator:
    """A small net with weights large enough that every part of it changes the result."""
    generator = build_generator(spec)
    rng = torch.Generator().manual_seed(seed)
    initialise(generator, "normal", rng)
    with torch.no_grad():
        for module in generator.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                module.weight.mul_(5)
            if isinstance(module, BatchNorm):
                module.running_mean.normal_(0, 0.3, generator=rng)
                module.running_var.uniform_(0.5, 2, generator=rng)
                assert module.bias is not None
                module.bias.normal_(0, 0.3, generator=rng)
    return generator.eval()


@pytest.mark.parametrize(
    ("spec", "parameters"),
    [
        (named_generator("unet-256", 3, 3), 54_413_955),
        (named_generator("unet-256", 1, 1), 54_407_809),
        (named_generator("unet-256", 3, 1), 54_409_857),
        (named_generator("unet-256", 1, 2), 54_409_858),
        (named_generator("unet-256", 1, 3), 54_411_907),
        (unet(3, 3, 8, norm="instance"), 54_409_603),
        (unet(3, 3, 8, norm="none"), 54_404_099),
        (named_generator("unet-128", 3, 3), 41_828_995),
        (named_generator("unet-report", 3, 3), 129_793_219),
        (unet_report(3, 1), 129_790_913),
        (unet_report(1, 1), 129_788_865),
        (named_generator("resnet-9", 3, 3), 11_383_427),
        (resnet(3, 3, 9, norm="instance"), 11_378_179),
        (named_generator("resnet-6", 3, 3), 7_841_411),
        (resnet(3, 3, 6, norm="instance"), 7_837_699),
    ],
)
def test_generators_have_as_many_parameters_as_the_reference(spec, parameters):
    assert num_parameters(on_meta(spec)) == parameters


@pytest.mark.parametrize(
    ("field", "parameters"),
    [(1, 9_024), (16, 139_585), (34, 666_433), (70, 2_768_705), (142, 6_964_033), (286, 11_159_361), (574, 15_354_689)],
)
def test_discriminators_have_as_many_parameters_as_the_reference(field, parameters):
    with torch.device("meta"):
        assert num_parameters(build_discriminator(DiscriminatorSpec(3, 3, field=field))) == parameters


def test_the_70_pixel_discriminator_has_fewer_parameters_under_instance_norm():
    with torch.device("meta"):
        assert num_parameters(build_discriminator(DiscriminatorSpec(3, 3, norm="instance"))) == 2_767_809


@pytest.mark.parametrize("field", [field for field in PATCH_FIELDS if field <= 286])
def test_one_judgement_sees_exactly_its_field(field):
    discriminator = build_discriminator(DiscriminatorSpec(1, 1, field=field, width=1, norm="none"))
    with torch.no_grad():
        for parameter in discriminator.parameters():
            parameter.fill_(0.5)  # positive throughout, so that nothing cancels or is cut off
    side = max(2 * field + 64, 64)
    condition = torch.zeros(1, 1, side, side)
    picture = torch.ones(1, 1, side, side, requires_grad=True)
    logits = discriminator(condition, picture)
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    touched = (picture.grad[0, 0] != 0).nonzero()
    extent = (touched.max(0).values - touched.min(0).values + 1).tolist()
    assert extent == [field, field]


def test_the_70_pixel_discriminator_gives_30_x_30_judgements_of_256_pixels():
    discriminator = build_discriminator(DiscriminatorSpec(3, 3, width=2))
    x = torch.zeros(2, 3, 256, 256)
    assert discriminator(x, x).shape == (2, 1, 30, 30)


def test_an_unconditional_discriminator_does_not_see_the_condition():
    discriminator = build_discriminator(DiscriminatorSpec(3, 3, width=4, conditional=False)).eval()
    picture = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(discriminator(torch.zeros_like(picture), picture), discriminator(torch.ones_like(picture), picture))


def test_dropout_stands_where_paper_and_reference_have_it():
    assert list(unet(3, 3, 8, dropout="paper").dropout_steps) == [0, 1, 2]
    assert list(unet(3, 3, 8, dropout="reference").dropout_steps) == [1, 2, 3]
    assert list(unet(3, 3, 7, dropout="reference").dropout_steps) == [1, 2]
    assert list(unet(3, 3, 8, dropout="none").dropout_steps) == []


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize(
    "base", [unet(3, 2, 5, width=4, dropout="paper"), unet(3, 2, 7, width=2, dropout="reference"), resnet(3, 2, 2, width=4)]
)
def test_masks_that_are_given_do_what_training_draws(base, norm):
    """Dropout as training has it, caught where it happens and given again, gives the same picture."""
    spec = GeneratorSpec.from_json(base.to_json() | {"norm": norm, "dropout": base.dropout if base.kind == "unet" else "paper"})
    generator = random_generator(spec)
    x = torch.rand(2, 3, 128, 256)
    dropouts = [layer for layer in generator.modules() if isinstance(layer, Dropout)]
    drawn = []
    for layer in dropouts:
        layer.train()
        layer.register_forward_hook(lambda _, inputs, output: drawn.append(torch.where(output == 0, 0.0, 2.0)))
    with torch.inference_mode():
        by_itself = generator(x)
        masks = [mask.clone() for mask in drawn]
        generator.eval()
        given = generator(x, masks=masks)
        without = generator(x)
    assert [mask.shape for mask in masks] == [
        (2, place.channels, 128 // place.stride, 256 // place.stride) for place in spec.dropout_places
    ]
    assert torch.allclose(given, by_itself, atol=1e-6)
    assert not torch.allclose(given, without, atol=1e-3)
    assert torch.equal(generator(x), without)  # nothing stays behind


@pytest.mark.parametrize("norm", ["batch", "instance", "group", "none"])
@pytest.mark.parametrize("up", ["transposed", "resize"])
@pytest.mark.parametrize("base", [unet(3, 2, 4, width=4), resnet(3, 2, 2, width=4)])
def test_every_variant_keeps_the_size(base, norm, up):
    spec = GeneratorSpec.from_json(base.to_json() | {"norm": norm, "up": up})
    with torch.inference_mode():
        assert random_generator(spec)(torch.rand(2, 3, 32, 48)).shape == (2, 2, 32, 48)


@pytest.mark.parametrize("changes", [{"skips": False}, {"skip_activation": "leaky"}, {"global_vector": True}, {"norm": "group"}])
def test_each_choice_changes_the_result(changes):
    """Not the count of weights alone: a switch that does nothing would pass every other test."""
    x = torch.rand(1, 3, 64, 64) * 2 - 1
    base = unet(3, 3, 4, width=4, dropout="none")
    other = GeneratorSpec.from_json(base.to_json() | changes)
    with torch.inference_mode():
        assert not torch.allclose(random_generator(base)(x), random_generator(other)(x), atol=1e-4)


def test_without_skips_the_bottleneck_is_the_only_way():
    generator = random_generator(unet(1, 1, 3, width=4, skips=False, dropout="none"))
    with torch.no_grad():
        generator.down[-1].weight.zero_()  # nothing passes the bottleneck
        a, b = generator(torch.rand(1, 1, 32, 32)), generator(torch.rand(1, 1, 32, 32))
    assert torch.equal(a, b)


def test_a_fresh_residual_network_is_the_identity():
    spec = unet(3, 3, 3, width=4, norm="none", bias="all", dropout="none", output="residual")
    generator = build_generator(spec)
    initialise(generator, "kaiming", torch.Generator().manual_seed(0))
    x = torch.rand(1, 3, 16, 16)
    with torch.inference_mode():
        assert torch.equal(generator.eval()(x), x)


def test_image_statistics_do_not_depend_on_the_batch():
    generator = random_generator(unet(3, 3, 3, width=4, dropout="none"))
    generator.use_statistics("image")
    x = torch.rand(3, 3, 32, 32) * torch.tensor([0.2, 1, 3])[:, None, None, None]
    with torch.inference_mode():
        together = generator(x)
        alone = torch.cat([generator(x[index : index + 1]) for index in range(3)])
    assert torch.allclose(together, alone, atol=1e-5)


def test_image_statistics_of_one_picture_are_those_of_training_at_batch_1():
    generator = random_generator(unet(3, 3, 3, width=4, dropout="none"))
    x = torch.rand(1, 3, 32, 32)
    generator.use_statistics("image")
    with torch.inference_mode():
        by_itself = generator(x)
    with torch.no_grad():
        trained = generator.train()(x)
    assert torch.allclose(by_itself, trained, atol=1e-5)


def test_running_statistics_agree_with_torch():
    ours, theirs = BatchNorm(3, 1e-5), nn.BatchNorm2d(3)
    theirs.load_state_dict(ours.state_dict())
    for seed in range(3):
        x = torch.randn(2, 3, 5, 5, generator=torch.Generator().manual_seed(seed)) * 3 + 1
        assert torch.allclose(ours(x), theirs(x), atol=1e-6)
    assert torch.equal(ours.running_var, theirs.running_var)
    ours.eval(), theirs.eval()
    assert torch.allclose(ours(x), theirs(x), atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_a_norm_that_sees_one_value_gives_its_bias(training):
    norm = BatchNorm(2, 1e-5).train(training)
    norm.statistics = "image"
    with torch.no_grad():
        assert norm.bias is not None
        norm.bias.copy_(torch.tensor([0.5, -2.0]))
        result = norm(torch.tensor([[[[7.0]], [[9.0]]]]))
    assert result.flatten().tolist() == [0.5, -2.0]


@pytest.mark.parametrize(
    "changes", [{"norm": "batch"}, {"norm": "instance"}, {"norm": "group"}, {"norm": "none", "global_vector": True}]
)
def test_given_statistics_of_the_picture_itself_change_nothing(changes):
    spec = GeneratorSpec.from_json(unet(3, 3, 3, width=4, dropout="none").to_json() | changes)
    generator = random_generator(spec)
    generator.use_statistics("image")
    x, other = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32) * 3
    with torch.inference_mode():
        y, statistics = generator.measure(x)
        assert statistics.shape == (2, generator.num_statistics)
        assert torch.allclose(generator(x, statistics), y, atol=1e-5)
        assert not torch.allclose(generator(other, statistics), generator(other), atol=1e-3)
        assert torch.equal(generator(x), y)  # given ones are forgotten


@pytest.mark.parametrize(
    "changes", [{"norm": "batch"}, {"norm": "instance"}, {"norm": "group"}, {"norm": "none", "global_vector": True}]
)
def test_following_uses_what_is_given_and_measures_what_is_there(changes):
    spec = GeneratorSpec.from_json(unet(3, 3, 3, width=4, dropout="none").to_json() | changes)
    generator = random_generator(spec)
    generator.use_statistics("image")
    x, other = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32) * 3
    with torch.inference_mode():
        y, own = generator.measure(x)
        followed, measured = generator.follow(x, own)
        assert torch.allclose(followed, y, atol=1e-5)
        assert torch.allclose(measured, own, atol=1e-4)
        of_other, measured = generator.follow(other, own)
        assert torch.equal(of_other, generator(other, own))
        assert not torch.allclose(measured, own, atol=1e-2)
        for _ in range(50):  # whoever follows half way each time arrives
            own = own + 0.5 * (generator.follow(other, own)[1] - own)
        assert torch.allclose(own, generator.measure(other)[1], rtol=1e-3, atol=1e-4)
        assert torch.equal(generator(x), y)  # given ones are forgotten


def test_dropout_is_noise_in_training_and_absent_otherwise():
    generator = random_generator(unet(3, 3, 5, width=4, dropout="paper", norm="none"))
    x = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(generator(x), generator(x))
        generator.train()
        assert not torch.equal(generator(x), generator(x))


def test_initial_weights_follow_the_paper():
    generator = build_generator(unet(3, 3, 5, width=32))
    initialise(generator, "normal", torch.Generator().manual_seed(0))
    conv, norm = generator.down[3], generator.down_norm[3]
    assert conv.weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert norm.weight.mean().item() == pytest.approx(1, abs=0.01)
    assert norm.weight.std().item() == pytest.approx(0.02, rel=0.3)


@given(levels=st.integers(1, 5), width=st.integers(1, 6), stem=st.integers(0, 3), blocks=st.integers(0, 2), fold=st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_any_unet_survives_the_trip_through_its_description(levels, width, stem, blocks, fold):
    encoder = tuple(width + level for level in range(levels))
    spec = GeneratorSpec(
        "unet", 3, 3, encoder, tuple(reversed(encoder)), head="conv3", stem=stem, blocks=blocks, fold=fold, norm="none"
    )
    assert GeneratorSpec.from_json(spec.to_json()) == spec
    with torch.inference_mode():
        shape = 1, 3, spec.multiple, 2 * spec.multiple
        assert build_generator(spec)(torch.zeros(shape)).shape == shape


def test_folded_pixels_return_to_their_places():
    spec = unet(
        3, 3, 2, width=4, fold=2, head="conv3", decoder=(4, 12), norm="none", skips=False, output="residual", dropout="none"
    )
    generator = random_generator(spec)
    with torch.no_grad():
        for weight in generator.head.parameters():
            weight.zero_()
        generator.head.weight[:, :, 1, 1] = torch.eye(12)  # the outermost features as they are
        x = torch.rand(1, 3, 16, 24) * 2 - 1
        features = []
        generator.up[1].register_forward_hook(lambda module, inputs, y: features.append(y.relu()))
        change = generator(x) - x
    for row in range(2):
        for column in range(2):
            planes = features[0][:, [4 * colour + 2 * row + column for colour in range(3)]]
            assert torch.allclose(change[:, :, row::2, column::2], planes, atol=1e-6)


def test_a_folded_network_answers_a_shifted_picture_with_a_shifted_one():
    spec = unet(3, 3, 2, width=4, fold=2, norm="none", bias="all", dropout="none")
    generator, x = random_generator(spec), torch.rand(1, 3, 96, 96)
    with torch.no_grad():
        y, shifted = generator(x), generator(x.roll((spec.multiple, 2 * spec.multiple), (2, 3)))
    assert torch.allclose(y[:, :, 24:64, 24:64], shifted[:, :, 32:72, 40:80], atol=1e-5)


@pytest.mark.parametrize(
    "changes",
    [
        {"encoder": []},
        {"encoder": [0, 4, 8]},
        {"encoder": [4] * 13},
        {"encoder": [10**9, 4, 8]},
        {"encoder": "4,8"},
        {"blocks": -1},
        {"blocks": 10**9},
        {"norm": "layer"},
        {"norm": None},
        {"in_channels": 3.0},
        {"in_channels": True},
        {"dropout_rate": 1.0},
        {"decoder": [4]},
        {"stem": 4},
        {"fold": 0},
        {"fold": 9},
        {"output": "residual", "out_channels": 4},
        {"surprise": 1},
    ],
)
def test_impossible_descriptions_are_refused(changes):
    with pytest.raises(ConfigError):
        GeneratorSpec.from_json(unet(3, 3, 3, width=4).to_json() | changes)
