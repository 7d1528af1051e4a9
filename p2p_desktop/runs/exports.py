"""Curves of a run as files: tables for spreadsheets; each file is written whole or not at all."""

import contextlib
import csv
import io
import os
import uuid
from collections.abc import Sequence
from pathlib import Path

from p2p_desktop.runs.curves import Floats, Whole
from p2p_desktop.runs.run_folder import TrainerError
from p2p_desktop.runs.run_state import LossName
from training.contract.protocol import Validation


def losses_table(steps: Whole, raw: dict[LossName, Floats], smooth: dict[LossName, Floats]) -> bytes:
    """A row for each step, as CSV: every loss as it came, then smoothed as it is shown. Empty where the run told no number."""
    columns = [*raw.values(), *smooth.values()]
    head = ["step", *raw, *(f"{name}_smooth" for name in smooth)]
    rows = zip(steps.tolist(), *([_said(value) for value in column.tolist()] for column in columns), strict=True)
    return _table(head, list(rows))


def metrics_table(validations: Sequence[Validation]) -> bytes:
    """A row for each measurement, as CSV: every held-out number beside that of doing nothing."""
    names = list(dict.fromkeys(name for found in validations for name in found.metrics))
    head = ["step", "statistics", *(word for name in names for word in (name, f"{name}_of_doing_nothing")), "best"]
    rows = [
        (
            found.step,
            found.statistics,
            *(value for name in names for value in (found.metrics.get(name, ""), found.identity.get(name, ""))),
            found.best,
        )
        for found in validations
    ]
    return _table(head, rows)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, or leave what was there. Raises TrainerError with a sentence."""
    temporary = path.with_name(f".{os.getpid()}-{uuid.uuid4().hex}.part")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        reason = (error.strerror or type(error).__name__).rstrip(".")
        raise TrainerError(f"{path.name} could not be written to {path.parent}: {reason}. Choose another folder.") from error


def _said(value: float) -> str:
    return f"{value:.7g}" if value == value else ""  # NaN


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([head, *rows])
    return text.getvalue().encode("utf-8")
