"""Makes a picture's bytes in any format that can be written, with as much of its metadata as that format holds."""

import struct
from dataclasses import dataclass

import cv2
import numpy as np

from training.contract import bmff, png
from training.contract.encodings import Pixels
from training.contract.errors import PictureError
from training.contract.metadata import JPEG_XMP_HEADER, Metadata
from training.contract.picture_names import HOLDS_16_BITS, HOLDS_ALPHA, OutputFormat
from training.contract.pictures import Picture
from training.contract.tiff import write_tiff

CHROMA_QUALITY = 90
"""JPEGs from this quality on keep colour at full size: half-size colour would undo what a translation sharpened."""
PNG_LEVEL = 2  # of zlib: 19 ms against 28 for level 3 and 67 for level 6 on 0.4 MP, for files 2 % larger
AVIF_SPEED = 9  # of 10: 30 ms against 150 for speed 8 on 0.4 MP, for files 3 % larger
MAX_SEGMENT = 65_533  # bytes of content that one JPEG segment holds
ICC_HEADER = b"ICC_PROFILE\0"
MAX_PROFILE = 255 * (MAX_SEGMENT - len(ICC_HEADER) - 2)  # bytes: its segments are numbered by one byte
_HOLDS_METADATA = {"jpg", "png", "webp", "tiff", "avif"}


@dataclass(frozen=True, slots=True)
class Encoded:
    data: bytes
    notes: tuple[str, ...]
    """What the format could not hold, as sentences."""


def encode_picture(
    picture: Picture,
    format: OutputFormat,  # noqa: A002  # the word of the whole program
    quality: int = 95,
    keep_metadata: bool = True,
) -> Encoded:
    """Make a file's bytes. `quality` 1 to 100 for jpg, webp and avif; the other formats lose nothing.

    What the format cannot hold is left out and said. Raises PictureError if the picture is too large for the format.
    """
    notes: list[str] = []
    pixels = picture.pixels
    if pixels.dtype == np.uint16 and format not in HOLDS_16_BITS:
        pixels = _to_8_bits(pixels)
        notes.append("16 bits a channel were rounded to 8.")
    alpha = picture.alpha
    if alpha is not None and format not in HOLDS_ALPHA:
        alpha = None
        notes.append("The transparency was left out.")
    if alpha is not None and alpha.dtype != pixels.dtype:
        alpha = _to_8_bits(alpha)
    metadata = picture.metadata if keep_metadata else Metadata()
    if format not in _HOLDS_METADATA and metadata != Metadata():
        metadata = Metadata()
        notes.append("The format holds no EXIF, XMP or colour profile.")
    if format == "tiff":
        joined = pixels if alpha is None else np.dstack([pixels, alpha])
        data, lost = write_tiff(joined, metadata)
        return Encoded(data, (*notes, *lost))
    data, lost = _encode(_to_bgr(pixels, alpha), format, quality, metadata)
    return Encoded(data, (*notes, *lost))


def _to_8_bits(values: Pixels) -> Pixels:
    return np.asarray((values.astype(np.uint32) * 255 + 32767) // 65535, np.uint8)


def _to_bgr(pixels: Pixels, alpha: Pixels | None) -> Pixels:
    """As OpenCV takes them; grey with alpha becomes colour with alpha, which is the same picture."""
    bgr: Pixels
    if pixels.shape[2] == 1:
        if alpha is None:
            return np.ascontiguousarray(pixels[..., 0])
        bgr = np.repeat(pixels, 3, axis=2)
    else:
        bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    return bgr if alpha is None else np.dstack([bgr, alpha])


def _encode(bgr: Pixels, form: OutputFormat, quality: int, metadata: Metadata) -> tuple[bytes, tuple[str, ...]]:
    """Encode with as much of the metadata as the format takes: a block that makes it fail is left out, and said."""
    options = _options(form, quality)
    blocks = _blocks(form, metadata)
    notes: list[str] = []
    data = _try_encode(bgr, form, options, blocks)
    if data is None and blocks:
        kept: dict[str, tuple[int, bytes]] = {}
        for name, block in blocks.items():
            if _try_encode(bgr[:1, :1], form, options, {name: block}) is None:
                notes.append(f"The {name} ({-(-len(block[1]) // 1024)} KB) was left out: {form.upper()} cannot hold it.")
            else:
                kept[name] = block
        data = _try_encode(bgr, form, options, kept)
    if data is None:
        height, width = bgr.shape[:2]
        raise PictureError(f"A picture of {width} x {height} pixels cannot be written as {form.upper()}. Choose PNG or TIFF.")
    match form:
        case "png":
            data = png.with_blocks(data, metadata)
        case "jpg" if metadata.icc is not None:
            if len(metadata.icc) > MAX_PROFILE:
                notes.append("The colour profile was left out: JPG cannot hold one of this size.")
            else:
                data = _with_profile(data, metadata.icc)
        case "avif" if metadata.xmp is not None:
            try:
                data = bmff.with_xmp(data, metadata.xmp)
            except (ValueError, struct.error, IndexError):
                notes.append("XMP was left out: it could not be written into this AVIF file.")
    return data, tuple(notes)


def _options(form: OutputFormat, quality: int) -> list[int]:
    match form:
        case "jpg":
            options = [cv2.IMWRITE_JPEG_QUALITY, quality]
            if quality >= CHROMA_QUALITY:
                options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
            return options
        case "png":
            return [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FAST_FILTERS]
        case "webp":
            return [cv2.IMWRITE_WEBP_QUALITY, quality]
        case "avif":
            return [cv2.IMWRITE_AVIF_QUALITY, quality, cv2.IMWRITE_AVIF_SPEED, AVIF_SPEED]
        case _:
            return []


def _blocks(form: OutputFormat, metadata: Metadata) -> dict[str, tuple[int, bytes]]:
    """What OpenCV is given to write: name -> (kind, bytes).

    The rest is inserted afterwards: into PNG, OpenCV writes XMP as the wrong kind of text with a stray byte, and no profile that
    libpng finds fault with; into JPEG, only profiles that fit one segment; into AVIF, no XMP.
    """
    blocks: dict[str, tuple[int, bytes]] = {}
    if form == "png":
        return blocks
    if metadata.exif is not None:
        blocks["EXIF"] = cv2.IMAGE_METADATA_EXIF, metadata.exif
    if metadata.xmp is not None and form != "avif":
        blocks["XMP"] = cv2.IMAGE_METADATA_XMP, JPEG_XMP_HEADER + metadata.xmp if form == "jpg" else metadata.xmp
    if metadata.icc is not None and form != "jpg":
        blocks["colour profile"] = cv2.IMAGE_METADATA_ICCP, metadata.icc
    return blocks


def _try_encode(bgr: Pixels, form: OutputFormat, options: list[int], blocks: dict[str, tuple[int, bytes]]) -> bytes | None:
    kinds = [kind for kind, _ in blocks.values()]
    arrays = [np.frombuffer(block, np.uint8) for _, block in blocks.values()]
    try:
        ok, data = cv2.imencodeWithMetadata("." + form, bgr, kinds, arrays, options)
    except cv2.error:
        return None
    return data.tobytes() if ok else None


def _with_profile(jpeg: bytes, icc: bytes) -> bytes:
    """Insert a colour profile, in as many numbered segments as it needs (ICC.1:2010, annex B.4), after the APPn that are there."""
    room = MAX_SEGMENT - len(ICC_HEADER) - 2
    chunks = [icc[start : start + room] for start in range(0, len(icc), room)]
    segments = b""
    for number, chunk in enumerate(chunks, 1):
        content = ICC_HEADER + bytes([number, len(chunks)]) + chunk
        segments += b"\xff\xe2" + struct.pack(">H", len(content) + 2) + content
    position = 2
    while jpeg[position] == 0xFF and 0xE0 <= jpeg[position + 1] <= 0xEF:
        position += 2 + struct.unpack_from(">H", jpeg, position + 2)[0]
    return jpeg[:position] + segments + jpeg[position:]
