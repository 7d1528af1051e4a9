"""What models reached on pictures of the person's own: remembered beside them, since a model's file must stay as it is.

A small JSON file for each model, under the digest of its file: numbers of another file can never be taken for its own, and a file
that is damaged costs the numbers of one model only.
"""

import contextlib
import json
import logging
import os
import uuid
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Self

from training.contract.errors import ModelError

log = logging.getLogger(__name__)

_MOST_BYTES = 1 << 16  # of one file: ours hold a few hundred
_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Measured:
    """One model on one folder of pictures."""

    digest: str
    """Of the model's file, as `file_digest` gives it."""
    num_bytes: int
    """Length of the model's file: what is of another length need not be read to know that it is another."""
    folder: str
    when: float
    """Unix seconds."""
    num_pictures: int
    metrics: dict[str, float]
    identity: dict[str, float]
    """The same metrics of doing nothing."""
    knew_all: bool = False
    """The model had learned from all of the pictures: the numbers tell what it remembers, not what it can do."""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ValueError for whatever does not fit together."""
        try:
            data = json.loads(text)
            measured = cls(
                str(data["digest"]),
                int(data["num_bytes"]),
                str(data["folder"]),
                float(data["when"]),
                int(data["num_pictures"]),
                _numbers(data["metrics"]),
                _numbers(data["identity"]),
                data.get("knew_all") is True,
            )
        except (AttributeError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise ValueError(f"it is not complete: {error}") from error
        if not isfinite(measured.when) or not measured.metrics:
            raise ValueError("it holds no measurement")
        return measured


class Measurements:
    """A folder of them. It exists once something was measured."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, measured: Measured) -> None:
        """Remember this instead of what was measured of the same file before: all of it or nothing. Raises ModelError."""
        path = self._folder / (measured.digest + _SUFFIX)
        temporary = path.with_name(f".{os.getpid()}-{uuid.uuid4().hex}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(asdict(measured)), encoding="utf-8")
            temporary.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):  # where there is no folder, there is no file either
                temporary.unlink()
            raise ModelError(f"The numbers could not be remembered in {self._folder}: {error.strerror or error}.") from error

    def all(self) -> dict[str, Measured]:
        """Everything that is remembered, by digest. What is damaged is left out."""
        found: dict[str, Measured] = {}
        try:
            paths = sorted(path for path in self._folder.iterdir() if path.suffix == _SUFFIX)
        except OSError:
            return found
        for path in paths:
            try:
                with path.open("rb") as file:
                    measured = Measured.from_json(file.read(_MOST_BYTES).decode("utf-8"))
                if measured.digest != path.stem:
                    raise ValueError("it is of another model")
            except (OSError, ValueError) as error:
                log.warning("what was measured of a model cannot be read from %s: %s", path, error)
            else:
                found[measured.digest] = measured
        return found


def _numbers(data: Any) -> dict[str, float]:  # Any: JSON
    """Raises AttributeError or TypeError for what is no object of numbers."""
    for value in data.values():
        if type(value) not in (int, float):
            raise TypeError(f"{value!r} is no number")
    return {str(name): float(value) for name, value in data.items()}
