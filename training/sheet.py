"""A sheet of pictures that shows what a model does to a held-out set: input, result and target, the worst ones first."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from training.contract.encodings import Pixels
from training.contract.errors import ConfigError, P2PError
from training.contract.framing import LabelledSide
from training.evaluate import Measurement
from training.samples import join_shown

NUM_ROWS = 8
"""Rows of a sheet, half of them the worst, unless another number is asked for."""
MAX_ROWS = 200  # JPEG ends at 65,535 pixels
SUFFIXES = (".png", ".jpg", ".jpeg")
PART_SIDE = 320  # pixels of the long side of each of the three pictures
TEXT_HEIGHT, MARGIN, TEXT_SIZE = 26, 8, 15  # pixels
PAPER, INK = (255, 255, 255), (32, 32, 32)


def check_sheet(path: Path) -> None:
    """Raises ConfigError for a name that no sheet can be written under; said before anything is measured."""
    if path.suffix.casefold() not in SUFFIXES:
        raise ConfigError(f"A sheet of pictures is a PNG or JPEG file; {path.name} ends like neither.")
    if not path.parent.is_dir():
        raise ConfigError(f"There is no folder {path.parent} to write the sheet {path.name} into.")


def rows_to_show(rows: Sequence[Measurement], metric: str, smaller_is_better: bool, count: int = NUM_ROWS) -> list[int]:
    """Which to draw: the worst by `metric`, worst first, then as many evenly spread over the others, up to the best."""
    measured = [index for index, row in enumerate(rows) if metric in row.metrics]
    ranked = sorted(measured, key=lambda index: rows[index].metrics[metric], reverse=smaller_is_better)
    worst, others = ranked[: (count + 1) // 2], ranked[(count + 1) // 2 :]
    if len(others) <= count // 2:
        return worst + others
    return worst + [others[round(place)] for place in np.linspace(0, len(others) - 1, count // 2)]


def sheet_row(
    measured: Sequence[tuple[str, Measurement]], pictures: Sequence[Pixels], metric: str, labels: LabelledSide = "none"
) -> Pixels:
    """One row [H, W, 3]: what it is and how it measures, above the pictures.

    measured: each model's name and what it reached. pictures: the input, each model's result, and the target.
    """
    shown = join_shown(pictures, PART_SIDE, labels)
    first = measured[0][1]
    values = [
        f"{name + ' ' if len(measured) > 1 else ''}{row.metrics[metric]:.3g}" for name, row in measured if metric in row.metrics
    ]
    text = f"{first.name}    {first.kind}    {metric} {', '.join(values)}"
    if metric in first.identity:
        text += f", doing nothing {first.identity[metric]:.3g}"
    head = np.full((TEXT_HEIGHT, shown.shape[1], 3), PAPER, np.uint8)
    cv2.putText(head, text, (0, TEXT_HEIGHT - MARGIN), INK, cv2.FontFace("sans"), TEXT_SIZE)
    return np.concatenate([head, shown])


def write_sheet(path: Path, rows: Sequence[Pixels]) -> None:
    """All rows below each other, whole or not at all. Raises P2PError if it cannot be written."""
    width = max(row.shape[1] for row in rows)
    padded = [np.pad(row, ((0, MARGIN), (0, width - row.shape[1]), (0, 0)), constant_values=PAPER[0]) for row in rows]
    page = np.pad(np.concatenate(padded), ((MARGIN, 0), (MARGIN, MARGIN), (0, 0)), constant_values=PAPER[0])
    ok, data = cv2.imencode(path.suffix.casefold(), cv2.cvtColor(page, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 90])
    temporary = path.with_name(f".{path.name}.part")
    try:
        if not ok:
            raise OSError("it could not be encoded")
        temporary.write_bytes(bytes(data))
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise P2PError(f"The sheet {path} could not be written: {error.strerror or error}.") from error
