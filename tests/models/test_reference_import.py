"""Generators of the reference program become models that give its pictures, in every shape that its files have."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from p2p_desktop.inference.translator import Translator
from p2p_desktop.models.library import Library
from p2p_desktop.models.reference_import import Request, import_reference
from tests.models.reference_networks import PatchJudge, ResNet, UNet
from training.contract.errors import ConfigError, ModelError
from training.contract.model_file import read_card
from training.contract.networks import load_generator

GREY_LEVEL = 1 / 127.5
NORMS = ("batch", "instance", "none", "instance_affine", "tracked")


@dataclass
class Bench:
    """A file, and the library that it is imported into."""

    folder: object
    library: Library

    def importing(self, content, request=None, *, name="mine.pth", legacy=False):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(content, path, _use_new_zipfile_serialization=not legacy)
        return import_reference(path, self.library, request)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path, Library(tmp_path / "shipped", tmp_path / "added", tmp_path / "removed"))


def alive(network, seed=0):
    """Weights that make a picture which depends on all of them."""
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                module.weight.normal_(0, 0.1, generator=rng)
                if module.bias is not None:
                    module.bias.normal_(0, 0.2, generator=rng)
            elif isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d):
                if module.weight is not None:
                    module.weight.normal_(1, 0.3, generator=rng)
                    module.bias.normal_(0, 0.3, generator=rng)
                if module.running_mean is not None:
                    module.running_mean.normal_(0, 0.3, generator=rng)
                    module.running_var.uniform_(0.5, 2, generator=rng)
    return network


def picture_of(network, x, statistics="image"):
    """As that program computes it: in training mode for the statistics of the picture. Its averages stay as they are."""
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network.train(statistics == "image")
    with torch.no_grad():
        y = network(x)
    network.load_state_dict(before)
    return y


def assert_same_pictures(network, imported, statistics="image"):
    card, mine = load_generator(imported.path, statistics)
    x = torch.rand(1, card.generator.in_channels, 160, 192, generator=torch.Generator().manual_seed(1)) * 2 - 1
    height, width = (side - side % card.generator.multiple or card.generator.multiple for side in (160, 192))
    x = x[..., :height, :width] if height <= 160 else torch.rand(1, card.generator.in_channels, 256, 256) * 2 - 1
    with torch.no_grad():
        mine_y = mine(x)
    wanted = picture_of(network, x, statistics)
    assert wanted.std() > 0.05  # a picture that says something
    assert float((mine_y - wanted).abs().max()) < 0.5 * GREY_LEVEL


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("levels", [5, 7, 8])
def test_unets_of_every_norm_and_depth(bench, levels, norm):
    network = alive(UNet(3, 3, levels, 4, norm))
    imported = bench.importing(network.state_dict())
    assert_same_pictures(network, imported)
    assert f"U-Net of {levels} levels" in imported.recognised


@pytest.mark.parametrize("has_dropout", [False, True])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("blocks", [6, 9])
def test_resnets_of_every_norm_with_and_without_dropout(bench, blocks, norm, has_dropout):
    network = alive(ResNet(3, 3, blocks, 4, norm, has_dropout))
    imported = bench.importing(network.state_dict())
    assert_same_pictures(network, imported)
    assert imported.card.generator.blocks == blocks
    assert (imported.card.generator.dropout != "none") == has_dropout


@pytest.mark.parametrize("make", [lambda: UNet(3, 3, 5, 4, "batch"), lambda: ResNet(3, 3, 6, 4, "batch")])
def test_averages_give_the_pictures_of_its_other_mode(bench, make):
    network = alive(make())
    assert_same_pictures(network, bench.importing(network.state_dict()), "running")


@pytest.mark.parametrize("channels", [(1, 3), (3, 1), (1, 1), (4, 3), (2, 2), (3, 4)])
def test_channels_are_those_of_the_weights(bench, channels):
    network = alive(UNet(*channels, 5, 4, "batch"))
    imported = bench.importing(network.state_dict())
    assert (imported.card.generator.in_channels, imported.card.generator.out_channels) == channels
    assert_same_pictures(network, imported)


def test_lightness_to_colour_is_its_colour_model(bench):
    card = bench.importing(alive(UNet(1, 2, 5, 4, "batch")).state_dict()).card
    assert (card.encoding_in, card.encoding_out, card.task) == ("lab_l", "lab_ab", "colorize")


@pytest.mark.parametrize("block_name", ["conv_block", "block", "layers"])
@pytest.mark.parametrize("resizes", [False, True])
def test_other_names_of_blocks_and_resized_convolutions(bench, block_name, resizes):
    network = alive(ResNet(3, 3, 6, 4, "instance", block_name=block_name, resizes=resizes))
    assert_same_pictures(network, bench.importing(network.state_dict()))


def wrapped(state):
    """The shapes that one state has on people's disks."""
    yield {f"module.{name}": tensor for name, tensor in state.items()}
    yield {f"_orig_mod.{name}": tensor for name, tensor in state.items()}
    yield {f"module._orig_mod.{name}": tensor for name, tensor in state.items()}
    yield {f"netG.{name}": tensor for name, tensor in state.items()}
    yield {f"generator.module.{name}": tensor for name, tensor in state.items()}
    yield {name.removeprefix("model."): tensor for name, tensor in state.items()}
    yield {"epoch": 3, "state_dict": state}
    yield {"model": {"generator": state, "discriminator": PatchJudge().state_dict()}, "optimizer": {"state": {}, "lr": 1e-4}}
    yield [state]
    yield {f"netG.{name}": tensor for name, tensor in state.items()} | {
        f"netD.{name}": tensor for name, tensor in PatchJudge().state_dict().items()
    }


@pytest.mark.parametrize("make", [lambda: UNet(3, 3, 5, 4, "batch"), lambda: ResNet(3, 3, 6, 4, "instance")])
@pytest.mark.parametrize("legacy", [False, True])
def test_prefixes_and_dictionaries_around_the_weights(bench, make, legacy):
    network = alive(make())
    for content in wrapped(network.state_dict()):
        assert_same_pictures(network, bench.importing(content, legacy=legacy))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions(bench, dtype):
    network = alive(UNet(3, 3, 5, 4, "batch"))
    state = {name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in network.state_dict().items()}
    network.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    assert_same_pictures(network, bench.importing(state))


def test_missing_counters_and_old_biases(bench):
    network = alive(UNet(3, 3, 5, 4, "batch"))
    state = {name: tensor for name, tensor in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    assert_same_pictures(network, bench.importing(state), "running")
    for module in network.modules():  # before 2017-08-22 convolutions had biases beside batch norms, and there were no counters
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and module.bias is None:
            channels = module.weight.shape[1 if isinstance(module, nn.ConvTranspose2d) else 0]
            module.bias = nn.Parameter(torch.randn(channels) * 0.2)
    state = {name: tensor for name, tensor in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    imported = bench.importing(state)
    assert imported.card.generator.bias == "all"
    for statistics in ("image", "running"):
        assert_same_pictures(network, imported, statistics)


def test_the_old_order_of_joined_features(bench):
    network = alive(UNet(3, 3, 6, 4, "batch"))
    widths = [4, 8, 16, 32, 32, 32]
    state = dict(network.state_dict())
    for name, tensor in state.items():
        depth = name.count(".model") - 1
        is_up = name.endswith(("3.weight", "5.weight")) and tensor.ndim == 4 and tensor.shape[0] == 2 * widths[depth]
        if is_up:
            state[name] = torch.cat([tensor[widths[depth] :], tensor[: widths[depth]]])
    assert_same_pictures(network, bench.importing(state, Request(skip_order="decoder-first")))
    with pytest.raises(AssertionError):
        assert_same_pictures(network, bench.importing(state))


def test_one_of_two_generators_is_asked_for_by_its_name(bench):
    there, back = alive(ResNet(3, 3, 6, 4, "instance"), 1), alive(ResNet(3, 3, 6, 4, "instance"), 2)
    content = {"netG_A": there.state_dict(), "netG_B": back.state_dict()}
    with pytest.raises(ModelError, match="netG_A, netG_B"):
        bench.importing(content)
    assert_same_pictures(back, bench.importing(content, Request(part="netG_B")))
    with pytest.raises(ModelError, match="no generator"):
        bench.importing(content, Request(part="netG_C"))


@pytest.mark.slow
def test_a_picture_goes_through_the_program_as_through_the_reference(bench, tmp_path):
    network = alive(UNet(3, 3, 8, 4, "batch"))
    imported = bench.importing(network.state_dict())
    rgb = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    x = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 127.5 - 1
    for statistics in ("image", "running"):
        wanted = picture_of(network, x, statistics)[0].permute(1, 2, 0).numpy() * 127.5 + 127.5
        for runtime in ("torch", "openvino"):
            with Translator.load(imported.path, runtime=runtime, device="cpu", statistics=statistics, cache=tmp_path) as translate:
                assert np.abs(translate(rgb).astype(np.float64) - wanted).max() <= 1


def test_the_card_says_what_was_found_and_what_assumed(bench):
    network = alive(UNet(3, 3, 5, 4, "batch"))
    imported = bench.importing(network.state_dict(), Request(direction="BtoA", size=128), name="facades/latest_net_G.pth")
    card = read_card(imported.path)
    assert (card.name, card.direction, card.size_rule.mode, card.size_rule.size) == ("facades", "BtoA", "fit", 128)
    assert card.provenance["imported_from"] == "latest_net_G.pth"
    assert card.provenance["assumed"] == list(imported.assumed)
    assert any("128 pixels" in sentence for sentence in imported.assumed)
    assert any("September 2017" in sentence for sentence in imported.assumed)
    native = bench.importing(network.state_dict(), Request(name="at its size", size=0))
    assert read_card(native.path).size_rule.mode == "native"


def changed(make, name, tensor):
    return make().state_dict() | {name: tensor}


def unet():
    return UNet(3, 3, 5, 4, "batch")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (lambda: PatchJudge().state_dict(), "discriminator"),
        (lambda: {"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": []}, "no generator"),
        (lambda: {"layer1.0.conv1.weight": torch.zeros(4, 3, 3, 3), "fc.weight": torch.zeros(10, 4)}, "no generator"),
        (lambda: {"a": 1}, "no generator"),
        (lambda: torch.zeros(3), "no generator"),
        (lambda: changed(unet, "model.model.0.weight", torch.full((4, 3, 4, 4), float("nan"))), "not numbers"),
        (lambda: changed(unet, "model.model.0.weight", torch.zeros(4, 9, 4, 4)), "1 to 4"),
        (lambda: changed(unet, "model.model.1.model.1.weight", torch.zeros(8, 5, 4, 4)), "contradict"),
        (lambda: changed(unet, "model.model.1.model.2.running_mean", torch.zeros(7)), "contradict"),
        (lambda: changed(unet, "model.model.1.model.9.weight", torch.zeros(8, 5, 3, 3)), "not those of the reference"),
        (lambda: changed(unet, "model.model.7.weight", torch.zeros(8, 5)), "not those of the reference"),
        (lambda: changed(unet, "model.model.0.weight", torch.zeros(4, 3, 5, 5)), "not those of the reference"),
        (lambda: changed(unet, "model.model.1.model.3.weight", torch.zeros(3)), "no generator"),
        (lambda: changed(lambda: ResNet(3, 3, 6, 4, "batch"), "model.13.conv_block.1.weight", torch.zeros(16, 16, 5, 5)), "blocks"),
        (lambda: changed(lambda: ResNet(3, 3, 6, 4, "batch"), "model.4.filt", torch.zeros(16, 1, 3, 3)), "no generator"),
        (
            lambda: {
                name.replace(".1.", ".0.") if "conv_block.1." in name else name: tensor
                for name, tensor in ResNet(3, 3, 6, 4, "none").state_dict().items()
            },
            "zeros",
        ),
    ],
)
def test_what_is_no_such_generator_is_refused_in_a_sentence_and_adds_nothing(bench, content, sentence):
    with pytest.raises(ModelError, match=sentence) as refused:
        bench.importing(content())
    assert str(refused.value).startswith("mine.pth ")
    assert not bench.library.models()


def test_weights_that_share_their_numbers_cannot_grow_beyond_the_file(bench):
    one = torch.zeros(4 * 8 * 4 * 4)
    state = {
        name: one[:1].expand(tensor.numel()).reshape(tensor.shape) if tensor.ndim == 4 else tensor
        for name, tensor in UNet(3, 3, 5, 64, "batch").state_dict().items()
    }
    with pytest.raises(ModelError, match="damaged"):
        bench.importing({name: tensor.as_strided(tensor.shape, (0,) * tensor.ndim) for name, tensor in state.items()})


@pytest.mark.parametrize(
    "words", [{"skip_order": "sideways"}, {"direction": "AtoC"}, {"size": 3}, {"size": -256}, {"size": 100_000}]
)
def test_wishes_that_cannot_be_are_refused(words):
    good = {"name": "", "part": "", "skip_order": "skip-first", "direction": "AtoB", "size": 256}
    assert Request.of_words(**good) == Request()
    with pytest.raises(ConfigError):
        Request.of_words(**(good | words))
