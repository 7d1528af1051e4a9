"""What a picture file is and how large, from its first bytes: no pixel is decoded, so that bombs are seen before they go off."""

import codecs
import logging
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Literal

import tifffile

from training.contract import bmff
from training.contract.metadata import EXIF_HEADER, ORIENTATION, orientation_of

Format = Literal["jpg", "png", "webp", "tiff", "avif", "heic", "bmp", "gif", "jp2", "pnm"]

_MAX_EXIF_BYTES = 1 << 20  # its orientation stands in the first of them
_MAX_PNM_HEADER = 4096  # bytes, with comments
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
# How files of other kinds begin that people take for pictures, and what to call them.
_OTHERS = {
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\xff\x4f\xff\x51": "a JPEG 2000 code stream",
    b"II\xbc": "a JPEG XR picture",
    b"8BPS": "a Photoshop document",
    b"v/1\x01": "an OpenEXR picture",
    b"#?RADIANCE": "a Radiance HDR picture",
    b"\0\0\1\0": "a Windows icon",
    b"gimp xcf": "a GIMP document",
    b"%PDF": "a PDF document",
    b"<svg": "an SVG drawing",
    b"FUJIFILMCCD-RAW": "a camera RAW file",
    b"IIU\0": "a camera RAW file",
    b"IIRO": "a camera RAW file",
    b"IIRS": "a camera RAW file",
}
_NOT_THESE = "Convert it to PNG, JPEG or TIFF first"

_FRESH_COPY = "Get a fresh copy of the file"
CUT_OFF = f"is damaged or cut off. {_FRESH_COPY}"
DAMAGES = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, RuntimeError, TypeError, ValueError),
    *(struct.error, zlib.error, tifffile.TiffFileError),
)
"""What parsers raise for damaged files: tifffile believes every tag to be of its proper type and in its proper range."""

tifffile.logger().setLevel(logging.CRITICAL)  # it prints what we say in sentences


@dataclass(frozen=True, slots=True)
class Header:
    format: Format
    height: int
    width: int
    """As the decoder gives them: the orientation is not applied."""
    orientation: int = 1
    """EXIF's number for how the decoder's pixels must be turned, as far as the header says."""
    channels: int = 0
    """Of a JPEG: 1, 3 or 4; 0 where it was not looked for."""
    grey_alpha: bool = False
    """A PNG of grey and alpha, which decoders give as RGB and alpha."""
    transparent_grey: int | None = None
    """The grey that a PNG without alpha declares transparent, which decoders leave out."""
    white: int | None = None
    """The value of white where it is not all bits set (10-bit AVIF: 1023)."""
    icc: bytes | None = None
    """The colour profile, of AVIF only: OpenCV does not give it."""
    num_frames: int = 1
    bits: int = 8
    """A channel, of PNG and TIFF; other formats are not asked."""

    @property
    def upright_size(self) -> tuple[int, int]:
        """(height, width) after turning."""
        return (self.width, self.height) if self.orientation >= 5 else (self.height, self.width)


class UnreadableError(Exception):
    """Why a file is no picture here. The text goes on after the file's name: "is damaged or cut off"."""


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
    """Read a header from the beginning of a file. Raises UnreadableError for what is no picture that can be read here."""
    start = file.read(64)
    form = sniff(start)
    if form is None:
        raise UnreadableError(_what_else(start))
    file.seek(0)
    try:
        header = _READERS[form](file)
    except DAMAGES as error:
        raise UnreadableError(CUT_OFF) from error
    if header.height < 1 or header.width < 1:
        raise UnreadableError(CUT_OFF)
    return header


def _what_else(start: bytes) -> str:
    if not start:
        return f"is empty (0 bytes). {_FRESH_COPY}"
    for beginning, name in _OTHERS.items():
        if start.startswith(beginning):
            return f"is {name}, which cannot be read here. {_NOT_THESE}"
    if start[4:8] == b"ftyp":
        name = "a camera RAW file" if start[8:11] == b"crx" else "a film or a kind of picture"
        return f"is {name}, which cannot be read here. {_NOT_THESE}"
    if start.startswith(b"PK\3\4"):
        return "is an archive, not a picture. Unpack it first"
    words = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if words.startswith((b"<!doctype html", b"<html")):
        return "is a web page, not a picture. Save the picture itself"
    if all(byte >= 32 or byte in b"\t\n\f\r" for byte in start) and _is_utf8(start):
        return f"is a text, not a picture. {_FRESH_COPY}"
    return f"is not a picture, whatever its name says. {_FRESH_COPY}"


def _is_utf8(start: bytes) -> bool:
    """Tell whether the beginning of a file is text; its last letter may be cut off."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True


def _jpeg(file: BinaryIO) -> Header:
    file.seek(2)
    orientation = 1
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
            return Header("jpg", height, width, orientation, channels)
        if marker[1] in (0xD9, 0xDA):
            raise EOFError
        content = file.read(size - 2)
        if marker[1] == 0xE1 and content.startswith(EXIF_HEADER):
            orientation = orientation_of(content.removeprefix(EXIF_HEADER))


def _png(file: BinaryIO) -> Header:
    file.seek(8)
    width = height = depth = colour = 0
    frames, orientation, transparent = 1, 1, None
    while True:
        size, name = struct.unpack(">I4s", file.read(8))
        content = b""
        if name in (b"IHDR", b"acTL", b"tRNS", b"eXIf"):
            content = file.read(min(size, _MAX_EXIF_BYTES))
        if name == b"IHDR":
            width, height, depth, colour = struct.unpack_from(">IIBB", content)
        elif name == b"acTL":
            (frames,) = struct.unpack_from(">I", content)
        elif name == b"tRNS" and colour == 0:
            (transparent,) = struct.unpack_from(">H", content)
            if depth < 8:
                transparent *= 255 // ((1 << depth) - 1)
        elif name == b"eXIf":
            orientation = orientation_of(content.removeprefix(EXIF_HEADER))
        elif name in (b"IDAT", b"IEND"):
            return Header(
                "png",
                height,
                width,
                orientation,
                grey_alpha=colour == 4,
                transparent_grey=transparent,
                num_frames=frames,
                bits=max(8, depth),
            )
        file.seek(size - len(content) + 4, 1)


def _webp(file: BinaryIO) -> Header:
    file.seek(12)
    name, size = struct.unpack("<4sI", file.read(8))
    data = file.read(10)
    if name == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 6)
        return Header("webp", height & 0x3FFF, width & 0x3FFF)
    if name == b"VP8L":
        bits = struct.unpack_from("<I", data, 1)[0]
        return Header("webp", (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1)
    if name != b"VP8X":
        raise ValueError
    width = int.from_bytes(data[4:7], "little") + 1
    height = int.from_bytes(data[7:10], "little") + 1
    orientation, frames = 1, 0
    for chunk, chunk_size in _riff(file, 20 + size):
        if chunk == b"ANMF":
            frames += 1
        elif chunk == b"EXIF":
            orientation = orientation_of(file.read(min(chunk_size, _MAX_EXIF_BYTES)).removeprefix(EXIF_HEADER))
    return Header("webp", height, width, orientation, num_frames=max(1, frames))


def _riff(file: BinaryIO, position: int) -> Iterator[tuple[bytes, int]]:
    """(name, size) of the chunks from a position on; the file stands at the content of each."""
    while True:
        file.seek(position + position % 2)
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = struct.unpack("<4sI", head)
        yield name, size
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
        turned = page.tags.get(ORIENTATION)
        orientation = int(turned.value) if turned is not None and turned.value in range(1, 9) else 1
        return Header("tiff", int(page.imagelength), int(page.imagewidth), orientation, bits=max(8, int(page.bitspersample)))


def _avif(file: BinaryIO) -> Header:
    """What turns a picture is a property of it, and EXIF only repeats that; but some writers, OpenCV too, leave it to EXIF."""
    main = bmff.read_main_picture(file)
    orientation = main.orientation
    if orientation is None:
        exif = bmff.read_item(file, b"Exif")
        orientation = orientation_of(exif[4:].removeprefix(EXIF_HEADER)) if exif else 1  # after the offset of its header
    white = (1 << main.bits) - 1 if main.bits > 8 else None
    return Header("avif", main.height, main.width, orientation, white=white, icc=main.icc, num_frames=main.num_frames)


def _heic(file: BinaryIO) -> Header:
    """libheif crops and turns by itself, so that what it gives has orientation 1."""
    main = bmff.read_main_picture(file)
    height, width = main.cropped or (main.height, main.width)
    if main.orientation in (5, 6, 7, 8):
        height, width = width, height
    return Header("heic", height, width, num_frames=main.num_frames)


def _jp2(file: BinaryIO) -> Header:
    data = file.read(1 << 16)
    for name, start, end in bmff.boxes(data, 0, len(data)):
        if name == b"jp2h":
            for inner, inner_start, _ in bmff.boxes(data, start, end):
                if inner == b"ihdr":
                    height, width = struct.unpack_from(">II", data, inner_start)
                    return Header("jp2", height, width)
    raise ValueError


def _pnm(file: BinaryIO) -> Header:
    words: list[bytes] = []
    for line in BytesIO(file.read(_MAX_PNM_HEADER)):
        words += line.split(b"#")[0].split()
        num_words = 3 if words[:1] in ([b"P1"], [b"P4"]) else 4  # those of 1 bit name no white
        if len(words) >= num_words:
            white = int(words[3]) if num_words == 4 else 255
            if not 0 < white < 65_536:
                raise ValueError
            return Header("pnm", int(words[2]), int(words[1]), white=None if white in (255, 65535) else white)
    raise ValueError


_READERS: dict[Format, Callable[[BinaryIO], Header]] = {
    "jpg": _jpeg,
    "png": _png,
    "webp": _webp,
    "gif": _gif,
    "bmp": _bmp,
    "tiff": _tiff,
    "avif": _avif,
    "heic": _heic,
    "jp2": _jp2,
    "pnm": _pnm,
}
