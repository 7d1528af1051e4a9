"""Bytes of a picture file to upright pixels, with OpenCV, tifffile or libheif. `pictures` is the door to this.

OpenCV never sees a path, because it cannot open names beyond ASCII on Windows.
"""

import contextlib
from io import BytesIO
from typing import Any, NamedTuple

import cv2
import numpy as np

from training.contract import bmff, png
from training.contract.encodings import Pixels, max_value
from training.contract.headers import CUT_OFF, DAMAGES, Header, UnreadableError
from training.contract.metadata import EXIF_HEADER, JPEG_XMP_HEADER, Metadata, orientation_of
from training.contract.tiff import read_tiff

_CMYK_CHANNELS = 4
_REDUCED = ((8, cv2.IMREAD_REDUCED_COLOR_8), (4, cv2.IMREAD_REDUCED_COLOR_4), (2, cv2.IMREAD_REDUCED_COLOR_2))

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # it prints what we say in sentences


class Decoded(NamedTuple):
    """pixels: uint8 or uint16 [H, W, C], C 1 (grey) or 3 (RGB), upright. alpha: [H, W], or None if the file has none."""

    pixels: Pixels
    alpha: Pixels | None
    metadata: Metadata
    """As stored: its orientation has been applied to the pixels already."""
    notes: tuple[str, ...]


def decode(data: bytes, header: Header) -> Decoded:
    """Decode a whole file whose header has been read. Raises UnreadableError, and MemoryError."""
    notes: tuple[str, ...] = ()
    if header.format == "tiff":
        pixels, orientation, metadata, notes = read_tiff(data)
    elif header.format == "heic":
        pixels, metadata, notes = _decode_heic(data)
        orientation = 1  # libheif turns by itself
    else:
        pixels, metadata = _decode_by_opencv(data, header)
        # AVIF has a number of its own, which EXIF often repeats. Elsewhere EXIF may stand behind the header.
        orientation = header.orientation if header.format == "avif" else orientation_of(metadata.exif)
        if header.channels == _CMYK_CHANNELS:
            metadata = Metadata(metadata.exif, metadata.xmp, None)
            notes = ("CMYK was converted to sRGB.",)
    if header.white is not None and header.white < max_value(pixels.dtype):
        pixels = _stretched(pixels, header.white)
    colour, alpha = _split_alpha(_turned(pixels, orientation), header)
    return Decoded(colour, alpha, metadata, notes)


def decode_reduced(data: bytes, header: Header, side: int) -> Pixels | None:
    """Decode a JPEG file to RGB at the smallest fraction whose sides are `side` or more; None if it must be decoded whole."""
    flag = next((flag for divisor, flag in _REDUCED if min(header.height, header.width) >= divisor * side), None)
    if flag is None or header.channels == _CMYK_CHANNELS:
        return None
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), flag)  # upright: the flag does not say otherwise
    if bgr is None:
        raise UnreadableError(CUT_OFF)
    rgb: Pixels = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return rgb


def _decode_by_opencv(data: bytes, header: Header) -> tuple[Pixels, Metadata]:
    if header.format == "png" and not png.is_sound(data):
        raise UnreadableError(CUT_OFF)
    flags = cv2.IMREAD_UNCHANGED
    if header.format == "jpg" and header.channels != 1:
        flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION  # saves a pass over the pixels
    try:
        decoded, kinds, blocks = cv2.imdecodeWithMetadata(np.frombuffer(data, np.uint8), flags=flags)
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        raise UnreadableError(CUT_OFF) from error
    if decoded is None:
        raise UnreadableError(CUT_OFF)
    if decoded.dtype not in (np.uint8, np.uint16):
        raise UnreadableError("holds numbers that are not 8-bit or 16-bit pixels, which cannot be read. Save it with 8 or 16 bits")
    pixels: Pixels = decoded
    if decoded.ndim == 2:
        pixels = decoded[..., None]
    elif flags == cv2.IMREAD_UNCHANGED:
        code = cv2.COLOR_BGRA2RGBA if decoded.shape[2] == 4 else cv2.COLOR_BGR2RGB
        pixels = cv2.cvtColor(decoded, code, dst=decoded)  # in place: a copy of 100 megapixels costs
    return pixels, _metadata(data, header, dict(zip((int(kind) for kind in kinds), blocks, strict=True)))


def _metadata(data: bytes, header: Header, blocks: dict[int, Any]) -> Metadata:  # Any: arrays of bytes
    if header.format == "png":
        return png.read_blocks(data)

    def block(kind: int) -> bytes | None:
        found = blocks.get(kind)
        return bytes(found) if found is not None and len(found) else None

    exif, xmp, icc = block(cv2.IMAGE_METADATA_EXIF), block(cv2.IMAGE_METADATA_XMP), block(cv2.IMAGE_METADATA_ICCP)
    if header.format == "avif":
        icc = header.icc
        with contextlib.suppress(*DAMAGES):
            xmp = bmff.read_item(BytesIO(data), b"mime", bmff.XMP_TYPE)
    return Metadata(
        exif.removeprefix(EXIF_HEADER) if exif else None,
        xmp.removeprefix(JPEG_XMP_HEADER) if xmp else None,
        icc,
    )


def _decode_heic(data: bytes) -> tuple[Pixels, Metadata, tuple[str, ...]]:
    import pi_heif  # 30 MB that only phones' pictures need

    try:
        heif = pi_heif.open_heif(data, convert_hdr_to_8bit=False, bgr_mode=False)
        pixels = np.array(heif)  # a copy: the array would look into memory that libheif frees
    except (*DAMAGES, OSError, SyntaxError) as error:
        raise UnreadableError(CUT_OFF) from error
    exif, xmp, icc = (heif.info.get(name) for name in ("exif", "xmp", "icc_profile"))
    bits = heif.info["bit_depth"]
    if pixels.dtype == np.uint16 and 8 < bits < 16:  # pi-heif has moved them up, which leaves white short of white
        pixels = _stretched(pixels >> (16 - bits), (1 << bits) - 1)
    notes = (f"Only the main one of {len(heif)} pictures was used.",) if len(heif) > 1 else ()
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    return pixels, Metadata(exif.removeprefix(EXIF_HEADER) or None if exif else None, xmp or None, icc or None), notes


def _stretched(pixels: Pixels, white: int) -> Pixels:
    """Spread values from 0..white over all of their type."""
    full = max_value(pixels.dtype)
    table = np.rint(np.arange(white + 1) * (full / white)).astype(pixels.dtype)
    return np.take(table, pixels, mode="clip")


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    """Bring stored pixels upright, by the EXIF standard's eight orientations. OpenCV does it 5 times as fast as numpy."""
    turned: Pixels
    match orientation:
        case 2:
            turned = cv2.flip(pixels, 1)
        case 3:
            turned = cv2.rotate(pixels, cv2.ROTATE_180)
        case 4:
            turned = cv2.flip(pixels, 0)
        case 5:
            turned = cv2.transpose(pixels)
        case 6:
            turned = cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE)
        case 7:
            turned = cv2.flip(cv2.transpose(pixels), -1)
        case 8:
            turned = cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE)
        case _:
            return pixels
    return turned[..., None] if turned.ndim == 2 else turned


def _split_alpha(pixels: Pixels, header: Header) -> tuple[Pixels, Pixels | None]:
    channels = pixels.shape[2]
    if channels in (2, 4):
        num_colours = 1 if header.grey_alpha else channels - 1
        return np.ascontiguousarray(pixels[..., :num_colours]), np.ascontiguousarray(pixels[..., -1])
    if header.transparent_grey is not None:
        opaque = pixels[..., 0] != header.transparent_grey
        return pixels, opaque.astype(pixels.dtype) * pixels.dtype.type(max_value(pixels.dtype))
    return pixels, None
