"""AVIF and HEIC files outside their pixels: size, turn and depth of the main picture, its colour profile and its XMP.

Both are ISO media files: nested boxes, of which `meta` lists items (pictures, EXIF, XMP), where each lies, and the properties
that belong to each. OpenCV leaves a picture as stored and gives neither profile nor XMP. Boxes: ISO/IEC 14496-12 and 23008-12.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, NamedTuple

_MAX_META_BYTES = 16 << 20  # a `meta` box lists items and holds a profile; no real one is near this
XMP_TYPE = b"application/rdf+xml"
# (quarter turns counter-clockwise, then mirrored at axis; None: not) -> EXIF orientation. Axis 0 swaps top and bottom.
_ORIENTATIONS = {
    (0, None): 1, (1, None): 8, (2, None): 3, (3, None): 6,
    (0, 0): 4, (1, 0): 5, (2, 0): 2, (3, 0): 7,
    (0, 1): 2, (1, 1): 7, (2, 1): 4, (3, 1): 5,
}  # fmt: skip


class Box(NamedTuple):
    name: bytes
    start: int
    """Of the content."""
    stop: int


@dataclass(frozen=True, slots=True)
class MainPicture:
    """The main picture of an AVIF or HEIC file as its properties describe it."""

    height: int
    width: int
    """As stored: neither cropped nor turned."""
    cropped: tuple[int, int] | None
    """(height, width) that a clean aperture leaves; None without one."""
    orientation: int | None
    """EXIF's number 1..8 for how the stored pixels must be turned; None if nothing is said."""
    bits: int
    """Of AVIF; 8 for HEIC, where the decoder tells."""
    icc: bytes | None
    num_frames: int
    """Of an image sequence; 1 for a picture."""


@dataclass(frozen=True, slots=True)
class _Item:
    number: int
    method: int
    """0: extents lie in the file; 1: in the `idat` box."""
    extents: tuple[tuple[int, int], ...]
    """(offset, size) each."""


def boxes(data: bytes, position: int, stop: int) -> Iterator[Box]:
    """The boxes that lie side by side between two offsets; the last may be cut off."""
    while position + 8 <= stop:
        size, name = struct.unpack_from(">I4s", data, position)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, position + 8)[0], 16
        end = stop if size == 0 else min(stop, position + size)
        if end < position + head:
            return
        yield Box(name, position + head, end)
        position = end


def read_main_picture(file: BinaryIO) -> MainPicture:
    """Read the properties of the main picture. Raises ValueError or struct.error if they are missing or damaged."""
    meta = _top_level(file, b"meta")
    if not all(kind.isascii() and content_type.isascii() for _, kind, content_type in _item_infos(meta)):
        raise ValueError("an item of no readable kind")  # pi-heif 1.8 makes a string of it unchecked, and crashes the process
    movie = _top_level(file, b"moov")
    height = width = 0
    cropped = icc = turns = mirror = None
    bits = 8
    for name, value in _properties(meta):
        match name:
            case b"ispe":
                width, height = struct.unpack_from(">II", value, 4)
            case b"clap":
                wide, wide_parts, high, high_parts = struct.unpack_from(">IIII", value)
                cropped = (high // max(1, high_parts), wide // max(1, wide_parts))
            case b"irot":
                turns = value[0] & 3
            case b"imir":
                mirror = value[0] & 1
            case b"av1C":
                bits = 8 if not value[2] & 0x40 else 12 if value[2] & 0x20 else 10
            case b"colr" if value[:4] in (b"prof", b"rICC"):
                icc = value[4:]
    orientation = None if turns is None and mirror is None else _ORIENTATIONS[turns or 0, mirror]
    return MainPicture(height, width, cropped, orientation, bits, icc, _num_frames(movie))


def read_item(file: BinaryIO, kind: bytes, content_type: bytes = b"") -> bytes | None:
    """The content of the first item of a kind, such as "Exif"; None if there is none.

    Raises ValueError, IndexError or struct.error if the file is damaged.
    """
    meta = _top_level(file, b"meta")
    wanted = {number for number, *what in _item_infos(meta) if what == [kind, content_type]}
    for item in _items(_child(meta, b"iloc")):
        if item.number in wanted and item.method == 0:
            return b"".join(_at(file, *extent) for extent in item.extents)
    return None


def with_xmp(data: bytes, xmp: bytes) -> bytes:
    """Add XMP to a file that has none, as an item that describes the main picture.

    Raises ValueError or struct.error for a file whose structure leaves no room; those of OpenCV's encoder have it.
    """
    top = list(boxes(data, 0, len(data)))
    meta = next((box for box in top if box.name == b"meta"), None)
    if meta is None or data[meta.start - 4 : meta.start] != b"meta":
        raise ValueError("no meta box, or one with a long size")
    content = data[meta.start : meta.stop]
    infos, items = list(_item_infos(content)), list(_items(_child(content, b"iloc")))
    number = 1 + max(info[0] for info in infos)
    grown = 0
    for _ in range(2):  # the first round finds how far the pixels move, the second writes where they and the XMP then are
        moved = [_moved(item, meta.stop, grown) for item in items]
        xmp_item = _Item(number, 0, ((len(data) + grown + 8, len(xmp)),))
        changed = _changed_meta(content, number, [*moved, xmp_item])
        grown = len(changed) - (meta.stop - meta.start)
    head = data[: meta.start - 8] + struct.pack(">I4s", len(changed) + 8, b"meta")
    return head + changed + data[meta.stop :] + _box(b"mdat", xmp)


def _top_level(file: BinaryIO, wanted: bytes) -> bytes:
    """The content of a top-level box, wherever it stands; empty if it is missing."""
    position = 0
    while True:
        file.seek(position)
        head = file.read(16)
        if len(head) < 8:
            return b""
        size, name = struct.unpack_from(">I4s", head)
        start = 8
        if size == 1:
            size, start = struct.unpack_from(">Q", head, 8)[0], 16
        if name == wanted:
            file.seek(position + start)
            return file.read(min(_MAX_META_BYTES, size - start if size else _MAX_META_BYTES))
        if size < start:
            return b""
        position += size


def _at(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def _child(meta: bytes, name: bytes) -> bytes:
    """The content of a box in `meta`. Raises ValueError if there is none."""
    for box in boxes(meta, 4, len(meta)):
        if box.name == name:
            return meta[box.start : box.stop]
    raise ValueError(f"no {name!r} box")


def _properties(meta: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name, content) of the main picture's properties, in the order in which they apply."""
    main = struct.unpack_from(">H" if _child(meta, b"pitm")[0] == 0 else ">I", _child(meta, b"pitm"), 4)[0]
    properties = _child(meta, b"iprp")
    parts = {box.name: properties[box.start : box.stop] for box in boxes(properties, 0, len(properties))}
    shared, links = parts[b"ipco"], parts[b"ipma"]
    values = [(box.name, shared[box.start : box.stop]) for box in boxes(shared, 0, len(shared))]
    wide_numbers, wide_indices = links[0] > 0, links[3] & 1
    (count,), position = struct.unpack_from(">I", links, 4), 8
    for _ in range(count):
        (number,) = struct.unpack_from(">I" if wide_numbers else ">H", links, position)
        position += 4 if wide_numbers else 2
        num_links = links[position]
        for link in range(num_links):
            if number == main:
                place = position + 1 + link * (2 if wide_indices else 1)
                index = struct.unpack_from(">H", links, place)[0] & 0x7FFF if wide_indices else links[place] & 0x7F
                if 1 <= index <= len(values):
                    yield values[index - 1]
        position += 1 + num_links * (2 if wide_indices else 1)


def _num_frames(movie: bytes) -> int:
    """The most samples that a track of a sequence has; 1 where there is no sequence."""

    def samples(start: int, stop: int) -> Iterator[int]:
        for name, begin, end in boxes(movie, start, stop):
            if name in (b"trak", b"mdia", b"minf", b"stbl"):
                yield from samples(begin, end)
            elif name == b"stsz":
                yield struct.unpack_from(">I", movie, begin + 8)[0]

    return max(samples(0, len(movie)), default=1)


def _item_infos(meta: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """(number, kind, content type) of the items."""
    infos = _child(meta, b"iinf")
    for box in boxes(infos, 6 if infos[0] == 0 else 8, len(infos)):
        info = infos[box.start : box.stop]
        if box.name != b"infe" or info[0] not in (2, 3):
            continue
        number, position = (struct.unpack_from(">H", info, 4)[0], 8) if info[0] == 2 else (struct.unpack_from(">I", info, 4)[0], 10)
        kind, words = info[position : position + 4], info[position + 4 :].split(b"\0")
        yield number, kind, words[1] if kind == b"mime" and len(words) > 1 else b""  # after the name


def _items(iloc: bytes) -> Iterator[_Item]:
    """Where each item lies."""
    version = iloc[0]
    sizes = (iloc[4] >> 4, iloc[4] & 15, iloc[5] >> 4, iloc[5] & 15 if version else 0)  # of an offset, a length, a base, an index
    cursor = BytesIO(iloc)
    cursor.seek(6)

    def number(size: int) -> int:
        return int.from_bytes(cursor.read(size), "big")

    for _ in range(number(4 if version == 2 else 2)):
        item = number(4 if version == 2 else 2)
        method = number(2) & 15 if version else 0
        number(2)  # the file that holds it: this one
        base = number(sizes[2])
        extents = []
        for _ in range(number(2)):
            number(sizes[3])
            offset = base + number(sizes[0])
            extents.append((offset, number(sizes[1])))
        yield _Item(item, method, tuple(extents))


def _moved(item: _Item, border: int, by: int) -> _Item:
    if item.method != 0:
        return item
    return _Item(item.number, 0, tuple((offset + by if offset >= border else offset, size) for offset, size in item.extents))


def _changed_meta(meta: bytes, number: int, items: list[_Item]) -> bytes:
    """`meta` with one more item, XMP of the main picture, and with `items` as its list of places."""
    main = struct.unpack_from(">H", _child(meta, b"pitm"), 4)[0]
    info = _box(b"infe", bytes([2, 0, 0, 1]) + struct.pack(">HH", number, 0) + b"mime\0" + XMP_TYPE + b"\0")  # flag 1: no picture
    describes = _box(b"cdsc", struct.pack(">HHH", number, 1, main))
    changed, has_references = meta[:4], False
    for box in boxes(meta, 4, len(meta)):
        content = meta[box.start : box.stop]
        if box.name == b"iloc":
            content = _packed_places(items)
        elif box.name == b"iinf":
            if content[0] != 0:
                raise ValueError("more items than expected")
            (count,) = struct.unpack_from(">H", content, 4)
            content = content[:4] + struct.pack(">H", count + 1) + content[6:] + info
        elif box.name == b"iref":
            if content[0] != 0:
                raise ValueError("longer references than expected")
            content, has_references = content + describes, True
        changed += _box(box.name, content)
    return changed if has_references else changed + _box(b"iref", bytes(4) + describes)


def _packed_places(items: list[_Item]) -> bytes:
    """An `iloc` of version 1 with offsets and lengths of four bytes."""
    packed = bytes([1, 0, 0, 0, 0x44, 0]) + struct.pack(">H", len(items))
    for item in items:
        packed += struct.pack(">HHHH", item.number, item.method, 0, len(item.extents))
        packed += b"".join(struct.pack(">II", offset, size) for offset, size in item.extents)
    return packed


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, name) + content
