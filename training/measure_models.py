"""The mode `evaluate`: model files against held-out pictures, doing nothing, and each other on the very same pictures."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import torch

from training.contract.config import TrainConfig
from training.contract.encodings import Pixels
from training.contract.errors import ConfigError, PairingError
from training.contract.model_file import ModelCard, read_card
from training.contract.networks import load_generator
from training.contract.pairing import PairFiles, Pairs
from training.contract.progress import Report, Token
from training.contract.protocol import TRAINED_ON_LEFT_OUT, Event, Progress, Result, Warned
from training.contract.tasks import SMALLER_IS_BETTER
from training.evaluate import Measurement, averages, averages_by_kind, measure, torch_translate, yardstick_of
from training.held_out import HeldOut, full_set, full_set_size, request_of
from training.reading import unsplit_pairs
from training.run_model import choose_device
from training.sheet import MAX_ROWS, NUM_ROWS, check_sheet, rows_to_show, sheet_row, write_sheet
from training.trained_on import not_trained_on


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    models: tuple[Path, ...]
    data: Path
    device: str = "auto"
    threads: int = 0
    sheet: Path | None = None
    """A PNG or JPEG to draw some of the pictures into, the worst among them, with what each model makes of them."""
    data_b: Path | None = None
    """The folder of the second picture of each pair, if it does not lie in `data`."""
    sheet_rows: int = NUM_ROWS

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ConfigError."""
        try:
            data = json.loads(text)
            models, folder, device, threads = data["models"], data["data"], data.get("device", "auto"), data.get("threads", 0)
            sheet, other, rows = data.get("sheet", ""), data.get("data_b", ""), data.get("sheet_rows", NUM_ROWS)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ConfigError(f"The request to evaluate is not complete: {error}.") from error
        texts = [*models, folder, device, sheet, other] if isinstance(models, list) and models else [None]
        if not all(isinstance(text, str) for text in texts) or type(threads) is not int or threads < 0:
            raise ConfigError("The request to evaluate needs a list of models, a folder of data, a device and a number of threads.")
        if type(rows) is not int or not 1 <= rows <= MAX_ROWS:
            raise ConfigError(f"A sheet has 1 to {MAX_ROWS} rows, not {rows}.")
        paths = [Path(text) if text else None for text in (sheet, other)]
        return cls(tuple(map(Path, models)), Path(folder), device, threads, paths[0], paths[1], rows)


@dataclass(slots=True)
class _Candidate:
    """One of the models that are compared."""

    path: Path
    card: ModelCard
    config: TrainConfig
    translate: Callable[[Pixels], Pixels]
    rows: list[Measurement] = field(default_factory=list)


def measure_models(request: EvaluationRequest, report: Report[Event], token: Token) -> None:
    """Measure each model on the pictures of the folder that none of them learned from; one `result` event a model.

    A result has rows per kind and per picture. A picture that cannot be read is a `warning`, once. Raises P2PError, Cancelled;
    ConfigError for models that are measured on different things.
    """
    if request.sheet is not None:
        check_sheet(request.sheet)
    device = choose_device(request.device)
    if request.threads:
        torch.set_num_threads(request.threads)
    configs = [(path, read_card(path), request_of(read_card(path), request.data, request.data_b)) for path in request.models]
    _check_comparable([card for _, card, _ in configs], [config for *_, config in configs])
    first = configs[0][2]
    found = _pairs_for([card for _, card, _ in configs], first)
    every = found.held_out if found.split_by == "owner" else (*found.train, *found.held_out)
    files = _without_trained_on(every, [card for _, card, _ in configs], request.data, report)
    candidates = [
        _Candidate(path, card, config, torch_translate(load_generator(path)[1].to(device), card.frame, device))
        for path, card, config in configs
    ]
    per_model = len(files) * full_set_size(first)
    for number, candidate in enumerate(candidates):
        yardstick = yardstick_of(first, float(candidate.card.provenance.get("target_mean", 0.0)))
        told = (lambda sentence: report(Warned(0, "picture_left_out", sentence))) if number == 0 else _say_nothing

        def progress(done: int, before: int = number * per_model, name: str = candidate.card.name) -> None:
            report(Progress(before + done, per_model * len(candidates), name))

        candidate.rows = measure(candidate.translate, full_set(first, files, found.layout, told), yardstick, token, progress)
        if not candidate.rows:
            raise PairingError(f"None of the pictures in {request.data} can be read.")
    if request.sheet is not None:
        pictures = full_set(first, files, found.layout, _say_nothing)
        _draw(request.sheet, request.sheet_rows, candidates, pictures, token)
    for candidate in candidates:
        report(Result(_told(candidate, request.sheet)))


def _told(candidate: _Candidate, sheet: Path | None) -> dict[str, Any]:  # Any: JSON
    return {
        "model": str(candidate.path),
        "name": candidate.card.name,
        "task": candidate.card.task,
        "kinds": averages_by_kind(candidate.rows),
        "pictures": [asdict(row) for row in candidate.rows],
    } | ({"sheet": str(sheet)} if sheet is not None else {})


def _check_comparable(cards: Sequence[ModelCard], configs: Sequence[TrainConfig]) -> None:
    """Raises ConfigError unless all models take and give the same, and so can be measured on the same pictures."""

    def subject(config: TrainConfig) -> tuple[object, ...]:
        entering, leaving = config.encodings
        found = config.task_spec.source == "found"
        return config.task_spec.source, entering.channels, leaving, config.is_reversed if found else None, config.depth_range

    for card, config in zip(cards[1:], configs[1:], strict=True):
        if subject(config) != subject(configs[0]):
            raise ConfigError(
                f"{cards[0].name} ({cards[0].task}) and {card.name} ({card.task}) do different things, so no pictures can tell "
                "which is better. Measure them one by one."
            )


def _pairs_for(cards: Sequence[ModelCard], config: TrainConfig) -> Pairs:
    """The pairs of the request. Raises PairingError where there are none, or none such as the models learned from."""
    if config.data_b and config.task_spec.wanted == "photos":
        raise PairingError(f"The model {cards[0].name} is measured on single photographs, so it has no use for {config.data_b}.")
    found = unsplit_pairs(config)
    if not (*found.train, *found.held_out):
        raise PairingError(f"There are no pictures in {config.data} to measure on.")
    card = next((card for card in cards if card.provenance.get("layout") == "folders"), None)
    if found.layout == "strips" and card is not None:  # halves of its photographs are no pairs
        raise PairingError(
            f"The model {card.name} learned from two folders of pictures, and {config.data} holds one. "
            "Give the folder of the second pictures, too (--data-b), or a folder that holds both."
        )
    return found


def _without_trained_on(
    pairs: Sequence[PairFiles], cards: Sequence[ModelCard], data: Path, report: Report[Event]
) -> Sequence[PairFiles]:
    """The pairs that no model learned from; all, if there is none such. Either is said in a `warning`."""
    strange = list(pairs)
    for card in cards:
        try:
            unknown = not_trained_on(pairs, card.trained_on)
        except OSError as error:
            raise PairingError(f"The pictures in {data} cannot be read: {error}.") from error
        if not unknown:
            sentence = f"{card.name} learned from every picture in {data}: the figures tell what it remembers, not what it can do."
            report(Warned(0, "trained_on_all", sentence))
            return pairs
        if len(unknown) < len(pairs):
            learned = len(pairs) - len(unknown)
            sentence = f"{card.name} learned from {learned} of the {len(pairs)} pictures in {data}: they are left out."
            report(Warned(0, TRAINED_ON_LEFT_OUT, sentence))
        left = set(unknown)
        strange = [pair for pair in strange if pair in left]
    if not strange:
        sentence = (
            f"Of every picture in {data} one of the models has learned: the figures tell what it remembers, not what it can do."
        )
        report(Warned(0, "trained_on_all", sentence))
        return pairs
    return strange


def _draw(sheet: Path, num_rows: int, candidates: Sequence[_Candidate], pictures: Iterator[HeldOut], token: Token) -> None:
    """Draw some of what was measured; its pictures are made a second time, for all of them would not fit into memory."""
    config, rows = candidates[0].config, candidates[0].rows
    metric = config.task_spec.best_by if config.task_spec.best_by in averages(rows)[0] else next(iter(averages(rows)[0]))
    chosen = rows_to_show(rows, metric, metric in SMALLER_IS_BETTER, num_rows)
    drawn: dict[int, Pixels] = {}
    for index, item in enumerate(pictures):
        token.check()
        if index in chosen:
            results = [candidate.translate(item.source) for candidate in candidates]
            said = [(candidate.card.name, candidate.rows[index]) for candidate in candidates]
            drawn[index] = sheet_row(said, [item.source, *results, item.target], metric, config.labelled_side)
    write_sheet(sheet, [drawn[index] for index in chosen])


def _say_nothing(_sentence: str) -> None:
    """It has been said when the pictures were measured."""
