"""What a picture file is and how large, from its first bytes: no pixel is decoded, so that bombs are seen before they go off."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Literal

import tifffile

Format = Literal["jpg", "png", "webp", "tiff", "avif", "heic", "bmp", "gif", "jp2", "pnm"]

_BMFF_BYTES = 1 << 20  # of a HEIC or AVIF file: its boxes of sizes stand before the pixels
_BMFF_CONTAINERS = {b"meta", b"iprp", b"ipco"}
_AVIF_BRANDS, _HEIC_BRANDS = {b"avif", b"avis"}, {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


@dataclass(frozen=True, slots=True)
class Header:
    format: Format
    height: int
    width: int
    """As stored: the orientation is not applied."""
    channels: int = 0
    """Of a JPEG: 1, 3 or 4; 0 where it was not looked for."""
    has_grey_alpha: bool = False
    """A PNG of grey and alpha, which decoders give as RGB and alpha."""
    num_frames: int = 1


class NoPictureError(ValueError):
    """The bytes are no picture, or their header is cut off."""


def sniff(start: bytes) -> Format | None:
    """The format by the first 32 bytes of a file; None for what is no picture that is known here."""
    if start[:3] == b"\xff\xd8\xff":
        return "jpg"
    if start[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    if start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "tiff"
    if start[:2] == b"BM":
        return "bmp"
    if start[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if start[:12] == b"\0\0\0\x0cjP  \r\n\x87\n":
        return "jp2"
    if start[:1] == b"P" and start[1:2] in b"123456" and start[2:3].isspace():
        return "pnm"
    if start[4:8] == b"ftyp":
        brands = {start[8:12], *(start[index : index + 4] for index in range(16, len(start) - 3, 4))}
        if brands & _AVIF_BRANDS:
            return "avif"
        if brands & _HEIC_BRANDS:
            return "heic"
    return None


def read_header(file: BinaryIO) -> Header:
    """Read a header from the beginning of a file. Raises NoPictureError."""
    start = file.read(32)
    form = sniff(start)
    if form is None:
        raise NoPictureError("unknown")
    file.seek(0)
    try:
        header = _READERS[form](file)
    except (struct.error, ValueError, IndexError, KeyError, EOFError, OverflowError, tifffile.TiffFileError) as error:
        raise NoPictureError("damaged") from error
    if header.height < 1 or header.width < 1:
        raise NoPictureError("empty")
    return header


def _jpeg(file: BinaryIO) -> Header:
    file.seek(2)
    while True:
        marker = file.read(2)
        if len(marker) < 2 or marker[0] != 0xFF:
            raise EOFError
        while marker[1] == 0xFF:  # fill bytes
            marker = bytes([0xFF, file.read(1)[0]])
        if 0xD0 <= marker[1] <= 0xD8 or marker[1] == 0x01:
            continue
        (size,) = struct.unpack(">H", file.read(2))
        if 0xC0 <= marker[1] <= 0xCF and marker[1] not in (0xC4, 0xC8, 0xCC):
            _, height, width, channels = struct.unpack(">BHHB", file.read(6))
            return Header("jpg", height, width, channels)
        if marker[1] in (0xD9, 0xDA):
            raise EOFError
        file.seek(size - 2, 1)


def _png(file: BinaryIO) -> Header:
    file.seek(8)
    width = height = colour = 0
    frames = 1
    while True:
        size, kind = struct.unpack(">I4s", file.read(8))
        if kind == b"IHDR":
            width, height, _, colour = struct.unpack(">IIBB", file.read(10))
            size -= 10
        elif kind == b"acTL":
            frames = struct.unpack(">I", file.read(4))[0]
            size -= 4
        elif kind in (b"IDAT", b"IEND"):
            return Header("png", height, width, has_grey_alpha=colour == 4, num_frames=frames)
        file.seek(size + 4, 1)


def _webp(file: BinaryIO) -> Header:
    file.seek(12)
    kind, size = struct.unpack("<4sI", file.read(8))
    data = file.read(10)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 6)
        return Header("webp", height & 0x3FFF, width & 0x3FFF)
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 1)[0]
        return Header("webp", (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1)
    if kind != b"VP8X":
        raise ValueError
    width = int.from_bytes(data[4:7], "little") + 1
    height = int.from_bytes(data[7:10], "little") + 1
    animated = bool(data[0] & 2)
    return Header(
        "webp", height, width, num_frames=max(1, sum(1 for name in _riff(file, 20 + size) if name == b"ANMF")) if animated else 1
    )


def _riff(file: BinaryIO, position: int) -> Iterator[bytes]:
    while True:
        file.seek(position + position % 2)
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = struct.unpack("<4sI", head)
        yield name
        position += position % 2 + 8 + size


def _gif(file: BinaryIO) -> Header:
    file.seek(6)
    width, height, flags = struct.unpack("<HHB", file.read(5))
    file.seek(13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0))
    frames = 0
    while block := file.read(1):
        if block == b"\x2c":
            frames += 1
            local = file.read(9)[8]
            file.seek((3 << (local & 7) + 1 if local & 0x80 else 0) + 1, 1)
        elif block == b"\x21":
            file.seek(1, 1)
        else:
            break
        while size := file.read(1):
            if size == b"\0":
                break
            file.seek(size[0], 1)
    return Header("gif", height, width, num_frames=max(1, frames))


def _bmp(file: BinaryIO) -> Header:
    file.seek(14)
    (size,) = struct.unpack("<I", file.read(4))
    if size == 12:
        width, height = struct.unpack("<HH", file.read(4))
    else:
        width, height = struct.unpack("<ii", file.read(8))
    return Header("bmp", abs(height), width)


def _tiff(file: BinaryIO) -> Header:
    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages.first
        return Header("tiff", page.imagelength, page.imagewidth, num_frames=len(tiff.pages))


def _bmff(form: Literal["avif", "heic"], file: BinaryIO) -> Header:
    """The largest size that is named: grids and thumbnails name theirs too."""
    data = file.read(_BMFF_BYTES)
    height, width = max((size for size in _sizes(data, 0, len(data))), key=lambda size: size[0] * size[1])
    return Header(form, height, width)


def _sizes(data: bytes, position: int, stop: int) -> Iterator[tuple[int, int]]:
    for name, start, end in boxes(data, position, stop):
        if name in _BMFF_CONTAINERS:
            yield from _sizes(data, start + (4 if name == b"meta" else 0), end)
        elif name == b"ispe":
            width, height = struct.unpack_from(">II", data, start + 4)
            yield height, width


def boxes(data: bytes, position: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, stop) of the boxes of an ISO media file; start and stop of their content."""
    while position + 8 <= stop:
        size, name = struct.unpack_from(">I4s", data, position)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, position + 8)[0], 16
        end = stop if size == 0 else min(stop, position + size)
        if end < position + head:
            return
        yield name, position + head, end
        position = end


def _jp2(file: BinaryIO) -> Header:
    data = file.read(1 << 16)
    for name, start, end in boxes(data, 0, len(data)):
        if name == b"jp2h":
            for inner, inner_start, _ in boxes(data, start, end):
                if inner == b"ihdr":
                    height, width = struct.unpack_from(">II", data, inner_start)
                    return Header("jp2", height, width)
    raise ValueError


def _pnm(file: BinaryIO) -> Header:
    words: list[bytes] = []
    for line in BytesIO(file.read(4096)):
        words += line.split(b"#")[0].split()
        if len(words) >= 3:
            return Header("pnm", int(words[2]), int(words[1]))
    raise ValueError


_READERS = {
    "jpg": _jpeg,
    "png": _png,
    "webp": _webp,
    "gif": _gif,
    "bmp": _bmp,
    "tiff": _tiff,
    "avif": lambda file: _bmff("avif", file),
    "heic": lambda file: _bmff("heic", file),
    "jp2": _jp2,
    "pnm": _pnm,
}
