"""Small real model files with random weights. No test downloads anything."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from training.contract.encodings import ENCODINGS, EncodingName
from training.contract.framing import SizeRule
from training.contract.layers import BatchNorm
from training.contract.model_file import ModelCard, Weights, write_model
from training.contract.networks import Generator, build_generator, initialise
from training.contract.spec import GeneratorSpec, unet


def small_card(
    name: str = "small",
    spec: GeneratorSpec | None = None,
    encodings: tuple[EncodingName, EncodingName] = ("rgb8", "rgb8"),
    mode: str = "native",
    **changes: object,
) -> ModelCard:
    channels = ENCODINGS[encodings[0]].channels, ENCODINGS[encodings[1]].channels
    spec = spec or unet(*channels, levels=3, width=4, norm="none", bias="all", dropout="none")
    rule = SizeRule("fit" if mode == "fit" else "native", 64, spec.multiple)
    card = ModelCard(
        name, "deblur", spec, *encodings, statistics="running" if spec.has_running_statistics else "image", size_rule=rule
    )
    return replace(card, **changes)


def random_generator(spec: GeneratorSpec, seed: int = 0, gain: float = 6.0) -> Generator:
    """Weights large enough that the network does something that one can see."""
    generator = build_generator(spec)
    rng = torch.Generator().manual_seed(seed)
    initialise(generator, "normal", rng)
    with torch.no_grad():
        for module in generator.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                module.weight.mul_(gain)
                if module.bias is not None:
                    module.bias.normal_(0, 0.1, generator=rng)
            elif isinstance(module, BatchNorm):
                module.running_mean.normal_(0, 0.3, generator=rng)
                module.running_var.uniform_(0.5, 2, generator=rng)
    return generator.eval()


def weights_of(generator: Generator) -> Weights:
    return {name: tensor.numpy() for name, tensor in generator.state_dict().items()}


def write_small_model(path: Path, card: ModelCard | None = None, seed: int = 0, gain: float = 6.0) -> Path:
    """Write a model with random weights and give its path."""
    card = card or small_card(path.stem)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_model(path, card, weights_of(random_generator(card.generator, seed, gain)))
    return path
