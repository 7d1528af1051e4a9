"""`p2p-desktop evaluate`: models against held-out pictures and against doing nothing."""

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID

from p2p_desktop.cli.output import one_line
from p2p_desktop.cli.surroundings import Surroundings
from p2p_desktop.cli.trainer import ask_trainer
from p2p_desktop.runs.run_folder import TrainerError
from training.contract.protocol import TRAINED_ON_LEFT_OUT
from training.contract.tasks import SMALLER_IS_BETTER

EXIT_FINDINGS = 3  # design 3.5
KIND_WIDTH, COLUMN_WIDTH = 24, 12  # characters

GROUP_SEPARATOR = "/"
"""Kinds of one group share what stands before it: noisy/disc-2 and noisy/disc-3 are averaged under noisy."""


def evaluate_command(
    model: Annotated[list[str], typer.Option("--model", "-m", help="A model's name, or its file; can be repeated.")],
    data: Annotated[Path, typer.Option(help="Folder of pairs, or of good pictures where the task makes its inputs of them.")],
    data_b: Annotated[Path | None, typer.Option(help="Folder of the second picture of each pair, if it is not in --data.")] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write a row for every picture.")] = None,
    sheet: Annotated[Path | None, typer.Option(help="Draw input, results and target of some, the worst first (PNG, JPEG).")] = None,
    sheet_rows: Annotated[int, typer.Option(min=1, max=200, help="Pictures on the sheet, half of them the worst.")] = 8,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    threads: Annotated[int | None, typer.Option(min=0, max=1024, help="Processor threads; those of the settings without.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> int:
    """Measure models on held-out pictures, kind by kind; several on the same ones, side by side."""
    here = Surroundings.find()
    library = here.library
    request: dict[str, Any] = {
        "models": [str(library.find(name).absolute()) for name in model],
        "data": str(data.absolute()),
        "device": device,
        "threads": here.settings.threads if threads is None else threads,
    }
    if data_b is not None:
        request["data_b"] = str(data_b.absolute())
    if sheet is not None:
        request |= {"sheet": str(sheet.absolute()), "sheet_rows": sheet_rows}
    heard = _measure(request, json)
    if csv_file is not None:
        _write_csv(csv_file, heard.results)
    if not json:
        if len(heard.results) > 1:
            _print_comparison(heard.results)
        else:
            for result in heard.results:
                _print_table(result)
        if sheet is not None and heard.results:
            print(f"Pictures: {heard.results[0]['sheet']}")
    return EXIT_FINDINGS if heard.findings else 0


@dataclass(slots=True)
class _Heard:
    """What the trainer has said so far."""

    results: list[dict[str, Any]] = field(default_factory=list)  # Any: JSON; one for each model
    findings: bool = False
    """Whether there was a picture that could not be read, or a model that was measured on what it learned from."""

    def hear(self, event: dict[str, Any], progress: Progress, bar: TaskID) -> None:  # Any: JSON
        match event.get("type"):
            case "progress":
                progress.update(bar, completed=event["done"], total=event["total"], description=event["what"])
            case "result":
                self.results.append(event["data"])
            case "warning":
                self.findings |= event.get("code") != TRAINED_ON_LEFT_OUT
                progress.console.print(one_line(event["message"]), highlight=False, markup=False)


def _measure(request: dict[str, Any], json: bool) -> _Heard:  # Any: JSON
    """Have the trainer measure. Raises TrainerError, Interrupted."""
    heard = _Heard()
    ask_trainer("evaluate", request, json, heard.hear)
    return heard


def _print_table(result: dict[str, Any]) -> None:  # Any: JSON
    names = _metrics(result)
    print(f"{result['name']} ({result['task']}): model / doing nothing")
    print(f"{'':<{KIND_WIDTH}}" + "".join(f"{name:>20}" for name in names))
    for kind, row in _with_means(result["kinds"]).items():
        print(f"{kind:<{KIND_WIDTH}}" + "".join(_cell(row["metrics"].get(name), row["identity"].get(name)) for name in names))


def _print_comparison(results: list[dict[str, Any]]) -> None:  # Any: JSON
    """A table a metric, a column a model; the best of a row has a star."""
    tables = [_with_means(result["kinds"]) for result in results]
    titles = ["doing nothing", *_told_apart([result["name"] for result in results])]
    widths = [max(len(title), COLUMN_WIDTH) + 2 for title in titles]
    for name in _metrics(results[0]):
        print(f"{name:<{KIND_WIDTH}}" + "".join(f"{title:>{width}}" for title, width in zip(titles, widths, strict=True)))
        for kind, row in tables[0].items():
            values = [row["identity"].get(name), *(table[kind]["metrics"].get(name) for table in tables)]
            cells = _starred(values, name)
            print(f"{kind:<{KIND_WIDTH}}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)))
        print()


def _metrics(result: dict[str, Any]) -> list[str]:  # Any: JSON
    return list(dict.fromkeys(name for row in result["kinds"].values() for name in row["metrics"]))


def _with_means(kinds: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    """The rows of the kinds, those of a group followed by their mean."""
    rows: dict[str, Any] = {}  # Any: JSON
    for group in dict.fromkeys(kind.partition(GROUP_SEPARATOR)[0] for kind in kinds):
        members = {kind: row for kind, row in kinds.items() if kind.partition(GROUP_SEPARATOR)[0] == group}
        rows |= members
        if len(members) > 1:
            names = dict.fromkeys(name for row in members.values() for name in row["metrics"])
            rows[f"{group}, all"] = {
                side: {name: _mean(row[side].get(name) for row in members.values()) for name in names}
                for side in ("metrics", "identity")
            }
    return rows


def _told_apart(names: list[str]) -> list[str]:
    """Names of models as titles of columns; a number behind those that occur twice."""
    return [name if names.count(name) == 1 else f"{name} #{index + 1}" for index, name in enumerate(names)]


def _starred(values: list[float | None], metric: str) -> list[str]:
    """Numbers as text, with a star behind the best of them. Of `colourfulness` the best is the nearest to the target's, 1."""
    present = [value for value in values if value is not None]
    if not present:
        return ["-" for _ in values]
    if metric == "colourfulness":
        best = min(present, key=lambda value: abs(value - 1))
    else:
        best = (min if metric in SMALLER_IS_BETTER else max)(present)
    return ["-" if value is None else f"{value:.3f}{'*' if value == best else ' '}" for value in values]


def _cell(value: float | None, identity: float | None) -> str:
    return f"{value:>11.3f} /{identity:>7.3f}" if value is not None and identity is not None else f"{'-':>20}"


def _mean(values: Any) -> float | None:  # Any: an iterable of numbers or None
    present = [value for value in values if value is not None]
    return sum(present) / len(present) if present else None


def _write_csv(path: Path, results: list[dict[str, Any]]) -> None:  # Any: JSON
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["model", "picture", "kind", "metric", "value", "doing_nothing"])
            for result in results:
                for row in result["pictures"]:
                    for name, value in row["metrics"].items():
                        writer.writerow([result["name"], one_line(row["name"]), row["kind"], name, value, row["identity"][name]])
    except OSError as error:
        raise TrainerError(f"The table {path} could not be written: {error.strerror}.") from error
