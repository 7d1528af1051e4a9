"""TIFF files with what belongs to them: OpenCV reads and writes neither EXIF nor ICC nor XMP there.

Pixels are decoded by tifffile where it can without further libraries, else by OpenCV.
"""

import math
import struct
from io import BytesIO
from typing import NamedTuple

import cv2
import numpy as np
import tifffile

from training.contract.encodings import Pixels, max_value
from training.contract.headers import CUT_OFF, DAMAGES, UnreadableError
from training.contract.metadata import ORIENTATION, UPRIGHT, Metadata, byte_order_name, exif_from_tiff, exif_into_tiff

ICC_TAG, XMP_TAG = 34675, 700
ZLIB_LEVEL = 2  # 0.2 s for 6 megapixels against 1.0 at level 6, for files 15 % larger

_PLAIN = {
    tifffile.COMPRESSION.NONE,
    tifffile.COMPRESSION.ADOBE_DEFLATE,
    tifffile.COMPRESSION.DEFLATE,
    tifffile.COMPRESSION.PACKBITS,
}
_GREYS = {tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.MINISWHITE}
_CMYK = tifffile.PHOTOMETRIC.SEPARATED
_EXTRA_SAMPLES_TAG = 338
_COLOURS = {tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.PALETTE}


class Tiff(NamedTuple):
    """pixels: uint8 or uint16 [H, W, C], C 1 to 4 (grey, grey and alpha, RGB, RGBA), turned as `orientation` says."""

    pixels: Pixels
    orientation: int
    metadata: Metadata
    notes: tuple[str, ...]


def read_tiff(data: bytes) -> Tiff:
    """Read the first page. Raises UnreadableError for a damaged file, and for kinds of pixels that are not pictures here."""
    try:
        with tifffile.TiffFile(BytesIO(data)) as tiff:
            page = tiff.pages.first
            tags = {tag.code: tag.value for tag in page.tags}
            pixels, orientation, notes = _pixels(page, data, tags.get(ORIENTATION, 1))
            num_pages = len(tiff.pages)
    except (*DAMAGES, OSError, cv2.error) as error:
        raise UnreadableError(CUT_OFF) from error
    if num_pages > 1:
        notes = (*notes, f"Only the first of {num_pages} pages was used.")
    xmp, icc = tags.get(XMP_TAG), tags.get(ICC_TAG) if page.photometric != _CMYK else None
    metadata = Metadata(exif_from_tiff(data), bytes(xmp) if xmp else None, bytes(icc) if icc else None)
    return Tiff(pixels, orientation, metadata, notes)


def _pixels(page: tifffile.TiffPage, data: bytes, orientation: int) -> tuple[Pixels, int, tuple[str, ...]]:
    if page.dtype is None or page.dtype.kind not in "ub" or page.bitspersample not in (1, 2, 4, 8, 16):
        raise UnreadableError(
            "holds floating-point or other numbers that are not 8-bit or 16-bit pixels, which cannot be read. "
            "Save it with 8 or 16 bits"
        )
    if page.photometric == _CMYK and page.bitspersample != 8:
        raise UnreadableError("is a CMYK picture of 16 bits, which cannot be read. Convert it to RGB first")
    alpha_kind = page.extrasamples[0] if page.extrasamples else None
    if page.photometric in _GREYS | _COLOURS and page.compression in _PLAIN and page.bitspersample not in (2, 4):
        pixels = _by_tifffile(page, len(data))
    else:
        pixels, orientation = _by_opencv(page, data), UPRIGHT
    notes: tuple[str, ...] = ()
    if page.photometric == _CMYK:
        pixels, notes = np.ascontiguousarray(pixels[..., :3]), ("CMYK was converted to sRGB.",)
    elif alpha_kind is not None and pixels.shape[2] not in (2, 4):
        notes = ("Its transparency could not be read and was left out.",)
    elif alpha_kind == tifffile.EXTRASAMPLE.ASSOCALPHA:
        pixels = _divided_by_alpha(pixels)
    return pixels, orientation, notes


def _by_tifffile(page: tifffile.TiffPage, num_bytes: int) -> Pixels:
    parts = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    if len(parts) < math.prod(page.chunked) or any(not size or offset + size > num_bytes for offset, size in parts):
        raise UnreadableError(CUT_OFF)  # tifffile would fill the gaps with black
    array = page.asarray()
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE:
        table = page.colormap.T
        array = (table >> 8 if table.max() > 255 else table).astype(np.uint8)[array]
    elif page.planarconfig == tifffile.PLANARCONFIG.SEPARATE and array.ndim == 3:
        array = np.moveaxis(array, 0, 2)
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        array = np.iinfo(array.dtype).max - array
    array = array[..., None] if array.ndim == 2 else array
    if array.ndim != 3 or not 1 <= array.shape[2] <= 4:
        raise UnreadableError("is a TIFF of several layers or channels, which cannot be read as one picture. Save it as a flat one")
    return np.ascontiguousarray(array, array.dtype.newbyteorder("="))


def _by_opencv(page: tifffile.TiffPage, data: bytes) -> Pixels:
    """Decode what tifffile cannot, upright. Straight alpha is declared multiplied, or libtiff would multiply and lose colours."""
    extra = page.tags.get(_EXTRA_SAMPLES_TAG)
    if extra is not None and extra.value[:1] == (tifffile.EXTRASAMPLE.UNASSALPHA,):
        changed = bytearray(data)
        struct.pack_into(page.parent.byteorder + "H", changed, extra.valueoffset, tifffile.EXTRASAMPLE.ASSOCALPHA)
        data = bytes(changed)
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype not in (np.uint8, np.uint16):
        raise UnreadableError("is damaged or cut off, or a kind of TIFF that cannot be read. Convert it to PNG first")
    return _from_bgr(decoded)


def _divided_by_alpha(pixels: Pixels) -> Pixels:
    """Straight colours for ones that were stored multiplied by their alpha; black where nothing shows."""
    full = max_value(pixels.dtype)
    alpha = pixels[..., -1:]
    colour = np.rint(pixels[..., :-1] * (np.float32(full) / np.maximum(alpha, 1)))
    return np.concatenate([np.minimum(colour, full).astype(pixels.dtype), alpha], axis=2)


def _from_bgr(decoded: Pixels) -> Pixels:
    if decoded.ndim == 2:
        return decoded[..., None]
    code = cv2.COLOR_BGRA2RGBA if decoded.shape[2] == 4 else cv2.COLOR_BGR2RGB
    converted: Pixels = cv2.cvtColor(decoded, code)
    return converted


def write_tiff(pixels: Pixels, metadata: Metadata) -> tuple[bytes, tuple[str, ...]]:
    """Write [H, W, C] losslessly with all metadata; gives the file and what could not be kept."""
    notes: tuple[str, ...] = ()
    order = "<"
    if metadata.exif is not None:
        try:
            order = byte_order_name(metadata.exif)
        except ValueError:
            metadata, notes = Metadata(None, metadata.xmp, metadata.icc), ("Its EXIF data are damaged and were left out.",)
    channels = pixels.shape[2]
    extra = [(XMP_TAG, 1, len(metadata.xmp), metadata.xmp, True)] if metadata.xmp else []
    buffer = BytesIO()
    tifffile.imwrite(
        buffer,
        pixels if channels > 1 else pixels[..., 0],
        byteorder=order,
        photometric="rgb" if channels >= 3 else "minisblack",
        planarconfig="contig" if channels > 1 else None,
        extrasamples=["unassalpha"] if channels in (2, 4) else None,
        compression="zlib",
        compressionargs={"level": ZLIB_LEVEL},
        predictor=True,
        iccprofile=metadata.icc,
        metadata=None,
        software=False,
        extratags=extra,
    )
    data = buffer.getvalue()
    if metadata.exif is not None:
        try:
            data = exif_into_tiff(data, metadata.exif)
        except DAMAGES:
            notes = (*notes, "Its EXIF data are damaged and were left out.")
    return data, notes
