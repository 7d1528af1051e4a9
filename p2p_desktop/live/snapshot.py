"""One frame kept as a PNG that says by which model and with which settings it was made."""

import errno
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from p2p_desktop.owner import Owner
from p2p_desktop.placing import place_numbered
from p2p_desktop.temporaries import sweep, written
from training.contract import png
from training.contract.encodings import Pixels
from training.contract.errors import PictureError
from training.contract.files import open_to_read
from training.contract.metadata import Metadata
from training.contract.picture_writing import encode_picture
from training.contract.pictures import Picture
from training.contract.version import __version__

ABOUT = "p2p"
"""The keyword under which all that was said of a snapshot lies as one JSON object."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def save_snapshot(pixels: Pixels, folder: Path, *, name: str, about: Mapping[str, str]) -> Path:
    """Write a PNG, whole or not at all, and return where it lies: under `name` in `folder`, or numbered if that is taken.

    pixels: uint8 [H, W, 1 or 3], or uint16 [H, W, 1] for depth, whose counts are kept as they are; ValueError for anything else.
    about: what to tell of it, such as model, strength and size; `read_about` gives it back.
    Raises PictureError if it cannot be written. The folder is made if it is missing. May take as long as its disk does.
    """
    _check(pixels)
    picture = Picture(pixels, None, Metadata(), "png", ())
    data = png.with_texts(encode_picture(picture, "png").data, _texts(Path(name).stem, about))
    try:
        sweep(folder)
        with written(data, folder, Owner.new()) as temporary:
            return place_numbered(temporary.path, folder / name)
    except OSError as error:
        raise PictureError(_unwritable(folder, error)) from error


def read_about(path: Path) -> dict[str, str]:
    """What was told of a snapshot when it was saved; nothing for a picture that is no snapshot. PictureError if it is no PNG."""
    try:
        with open_to_read(path) as file:
            data = file.read()
    except OSError as error:
        raise PictureError(f"{path} cannot be read: {error.strerror}. Choose another picture.") from error
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        raise PictureError(f"{path} is no PNG. Snapshots are PNG files: choose one of them.")
    try:
        about = json.loads(png.read_texts(data).get(ABOUT, "{}"))
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in about.items()} if isinstance(about, dict) else {}


def _check(pixels: Pixels) -> None:
    depth = pixels.dtype == np.uint16 and pixels.ndim == 3 and pixels.shape[2] == 1
    colours = pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] in (1, 3)
    if not (depth or colours) or not pixels.size:
        raise ValueError(f"a snapshot is uint8 [H, W, 1 or 3] or uint16 [H, W, 1], not {pixels.dtype} {list(pixels.shape)}")


def _texts(title: str, about: Mapping[str, str]) -> dict[str, str]:
    """`Software`, `Title` and `Description` are keywords that the PNG specification names: other programs show them."""
    said = ", ".join(f"{key} {value}" for key, value in about.items())
    return {
        "Software": f"P2P Desktop {__version__}",
        "Title": title,
        "Description": f"A frame translated live by P2P Desktop{': ' + said if said else ''}.",
        ABOUT: json.dumps(dict(about), ensure_ascii=False),
    }


def _unwritable(folder: Path, error: OSError) -> str:
    if error.errno in _FULL:
        return f"The snapshot was not saved: the disk of {folder} is full. Free some space, and take it again."
    if error.errno in _REFUSED:
        return f"The snapshot was not saved: {folder} cannot be written to. Choose another folder for snapshots."
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return f"The snapshot was not saved: {folder} is no folder. Choose another folder for snapshots."
    return f"The snapshot was not saved in {folder}: {error.strerror}. See that its drive is connected, and take it again."
