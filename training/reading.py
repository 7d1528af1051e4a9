"""Pairs as pixels: read, cut apart or brought to one size, and kept in memory as far as it is allowed."""

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from training.contract.config import TrainConfig
from training.contract.corrections import Correction
from training.contract.encodings import Encoding, Pixels, encoding_named, join_alpha, to_8_bit, to_16_bit, to_grey, to_rgb
from training.contract.errors import PairingError, PictureError
from training.contract.framing import long_side_at, resize, resize_nearest
from training.contract.pairing import PairFiles, Pairs, find_pairs
from training.contract.pictures import Picture, picture_bits, read_picture
from training.degrade import Rgb
from training.glances import Glances
from training.splitting import divided, without

BITS_SAMPLE = 100  # pairs whose headers are looked at: enough to notice what is so throughout
MAX_STRETCH = 1.05  # ratio of the aspects of two pictures that still count as one shape


class ShapeError(PictureError):
    """Two pictures differ so much in shape that they are no pair."""


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

    def lined_up(self, correction: Correction) -> Self:
        """Both cut to what they show in common, pixel over pixel."""
        first, second = self.both
        if correction.mirrored:
            second = second[:, ::-1]
        ours, theirs = correction.overlap(*first.shape[:2])
        return replace(self, first=np.ascontiguousarray(first[ours]), second=np.ascontiguousarray(second[theirs]))

    def fitted(self, side: int) -> Self:
        """Both with a long side of so many pixels."""
        return self.resized(long_side_at(side, *self.first.shape[:2]))

    def resized(self, size: tuple[int, int]) -> Self:
        """Both brought to (height, width), labels and depths without mixing."""
        return replace(
            self,
            first=_resized(self.first, size, self.kinds[0]),
            second=None if self.second is None else _resized(self.second, size, self.kinds[1]),
        )


def pairs_of_run(config: TrainConfig, run: Path | None) -> Pairs:
    """The pairs that a run in the folder `run`, if it has one, trains on and those it measures with. Raises PairingError."""
    found = split_pairs(config, run)
    sentence = too_few(found, config)
    if sentence:
        raise PairingError(sentence)
    return replace(found, held_out=tuple(spread(found.held_out, config.validation_pairs)))


def split_pairs(config: TrainConfig, run: Path | None = None) -> Pairs:
    """All pairs that suit the task, those of `run` left out, split by their owner or by what they hold. Raises PairingError."""
    found, glances = _suitable(config, run)
    return arranged(divided(found, config.seed, glances, frozenset(config.leave_out)), config)


def unsplit_pairs(config: TrainConfig) -> Pairs:
    """As above, but what the owner did not split is all in `train`, which takes no look at the pictures. Raises PairingError."""
    return arranged(without(_suitable(config, None)[0], frozenset(config.leave_out)), config)


def too_few(found: Pairs, config: TrainConfig) -> str:
    """Why nothing can be trained on these pairs, as a sentence; "" if it can."""
    if found.train and found.held_out:
        return ""
    what = "pictures" if config.task_spec.wanted == "photos" else "pairs"
    return f"{config.data} holds too few {what}: at least one is needed to train on, and one to measure with." + _why_few(found)


def told_of_pairs(found: Pairs, config: TrainConfig) -> Iterator[tuple[str, str]]:
    """(code, sentence) of what a person should know of the pairs of a run."""
    yield from told_of_names(found)
    lonely = [*found.lonely, *found.ambiguous]
    if lonely:
        yield "pictures_without_partner", f"Pictures without a partner are left out, {len(lonely)}: {_some(lonely)}"
    if found.unfit:
        yield (
            "pictures_without_green",
            f"Pictures with less than {config.task_spec.least_green:.0%} of green are left out, {len(found.unfit)}: "
            f"{_some(found.unfit)}",
        )
    deeper, looked_at = _deeper(found, config)
    if deeper:
        yield (
            "bits_left_out",
            f"{len(deeper)} of {looked_at} pictures that were looked at have 16 bits a channel, of which the network sees 8 "
            f"({_some(deeper)}). encoding_in and encoding_out say how many count.",
        )


def told_of_names(found: Pairs) -> Iterator[tuple[str, str]]:
    """(code, sentence) of what settings call pairs, and nothing is called."""
    if found.unknown:
        names = ", ".join(found.unknown[:3]) + ("..." if len(found.unknown) > 3 else "")
        yield (
            "unknown_pairs",
            f"leave_out or line_up name pairs that are not there, or that are one picture, {len(found.unknown)}: {names}",
        )


def _some(paths: Sequence[Path]) -> str:
    return ", ".join(path.name for path in paths[:3]) + ("..." if len(paths) > 3 else "")


def _why_few(found: Pairs) -> str:
    if found.unfit:
        return f" {len(found.unfit)} were left out, because they have too little green in them to make winter of."
    if found.lonely:
        return f" {len(found.lonely)} pictures have no partner of the same name ({_some(found.lonely)})."
    if len(found.train) > 1 and found.split_by == "content":
        return " Those it holds are copies of one, or look like it. Choose which measure: put them into a folder val beside train."
    return ""


def _suitable(config: TrainConfig, run: Path | None) -> tuple[Pairs, Glances]:
    """Pairs that hold what the task is about."""
    other = Path(config.data_b) if config.data_b else None
    found = _settled(find_pairs(Path(config.data), config.task_spec.wanted, other=other, left_out=run), config)
    glances, least = Glances(strips=found.layout == "strips"), config.task_spec.least_green
    if least == 0:
        return found, glances

    def is_fit(pair: PairFiles) -> bool:
        glance = glances.of(pair.a)
        return glance.green >= least or not glance.looks  # what cannot be read is told as such

    every = (*found.train, *found.held_out)
    glances.look_at(pair.a for pair in every)
    chosen = replace(found, train=tuple(filter(is_fit, found.train)), held_out=tuple(filter(is_fit, found.held_out)))
    return replace(chosen, unfit=tuple(pair.a for pair in every if not is_fit(pair))), glances


def _settled(found: Pairs, config: TrainConfig) -> Pairs:
    """With what the person has settled about single pairs, as far as there are such pairs."""
    corrections = {item.pair: item for item in config.line_up} if found.layout != "photos" else {}

    def corrected(pairs: tuple[PairFiles, ...]) -> tuple[PairFiles, ...]:
        return tuple(pair._replace(correction=corrections.get(pair.key)) for pair in pairs)

    keys = {pair.key for pair in (*found.train, *found.held_out)}
    named = dict.fromkeys((*config.leave_out, *(item.pair for item in config.line_up)))
    moved = {item.pair for item in config.line_up} - corrections.keys()
    unknown = tuple(name for name in named if name not in keys or name in moved)
    return replace(found, train=corrected(found.train), held_out=corrected(found.held_out), unknown=unknown)


def _deeper(found: Pairs, config: TrainConfig) -> tuple[list[Path], int]:
    """Pictures of 16 bits where 8 are read, and how many were looked at; their headers, that is."""
    sampled = list(spread((*found.train, *found.held_out), BITS_SAMPLE))
    kinds = sides_of(config)
    shallow = [
        path for pair in sampled for path, kind in zip((pair.a, pair.b), kinds, strict=True) if path and kind.encoding.bits == 8
    ]
    return [path for path in shallow if _stored_bits(path) > 8], len(shallow)


def _stored_bits(path: Path) -> int:
    """Bits a channel; 8 of what cannot be read, which is told where it is wanted whole."""
    try:
        return picture_bits(path)
    except PictureError:
        return 8


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
        return tuple(PairFiles(pair.name, pair.b, None, pair.key) for pair in pairs if pair.b)

    return replace(found, layout="photos", train=alone(found.train), held_out=alone(found.held_out))


class PairReader:
    """Reads pairs as a config wants them, and keeps as many as fit into `max_bytes`; those used longest ago go first.

    What is kept is ready to be cropped: for `fit` tasks the pictures at their fitted size, for 12 megapixels take long to shrink.
    """

    def __init__(self, config: TrainConfig, layout: str, max_bytes: int) -> None:
        self._layout = layout
        self._kinds = sides_of(config)
        self._fitted_side = config.fitted_size if config.task_spec.size_mode == "fit" else None
        self._max_bytes = max_bytes
        self._bytes = 0
        self._ready: OrderedDict[PairFiles, Sides] = OrderedDict()

    def ready(self, files: PairFiles) -> Sides:
        """The pair, its long side fitted where the task fits. Raises PictureError, naming the file."""
        if files in self._ready:
            self._ready.move_to_end(files)
            return self._ready[files]
        return self._read(files)[1]

    def whole(self, files: PairFiles) -> Sides:
        """The pair at its own size. Raises PictureError, naming the file."""
        return self.ready(files) if self._fitted_side is None else self._read(files)[0]

    def _read(self, files: PairFiles) -> tuple[Sides, Sides]:
        """Whole and ready; the latter is kept."""
        whole = read_pair(files, self._layout, self._kinds)
        ready = whole if self._fitted_side is None else whole.fitted(self._fitted_side)
        replaced = self._ready.pop(files, None)
        self._ready[files] = ready
        self._bytes += _size(ready) - (_size(replaced) if replaced else 0)
        while self._bytes > self._max_bytes:
            self._bytes -= _size(self._ready.popitem(last=False)[1])
        return whole, ready


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
    return paired(read_pictures(files), files, layout, kinds)


def read_pictures(files: PairFiles) -> tuple[Picture, Picture | None]:
    """The files of a pair as they are. Raises PictureError, naming them with their folders where there are two."""
    first, second = names_of(files)
    return read_picture(files.a, first), read_picture(files.b, second) if files.b else None


def paired(pictures: tuple[Picture, Picture | None], files: PairFiles, layout: str, kinds: tuple[Side, Side]) -> Sides:
    """The pictures of a pair's files as two sides. Raises PictureError as `read_pair` does."""
    (first, second), names = pictures, names_of(files)
    if layout == "strips":
        first, second = _halves(first, files.a)
    if second is None:
        return Sides(kinds[0].pixels(first, names[0]), None, kinds)
    sides = _of_one_size(kinds[0].pixels(first, names[0]), kinds[1].pixels(second, names[1]), names, kinds)
    return sides if files.correction is None else sides.lined_up(files.correction)


def names_of(files: PairFiles) -> tuple[str, str]:
    """What to call the files of a pair: with their folders where they would be called the same."""
    if files.b is None:
        return files.a.name, files.a.name
    try:
        common = os.path.commonpath([files.a.parent, files.b.parent])
    except ValueError:  # two drives
        return str(files.a), str(files.b)
    return files.a.relative_to(common).as_posix(), files.b.relative_to(common).as_posix()


def _halves(strip: Picture, path: Path) -> tuple[Picture, Picture]:
    width = strip.pixels.shape[1] // 2
    if width == 0:
        raise PictureError(f"{path.name} is one pixel wide, so it holds no two pictures side by side.")
    parts = []
    for columns in (slice(0, width), slice(strip.pixels.shape[1] - width, None)):
        alpha = None if strip.alpha is None else np.ascontiguousarray(strip.alpha[:, columns])
        parts.append(replace(strip, pixels=np.ascontiguousarray(strip.pixels[:, columns]), alpha=alpha))
    return parts[0], parts[1]


def _of_one_size(first: Pixels, second: Pixels, names: tuple[str, str], kinds: tuple[Side, Side]) -> Sides:
    """Both at the smaller of their sizes: nothing is invented."""
    sides = Sides(first, second, kinds)
    (height, width), (other_height, other_width) = first.shape[:2], second.shape[:2]
    if (height, width) == (other_height, other_width):
        return sides
    stretch = (width / height) / (other_width / other_height)
    if not 1 / MAX_STRETCH <= stretch <= MAX_STRETCH:
        raise ShapeError(
            f"{names[0]} ({width} x {height}) and {names[1]} ({other_width} x {other_height}) have different shapes, "
            "so they are no pair."
        )
    return sides.resized(min((height, width), (other_height, other_width)))


def _resized(pixels: Pixels, size: tuple[int, int], kind: Side) -> Pixels:
    if pixels.shape[:2] == size:
        return pixels
    return resize_nearest(pixels, size) if kind.is_exact else resize(pixels, size)


def _size(sides: Sides) -> int:
    return sides.first.nbytes + (0 if sides.second is None else sides.second.nbytes)
