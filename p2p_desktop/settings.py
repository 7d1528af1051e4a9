"""What a person has chosen once and for all, in one small JSON file."""

import json
import logging
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

log = logging.getLogger(__name__)

FORMAT_VERSION = 1
THEMES = ("system", "light", "dark")
SURROUNDS = ("theme", "black", "dark", "middle", "light", "white")
RUNTIMES = ("auto", "torch", "openvino")


@dataclass(frozen=True, slots=True)
class Settings:
    """A value that is out of its range counts as the default."""

    device: str = "auto"
    runtime: str = "auto"
    memory_mb: int = 0
    """Memory for translating, in MB; 0: a share of what is free."""
    threads: int = 0
    """Processor cores to compute on; 0: all."""
    theme: str = "system"
    surround: str = "theme"
    """What lies round a judged picture."""
    output: str = ""
    """Folder of results; "": beside each source folder."""
    models_folder: str = ""
    """Where models and runs that the person makes are kept; "": in the program's data folder."""
    keep_metadata: bool = True
    keep_awake: bool = True

    def __post_init__(self) -> None:
        allowed = {"theme": THEMES, "surround": SURROUNDS, "runtime": RUNTIMES}
        for item in fields(self):
            value = getattr(self, item.name)
            wrong = (
                type(value) is not item.type or (item.type is int and value < 0) or value not in allowed.get(item.name, (value,))
            )
            if wrong:
                object.__setattr__(self, item.name, item.default)

    @property
    def memory_budget(self) -> int | None:
        """Bytes, or None to let the program choose."""
        return self.memory_mb << 20 if self.memory_mb > 0 else None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file; defaults stand in for what is missing or of the wrong kind. A damaged file is left where it is."""
        return cls._from(_contents(path)[0])

    @classmethod
    def read_and_tell(cls, path: Path) -> tuple[Self, str]:
        """Read the file, and tell in a sentence what is wrong with it; "" if nothing is."""
        data, problem = _contents(path)
        return cls._from(data), problem

    def write(self, path: Path) -> None:
        """Replace the file in one piece. What a newer version wrote there stays, and a damaged one is put aside. Raises OSError."""
        data, problem = _contents(path)
        if problem:
            aside = path.with_name(f"{path.name}.{time.strftime('%Y%m%d-%H%M%S')}.unusable")
            aside.write_bytes(path.read_bytes())
            log.warning("%s It was copied to %s.", problem, aside)
        kept = {key: value for key, value in data.items() if key not in asdict(self)}
        changed = kept | {"version": max(FORMAT_VERSION, _version(data))} | asdict(self)
        if changed == data and not problem:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_text(json.dumps(changed, indent=1), encoding="utf-8")
        temporary.replace(path)

    @classmethod
    def _from(cls, data: dict[str, Any]) -> Self:  # Any: JSON
        known = {item.name: data[item.name] for item in fields(cls) if item.name in data}
        return cls(**known)


def _contents(path: Path) -> tuple[dict[str, Any], str]:  # Any: JSON
    """Return what the file holds, and what is wrong with it."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError) as error:
        log.warning("The settings in %s cannot be read (%s); defaults are used.", path, error)
        return {}, f"The settings in {path} are damaged and were left aside. The program uses its defaults."
    if not isinstance(data, dict):
        return {}, f"The settings in {path} are damaged and were left aside. The program uses its defaults."
    if _version(data) > FORMAT_VERSION:
        return data, f"The settings in {path} were written by a newer version. What this version knows of them is used."
    return data, ""


def _version(data: dict[str, Any]) -> int:  # Any: JSON
    version = data.get("version", FORMAT_VERSION)
    return version if type(version) is int else FORMAT_VERSION
