"""Pairs as tensors: what becomes of two pictures, or of one of which a pair is made, on their way into the network.

Every random number of a sample comes from (seed, epoch, index), so results depend neither on workers nor on where a run was
interrupted. Shapes: input float32 [C_in, size, size], target float32 [C_out, size, size], values in [-1, 1]; mask bool
[1, size, size], true where the target was measured.
"""

import atexit
import logging
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from training.contract.config import TrainConfig
from training.contract.encodings import Pixels, encode, join_depth, max_value
from training.contract.errors import PairingError, PictureError
from training.contract.framing import fit_size, pad_reflect, resize_nearest, to_planes
from training.contract.pairing import PairFiles
from training.contract.palette import Palette, find_palette
from training.degrade import MAX_REACH, blurred_crop, grey, random_edges
from training.reading import PairReader, Sides
from training.snow import winter
from training.sparse import sparse_depth

log = logging.getLogger(__name__)

_LONGEST_SOCKET = 103  # bytes of a socket's path on macOS; Linux allows 107
_SOCKET_BYTES = len("/pymp-12345678/listener-12345678")  # what multiprocessing adds to the temporary folder
MEAN_PAIRS = 200  # enough for a mean, and to have met every label
STREAM_ORDER, STREAM_SAMPLE = 1, 2  # keep random streams of one seed apart


class Pair(NamedTuple):
    input_CHW: Tensor
    target_CHW: Tensor
    mask_1HW: Tensor | None
    """None where targets have no holes."""
    damaged: tuple[str, ...]
    """A sentence for each pair that could not be read, in whose stead this one came."""


class Batch(NamedTuple):
    input_NCHW: Tensor
    target_NCHW: Tensor
    mask_N1HW: Tensor | None
    damaged: tuple[str, ...]


class TrainingPairs(Dataset[Pair | PairingError]):
    """Pairs addressed by (epoch, index). Can be sent to worker processes on every system."""

    def __init__(self, config: TrainConfig, files: Sequence[PairFiles], layout: str) -> None:
        self.config = config
        self.files = list(files)
        self._reader = PairReader(config, layout, config.cache_mb << 20)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, key: tuple[int, int]) -> Pair | PairingError:
        """The pair, or the error that ends the run: raised in a worker, it would arrive wrapped in that one's traceback."""
        epoch, index = key
        rng = np.random.default_rng([self.config.seed, STREAM_SAMPLE, epoch, index])
        sides, damaged = self._first_readable(index, self._reader.ready)
        if sides is None:
            return PairingError(f"None of the {len(self.files)} training pairs can be read any more. {damaged[0]}")
        crop, inside_HW1 = self._crop(sides, rng)
        if rng.random() < 0.5 and self.config.mirror:
            crop, inside_HW1 = crop.each(_flipped), _flipped(inside_HW1)
        if self.config.turn:
            turned = partial(_turned, quarters=int(rng.integers(4)))
            crop, inside_HW1 = crop.each(turned), turned(inside_HW1)
        source, target = make_pair(jittered(crop, self.config.colour_jitter, rng), self.config, rng)
        frame = self.config.frame
        return Pair(
            torch.from_numpy(to_planes(frame.encode(source))),
            torch.from_numpy(to_planes(encode(target, frame.encoding_out, frame.depth))),
            torch.from_numpy(frame.depth.in_range(target) & inside_HW1).permute(2, 0, 1) if self.config.is_masked else None,
            tuple(damaged),
        )

    def read(self, index: int) -> tuple[Sides | None, list[str]]:
        """The pair of that index at its own size, or the next that can be read, and a sentence for each that cannot."""
        return self._first_readable(index, self._reader.whole)

    def _first_readable(self, index: int, read: Callable[[PairFiles], Sides]) -> tuple[Sides | None, list[str]]:
        damaged: list[str] = []
        for files in self.files[index:] + self.files[:index]:
            try:
                return read(files), damaged
            except PictureError as error:
                damaged.append(str(error))
        return None, damaged

    def _crop(self, sides: Sides, rng: np.random.Generator) -> tuple[Sides, NDArray[np.bool_]]:
        """A square at a random place, both pictures alike; and bool [side, side, 1], false where a picture had to be extended.

        `native` tasks keep, or shrink, the scale that the picture has. `fit` tasks have the long side at the size that translation
        gives it, but for the jitter, or shrink it from a larger `load_size`. What the short side then lacks is mirrored, as in
        translation for networks of large multiples: squares of one size make batches of pictures of any shape. Nothing is learned
        of depth there.
        """
        side, (height, width) = self._side, sides.first.shape[:2]
        shrinks = self.config.shrink < 1
        longest = min(height, width) if self.config.task_spec.size_mode == "native" else max(height, width)
        low = max(self.config.shrink, side / longest)
        scale = rng.uniform(low, 1.0) if shrinks and low < 1.0 else 1.0
        # What becomes the crop is cut out first: shrinking twelve megapixels for it would take longer than a step.
        # Blur is made after this, so the source's own softness shrinks with the picture: targets get sharper.
        reach = max(side, min(round(side / scale), longest))
        padded = sides.each(lambda pixels: pad_reflect(pixels, max(0, reach - height), max(0, reach - width)))
        top, left = (int(rng.integers(length - reach + 1)) for length in padded.first.shape[:2])
        cut = padded.each(lambda pixels: np.ascontiguousarray(pixels[top : top + reach, left : left + reach]))
        inside = np.arange(top, top + reach)[:, None] < height, np.arange(left, left + reach)[None] < width
        inside_HW1 = (inside[0] & inside[1])[..., None]
        if reach != side:
            return cut.resized((side, side)), resize_nearest(inside_HW1.astype(np.uint8), (side, side)).astype(np.bool_)
        return cut, inside_HW1

    @property
    def _side(self) -> int:
        """Pixels of a crop before the blur takes its margin."""
        return self.config.crop_size + (2 * MAX_REACH if self.config.task_spec.source == "blur" else 0)


def _flipped(array_HWC: NDArray[Any]) -> NDArray[Any]:  # Any: of any type
    return np.ascontiguousarray(array_HWC[:, ::-1])


def _turned(array_HWC: NDArray[Any], quarters: int) -> NDArray[Any]:  # Any: as above
    return np.ascontiguousarray(np.rot90(array_HWC, quarters))


def mean_target(pairs: TrainingPairs) -> float:
    """The mean of what was measured in the targets, in counts, over at most MEAN_PAIRS of them; 0 where nothing was."""
    total, count = 0.0, 0
    for index in range(0, len(pairs), max(1, len(pairs) // MEAN_PAIRS)):
        sides, _ = pairs.read(index)
        if sides is not None:
            target = make_pair(sides, pairs.config, np.random.default_rng(0))[1]
            known = target[pairs.config.frame.depth.in_range(target)]
            total, count = total + float(known.sum(dtype=np.float64)), count + known.size
    return total / count if count else 0.0


def target_palette(pairs: TrainingPairs) -> Palette:
    """The colours of the targets, if they are labels; of at most MEAN_PAIRS of them."""
    if pairs.config.labelled_side != "output":
        return ()
    read = (pairs.read(index)[0] for index in range(0, len(pairs), max(1, len(pairs) // MEAN_PAIRS)))
    return find_palette(make_pair(sides, pairs.config, np.random.default_rng(0))[1] for sides in read if sides is not None)


def make_pair(sides: Sides, config: TrainConfig, rng: np.random.Generator) -> tuple[Pixels, Pixels]:
    """(input, target) of pixels: what was found, or what the task makes of it. For `blur` the sides lose MAX_REACH pixels."""
    match config.task_spec.source:
        case "found":
            first, second = sides.both
            return (second, first) if config.is_reversed else (first, second)
        case "blur":
            return blurred_crop(sides.rgb, MAX_REACH, config.identity_share, rng)
        case "grey":
            return grey(sides.rgb), sides.rgb
        case "edges":
            height, width = sides.first.shape[:2]
            return random_edges(sides.rgb, fit_size(height, width, config.frame.rule), rng), sides.rgb
        case "snow":
            return (sides.rgb if rng.random() < config.identity_share else winter(sides.rgb, rng)), sides.rgb
        case "sparse":
            return measured_again(sides, config, sparse_depth(sides.depth, config.sparse, rng))


def measured_again(sides: Sides, config: TrainConfig, sparse: Pixels) -> tuple[Pixels, Pixels]:
    """(input, target) of a depth map of which `sparse` is left, with the photograph in front of it where the task wants one."""
    guided = config.encodings[0].name == "rgb_depth16"
    return (join_depth(sides.both[0], sparse) if guided else sparse), sides.depth


def jittered(sides: Sides, amount: float, rng: np.random.Generator) -> Sides:
    """Brightness, contrast and saturation of the photographs varied by up to `amount`, both sides of a pair alike."""
    if amount == 0:
        return sides
    brightness, contrast, saturation = rng.uniform(1 - amount, 1 + amount, 3).astype(np.float32)

    def vary(pixels: Pixels) -> Pixels:
        top = np.float32(max_value(pixels.dtype))
        values = pixels.astype(np.float32) * brightness
        values = (values - top / 2) * contrast + top / 2
        if pixels.shape[2] == 3:
            light = values.mean(2, keepdims=True)
            values = light + (values - light) * saturation
        return np.asarray(np.clip(np.rint(values), 0, top), pixels.dtype)

    first = vary(sides.first) if sides.kinds[0].is_photo else sides.first
    second = vary(sides.second) if sides.second is not None and sides.kinds[1].is_photo else sides.second
    return replace(sides, first=first, second=second)


class EndlessBatches(Sampler[list[tuple[int, int]]]):
    """Batches of (epoch, index) without end: each epoch in its own random order, from any step on; or a `share` of each."""

    def __init__(self, num_pairs: int, batch: int, seed: int, first_step: int, share: slice = slice(None)) -> None:
        self.num_pairs, self.batch, self.seed, self.first_step = num_pairs, batch, seed, first_step
        self.share = share

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        position = self.first_step * self.batch
        order_epoch, order = -1, np.empty(0, np.int64)
        while True:
            keys = []
            for _ in range(self.batch):
                epoch, place = divmod(position, self.num_pairs)
                if epoch != order_epoch:
                    order_epoch = epoch
                    order = np.random.default_rng([self.seed, STREAM_ORDER, epoch]).permutation(self.num_pairs)
                keys.append((epoch, int(order[place])))
                position += 1
            yield keys[self.share]


def batches(pairs: TrainingPairs, config: TrainConfig, first_step: int, share: slice = slice(None)) -> Generator[Batch, None, None]:
    """Batches from step `first_step` on, without end. Raises PairingError once no picture can be read.

    `share`: the part of each that is wanted, where several processes share them out.
    """
    num_workers = config.workers if _have_sockets_room() else 0
    loader = DataLoader(
        pairs,
        batch_sampler=EndlessBatches(len(pairs), config.batch_size, config.seed, first_step, share),
        num_workers=num_workers,
        multiprocessing_context="spawn" if num_workers else None,
        collate_fn=_joined,
        worker_init_fn=_settle_worker,
        generator=torch.Generator(),  # its own: the loader must not draw from the generator that dropout uses
    )
    for batch in loader:
        if isinstance(batch, PairingError):
            raise batch
        yield batch


def _have_sockets_room() -> bool:
    """Whether workers can send batches: by sockets in the temporary folder, whose paths are limited. If not, the log says so."""
    has_room = sys.platform == "win32" or len(os.fsencode(tempfile.gettempdir())) + _SOCKET_BYTES <= _LONGEST_SOCKET
    if not has_room:
        log.warning("The path of the temporary folder is too long for workers: pictures are read by the trainer itself")
    return has_room


def _joined(pairs: list[Pair | PairingError]) -> Batch | PairingError:
    whole = []
    for pair in pairs:
        if isinstance(pair, PairingError):
            return pair
        whole.append(pair)
    inputs, targets, masks, damaged = zip(*whole, strict=True)
    mask_N1HW = None if masks[0] is None else torch.stack(masks)
    return Batch(torch.stack(inputs), torch.stack(targets), mask_N1HW, tuple(chain.from_iterable(damaged)))


def _settle_worker(_worker: int) -> None:
    """Ctrl+C in a terminal reaches every process of the trainer; the main one finishes its step and then ends the workers.

    A worker then ends at once: the thread that sends its last batches may be inside torch, where Python's own way of ending a
    process aborts it, and the trainer with it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    atexit.register(os._exit, 0)
    threading.Thread(target=_end_with_trainer, name="trainer", daemon=True).start()


def _end_with_trainer() -> None:
    """torch's own watch begins after this, with whatever process is the parent by then: the wrong one, if the trainer has died.

    The pipe, or the handle on Windows, by which Python knows the parent is there from the worker's first moment on.
    """
    trainer = multiprocessing.parent_process()
    if trainer is not None:
        trainer.join()
        os._exit(0)
