"""A run's `events.jsonl` while it is being written: what is new in it, complete lines only."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from training.contract.protocol import EVENTS, Event, parse_event

_MOST_BYTES = 1 << 20  # read at once, so that an old run of a million steps comes in parts


@dataclass(frozen=True, slots=True)
class News:
    """What was written since the last look."""

    events: list[tuple[Event, float]]
    """Each with its Unix time."""
    begins_anew: bool
    """Whether the file became shorter, or another one, so that these are its first events and all before them are void."""
    is_all: bool
    """Whether nothing more waits to be read."""


class EventFile:
    """Follows the file of one run. What is no event of this version is passed over."""

    def __init__(self, run: Path) -> None:
        self._path = run / EVENTS
        self._place = 0
        self._last_line = b""
        """The line that ended at `_place`: a file that was cut and grew again has another one there."""

    def read(self) -> News:
        """Give what is new. A file that does not exist yet, or any more, holds nothing. Raises OSError where it cannot be read."""
        try:
            with self._path.open("rb") as file:
                begins_anew = not self._is_where_it_was(file.seek(0, 2), file)
                if begins_anew:
                    self._place, self._last_line = 0, b""
                file.seek(self._place)
                data = file.read(_MOST_BYTES)
                while b"\n" not in data and (more := file.read(_MOST_BYTES)):
                    data += more
                is_all = not file.read(1)
        except FileNotFoundError:
            begins_anew, self._place, self._last_line = self._place > 0, 0, b""
            return News([], begins_anew, is_all=True)
        whole = data[: data.rfind(b"\n") + 1]
        lines = whole.splitlines(keepends=True)
        if lines:
            self._place += len(whole)
            self._last_line = lines[-1]
        return News([told for line in lines if (told := _told(line)) is not None], begins_anew, is_all)

    def _is_where_it_was(self, size: int, file: BinaryIO) -> bool:
        if size < self._place:
            return False
        file.seek(self._place - len(self._last_line))
        return file.read(len(self._last_line)) == self._last_line


def _told(line: bytes) -> tuple[Event, float] | None:
    text = line.decode("utf-8", errors="replace")
    event = parse_event(text)
    if event is None:
        return None
    try:
        return event, float(json.loads(text)["t"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
