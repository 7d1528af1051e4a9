"""The mode `evaluate`: model files against held-out pictures, doing nothing, and each other."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import torch

from training.contract.config import TrainConfig
from training.contract.encodings import Pixels
from training.contract.errors import ConfigError, PairingError
from training.contract.networks import load_generator
from training.contract.progress import Report, Token
from training.contract.protocol import Event, Progress, Result, Warned
from training.contract.tasks import SMALLER_IS_BETTER
from training.evaluate import Measurement, averages, averages_by_kind, measure, torch_translate, yardstick_of
from training.held_out import HeldOut, full_set, full_set_size, request_of
from training.reading import unsplit_pairs
from training.run_model import choose_device
from training.sheet import check_sheet, rows_to_show, sheet_row, write_sheet


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    models: tuple[Path, ...]
    data: Path
    device: str = "auto"
    threads: int = 0
    sheet: Path | None = None
    """A PNG or JPEG to draw some of the pictures into, the worst among them; with several models, one each, numbered."""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ConfigError."""
        try:
            data = json.loads(text)
            models, folder, device, threads = data["models"], data["data"], data.get("device", "auto"), data.get("threads", 0)
            sheet = data.get("sheet", "")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ConfigError(f"The request to evaluate is not complete: {error}.") from error
        texts = [*models, folder, device, sheet] if isinstance(models, list) and models else [None]
        if not all(isinstance(text, str) for text in texts) or type(threads) is not int or threads < 0:
            raise ConfigError("The request to evaluate needs a list of models, a folder of data, a device and a number of threads.")
        return cls(tuple(map(Path, models)), Path(folder), device, threads, Path(sheet) if sheet else None)

    def sheet_of(self, number: int) -> Path | None:
        """Where the pictures of the model of that number, from 0, are drawn."""
        if self.sheet is None or len(self.models) == 1:
            return self.sheet
        return self.sheet.with_stem(f"{self.sheet.stem}-{number + 1}")


def measure_models(request: EvaluationRequest, report: Report[Event], token: Token) -> None:
    """Measure each model on all pictures of the folder; one `result` event a model, with rows per kind and per picture.

    A picture that cannot be read is a `warning` for each model. Raises P2PError, Cancelled.
    """
    if request.sheet is not None:
        check_sheet(request.sheet)
    device = choose_device(request.device)
    if request.threads:
        torch.set_num_threads(request.threads)
    for number, path in enumerate(request.models):
        card, generator = load_generator(path)
        config = request_of(card, request.data)
        found = unsplit_pairs(config)
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
        sheet = request.sheet_of(number)
        if sheet is not None:
            _draw(sheet, rows, config, full_set(config, files, found.layout, _say_nothing), translate, token)
            data["sheet"] = str(sheet)
        report(Result(data))


def _draw(
    sheet: Path,
    rows: Sequence[Measurement],
    config: TrainConfig,
    pictures: Iterator[HeldOut],
    translate: Callable[[Pixels], Pixels],
    token: Token,
) -> None:
    """Draw some of what was measured; its pictures are made a second time, for all of them would not fit into memory."""
    metric = config.task_spec.best_by if config.task_spec.best_by in averages(rows)[0] else next(iter(averages(rows)[0]))
    chosen = rows_to_show(rows, metric, metric in SMALLER_IS_BETTER)
    drawn: dict[int, Pixels] = {}
    for index, item in enumerate(pictures):
        token.check()
        if index in chosen:
            drawn[index] = sheet_row(rows[index], item.source, translate(item.source), item.target, metric)
    write_sheet(sheet, [drawn[index] for index in chosen])


def _say_nothing(_sentence: str) -> None:
    """It has been said when the pictures were measured."""
