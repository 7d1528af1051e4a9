"""Parts of a multipart stream, as cameras send them: with a length or without, and with whatever they take for a boundary."""

import re

MOST_BYTES = 32 * 2**20  # of one part
_MOST_HEADER = 2**16  # bytes
_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,12})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_NO_CONTENT = frozenset([0x01, *range(0xD0, 0xD9)])  # JPEG markers that stand alone
_START_OF_SCAN = 0xDA


class BrokenStreamError(Exception):
    """What comes is no multipart stream, or a part of it is too large."""


class PartReader:
    """Cuts a stream into its parts. Knows nothing of sockets and time."""

    def __init__(self, boundary: str) -> None:
        """`boundary`: as the header gives it, without quotes; with or without the dashes before it."""
        name = boundary.strip("-") or boundary
        # Dashes are optional, since servers differ in whether the header's boundary has them already.
        self._delimiter = re.compile(rb"(?:^|\n)-*" + re.escape(name.encode("latin-1", "replace")) + rb"-*[ \t]*\r?\n")
        self._longest_delimiter = len(name) + 16
        self._buffer = bytearray()
        self._searched = 0  # bytes of the buffer in which nothing was found
        self._is_in_part = False
        self._length: int | None = None
        self._jpeg = JpegEnd()

    def feed(self, data: bytes) -> list[bytes]:
        """The parts that are whole now, oldest first; empty ones are left out. Raises BrokenStreamError."""
        self._buffer += data
        parts: list[bytes] = []
        while True:
            if not self._is_in_part and not self._begin_part():
                return parts
            part = self._whole_part()
            if part is None:
                return parts
            self._is_in_part = False
            if part:
                parts.append(part)

    def _begin_part(self) -> bool:
        """Whether a boundary and the header behind it are there; both are thrown away."""
        found = self._delimiter.search(self._buffer, max(0, self._searched - self._longest_delimiter))
        if found is None:
            self._searched = len(self._buffer)
            self._limit(self._searched, MOST_BYTES)
            return False
        # The delimiter's own line end counts: a part without any header begins with an empty line.
        header_end = _HEADER_END.search(self._buffer, found.end() - 1 - (self._buffer[found.end() - 2] == 0x0D))
        if header_end is None:
            self._searched = found.start()
            self._limit(len(self._buffer) - found.start(), _MOST_HEADER)
            return False
        length = _LENGTH.search(self._buffer, found.end(), header_end.start() + 1)
        self._length = int(length[1]) if length else None
        self._limit(self._length or 0, MOST_BYTES)
        del self._buffer[: header_end.end()]
        self._searched, self._jpeg, self._is_in_part = 0, JpegEnd(), True
        return True

    def _whole_part(self) -> bytes | None:
        if self._length is not None:
            return self._cut(self._length) if len(self._buffer) >= self._length else None
        end = self._jpeg.find(self._buffer)  # else a picture would wait for the boundary, which may come with the next one
        if end is not None:
            return self._cut(end)
        found = self._delimiter.search(self._buffer, max(0, self._searched - self._longest_delimiter))
        if found is not None:
            return self._cut(found.start()).rstrip(b"\r")
        self._searched = len(self._buffer)
        self._limit(self._searched, MOST_BYTES)
        return None

    def _cut(self, end: int) -> bytes:
        part = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._searched = 0
        return part

    def _limit(self, num_bytes: int, most: int) -> None:
        if num_bytes > most:
            raise BrokenStreamError


class JpegEnd:
    """Finds where a JPEG ends while it grows. The header is walked through, as thumbnails in it have an end too."""

    def __init__(self) -> None:
        self._at = 2
        self._is_in_scan = False

    def find(self, data: bytearray) -> int | None:
        """Index behind the end; None while it has not come, or where `data` is no JPEG."""
        if data[:2] != b"\xff\xd8":
            return None
        while not self._is_in_scan:
            if len(data) < self._at + 4 or data[self._at] != 0xFF:
                return None
            marker = data[self._at + 1]
            if marker == 0xFF:  # padding
                self._at += 1
            elif marker in _NO_CONTENT:
                self._at += 2
            else:
                self._at += 2 + int.from_bytes(data[self._at + 2 : self._at + 4], "big")
                self._is_in_scan = marker == _START_OF_SCAN
        end = data.find(b"\xff\xd9", self._at)
        if end >= 0:
            return end + 2
        self._at = max(self._at, len(data) - 1)
        return None
