"""What travels with a picture's pixels: EXIF, XMP and a colour profile, as bytes, and the little that must be changed in them.

EXIF is a TIFF structure: a header, then directories of 12-byte entries, of which values longer than 4 bytes lie elsewhere.
"""

import contextlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

ORIENTATION, EXIF_POINTER, GPS_POINTER, INTEROP_POINTER = 0x0112, 0x8769, 0x8825, 0xA005
UPRIGHT = 1
EXIF_HEADER = b"Exif\0\0"
"""What stands before EXIF in a JPEG, and by mistake elsewhere."""
JPEG_XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"
"""What stands before XMP in a JPEG and nowhere else."""

_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MAX_ENTRIES = 1000  # of one directory; damaged counts must not cost time
_XMP_ORIENTATION = re.compile(rb"""(<tiff:Orientation>|tiff:Orientation\s*=\s*["'])\s*[1-8]\s*""")

# Tags of a TIFF file's first directory that describe the picture and not how its pixels are stored.
_RESOLUTION_UNIT = 0x0128
_RESOLUTION = frozenset({0x011A, 0x011B, _RESOLUTION_UNIT})
_DESCRIPTIVE = _RESOLUTION | frozenset(
    [
        *(0x010D, 0x010E, 0x010F, 0x0110, 0x011D, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298, EXIF_POINTER, GPS_POINTER),
        *(0x4746, 0x4749, 0x83BB),  # ratings, IPTC
        *(0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F),  # title to subject as Windows writes them
    ]
)


@dataclass(frozen=True, slots=True)
class Metadata:
    """Raw payloads without the headers of their containers; None where there is none."""

    exif: bytes | None = None
    """Begins with the byte order, II or MM."""
    xmp: bytes | None = None
    icc: bytes | None = None

    @property
    def upright(self) -> "Metadata":
        """The same for pixels that were turned: orientation 1 in EXIF and XMP, no thumbnail (it would be the old picture)."""
        return replace(self, exif=_upright_exif(self.exif), xmp=_upright_xmp(self.xmp))


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    kind: int
    count: int
    position: int
    """Where the entry begins."""
    value: bytes


def orientation_of(exif: bytes | None) -> int:
    """EXIF orientation 1..8; 1 where there is none, or none that can be read."""
    if exif is None:
        return UPRIGHT
    with contextlib.suppress(struct.error, ValueError):
        order = _byte_order(exif)
        for entry in _directory(exif, order, _first(exif, order)):
            if entry.tag == ORIENTATION and entry.kind == 3:
                value = int(struct.unpack_from(order + "H", entry.value)[0])
                return value if 1 <= value <= 8 else UPRIGHT
    return UPRIGHT


def _upright_exif(exif: bytes | None) -> bytes | None:
    """Change in place, so that makers' notes, which point into the whole block, stay valid."""
    if exif is None:
        return None
    data = bytearray(exif)
    try:
        order = _byte_order(exif)
        first = _first(exif, order)
        for entry in _directory(exif, order, first):
            if entry.tag == ORIENTATION and entry.kind == 3:
                struct.pack_into(order + "H", data, entry.position + 8, UPRIGHT)
        link = first + 2 + 12 * struct.unpack_from(order + "H", exif, first)[0]
        second = struct.unpack_from(order + "I", exif, link)[0]
        if second:  # the thumbnail's directory
            struct.pack_into(order + "I", data, link, 0)
            _blank_thumbnail(data, order, second)
    except (struct.error, ValueError):
        return None  # what cannot be read cannot be trusted to be upright
    return bytes(data)


def _blank_thumbnail(data: bytearray, order: str, directory: int) -> None:
    """Overwrite the thumbnail's bytes; where they end the block, cut them off."""
    values = {}
    with contextlib.suppress(struct.error, ValueError):
        for entry in _directory(bytes(data), order, directory):
            if entry.tag in (0x0201, 0x0202) and entry.kind == 4:
                values[entry.tag] = struct.unpack_from(order + "I", entry.value)[0]
    start, size = values.get(0x0201, 0), values.get(0x0202, 0)
    if not start or not size or start + size > len(data):
        return
    if start + size >= len(data) - 1:
        del data[start:]
    else:
        data[start : start + size] = bytes(size)


def _upright_xmp(xmp: bytes | None) -> bytes | None:
    return None if xmp is None else _XMP_ORIENTATION.sub(lambda match: match[1] + b"1", xmp)


def exif_from_tiff(file: bytes) -> bytes | None:
    """Take what describes the picture out of a TIFF file's directories, as an EXIF payload of its own. None if nothing does."""
    try:
        order = _byte_order(file)
        entries = {entry.tag: entry for entry in _directory(file, order, _first(file, order))}
        unit = entries.get(_RESOLUTION_UNIT)
        without_unit = unit is None or unit.value == struct.pack(order + "H", 1)  # a resolution of no unit says nothing
        unwanted = _RESOLUTION if without_unit else frozenset()
        kept = [entry for tag, entry in entries.items() if tag in _DESCRIPTIVE - unwanted]
        header = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
        return header + _packed(file, order, kept, 8) if kept else None
    except (struct.error, ValueError):
        return None


def exif_into_tiff(file: bytes, exif: bytes) -> bytes:
    """Append what an EXIF payload says to a TIFF file of the same byte order, and let a new first directory point to it."""
    order = _byte_order(file)
    if _byte_order(exif) != order:
        raise ValueError("the byte orders differ")
    theirs = {entry.tag: entry for entry in _directory(exif, order, _first(exif, order)) if entry.tag in _DESCRIPTIVE}
    # The writer makes a resolution up.
    ours = [entry for entry in _directory_list(file, order) if entry.tag not in _RESOLUTION or entry.tag not in theirs]
    taken = {entry.tag for entry in ours}
    added = [entry for tag, entry in theirs.items() if tag not in taken]
    if not added:
        return file
    padded = file + bytes(len(file) % 2)
    start = len(padded)
    # The file's own entries keep pointing at their values, which stay where they are.
    directory = _packed(exif, order, added, start, keep=[(entry, file[entry.position : entry.position + 12]) for entry in ours])
    return padded[:4] + struct.pack(order + "I", start) + padded[8:] + directory


def byte_order_name(exif: bytes) -> str:
    """ "<" or ">". Raises ValueError if the payload is none."""
    return _byte_order(exif)


def _packed(data: bytes, order: str, entries: list[_Entry], base: int, keep: list[tuple[_Entry, bytes]] | None = None) -> bytes:
    """A directory at offset `base` with its values after it; sub-directories are packed too, links to a next one are not."""
    rows = [(entry.tag, entry, None) for entry in entries] + [(entry.tag, entry, raw) for entry, raw in keep or []]
    rows.sort(key=lambda row: row[0])
    head = 2 + 12 * len(rows) + 4
    table, values = b"", b""
    for tag, entry, raw in rows:
        if raw is not None:
            table += raw
            continue
        position = base + head + len(values)
        if tag in (EXIF_POINTER, GPS_POINTER, INTEROP_POINTER):
            inner = _directory_list(data, order, struct.unpack_from(order + "I", entry.value)[0])
            packed = _packed(data, order, inner, position)
            table += struct.pack(order + "HHII", tag, 4, 1, position)
        elif len(entry.value) <= 4:
            packed = b""
            table += struct.pack(order + "HHI", tag, entry.kind, entry.count) + entry.value.ljust(4, b"\0")
        else:
            packed = entry.value
            table += struct.pack(order + "HHII", tag, entry.kind, entry.count, position)
        values += packed + bytes(len(packed) % 2)
    return struct.pack(order + "H", len(rows)) + table + bytes(4) + values


def _byte_order(data: bytes) -> str:
    if data[:4] == b"II*\0":
        return "<"
    if data[:4] == b"MM\0*":
        return ">"
    raise ValueError("no TIFF structure")


def _first(data: bytes, order: str) -> int:
    return int(struct.unpack_from(order + "I", data, 4)[0])


def _directory_list(data: bytes, order: str, start: int | None = None) -> list[_Entry]:
    return list(_directory(data, order, _first(data, order) if start is None else start))


def _directory(data: bytes, order: str, start: int) -> Iterator[_Entry]:
    """Entries whose values lie within the data; others are left out."""
    count = struct.unpack_from(order + "H", data, start)[0]
    if count > _MAX_ENTRIES:
        raise ValueError("too many entries")
    for index in range(count):
        position = start + 2 + 12 * index
        tag, kind, number = struct.unpack_from(order + "HHI", data, position)
        size = _TYPE_BYTES.get(kind, 0) * number
        offset = position + 8 if size <= 4 else struct.unpack_from(order + "I", data, position + 8)[0]
        value = data[offset : offset + size]
        if size and len(value) == size:
            yield _Entry(tag, kind, number, position, value)
