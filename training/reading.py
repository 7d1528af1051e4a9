"""Pairs as pixels: read, cut apart or brought to one size, and kept in memory as far as it is allowed."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from training.contract.config import TrainConfig
from training.contract.encodings import Encoding, Pixels, encoding_named, join_alpha, to_8_bit, to_16_bit, to_grey, to_rgb
from training.contract.errors import PairingError, PictureError
from training.contract.framing import resize, resize_nearest
from training.contract.pairing import PairFiles, Pairs, find_pairs
from training.contract.pictures import Picture, read_picture
from training.degrade import Rgb

MAX_STRETCH = 1.05  # ratio of the aspects of two pictures that still count as one shape


@dataclass(frozen=True, slots=True)
class Side:
    """What the pictures of one side are."""

    encoding: Encoding
    is_label: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether neighbouring pixels must never be mixed."""
        return self.is_label or self.encoding.is_depth

    @property
    def is_photo(self) -> bool:
        """Whether its colours may vary as light does."""
        return not self.is_label and self.encoding.name in ("rgb8", "rgb16", "grey8", "grey16")

    def pixels(self, picture: Picture, name: str) -> Pixels:
        """A picture's pixels as this side wants them. Raises PictureError for what is no depth picture and should be."""
        if self.encoding.is_depth:
            if picture.pixels.dtype != np.uint16 or picture.pixels.shape[2] != 1:
                raise PictureError(f"{name} is no 16-bit grey picture, as depth must be.")
            return picture.pixels
        pixels = picture.pixels
        colours = to_grey(pixels) if self.encoding.channels <= 2 and not self.encoding.name.startswith("lab") else to_rgb(pixels)
        if self.encoding.has_alpha:
            colours = join_alpha(colours, picture.alpha)
        return to_8_bit(colours) if self.encoding.bits == 8 else to_16_bit(colours)


@dataclass(frozen=True, slots=True)
class Sides:
    """The pictures of one pair, of one size [H, W, C] each; `second` is None where the pair will be made of the first."""

    first: Pixels
    second: Pixels | None
    kinds: tuple[Side, Side]

    @property
    def rgb(self) -> Rgb:
        """The photograph that a pair is made of."""
        return to_8_bit(self.first)

    @property
    def both(self) -> tuple[Pixels, Pixels]:
        if self.second is None:
            raise ValueError("there is one picture only")
        return self.first, self.second

    @property
    def depth(self) -> Pixels:
        """The depth map, alone or behind its photograph."""
        return self.first if self.second is None else self.second

    def each(self, change: Callable[[Pixels], Pixels]) -> Self:
        return replace(self, first=change(self.first), second=None if self.second is None else change(self.second))

    def resized(self, size: tuple[int, int]) -> Self:
        """Both brought to (height, width), labels and depths without mixing."""
        return replace(
            self,
            first=_resized(self.first, size, self.kinds[0]),
            second=None if self.second is None else _resized(self.second, size, self.kinds[1]),
        )


def pairs_of_run(config: TrainConfig, run: Path | None) -> Pairs:
    """The pairs that a run in the folder `run`, if it has one, trains on and those it measures with. Raises PairingError."""
    other = Path(config.data_b) if config.data_b else None
    found = find_pairs(Path(config.data), config.task_spec.wanted, other=other, left_out=run, seed=config.seed)
    found = arranged(found, config)
    if not found.train or not found.held_out:
        what = "pictures" if config.task_spec.wanted == "photos" else "pairs"
        raise PairingError(f"{config.data} holds too few {what}: at least one is needed to train on, and one to measure with.")
    return replace(found, held_out=tuple(spread(found.held_out, config.validation_pairs)))


def spread(pairs: Sequence[PairFiles], count: int) -> Sequence[PairFiles]:
    """At most `count` of the pairs, evenly over the list."""
    if len(pairs) <= count:
        return pairs
    return [pairs[index * len(pairs) // count] for index in range(count)]


def arranged(found: Pairs, config: TrainConfig) -> Pairs:
    """Pairs as a run reads them: depth that is to be filled goes with its photographs only where the network wants them.

    Raises PairingError.
    """
    if config.task_spec.source != "sparse":
        return found
    guided = config.encodings[0].name == "rgb_depth16"
    if guided and found.layout != "folders":
        raise PairingError(f"{config.data} holds no folders rgb and depth side by side, which {config.encodings[0].name} needs.")
    if guided or found.layout != "folders":
        return found

    def alone(pairs: tuple[PairFiles, ...]) -> tuple[PairFiles, ...]:
        return tuple(PairFiles(pair.name, pair.b, None) for pair in pairs if pair.b)

    return replace(found, layout="photos", train=alone(found.train), held_out=alone(found.held_out))


class PairReader:
    """Reads pairs as a config wants them, and keeps as many as fit into `max_bytes`; those used longest ago go first."""

    def __init__(self, config: TrainConfig, layout: str, max_bytes: int) -> None:
        self._layout = layout
        self._kinds = sides_of(config)
        self._max_bytes = max_bytes
        self._bytes = 0
        self._read: OrderedDict[PairFiles, Sides] = OrderedDict()

    def read(self, files: PairFiles) -> Sides:
        """Raises PictureError, naming the file."""
        if files in self._read:
            self._read.move_to_end(files)
            return self._read[files]
        sides = read_pair(files, self._layout, self._kinds)
        self._read[files] = sides
        self._bytes += _size(sides)
        while self._bytes > self._max_bytes:
            self._bytes -= _size(self._read.popitem(last=False)[1])
        return sides


def sides_of(config: TrainConfig) -> tuple[Side, Side]:
    """What the pictures A and B of a run are."""
    task, (entering, leaving) = config.task_spec, config.encodings
    if task.source == "found":
        of_input, of_output = Side(entering, config.labelled_side == "input"), Side(leaving, config.labelled_side == "output")
        return (of_output, of_input) if config.is_reversed else (of_input, of_output)
    if task.source == "sparse":
        depth = Side(encoding_named("depth16"))
        return (Side(encoding_named("rgb8")), depth) if entering.name == "rgb_depth16" else (depth, depth)
    return Side(encoding_named("rgb8")), Side(encoding_named("rgb8"))


def read_pair(files: PairFiles, layout: str, kinds: tuple[Side, Side]) -> Sides:
    """Raises PictureError for what cannot be read, for depth that is none, and for two pictures of different shapes."""
    first = read_picture(files.a)
    if layout == "strips":
        left, right = _halves(first, files.a)
        return _of_one_size(kinds[0].pixels(left, files.a.name), kinds[1].pixels(right, files.a.name), files, kinds)
    if files.b is None:
        return Sides(kinds[0].pixels(first, files.a.name), None, kinds)
    second = read_picture(files.b)
    return _of_one_size(kinds[0].pixels(first, files.a.name), kinds[1].pixels(second, files.b.name), files, kinds)


def _halves(strip: Picture, path: Path) -> tuple[Picture, Picture]:
    width = strip.pixels.shape[1] // 2
    if width == 0:
        raise PictureError(f"{path.name} is one pixel wide, so it holds no two pictures side by side.")
    parts = []
    for columns in (slice(0, width), slice(strip.pixels.shape[1] - width, None)):
        alpha = None if strip.alpha is None else np.ascontiguousarray(strip.alpha[:, columns])
        parts.append(replace(strip, pixels=np.ascontiguousarray(strip.pixels[:, columns]), alpha=alpha))
    return parts[0], parts[1]


def _of_one_size(first: Pixels, second: Pixels, files: PairFiles, kinds: tuple[Side, Side]) -> Sides:
    """Both at the smaller of their sizes: nothing is invented."""
    sides = Sides(first, second, kinds)
    (height, width), (other_height, other_width) = first.shape[:2], second.shape[:2]
    if (height, width) == (other_height, other_width):
        return sides
    stretch = (width / height) / (other_width / other_height)
    if not 1 / MAX_STRETCH <= stretch <= MAX_STRETCH:
        other = files.b.name if files.b else "its partner"
        raise PictureError(
            f"{files.a.name} ({width} x {height}) and {other} ({other_width} x {other_height}) have different shapes, "
            "so they are no pair."
        )
    return sides.resized(min((height, width), (other_height, other_width)))


def _resized(pixels: Pixels, size: tuple[int, int], kind: Side) -> Pixels:
    if pixels.shape[:2] == size:
        return pixels
    return resize_nearest(pixels, size) if kind.is_exact else resize(pixels, size)


def _size(sides: Sides) -> int:
    return sides.first.nbytes + (0 if sides.second is None else sides.second.nbytes)
