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
from training.contract.model_file import ModelCard
from training.contract.networks import load_generator
from training.contract.pairing import PairFiles, Pairs, find_pairs
from training.contract.progress import Report, Token
from training.contract.protocol import TRAINED_ON_LEFT_OUT, Event, Progress, Result, Warned
from training.contract.tasks import SMALLER_IS_BETTER
from training.evaluate import Measurement, averages, averages_by_kind, measure, torch_translate, yardstick_of
from training.held_out import HeldOut, full_set, full_set_size, request_of
from training.reading import arranged
from training.run_model import choose_device
from training.sheet import check_sheet, rows_to_show, sheet_row, write_sheet
from training.trained_on import not_trained_on


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    models: tuple[Path, ...]
    data: Path
    device: str = "auto"
    threads: int = 0
    sheet: Path | None = None
    """A PNG or JPEG to draw some of the pictures into, the worst among them; with several models, one each, numbered."""
    data_b: Path | None = None
    """The folder of the second picture of each pair, if it does not lie in `data`."""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ConfigError."""
        try:
            data = json.loads(text)
            models, folder, device, threads = data["models"], data["data"], data.get("device", "auto"), data.get("threads", 0)
            sheet, other = data.get("sheet", ""), data.get("data_b", "")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ConfigError(f"The request to evaluate is not complete: {error}.") from error
        texts = [*models, folder, device, sheet, other] if isinstance(models, list) and models else [None]
        if not all(isinstance(text, str) for text in texts) or type(threads) is not int or threads < 0:
            raise ConfigError("The request to evaluate needs a list of models, a folder of data, a device and a number of threads.")
        paths = [Path(text) if text else None for text in (sheet, other)]
        return cls(tuple(map(Path, models)), Path(folder), device, threads, *paths)

    def sheet_of(self, number: int) -> Path | None:
        """Where the pictures of the model of that number, from 0, are drawn."""
        if self.sheet is None or len(self.models) == 1:
            return self.sheet
        return self.sheet.with_stem(f"{self.sheet.stem}-{number + 1}")


def measure_models(request: EvaluationRequest, report: Report[Event], token: Token) -> None:
    """Measure each model on the pictures of the folder that it did not learn from; one `result` event a model.

    A result has rows per kind and per picture. A picture that cannot be read is a `warning` for each model. Raises P2PError,
    Cancelled.
    """
    if request.sheet is not None:
        check_sheet(request.sheet)
    device = choose_device(request.device)
    if request.threads:
        torch.set_num_threads(request.threads)
    for number in range(len(request.models)):
        report(Result(_measured(request, number, device, report, token)))


def _measured(
    request: EvaluationRequest, number: int, device: torch.device, report: Report[Event], token: Token
) -> dict[str, Any]:  # Any: JSON
    """What is to be told of the model of that number."""
    path, sheet = request.models[number], request.sheet_of(number)
    card, generator = load_generator(path)
    config = request_of(card, request.data, request.data_b)
    found = _pairs_for(card, config)
    every = found.held_out if found.split_by == "owner" else (*found.train, *found.held_out)
    files = _without_trained_on(every, card, request.data, report)
    total = len(files) * full_set_size(config)
    yardstick = yardstick_of(config, float(card.provenance.get("target_mean", 0.0)))
    translate = torch_translate(generator.to(device), card.frame, device)
    pictures = full_set(config, files, found.layout, lambda sentence: report(Warned(0, "picture_left_out", sentence)))
    rows = measure(translate, pictures, yardstick, token, lambda done: report(Progress(done, total, card.name)))
    if not rows:
        raise PairingError(f"None of the pictures in {request.data} can be read.")
    if sheet is not None:
        _draw(sheet, rows, config, full_set(config, files, found.layout, _say_nothing), translate, token)
    return {
        "model": str(path),
        "name": card.name,
        "task": card.task,
        "kinds": averages_by_kind(rows),
        "pictures": [asdict(row) for row in rows],
    } | ({"sheet": str(sheet)} if sheet is not None else {})


def _pairs_for(card: ModelCard, config: TrainConfig) -> Pairs:
    """The pairs of the request. Raises PairingError where there are none, or none such as the model learned from."""
    wanted, other = config.task_spec.wanted, Path(config.data_b) if config.data_b else None
    if other is not None and wanted == "photos":
        raise PairingError(f"The model {card.name} is measured on single photographs, so it has no use for {other}.")
    found = arranged(find_pairs(Path(config.data), wanted, other=other, seed=0), config)
    if not (*found.train, *found.held_out):
        raise PairingError(f"There are no pictures in {config.data} to measure on.")
    if found.layout == "strips" and card.provenance.get("layout") == "folders":  # halves of its photographs are no pairs
        raise PairingError(
            f"The model {card.name} learned from two folders of pictures, and {config.data} holds one. "
            "Give the folder of the second pictures, too (--data-b), or a folder that holds both."
        )
    return found


def _without_trained_on(pairs: Sequence[PairFiles], card: ModelCard, data: Path, report: Report[Event]) -> Sequence[PairFiles]:
    """The pairs that the model did not learn from; all, if it learned from each of them. Either is said in a `warning`."""
    try:
        strange = not_trained_on(pairs, card.trained_on)
    except OSError as error:
        raise PairingError(f"The pictures in {data} cannot be read: {error}.") from error
    if not strange:
        sentence = f"{card.name} learned from every picture in {data}: the figures tell what it remembers, not what it can do."
        report(Warned(0, "trained_on_all", sentence))
        return pairs
    if len(strange) < len(pairs):
        sentence = (
            f"{card.name} learned from {len(pairs) - len(strange)} of the {len(pairs)} pictures in {data}: they are left out."
        )
        report(Warned(0, TRAINED_ON_LEFT_OUT, sentence))
    return strange


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
            drawn[index] = sheet_row(rows[index], item.source, translate(item.source), item.target, metric, config.labelled_side)
    write_sheet(sheet, [drawn[index] for index in chosen])


def _say_nothing(_sentence: str) -> None:
    """It has been said when the pictures were measured."""
