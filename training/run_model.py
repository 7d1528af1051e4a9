"""Between a run's networks and model files: the card, the weights, and the device they live on."""

import os
from pathlib import Path

import numpy as np
import torch

from training.checkpoint import HeldOutFigures
from training.contract.config import TrainConfig
from training.contract.errors import ConfigError, ModelError
from training.contract.model_file import ModelCard, Weights
from training.contract.networks import Generator, load_generator
from training.contract.version import __version__

NOT_FINITE = (
    "The {what} of this run are no longer numbers. Start a new run with a smaller learning_rate, from an earlier model if you like."
)


def card_of_run(
    config: TrainConfig, step: int, num_pairs: int, figures: HeldOutFigures, target_mean: float, preview: bytes | None
) -> ModelCard:
    task, frame = config.task_spec, config.frame
    return ModelCard(
        name=config.name or task.name,
        task=task.name,
        generator=config.generator,
        encoding_in=frame.encoding_in,
        encoding_out=frame.encoding_out,
        statistics=figures.statistics,
        size_rule=frame.rule,
        keeps_grey=task.keeps_grey,
        direction="BtoA" if config.is_reversed else "AtoB",
        labels=frame.labels,
        depth=frame.depth,
        provenance={
            "program": f"P2P Desktop {__version__}",
            "data": Path(config.data).name.encode("utf-8", "replace").decode(),  # names need not be Unicode
            "pairs": num_pairs,
            "licence": config.licence,
            "steps": step,
            "measured_at_step": figures.step,
            "batch_size": config.batch_size,
            "crop_size": config.crop_size,
            "learning_rate": config.learning_rate,
            "gan_mode": config.gan_mode,
            "lambda_gan": config.lambda_gan,
            "lambda_l1": config.lambda_l1,
            "seed": config.seed,
        }
        | {key: count for key, count in (("left_out", len(config.leave_out)), ("lined_up", len(config.line_up))) if count}
        | ({"target_mean": target_mean} if config.is_masked else {}),
        metrics=figures.metrics,
        identity=figures.identity,
        preview=preview,
    )


def check_finite(generator: Generator) -> None:
    """Raises ConfigError if training has led to weights that are no numbers."""
    if not is_finite(generator):
        raise ConfigError(NOT_FINITE.format(what="weights"))


def is_finite(generator: Generator) -> bool:
    """Whether all weights and averages are numbers."""
    return all(bool(torch.isfinite(tensor).all()) for tensor in generator.state_dict().values())


def use_threads(wanted: int, before: int | None) -> None:
    """Set the processor threads: those asked for, else (0) those that the run had before, if the computer has as many cores."""
    chosen = wanted or (before if before is not None and before <= (os.cpu_count() or 1) else 0)
    if chosen:
        torch.set_num_threads(chosen)


def numpy_weights(generator: Generator, half: bool) -> Weights:
    """The weights as a model file holds them; "half" rounds convolutions to 16 bit, but no statistics and no small vectors."""
    weights: Weights = {}
    for name, tensor in generator.state_dict().items():
        value = tensor.detach().cpu().numpy()
        weights[name] = value.astype(np.float16) if half and value.dtype == np.float32 and value.ndim > 1 else value
    return weights


def load_generator_weights(generator: Generator, path: Path) -> None:
    """Start from a model file's weights. Raises ModelError if it cannot be read or holds another network."""
    card, found = load_generator(path)
    if card.generator != generator.spec:
        raise ModelError(f"{path.name} holds a different network than this run trains, so it cannot be its start.")
    generator.load_state_dict(found.state_dict())


def choose_device(name: str) -> torch.device:
    """The device of that name; "auto" takes CUDA, then MPS, then the CPU. Raises ConfigError where it does not exist."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ConfigError(f"There is no device {name!r}. Choose auto, cpu, cuda, cuda:N or mps.") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ConfigError(f"This computer has no usable graphics card {name!r}. Choose auto or cpu.")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ConfigError("This computer cannot compute with MPS. Choose auto or cpu.")
    if device.type not in ("cpu", "cuda", "mps"):
        raise ConfigError(f"The device {name!r} is not supported. Choose auto, cpu, cuda, cuda:N or mps.")
    return device
