"""What a person has chosen once and for all, in one small JSON file."""

import json
import logging
import os
import re
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

import psutil

log = logging.getLogger(__name__)

FORMAT_VERSION = 1
THEMES = ("system", "light", "dark")
SURROUNDS = ("theme", "black", "dark", "middle", "light", "white")
RUNTIMES = ("auto", "torch", "openvino")
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,3})?")


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
    """What the window begins with; the command line has an option, whose default does not depend on settings."""
    keep_awake: bool = True

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if type(value) is not item.type or not _is_allowed(item.name, value):
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
        """Replace the file in one piece, if that changes it.

        What this version does not know stays in it; a file that is damaged, or of a newer version, is first copied aside. Raises
        OSError.
        """
        data, problem = _contents(path)
        if problem:
            aside = path.with_name(f"{path.name}.{time.strftime('%Y%m%d-%H%M%S')}.unusable")
            aside.write_bytes(path.read_bytes())
            log.warning("%s was copied to %s before it was written", path, aside)
        # Ours is the version of the values: a newer program must not take them for its own.
        changed = data | {"version": FORMAT_VERSION} | asdict(self)
        if changed == data:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_text(json.dumps(changed, indent=1), encoding="utf-8")
        temporary.replace(path)

    @classmethod
    def _from(cls, data: dict[str, Any]) -> Self:  # Any: JSON
        known = {item.name: data[item.name] for item in fields(cls) if item.name in data}
        return cls(**known)


def _is_allowed(name: str, value: Any) -> bool:  # Any: of the right type for that name
    match name:
        case "theme":
            return value in THEMES
        case "surround":
            return value in SURROUNDS
        case "runtime":
            return value in RUNTIMES
        case "device":
            return _DEVICE.fullmatch(value) is not None
        case "threads":
            return bool(0 <= value <= (os.cpu_count() or 1))
        case "memory_mb":
            return bool(0 <= value <= psutil.virtual_memory().total >> 20)
        case "output" | "models_folder":
            return value == "" or ("\0" not in value and Path(value).is_absolute())
    return True


def _contents(path: Path) -> tuple[dict[str, Any], str]:  # Any: JSON
    """Return what the file holds, and in a sentence what is wrong with it."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        log.warning("The settings in %s cannot be read: %s", path, error)
        return {}, f"The settings in {path} cannot be read: {error.strerror}. Until they can, the program uses its defaults."
    except (ValueError, RecursionError) as error:
        log.warning("The settings in %s are damaged: %s", path, error)
        data = None
    if not isinstance(data, dict):
        what_then = "The program uses its defaults. A copy stays beside the file when you change something."
        return {}, f"The settings in {path} are damaged. {what_then}"
    version = data.get("version", FORMAT_VERSION)
    if type(version) is not int or version > FORMAT_VERSION:
        what_then = "What this one knows is used. A copy stays beside the file when you change something."
        return data, f"The settings in {path} were written by a newer version of the program. {what_then}"
    return data, ""
