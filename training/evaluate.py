"""Held-out metrics, per picture and in all, against doing nothing.

Measured on finished pixels, through the very framing that translation uses: what is measured is what people get.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from training.contract.encodings import Pixels, encode, max_value, to_rgb
from training.contract.errors import PictureError
from training.contract.framing import Forward, Frame, translate_whole
from training.contract.networks import Generator
from training.contract.progress import Token
from training.contract.tasks import MetricName, Task
from training.dataset import read_rgb
from training.degrade import DEBLUR_TEST_KINDS, Rgb, deblur_test_input, grey

PSNR_OF_EQUALS = 99.0  # dB reported for identical pictures, whose PSNR is infinite and cannot be averaged
QUICK_SIDE = 1024  # pixels; a run's measurements must fit beside its training, whatever camera the pictures are from
SSIM_SIDE = 11  # pixels; smaller pictures have no SSIM


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One picture to measure on: pixels [H, W, C], and the kind under which its result is reported."""

    name: str
    kind: str
    source: Pixels
    target: Pixels


@dataclass(frozen=True, slots=True)
class Measurement:
    """Metrics of one held-out picture, translated and left alone."""

    name: str
    kind: str
    metrics: dict[str, float]
    identity: dict[str, float]


def quick_set(task: Task, paths: Sequence[Path], damaged: Callable[[str], None]) -> Iterator[HeldOut]:
    """The set of a training run: the middle of each picture once; blurs take turns, half of them noisy.

    `damaged` hears a sentence for each picture that cannot be read.
    """
    for index, rgb in _readable(paths, damaged):
        target = _middle(rgb)
        name = paths[index].name
        if task.made_by == "blur":
            kind = DEBLUR_TEST_KINDS[index % len(DEBLUR_TEST_KINDS)]
            yield HeldOut(name, kind.name, deblur_test_input(target, kind, index % 2 == 0, index), target)
        else:
            yield HeldOut(name, task.name, grey(target), target)


def full_set(task: Task, paths: Sequence[Path], damaged: Callable[[str], None]) -> Iterator[HeldOut]:
    """Whole pictures: for `deblur` every blur over every picture, noisy and clean, and every picture untouched ("sharp").

    `damaged` as above.
    """
    for index, rgb in _readable(paths, damaged):
        name = paths[index].name
        if task.made_by != "blur":
            yield HeldOut(name, task.name, grey(rgb), rgb)
            continue
        yield HeldOut(name, "sharp", rgb, rgb)
        for kind in DEBLUR_TEST_KINDS:
            for noisy in (True, False):
                row = f"{'noisy' if noisy else 'clean'}/{kind.name}"
                yield HeldOut(name, row, deblur_test_input(rgb, kind, noisy, index), rgb)


def full_set_size(task: Task) -> int:
    """Rows that `full_set` gives for a picture."""
    return 1 + 2 * len(DEBLUR_TEST_KINDS) if task.made_by == "blur" else 1


def _readable(paths: Sequence[Path], damaged: Callable[[str], None]) -> Iterator[tuple[int, Rgb]]:
    for index, path in enumerate(paths):
        try:
            rgb = read_rgb(path)
        except PictureError as error:
            damaged(str(error))
        else:
            yield index, rgb


def _middle(rgb: Rgb) -> Rgb:
    height, width = rgb.shape[:2]
    top, left = max(0, height - QUICK_SIDE) // 2, max(0, width - QUICK_SIDE) // 2
    return np.ascontiguousarray(rgb[top : top + QUICK_SIDE, left : left + QUICK_SIDE])


def measure(
    translate: Callable[[Pixels], Pixels],
    pictures: Iterator[HeldOut],
    metrics: Sequence[MetricName],
    token: Token,
    done: Callable[[int], None] = lambda count: None,
) -> list[Measurement]:
    """Translate every picture and compare. `done` hears how many are finished. Raises Cancelled."""
    rows = []
    for item in pictures:
        token.check()
        rows.append(
            Measurement(
                item.name,
                item.kind,
                compare(translate(item.source), item.target, metrics),
                compare(item.source, item.target, metrics),
            )
        )
        done(len(rows))
    return rows


def averages(rows: Sequence[Measurement]) -> tuple[dict[str, float], dict[str, float]]:
    """(metrics, identity) averaged over the pictures that have them."""
    return _mean([row.metrics for row in rows]), _mean([row.identity for row in rows])


def _mean(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}


def averages_by_kind(rows: Sequence[Measurement]) -> dict[str, dict[str, dict[str, float]]]:
    """kind -> {"metrics": ..., "identity": ..., "pictures": {"n": ...}}, in the order in which kinds came up."""
    kinds = dict.fromkeys(row.kind for row in rows)
    table = {}
    for kind in kinds:
        chosen = [row for row in rows if row.kind == kind]
        metrics, identity = averages(chosen)
        table[kind] = {"metrics": metrics, "identity": identity, "pictures": {"n": float(len(chosen))}}
    return table


def compare(result: Pixels, target: Pixels, metrics: Sequence[MetricName]) -> dict[str, float]:
    """Metrics of one picture. psnr in dB and ssim on RGB, l1 as a share of the range, ab as mean CIE a*b* distance."""
    result, target = to_rgb(result), to_rgb(target)
    values: dict[str, float] = {}
    a_NCHW, b_NCHW = _unit(result), _unit(target)
    for name in metrics:
        match name:
            case "psnr":
                psnr = float(peak_signal_noise_ratio(a_NCHW, b_NCHW, data_range=1.0))
                values[name] = min(psnr, PSNR_OF_EQUALS)
            case "ssim":
                if min(target.shape[:2]) >= SSIM_SIDE:
                    ssim = structural_similarity_index_measure(a_NCHW, b_NCHW, data_range=1.0)
                    values[name] = float(ssim)  # type: ignore[arg-type]  # a tensor unless the full image is asked for
            case "l1":
                values[name] = float((a_NCHW - b_NCHW).abs().mean())
            case "ab":
                difference = (encode(result, "lab_ab") - encode(target, "lab_ab")) * 110.0
                values[name] = float(np.sqrt((difference**2).sum(2)).mean())
    return values


def torch_translate(generator: Generator, frame: Frame, device: torch.device) -> Callable[[Pixels], Pixels]:
    """A translation by one pass of `generator`, which must be in eval mode."""

    def forward(x_CHW: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            y_NCHW = generator(torch.from_numpy(x_CHW)[None].to(device))
        return np.asarray(y_NCHW[0].float().cpu().numpy())

    run: Forward = forward
    return lambda pixels: translate_whole(pixels, frame, run)


def _unit(pixels: Pixels) -> torch.Tensor:
    scale = np.float32(1 / max_value(pixels.dtype))
    return torch.from_numpy(np.ascontiguousarray((pixels * scale).transpose(2, 0, 1)))[None]
