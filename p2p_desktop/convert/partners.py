"""The second picture of models that take two: found in a folder of its own by the name of the first, without the suffix."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from training.contract.encodings import join_depth
from training.contract.errors import PictureError
from training.contract.framing import resize_nearest
from training.contract.pairing import composed, pictures_below
from training.contract.pictures import Picture, read_picture


class Partners:
    """The pictures of one folder and all below it, by name. Looked up once; may be used in several threads."""

    def __init__(self, folder: Path) -> None:
        """Raises PictureError if the folder cannot be read."""
        self._folder = folder
        self._paths: dict[str, list[Path]] = {}
        try:
            found = pictures_below(folder) if folder.is_dir() else []
        except OSError as error:
            raise PictureError(f"The folder {folder} cannot be read: {error.strerror}.") from error
        for path in found:
            self._paths.setdefault(composed(path.stem), []).append(path)

    def joined(self, source: Path, picture: Picture) -> Picture:
        """The picture with its depth behind its colours, for `rgb_depth16`. Raises PictureError unless there is just one depth."""
        paths = self._paths.get(composed(source.stem), [])
        if len(paths) != 1:
            what = "no picture" if not paths else f"{len(paths)} pictures"
            raise PictureError(f"There is {what} named {source.stem} in {self._folder}, where its depth should be.")
        depth = read_picture(paths[0]).pixels
        if depth.dtype != np.uint16 or depth.shape[2] != 1:
            raise PictureError(f"{paths[0].name} is no 16-bit grey picture, as depth must be.")
        if depth.shape[:2] != picture.pixels.shape[:2]:
            depth = resize_nearest(depth, picture.pixels.shape[:2])
        return replace(picture, pixels=join_depth(picture.pixels, depth))
