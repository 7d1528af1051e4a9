"""What a person has chosen once and for all, in one small JSON file."""

import json
import logging
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

log = logging.getLogger(__name__)

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Settings:
    device: str = "auto"
    runtime: str = "auto"
    memory_mb: int = 0
    """Memory for translating, in MB; 0: a share of what is free."""

    @property
    def memory_budget(self) -> int | None:
        """Bytes, or None to let the program choose."""
        return self.memory_mb << 20 if self.memory_mb > 0 else None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file; defaults stand in for what is missing or of the wrong type. A damaged file is left where it is."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError) as error:
            log.warning("The settings in %s cannot be read (%s); defaults are used.", path, error)
            return cls()
        if not isinstance(data, dict):
            return cls()
        known = {item.name: data[item.name] for item in fields(cls) if type(data.get(item.name)) is item.type}
        return cls(**known)

    def write(self, path: Path) -> None:
        """Replace the file in one piece. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_text(json.dumps({"version": FORMAT_VERSION} | asdict(self), indent=1), encoding="utf-8")
        temporary.replace(path)
