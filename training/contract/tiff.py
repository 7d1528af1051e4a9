"""TIFF files with what belongs to them: OpenCV reads and writes neither EXIF nor ICC nor XMP there.

Pixels are decoded by tifffile where it can without further libraries, else by OpenCV.
"""

from io import BytesIO
from typing import NamedTuple

import cv2
import numpy as np
import tifffile

from training.contract.encodings import Pixels
from training.contract.errors import PictureError
from training.contract.metadata import Metadata, byte_order_name, exif_from_tiff, exif_into_tiff

ICC_TAG, XMP_TAG, EXIF_TAG = 34675, 700, 34665
ORIENTATION_TAG = 274

_PLAIN = {
    tifffile.COMPRESSION.NONE,
    tifffile.COMPRESSION.ADOBE_DEFLATE,
    tifffile.COMPRESSION.DEFLATE,
    tifffile.COMPRESSION.PACKBITS,
}
_GREYS = {tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.MINISWHITE}
_COLOURS = {tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.PALETTE}


class Tiff(NamedTuple):
    """pixels: uint8 or uint16 [H, W, C], C 1 to 4 (grey, grey and alpha, RGB, RGBA), turned as `orientation` says."""

    pixels: Pixels
    orientation: int
    metadata: Metadata
    notes: tuple[str, ...]


def read_tiff(data: bytes) -> Tiff:
    """Read the first page. Raises PictureError, without a file's name, for kinds of pixels that are not pictures here."""
    try:
        with tifffile.TiffFile(BytesIO(data)) as tiff:
            page = tiff.pages.first
            tags = {tag.code: tag.value for tag in page.tags}
            pixels, orientation = _pixels(page, data, int(tags.get(ORIENTATION_TAG, 1)))
            num_pages = len(tiff.pages)
    except PictureError:
        raise
    except (tifffile.TiffFileError, ValueError, KeyError, IndexError, TypeError, RuntimeError, OSError, cv2.error) as error:
        raise PictureError("is damaged or cut off") from error
    notes = (f"Only the first of {num_pages} pages was used.",) if num_pages > 1 else ()
    icc, xmp = tags.get(ICC_TAG), tags.get(XMP_TAG)
    metadata = Metadata(exif_from_tiff(data), bytes(xmp) if xmp else None, bytes(icc) if icc else None)
    return Tiff(pixels, orientation, metadata, notes)


def _pixels(page: tifffile.TiffPage, data: bytes, orientation: int) -> tuple[Pixels, int]:
    if page.dtype is None or (page.dtype.kind != "u" and page.dtype != np.bool_) or page.dtype.itemsize > 2:
        raise PictureError("holds numbers that are not 8-bit or 16-bit pixels, which cannot be read")
    if page.photometric not in _GREYS | _COLOURS or page.compression not in _PLAIN:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if decoded is None or decoded.dtype not in (np.uint8, np.uint16):
            raise PictureError("is a kind of TIFF that cannot be read")
        return _from_bgr(decoded), 1  # OpenCV has turned it already
    array = page.asarray()
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE:
        array = page.colormap.T[array].astype(np.uint16)
        array = (array >> 8).astype(np.uint8)
    elif page.planarconfig == tifffile.PLANARCONFIG.SEPARATE and array.ndim == 3:
        array = np.moveaxis(array, 0, 2)
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * 255
    elif page.bitspersample < 8:
        array = (array * (255 // ((1 << page.bitspersample) - 1))).astype(np.uint8)
    elif 8 < page.bitspersample < 16:
        array = array << (16 - page.bitspersample)
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        array = np.iinfo(array.dtype).max - array
    array = array[..., None] if array.ndim == 2 else array
    if array.ndim != 3 or not 1 <= array.shape[2] <= 4:
        raise PictureError("is a TIFF of several layers or channels, which cannot be read as one picture")
    return np.ascontiguousarray(array), orientation


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
        compressionargs={"level": 6},
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
        except (ValueError, IndexError, KeyError):
            notes = (*notes, "Its EXIF data are damaged and were left out.")
    return data, notes
