"""The pictures that measure a model: pairs as they are, or made in the same way at every call."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from training.contract.config import LARGEST_CROP, LEAST_CROP, TrainConfig
from training.contract.encodings import Pixels, join_depth
from training.contract.errors import PictureError
from training.contract.framing import fit_size
from training.contract.model_file import ModelCard
from training.contract.pairing import PairFiles
from training.dataset import make_pair
from training.degrade import DEBLUR_TEST_KINDS, BlurKind, deblur_test_input, drawn_edges, grey
from training.reading import Sides, read_pair, sides_of
from training.snow import winter
from training.sparse import holes, points, scans

QUICK_SIDE = 1024  # pixels; a run's measurements must fit beside its training, whatever camera the pictures are from
STREAM = 3  # of random numbers: apart from those of training
TEST_EDGES = 1.2, 0.85, 2  # sigma, level and pen of drawn_edges
SPARSE_TESTS = ("1 % of the points", "5 % of the points", "64 scan lines", "sensor holes")


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One picture to measure on: pixels [H, W, C], and the kind under which its result is reported."""

    name: str
    kind: str
    source: Pixels
    target: Pixels


def quick_set(config: TrainConfig, files: Sequence[PairFiles], layout: str, damaged: Callable[[str], None]) -> Iterator[HeldOut]:
    """The set of a training run: the middle of each pair once; what is made takes turns.

    `damaged` hears a sentence for each pair that cannot be read.
    """
    for index, sides in _readable(config, files, layout, damaged):
        kinds = _made(sides.each(_middle), config, index)
        if config.task_spec.source == "blur":  # blurs take turns, and noise does
            kinds = kinds[index % 2 :: 2]
        name, make = kinds[index % len(kinds)]
        source, target = make()
        yield HeldOut(_name(files[index]), name, source, target)


def full_set(config: TrainConfig, files: Sequence[PairFiles], layout: str, damaged: Callable[[str], None]) -> Iterator[HeldOut]:
    """Whole pictures, each in every kind that its task has; for `deblur` also untouched ("sharp"). `damaged` as above."""
    for index, sides in _readable(config, files, layout, damaged):
        if config.task_spec.source == "blur":
            yield HeldOut(_name(files[index]), "sharp", sides.rgb, sides.rgb)
        for kind, make in _made(sides, config, index):
            source, target = make()
            yield HeldOut(_name(files[index]), kind, source, target)


def full_set_size(config: TrainConfig) -> int:
    """Rows that `full_set` gives for a picture."""
    match config.task_spec.source:
        case "blur":
            return 1 + 2 * len(DEBLUR_TEST_KINDS)
        case "sparse":
            return len(SPARSE_TESTS)
    return 1


def request_of(card: ModelCard, data: Path, data_b: Path | None = None) -> TrainConfig:
    """A config under which `data` is read as the model of that card wants it. Raises ConfigError."""
    multiple = card.generator.multiple
    return TrainConfig(
        task=card.task,
        data=str(data),
        data_b=str(data_b or ""),
        generator=card.generator,
        direction=card.direction,
        encoding_in=card.encoding_in,
        encoding_out=card.encoding_out,
        labels=_labels_of(card),
        depth_unit=card.depth.unit_m,
        depth_range=card.depth.range_m,
        gan_mode="none",
        crop_size=multiple * max(-(-LEAST_CROP // multiple), min(LARGEST_CROP, card.size_rule.size) // multiple),
    )


def _labels_of(card: ModelCard) -> Literal["none", "A", "B"]:
    if card.labels == "none":
        return "none"
    return "A" if (card.labels == "input") == (card.direction == "AtoB") else "B"


Made = tuple[str, Callable[[], tuple[Pixels, Pixels]]]


def _made(sides: Sides, config: TrainConfig, index: int) -> list[Made]:
    """Every kind of (input, target) that the task has of one picture, each the same at every call."""

    def rng(stream: int = 0) -> np.random.Generator:
        return np.random.default_rng([STREAM, stream, index])

    task = config.task_spec
    match task.source:
        case "found":
            return [(task.name, lambda: make_pair(sides, config, rng()))]
        case "blur":
            return [
                (f"{'noisy' if noisy else 'clean'}/{kind.name}", partial(_blur_test, sides, kind, noisy, index))
                for kind in DEBLUR_TEST_KINDS
                for noisy in (True, False)
            ]
        case "grey":
            return [(task.name, lambda: (grey(sides.rgb), sides.rgb))]
        case "edges":
            height, width = sides.first.shape[:2]
            seen = fit_size(height, width, config.frame.rule)
            return [(task.name, lambda: (drawn_edges(sides.rgb, seen, *TEST_EDGES), sides.rgb))]
        case "snow":
            return [(task.name, lambda: (winter(sides.rgb, rng()), sides.rgb))]
        case "sparse":
            return [(kind, partial(_sparse_test, sides, config, number, rng(number))) for number, kind in enumerate(SPARSE_TESTS)]


def _blur_test(sides: Sides, kind: BlurKind, noisy: bool, index: int) -> tuple[Pixels, Pixels]:
    return deblur_test_input(sides.rgb, kind, noisy, index), sides.rgb


def _sparse_test(sides: Sides, config: TrainConfig, number: int, rng: np.random.Generator) -> tuple[Pixels, Pixels]:
    depth = sides.depth
    size = depth.shape[:2]
    match number:
        case 0 | 1:
            keep = points(size, (0.01, 0.05)[number], rng)
        case 2:
            keep = scans(size, rng, 64)
        case _:
            keep = ~holes(depth, rng)
    sparse = np.where(keep[..., None], depth, np.uint16(0))
    guided = config.encodings[0].name == "rgb_depth16"
    return (join_depth(sides.both[0], sparse) if guided else sparse), depth


def _readable(
    config: TrainConfig, files: Sequence[PairFiles], layout: str, damaged: Callable[[str], None]
) -> Iterator[tuple[int, Sides]]:
    kinds = sides_of(config)
    for index, pair in enumerate(files):
        try:
            sides = read_pair(pair, layout, kinds)
        except PictureError as error:
            damaged(str(error))
        else:
            yield index, sides


def _name(files: PairFiles) -> str:
    return files.name + files.a.suffix


def _middle(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    top, left = max(0, height - QUICK_SIDE) // 2, max(0, width - QUICK_SIDE) // 2
    return np.ascontiguousarray(pixels[top : top + QUICK_SIDE, left : left + QUICK_SIDE])
