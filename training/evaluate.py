"""Held-out metrics, per picture and in all, against doing nothing.

Measured on finished pixels, through the very framing that translation uses: what is measured is what people get.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from training.contract.config import TrainConfig
from training.contract.encodings import DEPTH_IN_MILLIMETRES, LAB_AB_RANGE, DepthScale, Pixels, encode, max_value, measured, to_rgb
from training.contract.framing import Forward, Frame, translate_whole
from training.contract.holes import nearest_fill
from training.contract.networks import Generator
from training.contract.progress import Token
from training.contract.tasks import Baseline, MetricName
from training.held_out import HeldOut

PSNR_OF_EQUALS = 99.0  # dB reported for identical pictures, whose PSNR is infinite and cannot be averaged
SSIM_SIDE = 11  # pixels; smaller pictures have no SSIM
LEAST_DEPTH_M = 0.01  # below which a predicted depth counts as this, lest ratios be infinite
GREY_CHROMA = 1.0  # CIE units: a target with less colour has no colourfulness to reach


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What is measured, and against what."""

    metrics: tuple[MetricName, ...]
    baseline: Baseline
    depth: DepthScale = DEPTH_IN_MILLIMETRES
    target_mean: float = 0.0
    """Mean of the measured training targets in counts, for the baseline "mean"."""

    def doing_nothing(self, item: HeldOut) -> Pixels:
        """What a model must beat."""
        match self.baseline:
            case "mean":
                return np.full_like(item.target, round(self.target_mean))
            case "nearest":
                return nearest_fill(measured(np.ascontiguousarray(item.source[..., -1:])))
        comparable = item.source.shape[2] == item.target.shape[2] or {item.source.shape[2], item.target.shape[2]} == {1, 3}
        if comparable and item.source.dtype == item.target.dtype:
            return item.source
        return np.full_like(item.target, item.target.mean().round().astype(item.target.dtype))


def yardstick_of(config: TrainConfig, target_mean: float) -> Yardstick:
    task = config.task_spec
    metrics = task.metrics
    if config.is_masked and "rmse" not in metrics:  # pairs of one's own whose target is depth
        return Yardstick(("rmse", "rel", "delta1"), "mean", config.frame.depth, target_mean)
    return Yardstick(metrics, task.baseline, config.frame.depth, target_mean)


@dataclass(frozen=True, slots=True)
class Measurement:
    """Metrics of one held-out picture, translated and left alone."""

    name: str
    kind: str
    metrics: dict[str, float]
    identity: dict[str, float]


def measure(
    translate: Callable[[Pixels], Pixels],
    pictures: Iterator[HeldOut],
    yardstick: Yardstick,
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
                compare(translate(item.source), item.target, yardstick.metrics, yardstick.depth),
                compare(yardstick.doing_nothing(item), item.target, yardstick.metrics, yardstick.depth),
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


def compare(
    result: Pixels, target: Pixels, metrics: Sequence[MetricName], depth: DepthScale = DEPTH_IN_MILLIMETRES
) -> dict[str, float]:
    """Metrics of one picture (see tasks.MetricName), those left out that it cannot have."""
    values: dict[str, float] = {}
    if "rmse" in metrics:
        values = _of_depths(depth.metres(result), np.where(depth.in_range(target), depth.metres(target), 0))
        return {name: values[name] for name in metrics if name in values}
    if result.shape[2] != target.shape[2]:
        result, target = to_rgb(result), to_rgb(target)
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
                values[name] = float(np.sqrt(((_ab(result) - _ab(target)) ** 2).sum(2)).mean())
            case "colourfulness":
                ours, theirs = (float(np.sqrt((_ab(pixels) ** 2).sum(2)).mean()) for pixels in (result, target))
                if theirs >= GREY_CHROMA:
                    values[name] = ours / theirs
    return values


def _of_depths(result: np.ndarray, target: np.ndarray) -> dict[str, float]:
    """Errors in metres where the target was measured; none where it nowhere was."""
    known = target > 0
    if not known.any():
        return {}
    ours, theirs = np.maximum(result[known], LEAST_DEPTH_M).astype(np.float64), target[known].astype(np.float64)
    return {
        "rmse": float(np.sqrt(((ours - theirs) ** 2).mean())),
        "rel": float((np.abs(ours - theirs) / theirs).mean()),
        "delta1": float((np.maximum(ours / theirs, theirs / ours) < 1.25).mean()),
    }


def _ab(pixels: Pixels) -> np.ndarray:
    """CIE a and b [H, W, 2]."""
    return encode(to_rgb(pixels), "lab_ab") * np.float32(LAB_AB_RANGE)


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
