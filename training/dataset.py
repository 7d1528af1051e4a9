"""Pairs as tensors: which pictures train and which are held out, and what becomes of one on its way into the network.

Every random number of a sample comes from (seed, epoch, index), so results depend neither on workers nor on where a run was
interrupted. Shapes: input float32 [C_in, size, size], target float32 [C_out, size, size], values in [-1, 1].
"""

import atexit
import hashlib
import os
import signal
from collections import OrderedDict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from training.contract.config import TrainConfig
from training.contract.encodings import encode, to_rgb
from training.contract.errors import PairingError, PictureError
from training.contract.framing import pad_reflect, to_planes
from training.contract.pictures import is_picture_name, read_picture
from training.contract.tasks import task_named
from training.degrade import MAX_REACH, Rgb, blurred_crop

HELD_OUT_SHARE = 0.1  # of a folder that is not split by its owner
STREAM_ORDER, STREAM_SAMPLE = 1, 2  # keep random streams of one seed apart


class Split(NamedTuple):
    train: list[Path]
    held_out: list[Path]


class Pair(NamedTuple):
    input_CHW: Tensor
    target_CHW: Tensor
    damaged: tuple[str, ...]
    """A sentence for each picture that could not be read, in whose stead this one came."""


class Batch(NamedTuple):
    input_NCHW: Tensor
    target_NCHW: Tensor
    damaged: tuple[str, ...]


def find_photos(config: TrainConfig, run: Path) -> Split:
    """Split the pictures of `config.data`: its folders train and val where both exist, else by content.

    By content means that copies of one picture under several names fall on one side. What the run itself has drawn is left out,
    should it lie among the pictures. Raises PairingError.
    """
    root = Path(config.data)
    if not root.is_dir():
        raise PairingError(f"The folder {root} does not exist. Choose the folder that holds the pictures.")
    try:
        if (root / "train").is_dir() and (root / "val").is_dir():
            split = Split(pictures_below(root / "train", run), pictures_below(root / "val", run))
        else:
            split = _split_by_content(pictures_below(root, run), config.seed)
    except OSError as error:
        raise PairingError(f"The pictures in {root} cannot be read: {error}.") from error
    if not split.train or not split.held_out:
        raise PairingError(f"{root} holds too few pictures: at least one is needed to train on, and one to measure with.")
    return Split(split.train, spread(split.held_out, config.validation_pairs))


def spread(paths: list[Path], count: int) -> list[Path]:
    """At most `count` of the paths, evenly over the list."""
    if len(paths) <= count:
        return paths
    return [paths[index * len(paths) // count] for index in range(count)]


def pictures_below(folder: Path, left_out: Path | None = None) -> list[Path]:
    """All pictures of a folder and its sub-folders, sorted; none of those below `left_out`."""
    found = (path for path in folder.rglob("*") if is_picture_name(path.name) and path.is_file())
    return sorted(path for path in found if left_out is None or left_out not in path.parents)


def fingerprint(split: Split, root: str) -> str:
    """Tells one set of pictures from another by names and sizes. Raises OSError."""
    entries = [[(path.relative_to(root).as_posix(), path.stat().st_size) for path in side] for side in split]
    return hashlib.sha256(repr(entries).encode("utf-8", "surrogateescape")).hexdigest()


def _split_by_content(paths: list[Path], seed: int) -> Split:
    digests = {path: hashlib.sha256(path.read_bytes() + seed.to_bytes(4, "little")).hexdigest() for path in paths}
    ordered = sorted(set(digests.values()))
    held_out = set(ordered[: max(1, round(len(ordered) * HELD_OUT_SHARE))]) if len(ordered) > 1 else set()
    return Split([path for path in paths if digests[path] not in held_out], [path for path in paths if digests[path] in held_out])


def read_rgb(path: Path) -> Rgb:
    """Read a picture as 8-bit RGB [H, W, 3]. Raises PictureError."""
    pixels = to_rgb(read_picture(path).pixels)
    return (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels.astype(np.uint8, copy=False)


class PictureCache:
    """Decoded pictures, as many as fit into `max_bytes`; those used longest ago go first."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._pictures: OrderedDict[Path, Rgb] = OrderedDict()

    def read(self, path: Path) -> Rgb:
        if path in self._pictures:
            self._pictures.move_to_end(path)
            return self._pictures[path]
        rgb = read_rgb(path)
        self._pictures[path] = rgb
        self._bytes += rgb.nbytes
        while self._bytes > self._max_bytes:
            self._bytes -= self._pictures.popitem(last=False)[1].nbytes
        return rgb


class PhotoPairs(Dataset[Pair | PairingError]):
    """Pairs made out of photographs, addressed by (epoch, index). Can be sent to worker processes on every system."""

    def __init__(self, config: TrainConfig, paths: list[Path]) -> None:
        self.config = config
        self.task = task_named(config.task)
        self.paths = paths
        self._cache = PictureCache(config.cache_mb << 20)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, key: tuple[int, int]) -> Pair | PairingError:
        """The pair, or the error that ends the run: raised in a worker, it would arrive wrapped in that one's traceback."""
        epoch, index = key
        rng = np.random.default_rng([self.config.seed, STREAM_SAMPLE, epoch, index])
        rgb, damaged = self._read_or_next(index)
        if rgb is None:
            return PairingError(f"None of the {len(self.paths)} training pictures can be read any more. {damaged[0]}")
        crop = self._mirrored(self._crop(rgb, rng), rng)
        if self.task.made_by == "blur":
            source, target = blurred_crop(crop, MAX_REACH, self.config.identity_share, rng)
        else:
            source = target = crop
        return Pair(
            torch.from_numpy(to_planes(encode(source, self.task.encoding_in))),
            torch.from_numpy(to_planes(encode(target, self.task.encoding_out))),
            tuple(damaged),
        )

    def _read_or_next(self, index: int) -> tuple[Rgb | None, list[str]]:
        """The picture of that index, or the next that can be read, and a sentence for each that cannot."""
        damaged: list[str] = []
        for path in self.paths[index:] + self.paths[:index]:
            try:
                return self._cache.read(path), damaged
            except PictureError as error:
                damaged.append(str(error))
        return None, damaged

    def _crop(self, rgb: Rgb, rng: np.random.Generator) -> Rgb:
        """A random square: of the picture at its own size or shrunk (native), or fitted with the paper's jitter."""
        side = self.config.size + (2 * MAX_REACH if self.task.made_by == "blur" else 0)
        height, width = rgb.shape[:2]
        if self.task.size_mode == "native":
            low = max(self.config.shrink, min(1.0, side / min(height, width)))
            scale = rng.uniform(low, 1.0) if low < 1.0 else 1.0
        else:
            scale = round(side * self.config.jitter) / min(height, width)
        if scale != 1.0:
            # Blur is made after this, so the source's own softness shrinks with the picture: targets get sharper.
            size = max(1, round(width * scale)), max(1, round(height * scale))
            rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC))
        height, width = rgb.shape[:2]
        if min(height, width) < side:
            rgb = pad_reflect(rgb, max(0, side - height), max(0, side - width))
            height, width = rgb.shape[:2]
        top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
        return rgb[top : top + side, left : left + side]

    def _mirrored(self, rgb: Rgb, rng: np.random.Generator) -> Rgb:
        mirrored = rng.random() < 0.5
        return np.ascontiguousarray(rgb[:, ::-1] if self.config.mirror and mirrored else rgb)


class EndlessBatches(Sampler[list[tuple[int, int]]]):
    """Batches of (epoch, index) without end: each epoch in its own random order, from any step on."""

    def __init__(self, num_pairs: int, batch: int, seed: int, first_step: int) -> None:
        self.num_pairs, self.batch, self.seed, self.first_step = num_pairs, batch, seed, first_step

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
            yield keys


def batches(pairs: PhotoPairs, config: TrainConfig, first_step: int) -> Iterator[Batch]:
    """Batches from step `first_step` on, without end. Raises PairingError once no picture can be read."""
    loader = DataLoader(
        pairs,
        batch_sampler=EndlessBatches(len(pairs), config.batch, config.seed, first_step),
        num_workers=config.workers,
        multiprocessing_context="spawn" if config.workers else None,
        collate_fn=_joined,
        worker_init_fn=_settle_worker,
        generator=torch.Generator(),  # its own: the loader must not draw from the generator that dropout uses
    )
    for batch in loader:
        if isinstance(batch, PairingError):
            raise batch
        yield batch


def _joined(pairs: list[Pair | PairingError]) -> Batch | PairingError:
    whole = []
    for pair in pairs:
        if isinstance(pair, PairingError):
            return pair
        whole.append(pair)
    inputs, targets, damaged = zip(*whole, strict=True)
    return Batch(torch.stack(inputs), torch.stack(targets), tuple(chain.from_iterable(damaged)))


def _settle_worker(_worker: int) -> None:
    """Ctrl+C in a terminal reaches every process of the trainer; the main one finishes its step and then ends the workers.

    A worker then ends at once: the thread that sends its last batches may be inside torch, where Python's own way of ending a
    process aborts it, and the trainer with it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    atexit.register(os._exit, 0)
