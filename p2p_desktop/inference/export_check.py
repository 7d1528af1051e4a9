"""Whether an exported file does what torch does: both on real pictures, at two sizes, the difference in grey levels.

Shapes: N pictures, C channels, H x W pixels.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from p2p_desktop.inference.memory import bytes_per_pixel
from p2p_desktop.inference.trial_picture import source_for
from training.contract.encodings import Pixels, Values
from training.contract.framing import Frame, long_side_at, pad_to_multiple, to_planes
from training.contract.pictures import read_picture
from training.contract.progress import Report, Token
from training.contract.spec import GeneratorSpec

if TYPE_CHECKING:
    from training.contract.networks import Generator

GREY_LEVELS_PER_UNIT = 127.5  # 255 levels lie between -1 and 1
SMALL_SIDE, LARGE_SIDE = 256, 384  # pixels of the long side, where the network's multiple does not ask for more


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an export is."""

    done: int
    total: int
    what: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of comparing."""

    num_pictures: int
    sizes: tuple[tuple[int, int], ...]
    """(height, width) at which they were computed, each once."""
    worst: float
    """The largest difference of one value, in grey levels of 255; not a number if one of the two gives such."""


def compare(
    path: Path, generator: "Generator", frame: Frame, pictures: Sequence[Path], report: Report[Progress], token: Token
) -> Comparison:
    """Compute pictures with a file (.xml or .onnx, through OpenVINO) and with its network in torch, both in float32 on the CPU.

    Raises ModelError where the file cannot be loaded, PictureError, Cancelled.
    """
    import torch  # heavy: only where it is used

    from p2p_desktop.inference.openvino_runtime import NetworkFile

    worst, sizes = 0.0, []
    with closing(NetworkFile(path)) as exported, torch.inference_mode():
        for done, picture in enumerate(pictures):
            report(Progress(done, len(pictures), "comparing with torch"))
            for x_NCHW in views(read_picture(picture).pixels, frame):
                token.check()
                expected = generator(torch.from_numpy(x_NCHW)).numpy()
                token.check()
                difference = np.abs(exported(x_NCHW) - expected).max()
                worst = float(np.maximum(worst, difference * GREY_LEVELS_PER_UNIT))  # which lets what is no number through
                sizes.append((x_NCHW.shape[2], x_NCHW.shape[3]))
    report(Progress(len(pictures), len(pictures), "comparing with torch"))
    return Comparison(len(pictures), tuple(dict.fromkeys(sizes)), worst)


def memory_for_comparing(spec: GeneratorSpec) -> int:
    """Bytes that one pass over the largest view holds at its peak: an upper estimate, as `bytes_per_pixel`."""
    sides = (max(2 * SMALL_SIDE, 2 * spec.multiple), LARGE_SIDE + 2 * spec.multiple)  # two pictures; what is padded
    return bytes_per_pixel(spec) * max(sides[0] * sides[0] // 2, sides[1] * sides[1])


def views(rgb: Pixels, frame: Frame) -> Iterator[Values]:
    """A picture [H, W, 3] as a network sees it, each [N, C, H, W]: small, it and its mirror image together; its upper part, larger.

    The upper part is two thirds of it, so that height and width differ where the picture is square.
    """
    source = source_for(rgb, frame)
    multiple = frame.rule.multiple
    small = _planes(source, max(SMALL_SIDE, multiple), frame)
    yield np.stack([small, np.ascontiguousarray(small[..., ::-1])])
    upper = np.ascontiguousarray(source[: max(1, source.shape[0] * 2 // 3)])
    yield _planes(upper, max(LARGE_SIDE, multiple + 1), frame)[None]


def _planes(source: Pixels, side: int, frame: Frame) -> Values:
    shrunk = frame.shrink(source, long_side_at(side, source.shape[0], source.shape[1]))
    return to_planes(pad_to_multiple(frame.encode(shrunk), frame.rule.multiple))
