"""What the window remembers from one time to the next: its size and place, the model last used, how fast models were."""

import json
import logging
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


class Remembered:
    """A small JSON file. Nothing in it is precious: a damaged one means that the window opens as it did the first time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, Any] = {}  # Any: JSON
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            self._values = values if isinstance(values, dict) else {}
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            log.warning("What the window remembered in %s cannot be read: %s", path, error)

    def text(self, key: str) -> str:
        value = self._values.get(key)
        return value if isinstance(value, str) else ""

    def value(self, key: str) -> Any:  # Any: JSON
        """Return what was kept under a key; None if nothing was."""
        return self._values.get(key)

    def number(self, *keys: str) -> float | None:
        """Return a number below nested keys; None if there is none."""
        value: Any = self._values  # Any: JSON
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def keep(self, **values: Any) -> None:  # Any: JSON
        """Remember these. Written by `save`."""
        self._values |= values

    def keep_number(self, value: float, *keys: str) -> None:
        inner = self._values
        for key in keys[:-1]:
            if not isinstance(inner.get(key), dict):
                inner[key] = {}
            inner = inner[key]
        inner[keys[-1]] = value

    def save(self) -> None:
        """Write the file in one piece; a disk that refuses costs only the memory."""
        temporary = self._path.with_name(f".{self._path.name}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(self._values), encoding="utf-8")
            temporary.replace(self._path)
        except OSError as error:
            log.warning("What the window remembers could not be written: %s", error)
