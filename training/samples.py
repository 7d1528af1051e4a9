"""The fixed held-out pictures, redrawn during the run: input, result and target side by side."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from training.contract.encodings import Pixels, to_8_bit, to_rgb
from training.contract.framing import LabelledSide, resize, resize_nearest
from training.contract.protocol import SAMPLES
from training.held_out import HeldOut

NUM_SAMPLES = 4
SAMPLE_SIDE = 320  # pixels of the long side of each part
PREVIEW_SIDE = 160
PREVIEW_QUALITY = 85


def draw_samples(
    run: Path, step: int, pictures: Sequence[HeldOut], translate: Callable[[Pixels], Pixels], labels: LabelledSide
) -> list[str]:
    """Write `samples/step-N/<index>.png` and give their names relative to the run. Raises OSError."""
    folder = run / SAMPLES / f"step-{step:08d}"
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for index, item in enumerate(pictures[:NUM_SAMPLES]):
        strip = join_shown([item.source, translate(item.source), item.target], SAMPLE_SIDE, labels)
        data = _encoded(".png", strip)
        temporary = folder / f".{index}.part"
        temporary.write_bytes(data)
        temporary.replace(folder / f"{index}.png")
        names.append((folder / f"{index}.png").relative_to(run).as_posix())
    return names


def draw_preview(item: HeldOut, translate: Callable[[Pixels], Pixels], labels: LabelledSide) -> bytes:
    """A small before/after JPEG for the model's card."""
    strip = join_shown([item.source, translate(item.source)], PREVIEW_SIDE, labels)
    return _encoded(".jpg", strip, [cv2.IMWRITE_JPEG_QUALITY, PREVIEW_QUALITY])


def join_shown(parts: Sequence[Pixels], side: int, labels: LabelledSide) -> Pixels:
    """The input, and whatever came or should come out of it, side by side, their long sides at most `side` pixels.

    Depths are on one scale of colours, that of the last part; labels keep their colours.
    """
    reach = _reach(parts[-1]) if _is_depth(parts[-1]) else 1.0
    are_labels = [labels == ("output" if index else "input") for index in range(len(parts))]
    shown = [_shown(part, side, reach, is_label) for part, is_label in zip(parts, are_labels, strict=True)]
    return np.concatenate(shown, axis=1, dtype=np.uint8)


def _shown(pixels: Pixels, side: int, reach: float, is_label: bool) -> Pixels:
    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    if _is_depth(pixels):
        return _in_colours(resize_nearest(pixels, size), reach)
    colours = to_8_bit(pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1])
    return (resize_nearest if is_label else resize)(to_rgb(np.ascontiguousarray(colours)), size)


def _is_depth(pixels: Pixels) -> bool:
    return pixels.dtype == np.uint16 and pixels.shape[2] == 1


def _reach(depth: Pixels) -> float:
    """Counts that take the last colour."""
    measured = depth[depth > 0]
    return float(np.quantile(measured, 0.98)) if measured.size else 1.0


def _in_colours(depth: Pixels, reach: float) -> Pixels:
    """Near is blue, far is red, and what was not measured black."""
    share = np.clip(depth[..., 0] / max(reach, 1.0), 0, 1)
    colours = cv2.applyColorMap((share * 255).astype(np.uint8), cv2.COLORMAP_TURBO)[..., ::-1]
    return np.asarray(colours * (depth > 0), np.uint8)


def _encoded(suffix: str, rgb: Pixels, options: Sequence[int] = ()) -> bytes:
    ok, data = cv2.imencode(suffix, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), list(options))
    if not ok:
        raise ValueError(f"{rgb.shape} could not be written as {suffix}")
    return bytes(data)
