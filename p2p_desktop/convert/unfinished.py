"""Conversions that were begun and did not end: a small file each, for the offer to go on after a crash or a power cut."""

import json
import logging
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

from p2p_desktop.convert.request import Request
from p2p_desktop.owner import Owner
from training.contract.errors import P2PError

log = logging.getLogger(__name__)

_SUFFIX = ".job.json"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A conversion whose program is gone."""

    path: Path
    request: Request
    num_pictures: int
    began: float  # Unix seconds


class UnfinishedJobs:
    """The folder of these files. Keeping it must never stop a conversion: what the disk refuses is logged, and means no offer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, request: Request, num_pictures: int) -> Path | None:
        """Note that a conversion begins in this process. Return the note, for `end`; None if it could not be written."""
        owner = Owner.new()
        path = self._folder / f"{owner}{_SUFFIX}"
        data = {
            "owner": str(owner),
            "began": time.time(),
            "pictures": num_pictures,
            "request": replace(request, only=None).to_json(),
            "is_partial": request.only is not None,
        }
        temporary = path.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with temporary.open("w", encoding="utf-8") as file:
                file.write(json.dumps(data) + "\n")
                for path_asked_for in request.only or ():  # a line each: one text of 50,000 would keep Python from the window
                    file.write(json.dumps(str(path_asked_for)) + "\n")
                file.flush()
                os.fsync(file.fileno())  # it is there for power cuts
            temporary.replace(path)
        except OSError as error:
            log.warning("No note of this conversion could be kept in %s: %s", self._folder, error.strerror)
            return None
        return path

    def end(self, path: Path) -> None:
        """Forget a conversion: it came to its end, or the person wants no more of it."""
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s could not be removed: %s", path, error.strerror)

    def abandoned(self) -> list[Unfinished]:
        """Return the conversions whose process is gone, the newest first. What cannot be read is put away."""
        found = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            try:
                first, *others = path.read_text(encoding="utf-8").splitlines()
                data = json.loads(first)
                if not Owner.parse(data["owner"]).lives(data["began"]):
                    request = Request.from_json(data["request"])
                    if data["is_partial"]:
                        request = replace(request, only=frozenset(Path(json.loads(line)) for line in others))
                    found.append(Unfinished(path, request, int(data["pictures"]), float(data["began"])))
            except (OSError, KeyError, TypeError, ValueError, P2PError) as error:
                log.warning("The note of a conversion %s cannot be used: %s", path, error)
                self.end(path)
        return sorted(found, key=lambda one: one.began, reverse=True)
