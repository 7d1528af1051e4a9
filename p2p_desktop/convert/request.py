"""A whole conversion as a person asks for it: what, where to, with which model and how; kept in a file, and carried out."""

import json
from collections import Counter
from collections.abc import Callable, Set
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from p2p_desktop.convert.events import ConvertSettings, Event, PictureDone, Summary
from p2p_desktop.convert.job import Translates, UnloadedModel, convert
from p2p_desktop.convert.plan import NothingToConvertError
from p2p_desktop.convert.system_errors import unreadable
from p2p_desktop.inference.device import RuntimeChoice
from p2p_desktop.inference.translator import StatisticsChoice, Translator, check_drops, resolve_statistics
from training.contract.errors import ConfigError
from training.contract.model_file import ModelCard, file_digest, read_card
from training.contract.progress import Report, Token
from training.contract.spec import Statistics

FORMAT_VERSION = 1

Prepare = Callable[[Path, Statistics, Token], None]
"""Called before a model is loaded, and only if it will be: the window lets a child convert it, so as never to import torch."""


@dataclass(frozen=True, slots=True)
class Part:
    """Sources with an output folder of their own."""

    sources: tuple[Path, ...]
    out: Path


@dataclass(frozen=True, slots=True)
class Request:
    parts: tuple[Part, ...]
    model: Path
    settings: ConvertSettings
    device: str = "auto"
    runtime: RuntimeChoice = "auto"
    statistics: StatisticsChoice = "auto"
    batch: int | None = None
    threads: int = 0  # processor cores to compute on; 0: all
    only: frozenset[Path] | None = None  # the pictures to convert out of all in `parts`; None: all

    def to_json(self) -> str:
        """Return a text that `from_json` reads. Names that are bytes and no text survive as lone surrogates."""
        data = asdict(self) | {
            "version": FORMAT_VERSION,
            "parts": [{"sources": [str(path) for path in part.sources], "out": str(part.out)} for part in self.parts],
            "model": str(self.model),
            "only": None if self.only is None else sorted(str(path) for path in self.only),
        }
        return json.dumps(data)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ValueError for what is damaged or of a newer version, ConfigError for settings out of range."""
        try:
            data: dict[str, Any] = json.loads(text)  # Any: JSON
            if data.pop("version") > FORMAT_VERSION:
                raise ValueError("a newer version")
            only = data.pop("only")
            return cls(
                parts=tuple(Part(tuple(map(Path, part["sources"])), Path(part["out"])) for part in data.pop("parts")),
                model=Path(data.pop("model")),
                settings=ConvertSettings(**data.pop("settings")),
                only=None if only is None else frozenset(map(Path, only)),
                **data,
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"no request: {error}") from error


@dataclass(frozen=True, slots=True)
class Places:
    """What a conversion needs beside the request: the user's files, and bytes that pictures on their way may take."""

    journal: Path
    cache: Path
    memory_budget: int


def run_request(
    request: Request, places: Places, *, report: Report[Event], token: Token, prepare: Prepare | None = None
) -> Summary:
    """Convert every part, with one model that is loaded once, if at all. `job.convert` says what is reported and raised.

    A part without pictures does not keep the others from being converted; the last event is the summary of all of them. What
    `only` names and no part finds, because it or its folder is gone, has failed. NothingToConvertError if no part has a picture.
    """
    card = read_card(request.model)
    _check_partners(card, request.settings)
    if request.settings.drops:
        check_drops(card)
    statistics = resolve_statistics(card, request.statistics)

    def load() -> Translates:
        if prepare is not None:
            prepare(request.model, statistics, token)
        return Translator.load(
            request.model,
            device=request.device,
            runtime=request.runtime,
            batch=request.batch,
            statistics=statistics,
            memory_budget=places.memory_budget,
            cache=places.cache,
            threads=request.threads,
            drops=request.settings.drops,
        )

    loaded: list[Translates] = []

    def load_once() -> Translates:
        if not loaded:
            loaded.append(load())
        return loaded[0]

    model = UnloadedModel(file_digest(request.model), statistics, load_once, stays_open=True)
    total = _Total(report)
    empty: NothingToConvertError | None = None
    try:
        for part in request.parts:
            try:
                convert(
                    part.sources,
                    part.out,
                    model,
                    request.settings,
                    journal_path=places.journal,
                    memory_budget=places.memory_budget,
                    report=total,
                    token=token,
                    only=request.only,
                )
            except NothingToConvertError as error:
                empty = empty or error
        total.fail_what_is_gone(request.only or frozenset())
        if total.summary is None and empty is not None:
            raise empty
    finally:
        for translator in loaded:
            translator.close()
        if total.summary is not None:
            report(total.summary)
    if total.summary is None:
        raise ValueError("a request has at least one part")
    return total.summary


def _check_partners(card: ModelCard, settings: ConvertSettings) -> None:
    """Raises ConfigError where a model takes two pictures and gets one, or the reverse."""
    takes_two = card.encoding_in == "rgb_depth16"
    if takes_two and not settings.partners:
        raise ConfigError(f"The model {card.name} takes a picture and its depth: name the folder of the depths by --with.")
    if settings.partners and not takes_two:
        raise ConfigError(f"The model {card.name} takes one picture at a time: leave out --with.")
    if settings.partners and not Path(settings.partners).is_dir():
        raise ConfigError(f"The folder {settings.partners} does not exist. Choose the folder of the depths.")


class _Total:
    """Passes events on, and adds the summaries up."""

    def __init__(self, report: Report[Event]) -> None:
        self._report = report
        self._told: set[Path] = set()
        self.summary: Summary | None = None

    def __call__(self, event: Event) -> None:
        if not isinstance(event, Summary):
            if isinstance(event, PictureDone):
                self._told.add(event.source)
            self._report(event)
        elif self.summary is None:
            self.summary = event
        else:
            self.summary = _added(self.summary, event)

    def fail_what_is_gone(self, asked_for: Set[Path]) -> None:
        """Tell of the pictures that nothing was told of why they cannot be reached."""
        rows = [PictureDone(path, None, "failed", why, 0.0) for path in sorted(asked_for - self._told) if (why := _why_gone(path))]
        for row in rows:
            self._report(row)
        if self.summary is not None:
            self.summary = replace(self.summary, failed=self.summary.failed + len(rows))


def _why_gone(path: Path) -> str:
    """Say why a picture cannot be reached; "" if it can, and was left out for another reason."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return f"{path} is no longer there. Put it back, or drop it from where it is now."
    except OSError as error:
        return unreadable(path, error)
    return ""


def _added(first: Summary, second: Summary) -> Summary:
    working_s = sum(one.converted / one.pictures_per_second for one in (first, second) if one.pictures_per_second)
    converted = first.converted + second.converted
    return Summary(
        converted=converted,
        skipped=first.skipped + second.skipped,
        failed=first.failed + second.failed,
        ignored=first.ignored + second.ignored,
        raw=dict(Counter(first.raw) + Counter(second.raw)),
        seconds=first.seconds + second.seconds,
        pictures_per_second=converted / working_s if working_s else 0.0,
        device=first.device or second.device,
        runtime=first.runtime or second.runtime,
        earlier_results=first.earlier_results + second.earlier_results,
    )
