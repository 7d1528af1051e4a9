"""Whole pictures out of files: pixels upright, and everything that belongs to them. `picture_writing` makes files of them again.

The door to what a picture is and to what names say of it: other rooms import both from here.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from training.contract.decoding import decode, decode_reduced
from training.contract.encodings import Pixels
from training.contract.errors import PictureError
from training.contract.files import open_to_read
from training.contract.headers import Format, Header, UnreadableError, read_header
from training.contract.metadata import Metadata
from training.contract.picture_names import OutputFormat, is_picture_name, named_format, output_format, raw_kind, suffix_for

__all__ = [
    "MAX_PIXELS",
    "Format",
    "Metadata",
    "OutputFormat",
    "Picture",
    "is_picture_name",
    "output_format",
    "picture_bits",
    "picture_size",
    "raw_kind",
    "read_picture",
    "read_reduced",
    "suffix_for",
]

MAX_PIXELS = 300_000_000
"""Larger pictures are refused by their header: decoded, and with a result beside it, one would take over 2 GB."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture in memory.

    pixels: uint8 or uint16 [H, W, C], C 1 (grey) or 3 (RGB), upright. alpha: the same dtype [H, W]; None where all is opaque.
    """

    pixels: Pixels
    alpha: Pixels | None
    metadata: Metadata
    """Of the upright picture: orientation 1, no thumbnail."""
    format: Format
    """What the file was by its content."""
    notes: tuple[str, ...]
    """What reading lost or decided, as sentences."""


def picture_size(path: Path) -> tuple[int, int]:
    """(height, width) of the upright picture, from the header alone. Raises PictureError as `read_picture` does."""
    with _named(path, path.name), open_to_read(path) as file:
        return _accepted(read_header(file)).upright_size


def picture_bits(path: Path) -> int:
    """Bits a channel, 8 or more, from the header alone; of PNG and TIFF, all else counts as 8. Raises PictureError as above."""
    with _named(path, path.name), open_to_read(path) as file:
        return _accepted(read_header(file)).bits


def read_picture(path: Path, name: str = "") -> Picture:
    """Read a picture whole. Raises PictureError, naming the file, for what is no picture, damaged, cut off or too large.

    `name`: what to call it, where its own name could be that of several.
    """
    with _named(path, name or path.name):
        with open_to_read(path) as file:
            header = _accepted(read_header(file))
            file.seek(0)
            data = file.read()
        pixels, alpha, stored, lost = decode(data, header)
    metadata = stored.upright
    notes = list(lost)
    if stored.exif is not None and metadata.exif is None:
        notes.append("Its EXIF data are damaged and were left out.")
    if named_format(path.name) != header.format:
        notes.append(f"The file is named {path.suffix or 'without a suffix'} but is {header.format.upper()}.")
    if header.num_frames > 1:
        notes.append(f"Only the first of {header.num_frames} frames was used.")
    return Picture(pixels, alpha, metadata, header.format, tuple(notes))


def read_reduced(path: Path, side: int) -> Pixels:
    """The upright colours of a picture at a fraction of its size, [H, W, C], no side shorter than `side` unless its own is.

    Only JPEG files gain by it; all others are read whole. Raises PictureError as `read_picture` does.
    """
    with _named(path, path.name), open_to_read(path) as file:
        header = _accepted(read_header(file))
        file.seek(0)
        reduced = decode_reduced(file.read(), header, side) if header.format == "jpg" else None
    return read_picture(path).pixels if reduced is None else reduced


def _accepted(header: Header) -> Header:
    if header.height * header.width > MAX_PIXELS:
        raise UnreadableError(
            f"claims to be {header.width} x {header.height} pixels, more than the {MAX_PIXELS // 1_000_000} megapixels that are "
            "read. Make it smaller first"
        )
    return header


@contextlib.contextmanager
def _named(path: Path, name: str) -> Iterator[None]:
    """Turns whatever reading a file raises into a PictureError that calls it `name`."""
    try:
        yield
    except OSError as error:
        raise _unopened(path, name, error) from error
    except UnreadableError as error:
        raise PictureError(f"{name} {error}.") from error
    except MemoryError as error:
        raise PictureError(
            f"{name} is too large for this computer's free memory. Close other programs, or make it smaller."
        ) from error


def _unopened(path: Path, name: str, error: OSError) -> PictureError:
    if path.is_dir():  # which Windows reports as a missing permission
        return PictureError(f"{name} is a folder, not a picture.")
    if isinstance(error, FileNotFoundError):
        return PictureError(f"{name} is no longer there. Was it moved or renamed?")
    if isinstance(error, PermissionError):
        return PictureError(f"{name} may not be read: permission was denied. Change its permissions, or copy it elsewhere.")
    return PictureError(f"{name} cannot be read: {error.strerror or error}.")
