"""Which runs there are outside of the person's folder of runs: a small file for each, so that the window lists them, too."""

import contextlib
import json
import logging
import os
import uuid
from hashlib import blake2b
from pathlib import Path

log = logging.getLogger(__name__)

_SUFFIX = ".json"
_MOST_BYTES = 1 << 16  # of one file: ours hold a path


class RunRegister:
    """A folder of such files. It exists once a run was noted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, run: Path) -> None:
        """Note a run, whole or not at all. What the disk refuses is logged: it is no reason not to train."""
        path = self._file_of(run)
        temporary = path.with_name(f".{os.getpid()}-{uuid.uuid4().hex}.part")
        try:
            if path.exists():
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps({"version": 1, "run": str(run.absolute())}), encoding="utf-8")
            temporary.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink()
            log.warning("The run %s could not be noted in %s: %s", run, self._folder, error)

    def forget(self, run: Path) -> None:
        """Note a run no more."""
        try:
            self._file_of(run).unlink(missing_ok=True)
        except OSError as error:
            log.warning("The run %s is still noted in %s: %s", run, self._folder, error)

    def runs(self) -> list[Path]:
        """The folders that were noted, whether they are there at the moment or not: a drive may be unplugged."""
        found = []
        try:
            paths = sorted(path for path in self._folder.iterdir() if path.suffix == _SUFFIX)
        except OSError:
            return []
        for path in paths:
            try:
                with path.open("rb") as file:
                    run = Path(json.loads(file.read(_MOST_BYTES))["run"])
                if not run.is_absolute():
                    raise ValueError(f"{run} may be anywhere")
            except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
                log.warning("The note of a run %s cannot be used: %s", path, error)
            else:
                found.append(run)
        return found

    def _file_of(self, run: Path) -> Path:
        digest = blake2b(os.fsencode(run.absolute()), digest_size=12).hexdigest()
        return self._folder / (digest + _SUFFIX)
