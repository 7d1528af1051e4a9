"""Whole pictures, from a file and into one: pixels upright, and everything that belongs to them.

OpenCV decodes and encodes; it never sees a path, because it cannot open names beyond ASCII on Windows. Results are written
by whoever calls: this file only makes their bytes.
"""

import contextlib
import struct
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Literal

import cv2
import numpy as np

from training.contract.encodings import Pixels
from training.contract.errors import PictureError
from training.contract.headers import Format, Header, NoPictureError, boxes, read_header
from training.contract.metadata import JPEG_XMP_HEADER, Metadata, orientation_of, xmp_from_png
from training.contract.tiff import read_tiff

__all__ = [
    "MAX_PIXELS",
    "Format",
    "Metadata",
    "OutputFormat",
    "Picture",
    "is_picture_name",
    "output_format",
    "picture_size",
    "raw_kind",
    "read_picture",
    "suffix_for",
]

OutputFormat = Literal["jpg", "png", "webp", "tiff", "avif", "bmp"]

MAX_PIXELS = 300_000_000
"""Larger pictures are refused by their header: decoded with their result they would take over 2 GB."""


_SUFFIXES: dict[str, Format] = {
    ".jpg": "jpg",
    ".jpeg": "jpg",
    ".jpe": "jpg",
    ".jfif": "jpg",
    ".png": "png",
    ".apng": "png",
    ".webp": "webp",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".avif": "avif",
    ".bmp": "bmp",
    ".dib": "bmp",
    ".gif": "gif",
    ".heic": "heic",
    ".heif": "heic",
    ".hif": "heic",
    ".jp2": "jp2",
    ".ppm": "pnm",
    ".pgm": "pnm",
    ".pbm": "pnm",
    ".pnm": "pnm",
}
_WRITABLE: dict[Format, OutputFormat] = {"jpg": "jpg", "png": "png", "webp": "webp", "tiff": "tiff", "avif": "avif", "bmp": "bmp"}
_FIRST_SUFFIX: dict[OutputFormat, str] = {
    "jpg": ".jpg",
    "png": ".png",
    "webp": ".webp",
    "tiff": ".tif",
    "avif": ".avif",
    "bmp": ".bmp",
}
HOLDS_16_BITS = {"png", "tiff"}
HOLDS_ALPHA = {"png", "webp", "tiff", "avif"}
_RAW_SUFFIXES = frozenset(
    [
        ".3fr",
        ".ari",
        ".arw",
        ".bay",
        ".braw",
        ".cap",
        ".cr2",
        ".cr3",
        ".crw",
        ".dcr",
        ".dng",
        ".erf",
        ".fff",
        ".gpr",
        ".iiq",
        ".k25",
        ".kdc",
        ".mdc",
        ".mef",
        ".mos",
        ".mrw",
        ".nef",
        ".nrw",
        ".orf",
        ".pef",
        ".ptx",
        ".pxn",
        ".r3d",
        ".raf",
        ".raw",
        ".rw2",
        ".rwl",
        ".rwz",
        ".sr2",
        ".srf",
        ".srw",
        ".x3f",
    ]
)

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # it prints what we say in sentences


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture in memory.

    pixels: uint8 or uint16 [H, W, C], C 1 (grey) or 3 (RGB), upright. alpha: the same dtype [H, W], or None if opaque.
    """

    pixels: Pixels
    alpha: Pixels | None
    metadata: Metadata
    """Of the upright picture: orientation 1, no thumbnail."""
    format: Format
    """What the file was by its content."""
    notes: tuple[str, ...]
    """What reading lost or decided, as sentences."""


def is_picture_name(name: str) -> bool:
    """Whether a file of this name claims to be a picture that can be read here."""
    return PurePath(name).suffix.lower() in _SUFFIXES


def raw_kind(name: str) -> str | None:
    """The kind of a camera RAW file by its name, such as "NEF"; None for all else."""
    suffix = PurePath(name).suffix.lower()
    return suffix[1:].upper() if suffix in _RAW_SUFFIXES else None


def picture_size(path: Path) -> tuple[int, int]:
    """(height, width) as stored, from the header alone. Raises PictureError as `read_picture` does."""
    try:
        with path.open("rb") as file:
            header = read_header(file)
    except OSError as error:
        raise _unreadable(path, error) from error
    except NoPictureError as error:
        raise _no_picture(path) from error
    _check_size(path, header)
    return header.height, header.width


def read_picture(path: Path) -> Picture:
    """Read a picture whole. Raises PictureError, naming the file, for what is no picture, damaged, cut off or too large."""
    try:
        with path.open("rb") as file:
            header = read_header(file)
            _check_size(path, header)
            file.seek(0)
            data = file.read()
    except OSError as error:
        raise _unreadable(path, error) from error
    except NoPictureError as error:
        raise _no_picture(path) from error
    try:
        return _decoded(path, data, header)
    except PictureError as error:
        if path.name in str(error):
            raise
        raise PictureError(f"{path.name} {error}.") from error
    except (cv2.error, MemoryError) as error:
        raise PictureError(f"{path.name} could not be decoded: it is damaged, or too large for this computer's memory.") from error


def output_format(source_suffix: str, requested: Literal["keep"] | OutputFormat, *, bits: int, has_alpha: bool) -> OutputFormat:
    """The format of a result: "keep" means the source's by its name, or PNG where that cannot be written or hold the result."""
    if requested != "keep":
        return requested
    form = _WRITABLE.get(_SUFFIXES.get(source_suffix.lower(), "png"), "png")
    if (bits > 8 and form not in HOLDS_16_BITS) or (has_alpha and form not in HOLDS_ALPHA):
        return "png"
    return form


def suffix_for(format: OutputFormat, source_suffix: str) -> str:  # noqa: A002  # the word of the whole program
    """The suffix of a result: the source's own spelling where it names that format already."""
    return source_suffix if _SUFFIXES.get(source_suffix.lower()) == format else _FIRST_SUFFIX[format]


def _decoded(path: Path, data: bytes, header: Header) -> Picture:
    notes: list[str] = []
    named = _SUFFIXES.get(path.suffix.lower())
    if named != header.format:
        notes.append(f"The file is named {path.suffix or 'without a suffix'} but is {header.format.upper()}.")
    if header.num_frames > 1 and header.format != "tiff":
        notes.append(f"Only the first of {header.num_frames} frames was used.")
    if header.format == "tiff":
        pixels, orientation, metadata, more = read_tiff(data)
        notes += more
    elif header.format == "heic":
        pixels, metadata = _decode_heic(data)
        orientation = 1  # libheif turns the pixels by itself
    else:
        pixels, metadata = _decode(data, header)
        orientation = orientation_of(metadata.exif)
        if header.channels == 4:
            metadata = Metadata(metadata.exif, metadata.xmp, None)
            notes.append("CMYK was converted to sRGB.")
    pixels = _turned(pixels, orientation)
    colour, alpha = _split_alpha(pixels, header.has_grey_alpha)
    return Picture(colour, alpha, metadata.upright, header.format, tuple(notes))


def _decode(data: bytes, header: Header) -> tuple[Pixels, Metadata]:
    flags = cv2.IMREAD_UNCHANGED
    if header.format == "jpg" and header.channels != 1:
        flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    array = np.frombuffer(data, np.uint8)
    decoded, kinds, blocks = cv2.imdecodeWithMetadata(array, flags=flags)
    if decoded is None:
        raise PictureError("is damaged or cut off")
    if decoded.dtype not in (np.uint8, np.uint16):
        raise PictureError("holds numbers that are not 8-bit or 16-bit pixels, which cannot be read")
    if decoded.ndim == 2:
        pixels: Pixels = decoded[..., None]
    elif flags == cv2.IMREAD_UNCHANGED:
        pixels = cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGBA if decoded.shape[2] == 4 else cv2.COLOR_BGR2RGB)
    else:
        pixels = decoded
    return pixels, _metadata(data, header, dict(zip((int(kind) for kind in kinds), blocks, strict=True)))


def _metadata(data: bytes, header: Header, blocks: dict[int, Any]) -> Metadata:  # Any: arrays of bytes
    exif, xmp, icc = (blocks.get(kind) for kind in (cv2.IMAGE_METADATA_EXIF, cv2.IMAGE_METADATA_XMP, cv2.IMAGE_METADATA_ICCP))
    exif_bytes = bytes(exif) if exif is not None and len(exif) else None
    if exif_bytes is not None and exif_bytes.startswith(b"Exif\0\0"):
        exif_bytes = exif_bytes[6:]
    xmp_bytes = bytes(xmp).removeprefix(JPEG_XMP_HEADER) if xmp is not None and len(xmp) else None
    if header.format == "png":
        xmp_bytes = xmp_from_png(data)
    icc_bytes = bytes(icc) if icc is not None and len(icc) else None
    if header.format == "avif" and icc_bytes is None:
        icc_bytes = _avif_profile(data)
    return Metadata(exif_bytes, xmp_bytes, icc_bytes)


def _avif_profile(data: bytes) -> bytes | None:
    """The colour profile of an AVIF file, which OpenCV does not give: the `colr` box of its item properties."""

    def find(start: int, stop: int) -> bytes | None:
        for name, begin, end in boxes(data, start, stop):
            if name in (b"meta", b"iprp", b"ipco"):
                found = find(begin + (4 if name == b"meta" else 0), end)
                if found is not None:
                    return found
            elif name == b"colr" and data[begin : begin + 4] in (b"prof", b"rICC"):
                return data[begin + 4 : end]
        return None

    with contextlib.suppress(struct.error):
        return find(0, len(data))
    return None


def _decode_heic(data: bytes) -> tuple[Pixels, Metadata]:
    import pi_heif  # 30 MB that only phones' pictures need

    try:
        heif = pi_heif.open_heif(data, convert_hdr_to_8bit=False, bgr_mode=False)
        pixels = np.array(heif)  # a copy: the array would look into memory that libheif frees
    except (ValueError, OSError, SyntaxError, RuntimeError, EOFError) as error:
        raise PictureError("is damaged or cut off") from error
    exif, xmp, icc = (heif.info.get(name) for name in ("exif", "xmp", "icc_profile"))
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    exif = exif[6:] if exif and exif.startswith(b"Exif\0\0") else exif
    return pixels, Metadata(exif or None, xmp or None, icc or None)


def _split_alpha(pixels: Pixels, grey: bool) -> tuple[Pixels, Pixels | None]:
    channels = pixels.shape[2]
    if channels == 2:
        return np.ascontiguousarray(pixels[..., :1]), np.ascontiguousarray(pixels[..., 1])
    if channels == 4:
        colour = pixels[..., :1] if grey else pixels[..., :3]
        return np.ascontiguousarray(colour), np.ascontiguousarray(pixels[..., 3])
    return pixels, None


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    """Bring stored pixels upright, by the EXIF standard's eight orientations."""
    if orientation in (5, 6, 7, 8):
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _check_size(path: Path, header: Header) -> None:
    if header.height * header.width > MAX_PIXELS:
        raise PictureError(
            f"{path.name} claims to be {header.width} x {header.height} pixels, more than the {MAX_PIXELS // 1_000_000} megapixels "
            "that are accepted."
        )


def _no_picture(path: Path) -> PictureError:
    with contextlib.suppress(OSError):
        if path.stat().st_size == 0:
            return PictureError(f"{path.name} is empty (0 bytes).")
    return PictureError(f"{path.name} is not a picture that can be read, or it is damaged or cut off.")


def _unreadable(path: Path, error: OSError) -> PictureError:
    if isinstance(error, FileNotFoundError):
        return PictureError(f"{path.name} is no longer there.")
    if isinstance(error, PermissionError):
        return PictureError(f"{path.name} may not be read: permission was denied.")
    return PictureError(f"{path.name} cannot be read: {error.strerror or error}.")
