"""The mode `evaluate`: model files against held-out pictures, doing nothing, and each other."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import torch

from training.contract.errors import ConfigError, PairingError
from training.contract.networks import load_generator
from training.contract.pairing import find_pairs
from training.contract.progress import Report, Token
from training.contract.protocol import Event, Progress, Result, Warned
from training.evaluate import averages_by_kind, measure, torch_translate, yardstick_of
from training.held_out import full_set, full_set_size, request_of
from training.reading import arranged
from training.run_model import choose_device


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    models: tuple[Path, ...]
    data: Path
    device: str = "auto"
    threads: int = 0

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ConfigError."""
        try:
            data = json.loads(text)
            models, folder, device, threads = data["models"], data["data"], data.get("device", "auto"), data.get("threads", 0)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ConfigError(f"The request to evaluate is not complete: {error}.") from error
        texts = [*models, folder, device] if isinstance(models, list) and models else [None]
        if not all(isinstance(text, str) for text in texts) or type(threads) is not int or threads < 0:
            raise ConfigError("The request to evaluate needs a list of models, a folder of data, a device and a number of threads.")
        return cls(tuple(map(Path, models)), Path(folder), device, threads)


def measure_models(request: EvaluationRequest, report: Report[Event], token: Token) -> None:
    """Measure each model on all pictures of the folder; one `result` event a model, with rows per kind and per picture.

    A picture that cannot be read is a `warning` for each model. Raises P2PError, Cancelled.
    """
    device = choose_device(request.device)
    if request.threads:
        torch.set_num_threads(request.threads)
    for path in request.models:
        card, generator = load_generator(path)
        config = request_of(card, request.data)
        found = find_pairs(request.data, config.task_spec.wanted, other=None, seed=0)
        found = arranged(found, config)
        files = found.held_out if found.split_by == "owner" else (*found.train, *found.held_out)
        if not files:
            raise PairingError(f"There are no pictures in {request.data} to measure on.")
        total = len(files) * full_set_size(config)

        def tell(done: int, total: int = total, what: str = card.name) -> None:
            report(Progress(done, total, what))

        def warn(message: str) -> None:
            report(Warned(0, "picture_left_out", message))

        yardstick = yardstick_of(config, float(card.provenance.get("target_mean", 0.0)))
        translate = torch_translate(generator.to(device), card.frame, device)
        rows = measure(translate, full_set(config, files, found.layout, warn), yardstick, token, tell)
        if not rows:
            raise PairingError(f"None of the pictures in {request.data} can be read.")
        data: dict[str, Any] = {  # Any: JSON
            "model": str(path),
            "name": card.name,
            "task": card.task,
            "kinds": averages_by_kind(rows),
            "pictures": [asdict(row) for row in rows],
        }
        report(Result(data))
