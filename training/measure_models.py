"""The mode `evaluate`: model files against held-out pictures, doing nothing, and each other."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import torch

from training.contract.errors import ConfigError, PairingError
from training.contract.networks import load_generator
from training.contract.pictures import is_picture_name
from training.contract.progress import Report, Token
from training.contract.protocol import Event, Progress, Result
from training.contract.tasks import task_named
from training.degrade import DEBLUR_TEST_KINDS
from training.evaluate import averages_by_kind, measure, test_set, torch_translate
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
            return cls(
                tuple(Path(model) for model in data["models"]),
                Path(data["data"]),
                str(data.get("device", "auto")),
                int(data.get("threads", 0)),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"The request to evaluate is not complete: {error}.") from error


def measure_models(request: EvaluationRequest, report: Report[Event], token: Token) -> None:
    """Measure each model on all pictures of the folder; one `result` event a model, with rows per kind and per picture.

    Raises P2PError, Cancelled.
    """
    pictures = sorted(path for path in request.data.rglob("*") if is_picture_name(path.name) and path.is_file())
    if not pictures:
        raise PairingError(f"There are no pictures in {request.data} to measure on.")
    device = choose_device(request.device)
    if request.threads:
        torch.set_num_threads(request.threads)
    for path in request.models:
        card, generator = load_generator(path)
        task = task_named(card.task)
        total = len(pictures) * (1 + 2 * len(DEBLUR_TEST_KINDS) if task.made_by == "blur" else 1)

        def tell(done: int, total: int = total, what: str = card.name) -> None:
            report(Progress(done, total, what))

        translate = torch_translate(generator.to(device), card.frame, device)
        rows = measure(translate, test_set(task, pictures), task.metrics, token, tell)
        data: dict[str, Any] = {  # Any: JSON
            "model": str(path),
            "name": card.name,
            "task": card.task,
            "kinds": averages_by_kind(rows),
            "pictures": [asdict(row) for row in rows],
        }
        report(Result(data))
