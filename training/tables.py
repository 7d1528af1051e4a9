"""A run's losses and metrics as tables for spreadsheets, made of its events."""

import csv
import io
from pathlib import Path

from training.contract.protocol import EVENTS, Step, Validation, parse_event

LOSSES, METRICS = "losses.csv", "metrics.csv"


def write_tables(run: Path) -> None:
    """Write `losses.csv` and `metrics.csv` of all events so far, each whole or not at all. Raises OSError."""
    losses: list[list[object]] = []
    metrics: list[list[object]] = []
    names: dict[str, list[str]] = {}
    with (run / EVENTS).open(encoding="ascii") as file:
        for line in file:
            match parse_event(line):
                case Step() as event:
                    names.setdefault(LOSSES, list(event.losses))
                    losses.append([event.step, event.epoch, *event.losses.values(), event.lr, event.seconds])
                case Validation() as event:
                    names.setdefault(METRICS, list(event.metrics))
                    of_metrics = [value for name in event.metrics for value in (event.metrics[name], event.identity.get(name))]
                    metrics.append([event.step, event.statistics, *of_metrics, event.best])
    doubled = [word for name in names.get(METRICS, []) for word in (name, f"{name}_of_doing_nothing")]
    _write(run / LOSSES, ["step", "epoch", *names.get(LOSSES, []), "learning_rate", "seconds"], losses)
    _write(run / METRICS, ["step", "statistics", *doubled, "best"], metrics)


def _write(path: Path, head: list[str], rows: list[list[object]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([head, *rows])
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(text.getvalue(), encoding="utf-8", newline="")
    temporary.replace(path)
