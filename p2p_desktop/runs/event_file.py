"""A run's `events.jsonl` while it is being written: what is new in it, complete lines only."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from training.contract.protocol import EVENTS, Event, parse_line

_MOST_BYTES = 1 << 18  # read at once, so that an old run of a million steps comes in parts
_LONGEST_LINE = 1 << 20  # bytes; the longest of ours names 10,000 pictures in 330 kB
_COMPARED_BYTES = 4096  # enough to tell lines apart: each has its time
_STEP, _TIGHT_STEP = b'"type": "step"', b'"type":"step"'  # a quotation mark in a text has a backslash before it


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

    def __init__(self, run: Path, *, every_step: bool = True) -> None:
        """Without `every_step`, of many steps read at once only the last is given: for whoever wants the rest, and fast."""
        self._path = run / EVENTS
        self._every_step = every_step
        self._place = 0
        self._last_bytes = b""
        """What ends at `_place`: a file that was cut and grew again has something else there."""
        self._skips = False
        """Whether `_place` is inside a line too long to be an event."""

    def read(self) -> News:
        """Give what is new. A file that does not exist yet, or any more, holds nothing. Raises OSError where it cannot be read."""
        try:
            with self._path.open("rb") as file:
                begins_anew = not self._is_where_it_was(file.seek(0, 2), file)
                if begins_anew:
                    self._forget()
                file.seek(self._place)
                data = file.read(_MOST_BYTES)
                while b"\n" not in data and len(data) < _LONGEST_LINE and (more := file.read(_MOST_BYTES)):
                    data += more
                is_all = not file.read(1)
        except FileNotFoundError:
            begins_anew = self._place > 0
            self._forget()
            return News([], begins_anew, is_all=True)
        return News(self._events_in(data), begins_anew, is_all)

    def _forget(self) -> None:
        self._place, self._last_bytes, self._skips = 0, b"", False

    def _is_where_it_was(self, size: int, file: BinaryIO) -> bool:
        if size < self._place:
            return False
        file.seek(self._place - len(self._last_bytes))
        return file.read(len(self._last_bytes)) == self._last_bytes

    def _events_in(self, data: bytes) -> list[tuple[Event, float]]:
        """Go on behind the whole lines in `data`, and give what they tell."""
        whole = data[: data.rfind(b"\n") + 1]
        if not whole and len(data) >= _LONGEST_LINE:
            self._go_behind(data)
            self._skips = True
        if not whole:
            return []
        self._go_behind(whole)
        lines = whole.splitlines()
        if self._skips:
            del lines[0]
            self._skips = False
        if not self._every_step:
            lines = _without_most_steps(lines)
        return [told for line in lines if (told := parse_line(line.decode("utf-8", errors="replace"))) is not None]

    def _go_behind(self, data: bytes) -> None:
        self._place += len(data)
        self._last_bytes = data[-_COMPARED_BYTES:]


def _without_most_steps(lines: list[bytes]) -> list[bytes]:
    last = next((number for number in range(len(lines) - 1, -1, -1) if _is_step(lines[number])), -1)
    # Written out: a call a line takes three times as long.
    others = [line for line in lines[: max(last, 0)] if _STEP not in line and _TIGHT_STEP not in line]
    return others + lines[max(last, 0) :]


def _is_step(line: bytes) -> bool:
    return _STEP in line or _TIGHT_STEP in line
