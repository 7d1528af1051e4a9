"""The one way from a picture to its translation, for folders, frames and Python alike (design 3.2)."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Literal, Self, cast, get_args

import cv2
import numpy as np
import psutil

from p2p_desktop.inference.device import Compute, RuntimeChoice, choose_compute, num_cores
from p2p_desktop.inference.dropout import Draw, Spread, draw_masks
from p2p_desktop.inference.memory import bytes_per_pixel, largest_tile, overlap_of, smaller_tile
from p2p_desktop.inference.patches import Patch, Rect, blocks_in_order, translate_blocks
from p2p_desktop.inference.runtime import CardFullError, Runtime
from p2p_desktop.inference.tiling import cut, translate_tiled
from training.contract.encodings import Pixels, Values, encoding_named, join_alpha, split_alpha, to_16_bit, to_rgb
from training.contract.errors import ConfigError, PictureError
from training.contract.framing import pad_to_multiple, to_planes, translate_whole
from training.contract.model_file import ModelCard, file_digest, read_card
from training.contract.pictures import Metadata, Picture
from training.contract.progress import Token
from training.contract.spec import Statistics

log = logging.getLogger(__name__)

StatisticsChoice = Literal["auto", "image", "running"]

GPU_BATCH = 4
MIN_BUDGET, MAX_BUDGET = 256 << 20, 2 << 30  # bytes
BUDGET_SHARE = 0.25  # of free memory; the rest is for decoded pictures and other programs
MAX_IN_FLIGHT = 4  # by default: as many tiles fit into the memory budget; more cores share each


class Translator:
    """A loaded model. Thread-safe: up to `in_flight` pictures are worked on at once.

    Use as a context manager, or `close` it.
    """

    def __init__(self, card: ModelCard, digest: str, runtime: Runtime, statistics: str, memory_budget: int) -> None:
        """`memory_budget`: bytes that translating may hold at once. See `Translator.load`."""
        self.card, self.model_digest, self.statistics = card, digest, statistics
        self._runtime = runtime
        self._tile = largest_tile(card.generator, memory_budget)
        self._easing = threading.Lock()
        self._eased: deque[str] = deque()  # what was done for want of memory and no picture's note tells yet
        tile_bytes = self._tile**2 * bytes_per_pixel(card.generator)
        self._tiles_at_once = min(runtime.in_flight, max(1, memory_budget // tile_bytes))

    @classmethod
    def load(
        cls,
        model: Path,
        *,
        device: str = "auto",
        runtime: RuntimeChoice = "auto",
        batch: int | None = None,
        statistics: StatisticsChoice = "auto",
        memory_budget: int | None = None,
        cache: Path,
        threads: int = 0,
        drops: bool = False,
        follows: bool = False,
    ) -> Self:
        """Load a model file where it computes best, or where it is told to.

        `batch`: pictures in flight on a CPU, pictures per batch on a graphics card; None for what suits the device. `cache`: folder
        for converted models. `threads`: processor cores to compute on; 0 for all. `drops`: whether draws of dropout will be asked
        for. `follows`: load for the frames of a camera (`frame_values`): one picture at a time, never in tiles. Raises ModelError,
        ConfigError, the latter also if the model has no dropout to draw.
        """
        compute = choose_compute(device, runtime)
        card, digest = read_card(model), file_digest(model)
        chosen = resolve_statistics(card, statistics)
        if drops:
            check_drops(card)
        budget = memory_budget or default_memory_budget()
        loaded: Runtime
        if compute.runtime == "torch":
            from p2p_desktop.inference.torch_runtime import TorchRuntime  # torch is imported only where it computes

            loaded = TorchRuntime(model, chosen, compute.device, batch or default_batch(compute, threads), threads)
        else:
            from p2p_desktop.inference.openvino_runtime import open_network

            in_flight = batch or (1 if follows else default_batch(compute, threads))
            loaded = open_network(model, digest, chosen, cache, in_flight, threads, drops=drops, follows=follows)
        return cls(card, digest, loaded, chosen, budget)

    @property
    def in_flight(self) -> int:
        return self._runtime.in_flight

    @property
    def device(self) -> str:
        return self._runtime.device

    @property
    def runtime(self) -> str:
        return self._runtime.name

    @property
    def model_name(self) -> str:
        return self.card.name

    def __call__(self, rgb: Pixels, strength: float = 1.0) -> Pixels:
        """Translate an array: uint8 or uint16 [H, W, 3] RGB or [H, W] grey; the same size and depth come back.

        Raises ValueError for other arrays.
        """
        if rgb.dtype not in (np.uint8, np.uint16) or rgb.ndim not in (2, 3) or (rgb.ndim == 3 and rgb.shape[2] not in (1, 3)):
            raise ValueError(f"a picture is uint8 or uint16 [H, W], [H, W, 1] or [H, W, 3], not {rgb.dtype} {rgb.shape}")
        if 0 in rgb.shape:
            raise ValueError("a picture has at least one pixel")
        pixels = np.ascontiguousarray(rgb if rgb.ndim == 3 else rgb[..., None])
        result = self._mixed(self._translate(pixels, Token()), pixels, strength)
        return result if rgb.ndim == 3 or result.shape[2] == 3 else result[..., 0]

    def translate(
        self, picture: Picture, *, strength: float = 1.0, token: Token | None = None, draw: Draw | None = None
    ) -> Picture:
        """Translate a picture and keep what belongs to it: alpha, and metadata where it still holds.

        `strength` 0 to 1 mixes the result with the source. `draw`: which variation to give; None: nothing is dropped. Raises
        Cancelled, MemoryError.
        """
        if not 0 <= strength <= 1:
            raise ValueError(f"The strength must be 0 to 1, not {strength:g}.")
        entering, leaving = encoding_named(self.card.encoding_in), encoding_named(self.card.encoding_out)
        source: Pixels = join_alpha(picture.pixels, picture.alpha) if entering.has_alpha else picture.pixels
        translated = self._translate(source, token or Token(), draw)
        pixels, made_alpha = split_alpha(self._mixed(translated, source, strength))
        notes = (*picture.notes, *self._take_eased())
        metadata = picture.metadata
        if pixels.shape[2] != picture.pixels.shape[2] and metadata.icc is not None:
            # The profile of a grey picture says nothing about the colours it was given, nor the reverse.
            metadata = Metadata(metadata.exif, metadata.xmp, None)
            notes = (*notes, "The colour profile was left out: it does not fit the new colours, which are sRGB.")
        alpha = made_alpha if leaving.has_alpha else None if entering.has_alpha else picture.alpha
        if alpha is not None and alpha.dtype != pixels.dtype:  # a model that gives 16 bits whatever it is given
            alpha = alpha.astype(np.uint16) * np.uint16(257)
        return replace(picture, pixels=pixels, alpha=alpha, metadata=metadata, notes=notes)

    def uncertainty(self, picture: Picture, draws: Sequence[Draw], *, token: Token | None = None) -> Picture:
        """How much the variations of a picture differ: a grey 16-bit picture of their standard deviation (`Spread.deviation`).

        Raises Cancelled, MemoryError.
        """
        source: Pixels = (
            join_alpha(picture.pixels, picture.alpha) if encoding_named(self.card.encoding_in).has_alpha else picture.pixels
        )
        spread = Spread()
        for draw in draws:
            # In sixteen bits, for differences that are smaller than a step of eight.
            made, _ = split_alpha(self._translate(to_16_bit(source), token or Token(), draw))
            spread.add(made)
        return replace(picture, pixels=spread.deviation(), alpha=None, metadata=replace(picture.metadata, icc=None))

    def patches(self, pixels: Pixels, first: Callable[[], Rect | None], token: Token) -> Iterator[Patch]:
        """Translate [H, W, C] pixels piece by piece, the pieces in `first` before the others; strength is not applied.

        `first` is asked before each piece, so that it may change; None: the whole picture, from its middle outwards.
        What depends on the whole at once, because it is small or is computed at a fixed size, comes as one piece. Raises Cancelled,
        PictureError.
        """
        height, width = pixels.shape[:2]
        frame = self.card.frame
        if frame.rule.mode == "fit" or (height <= self._tile and width <= self._tile and self._runtime.num_statistics):
            yield Patch(0, 0, self._translate(pixels, token))
            return
        self._check_input(pixels)
        statistics_K = self._statistics_of(pixels, self._tile) if self._runtime.num_statistics else None
        blocks = blocks_in_order(height, width, frame.rule.multiple, first)
        margin = overlap_of(self.card.generator) // 2  # tiles use what is computed a quarter of it from their edges

        def submit(x_CHW: Values) -> Future[Values]:
            return self._runtime.submit(x_CHW, statistics_K)

        yield from translate_blocks(pixels, frame, blocks, margin, submit, self._tiles_at_once, token)

    def frame_values(self, values: Values, statistics_K: Values | None = None) -> tuple[Values, Values | None]:
        """Run the network alone on encoded values float32 [H, W, C] of any size: what came out, and the statistics measured.

        `statistics_K`: those to translate with, as given back for a frame before; None for the frame's own. The second result is
        None where nothing depends on the picture as a whole. A graphics card that is full is left for the processor. Only if
        loaded with `follows`.
        """
        measured_K = None
        height, width = values.shape[:2]
        x_CHW = to_planes(pad_to_multiple(values, self.card.size_rule.multiple))
        while True:
            device = self._runtime.device
            try:
                if not self._runtime.num_statistics:
                    y_CHW = self._runtime.submit(x_CHW).result()
                else:
                    given_K = self._runtime.measure(x_CHW) if statistics_K is None else statistics_K
                    y_CHW, measured_K = self._runtime.follow(x_CHW, given_K)
                return y_CHW.transpose(1, 2, 0)[:height, :width], measured_K
            except CardFullError:
                with self._easing:
                    if self._runtime.device == device:
                        self._runtime.use_processor()

    def memory_for(self, height: int, width: int) -> int:
        """Bytes that translating a picture of this size holds at its peak, its own pixels not counted."""
        spec = self.card.generator
        floats = 4 * (spec.in_channels + spec.out_channels)
        rule = self.card.size_rule
        if rule.mode == "fit":
            inner = min(self._tile**2, (rule.size + rule.multiple) ** 2)
            return inner * bytes_per_pixel(spec) + height * width * (12 + 4 * floats)  # enlarging holds several float planes
        tile = min(height * width, self._tile**2)
        at_once = self._tiles_at_once if height * width > self._tile**2 else 1
        return tile * (bytes_per_pixel(spec) + floats) * at_once + min(height, self._tile) * width * floats + height * width * 3

    def close(self) -> None:
        self._runtime.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _translate(self, pixels: Pixels, token: Token, draw: Draw | None = None) -> Pixels:
        self._check_input(pixels)
        while True:
            token.check()
            tile, device = self._tile, self._runtime.device
            try:
                return self._translate_by(tile, pixels, token, draw)
            except CardFullError:
                self._ease(min(tile, max(pixels.shape[:2])), device)

    def _translate_by(self, tile: int, pixels: Pixels, token: Token, draw: Draw | None) -> Pixels:
        """In pieces of `tile` pixels a side at the most."""
        frame = self.card.frame
        height, width = pixels.shape[:2]
        if frame.rule.mode == "fit" or (height <= tile and width <= tile):

            def forward(x_CHW: Values) -> Values:
                return self._runtime.submit(x_CHW, None, self._masks(x_CHW, draw)).result()

            return translate_whole(pixels, frame, forward)
        rows, columns = (cut(length, tile, overlap_of(self.card.generator), frame.rule.multiple) for length in (height, width))
        statistics_K = self._statistics_of(pixels, tile, draw) if self._runtime.num_statistics else None

        def submit(x_CHW: Values, top: int, left: int) -> Future[Values]:
            return self._runtime.submit(x_CHW, statistics_K, self._masks(x_CHW, draw, top, left))

        return translate_tiled(pixels, frame, rows, columns, submit, self._tiles_at_once, token)

    def _ease(self, side: int, device: str) -> None:
        """Ask less of a graphics card that could not take so large a piece: smaller ones, or at last nothing at all."""
        with self._easing:
            if self._tile < side or self._runtime.device != device:
                return  # another picture has met the same, and it is done
            smaller = smaller_tile(self.card.generator, side)
            if self.card.size_rule.mode == "fit" or smaller == side:
                self._runtime.use_processor()
                return
            self._tile = smaller
            self._eased.append(f"{device} has too little memory for pieces of {side} pixels a side: from here on {smaller}.")
            log.warning("%s", self._eased[-1])

    def _take_eased(self) -> tuple[str, ...]:
        """What was done for want of memory since the last picture: each step is told once."""
        with self._easing:
            told = (*self._eased, *self._runtime.eased())
            self._eased.clear()
            return told

    def _masks(self, x_CHW: Values, draw: Draw | None, top: int = 0, left: int = 0) -> list[Values] | None:
        height, width = x_CHW.shape[1:]
        return None if draw is None else draw_masks(self.card.generator, draw, height, width, top, left)

    def _mixed(self, result: Pixels, source: Pixels, strength: float) -> Pixels:
        mixed = mix(result, source, strength)
        if strength < 1 and self.card.encoding_in == self.card.encoding_out == "depth16":
            return np.where(source == 0, result, mixed)  # there is no measurement to mix with
        return mixed

    def _check_input(self, pixels: Pixels) -> None:
        if self.card.encoding_in == "rgb_depth16" and (pixels.dtype != np.uint16 or pixels.shape[2] != 4):
            raise PictureError("This model takes a picture and its depth together (--with), and this is one alone.")
        alone = encoding_named(self.card.encoding_in).is_depth and self.card.encoding_in != "rgb_depth16"
        if alone and (pixels.dtype != np.uint16 or pixels.shape[2] != 1):
            raise PictureError("This model takes 16-bit depth pictures, and this is none.")

    def _statistics_of(self, pixels: Pixels, tile: int, draw: Draw | None = None) -> Values:
        """Statistics of the whole picture, from a copy that fits into one tile; the same for all of its tiles."""
        height, width = pixels.shape[:2]
        scale = tile / max(height, width)
        small = self.card.frame.shrink(pixels, (max(1, int(height * scale)), max(1, int(width * scale)))) if scale < 1 else pixels
        values = pad_to_multiple(self.card.frame.encode(small), self.card.size_rule.multiple)
        x_CHW = to_planes(values)
        return self._runtime.measure(x_CHW, self._masks(x_CHW, draw))


def statistics_choice(text: str) -> StatisticsChoice:
    """A wish given as text. Raises ConfigError."""
    for choice in get_args(StatisticsChoice):
        if text == choice:
            return cast(StatisticsChoice, choice)
    raise ConfigError(f"There are no statistics {text!r}. Choose {', '.join(get_args(StatisticsChoice))}.")


def resolve_statistics(card: ModelCard, choice: StatisticsChoice) -> Statistics:
    """The statistics that a model runs with: its own choice, or the person's. Raises ConfigError where it has none such."""
    if choice == "auto" or card.generator.norm == "none":
        return card.statistics
    if choice == "running" and not card.generator.has_running_statistics:
        raise ConfigError(f"The model {card.name} stores no running statistics. Use --statistics image or auto.")
    return choice


def check_drops(card: ModelCard) -> None:
    """Raises ConfigError if a model has no dropout to draw variations with."""
    if not card.generator.dropout_places:
        raise ConfigError(f"The model {card.name} was made without dropout, so all of its variations would be one picture.")


def mix(result: Pixels, source: Pixels, strength: float) -> Pixels:
    """`strength` parts of the result and the rest of the source; grey sources are mixed as RGB where the result has colour."""
    if strength == 1.0 or result.dtype != source.dtype or result.shape[2] < source.shape[2]:
        return result  # a depth map of a photograph cannot be mixed with it
    other = to_rgb(source) if result.shape[2] == 3 else source
    flat = result.reshape(result.shape[0], -1), other.reshape(result.shape[0], -1)
    mixed: Pixels = cv2.addWeighted(flat[0], strength, flat[1], 1 - strength, 0)
    return mixed.reshape(result.shape)


def default_batch(compute: Compute, threads: int = 0) -> int:
    """Pictures in flight on a CPU: one a core, within reason. Pictures a batch on a graphics card: few, for memory's sake."""
    if compute.device == "cpu":
        return min(MAX_IN_FLIGHT, num_cores(threads))
    return GPU_BATCH


def default_memory_budget() -> int:
    """Bytes: a share of what is free now, at least what one tile needs, at most what more of would not make faster."""
    return int(min(MAX_BUDGET, max(MIN_BUDGET, BUDGET_SHARE * psutil.virtual_memory().available)))
